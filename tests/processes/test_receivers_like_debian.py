"""One configuration with the receivers that Debian's Alertmanager has too: services get the same messages from both."""

from __future__ import annotations

import json
import shutil
import threading
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from tests.processes.alert_server import AlertServer, alert_server, debian_server
from tests.processes.running import started, wait_for

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("prometheus-alertmanager") is None, reason="Debian's Alertmanager is not there"),
]

START: Final = "2026-11-28T09:00:00.123Z"
END: Final = "2026-11-28T09:30:00Z"
TEXT: Final = (
    '{{ .Status | toUpper }} {{ len .Alerts }} {{ .Receiver }} {{ .CommonLabels.SortedPairs.Values | join "/" }} '
    "{{ range .Alerts }}[{{ .Labels.instance }}: {{ .Annotations.summary }} <&> {{ .StartsAt.Unix }}]{{ end }}"
)
# {url} is the service; each receiver has a path of its own.
CONFIG: Final = """
route: {{receiver: team+all, group_by: [alertname], group_wait: 200ms, group_interval: 1s}}
receivers:
  - name: team+all
    webhook_configs: [{{url: '{url}/webhook'}}]
    slack_configs:
      - api_url: '{url}/slack'
        send_resolved: true
        channel: '#{{{{ .GroupLabels.alertname }}}}'
        username: u
        title: '{text}'
        title_link: http://x.example/
        text: '{text}'
        pretext: p
        fallback: f
        footer: foot
        icon_emoji: ':x:'
        icon_url: i
        callback_id: c
        color: '{{{{ if eq .Status "firing" }}}}danger{{{{ else }}}}good{{{{ end }}}}'
        mrkdwn_in: [text]
        short_fields: true
        fields: [{{title: a, value: '{{{{ len .Alerts }}}}'}}, {{title: b, value: c, short: false}}]
        actions: [{{type: button, text: go, url: http://x.example/}}]
    pagerduty_configs:
      - routing_key: key
        url: '{url}/pagerduty'
        client: c
        client_url: http://x.example/
        description: '{text}'
        severity: '{{{{ .CommonLabels.severity }}}}'
        class: cl
        component: co
        group: gr
        source: so
        details: {{firing: '1', resolved: '2', num_firing: '{{{{ len .Alerts.Firing }}}}', num_resolved: '4', more: m}}
        images: [{{src: http://x.example/i.png, alt: alt, href: http://x.example/}}]
        links: [{{href: http://x.example/, text: t}}]
    opsgenie_configs:
      - api_key: key
        api_url: '{url}/opsgenie'
        message: '{{{{ .Status }}}}'
        description: '{text}'
        source: s
        details: {{a: '{{{{ .Status }}}}'}}
        responders: [{{name: r, type: team}}]
        tags: a,b
        note: '{{{{ .Status }}}}'
        priority: P1
        entity: e
        actions: x,y
    victorops_configs:
      - api_key: key
        api_url: '{url}/victorops'
        routing_key: '{{{{ .GroupLabels.alertname }}}}'
        message_type: '{{{{ .CommonLabels.severity }}}}'
        state_message: '{text}'
        entity_display_name: '{{{{ .Status }}}}'
        monitoring_tool: m
        custom_fields: {{a: '{{{{ .Receiver }}}}'}}
    wechat_configs:
      - api_secret: secret
        corp_id: corp
        api_url: '{url}/wechat'
        send_resolved: true
        message: '{text}'
        to_user: u
        to_party: p
        to_tag: t
        agent_id: '7'
    webex_configs:
      - room_id: room
        api_url: '{url}/webex'
        message: '{text}'
        http_config: {{authorization: {{credentials: token}}}}
    sns_configs:
      - topic_arn: arn:aws:sns:eu-west-1:1:topic
        api_url: '{url}/sns'
        sigv4: {{region: eu-west-1, access_key: AK, secret_key: SK}}
        subject: '{{{{ .Status }}}}'
        message: '{text}'
        attributes: {{a: '{{{{ .Status }}}}'}}
    discord_configs: [{{webhook_url: '{url}/discord', title: '{{{{ .Status }}}}', message: '{text}'}}]
    telegram_configs:
      - bot_token: token
        chat_id: 7
        api_url: '{url}/telegram'
        message: '<b>{{{{ .Status }}}}</b> {{{{ range .Alerts }}}}{{{{ .Annotations.summary }}}}{{{{ end }}}}'
"""
KINDS: Final = (
    "webhook", "slack", "pagerduty", "opsgenie", "victorops", "wechat", "webex", "sns", "discord", "telegram"
)  # fmt: skip


class Services:
    """All services at once: `got` has (method, path, query, body) by the first word of the path."""

    kinds: tuple[str, ...] = KINDS

    def __init__(self) -> None:
        self.got: dict[str, list[tuple[str, str, str, Any]]] = {kind: [] for kind in self.kinds}
        self.headers: dict[str, Any] = {}
        services = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urllib.parse.urlsplit(self.path)
                kind = parts.path.split("/")[1]
                is_form = "form" in self.headers.get("Content-Type", "")
                said = dict(urllib.parse.parse_qsl(body.decode())) if is_form else json.loads(body or b"null")
                services.headers[kind] = self.headers
                services.got[kind].append((self.command, parts.path, parts.query, said))
                status, answer = services.answer(kind, parts.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST
            do_PUT = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def answer(self, kind: str, path: str) -> tuple[int, bytes]:
        """What a service says."""
        status = 202 if kind == "pagerduty" else 200
        return status, {"slack": b"ok", "sns": b"<PublishResponse/>"}.get(kind, ANSWER)

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


ANSWER: Final = json.dumps(
    {"ok": True, "errcode": 0, "access_token": "t", "result": {"message_id": 1, "date": 1, "chat": {"id": 7}}}
).encode()


def alerts(**times: str) -> list[dict[str, Any]]:
    return [
        {
            "labels": {"alertname": "Down", "severity": "WARNING", "instance": instance, "job": "ä"},
            "annotations": {"summary": f"{instance} <is> \"down\" & 'out'"},
            "startsAt": START,
            "generatorURL": "http://prometheus.example/graph?g0=1",
            **times,
        }
        for instance in ("b", "a")
    ]


def told(folder: Path, make: Any, flag: str) -> Services:
    """What services got of two alerts that fire and then are resolved."""
    services = Services()
    try:
        text = TEXT.replace("'", "''")
        server: AlertServer = make(
            folder, f"{flag}=http://am.example", config=CONFIG.format(url=services.url, text=text)
        )
        with started(server):
            assert server.post("alerts", alerts())[0] == 200
            wait_for("the firing messages", lambda: all(services.got[kind] for kind in KINDS))
            n_firing = {kind: len(found) for kind, found in services.got.items()}
            assert server.post("alerts", alerts(endsAt=END))[0] == 200
            wait_for("the resolved messages", lambda: all(len(services.got[kind]) > n_firing[kind] for kind in KINDS))
        return services
    finally:
        services.close()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, Services]]:
    """Ours and Debian's."""
    folder = tmp_path_factory.mktemp("receivers")
    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(told, folder / "ours", alert_server, "--alerts.external-url")
        debians = pool.submit(told, folder / "debians", debian_server, "--web.external-url")
        yield ours.result(), debians.result()


def older(kind: str, message: Any) -> Any:
    """A message of ours without what came after Debian's version, and without differences that services don't see."""
    match kind:
        case "webhook":
            # New in 0.29.
            message = {key: value for key, value in message.items() if key != "notification_reason"}
        case "pagerduty" if "custom_details" in message["payload"]:
            # Values of details were texts; now they are what they look like.
            details = {key: str(value) for key, value in message["payload"]["custom_details"].items()}
            message = {**message, "payload": {**message["payload"], "custom_details": details}}
        case "wechat" if message is not None:
            # The empty text of the other type.
            message = {**message, "markdown": {"content": ""}}
        case "telegram":
            # The API takes numbers and booleans, and texts of them.
            message = {key: str(value).lower() if key != "text" else value for key, value in message.items()}
            message = {**message, "parse_mode": message["parse_mode"].upper()}
            assert message.pop("disable_notification") == "false"
    return message


@pytest.mark.parametrize("kind", KINDS)
def test_messages_are_the_same(kind: str, both: tuple[Services, Services]) -> None:
    ours, debians = (services.got[kind] for services in both)
    assert [(method, path, query, older(kind, said)) for method, path, query, said in ours] == debians


@pytest.mark.parametrize("kind", ["webex", "opsgenie", "sns"])
def test_credentials_are_the_same(kind: str, both: tuple[Services, Services]) -> None:
    ours, debians = (services.headers[kind]["Authorization"] for services in both)
    if kind == "sns":
        # Signatures differ by the second, and by the headers that are signed.
        ours, debians = (text.partition(", ")[0] for text in (ours, debians))
        assert ours.startswith("AWS4-HMAC-SHA256 Credential=AK/")
    assert ours == debians
