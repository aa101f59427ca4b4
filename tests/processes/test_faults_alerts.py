"""An Alertmanager among services, senders and people that do everything wrong: neighbours never notice."""

from __future__ import annotations

import base64
import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes.alert_server import AlertServer, alert_server, metric
from tests.processes.hostile_services import HostileMail, HostileServices
from tests.processes.running import started, wait_for
from tests.processes.watch import PATIENCE_S, Watch, memory_bytes
from tests.unit.alerts.integrations.test_all import MINIMAL
from watchkeeper.alerts.integrations.table import INTEGRATIONS

pytestmark = pytest.mark.process

REFUSED = ("400", "401", "404", "410", "429", "204")
FAILING = (
    "500", "503", "hang", "close", "garbage", "loop", "tls", "bad-url", "flood", "bomb", "headers", "drip",
)  # fmt: skip


@pytest.fixture
def services() -> Iterator[HostileServices]:
    made = HostileServices()
    yield made
    made.close()


def config(receivers: dict[str, Any], **route: Any) -> str:
    """An alertmanager.yml with a route to each receiver, for alerts with its name as `to`; the rest goes nowhere."""
    routes = [{"receiver": name, "matchers": [f'to="{name}"']} for name in receivers]
    timing = {"group_wait": "0s", "group_interval": "1m", "group_by": ["..."]}
    document = {
        "route": {"receiver": "nowhere", **timing, **route, "routes": routes},
        "receivers": [{"name": "nowhere"}, *({"name": name, **made} for name, made in receivers.items())],
    }
    return yaml.safe_dump(document)


def webhook(url: str, **more: Any) -> dict[str, Any]:
    return {"webhook_configs": [{"url": url, **more}]}


def quietly(server: AlertServer, path: str) -> None:
    """Post to a server that may be gone before it answers."""
    with suppress(OSError, http.client.HTTPException):
        server.request(path, b"")


def assert_no_traceback(server: AlertServer) -> None:
    text = server.log.read_text()
    assert "Traceback" not in text, text[-5000:]
    assert "unexpected" not in text.replace("unexpected status code", ""), text[-5000:]


def test_receivers_that_misbehave(tmp_path: Path, services: HostileServices) -> None:
    """All at once; the good ones hear at once, memory stays small, and each failure is a line of the log."""
    receivers = {name: webhook(f"{services.url}/{name}") for name in (*REFUSED, *FAILING, "elsewhere", "half")}
    receivers["elsewhere"]["webhook_configs"][0]["http_config"] = {
        "authorization": {"credentials": "hush-token"}, "http_headers": {"X-Key": {"secrets": ["hush-header"]}},
    }  # fmt: skip
    receivers["unknown host"] = webhook("http://no-such-host.invalid/")
    receivers["good"] = webhook(f"{services.url}/good")
    # One integration of a receiver that hangs must not keep the other from its turn.
    receivers["both"] = {"webhook_configs": [{"url": f"{services.url}/hang"}, {"url": f"{services.url}/good/both"}]}
    server = alert_server(tmp_path, config=config(receivers))
    watch = Watch(server, "/-/healthy")
    with started(server):
        before = memory_bytes(server)
        watch.start()
        bad = [name for name in receivers if name not in ("good", "both")]
        alerts = [{"labels": {"alertname": "X", "to": name, "n": str(n)}} for name in (*bad, "both") for n in range(5)]
        assert server.post("alerts", alerts)[0] == 200
        wait_for("requests to the bad", lambda: services.n_asked["hang"] >= 10)
        began_s = time.monotonic()
        server.fire(alertname="X", to="good")
        wait_for("the good one", lambda: len(services.heard["good"]) == 1)
        assert time.monotonic() - began_s < PATIENCE_S
        wait_for("the good integration", lambda: len(services.heard["good/both"]) == 5)
        wait_for(
            "second attempts", lambda: all(services.n_asked[name] >= 10 for name in ("500", "503", "close", "flood"))
        )
        time.sleep(1)
        assert not watch.stop()
        assert watch.slowest_s < PATIENCE_S
        assert memory_bytes(server, "VmHWM") < before + (120 << 20)
        for name in ("204", "half", "elsewhere", "other"):
            assert services.n_asked[name] == 5, f"{name} was told again"
        for name in set(REFUSED) - {"204"}:
            assert services.n_asked[name] == 5, f"{name} was asked again"
        assert services.n_asked["hang"] == 10
        assert not [head for head in services.headers_at_other if "hush-token" in head]
        server.kill()
    assert_no_traceback(server)
    text = server.log.read_text()
    assert "hush" not in text
    for name, told in {
        "400": "unexpected status code 400", "500": "unexpected status code 500", "loop": "redirects",
        "garbage": "err=", "unknown host": "host no-such-host.invalid not found", "close": "isconnected",
    }.items():  # fmt: skip
        assert re.search(rf'receiver="?{name}.*{told}|err="{name}/webhook.*{told}', text), name


@pytest.mark.parametrize("how", ["refuse", "defer", "drop", "hang"])
def test_mail_servers_that_misbehave(tmp_path: Path, how: str) -> None:
    """At every step, all at once; a good one beside them gets its mail, and no password is shown."""
    mail = HostileMail(how)
    receivers = {
        step: {
            "email_configs": [
                {
                    "to": "a@example.com", "from": "b@example.com", "smarthost": f"127.0.0.1:{port}",
                    "require_tls": step == "STARTTLS", "auth_username": "me", "auth_password": "hush-password",
                }
            ]
        }
        for step, port in mail.port_of.items()
    }  # fmt: skip
    server = alert_server(tmp_path, config=config(receivers))
    with started(server):
        bad = [step for step in mail.STEPS if step != "none"]
        # More than one receiver may have under way at once, so that some wait their turn at one that hangs.
        assert (
            server.post("alerts", [{"labels": {"to": step, "n": str(n)}} for step in bad for n in range(12)])[0] == 200
        )
        wait_for("the bad ones to be asked", lambda: all(mail.n_asked[step] for step in bad))
        began_s = time.monotonic()
        server.fire(alertname="X", to="none")
        wait_for("the mail", lambda: mail.n_taken == 1)
        assert time.monotonic() - began_s < PATIENCE_S
        if how == "refuse":
            failed = "alertmanager_notifications_failed_total"
            wait_for(
                "the end", lambda: metric(server, failed, integration="email", reason="clientError") == 12 * len(bad)
            )
        elif how != "hang":
            wait_for("second attempts", lambda: all(mail.n_asked[step] >= 24 for step in bad))
        server.kill()
    assert mail.n_taken == 1
    mail.close()
    assert_no_traceback(server)
    text = server.log.read_text()
    assert "hush" not in text
    assert base64.b64encode(b"\0me\0hush-password").decode() not in text
    for step in bad if how in ("refuse", "defer") else ():
        shown = {"CONNECT": "greeting", "EHLO": "HELO", "END": "message"}.get(step, step)
        assert re.search(rf"{shown}[ \w@.]*: {554 if how == 'refuse' else 451} you said", text), step


def test_secrets_stay_secret(tmp_path: Path, services: HostileServices) -> None:
    """Every kind of receiver, told off by a service that repeats all it was sent: no secret comes out anywhere."""
    mail = HostileMail("refuse")
    echo = f"{services.url}/echo"
    receiver: dict[str, Any] = {}
    for kind, text in MINIMAL.items():
        section = yaml.safe_load(text.format(url=echo, host=echo.removeprefix("http://")))
        if kind == "email_configs":
            section |= {"smarthost": f"127.0.0.1:{mail.port_of['AUTH']}", "auth_username": "me", "require_tls": False}
        elif kind != "apprise_configs":
            section.setdefault("http_config", {})["http_headers"] = {"X-A": {"secrets": ["hush-header"]}}
        if kind == "pushover_configs":
            section["http_config"]["proxy_url"] = f"http://me:hush-proxy@{services.host}"
        receiver[kind] = [section]
    server = alert_server(tmp_path, "--log.level=debug", config=config({"all": receiver}))
    with started(server):
        for n, status in enumerate((500, 400, 401, 429, 302, 200)):
            services.echo_status = status
            asked = services.n_asked["echo"]
            server.fire(alertname="X", to="all", n=str(n))
            wait_for("all of them", lambda asked=asked: services.n_asked["echo"] >= asked + len(MINIMAL) - 3)
            time.sleep(0.3)
        shown = [server.request(path)[1].decode() for path in ("/metrics", "/api/v2/status", "/", "/api/v2/alerts")]
        (tmp_path / "alertmanager.yml").write_text(config({"all": receiver}).replace("group_wait: 0s", "group_wait: x"))
        status, text, _ = server.request("/-/reload", b"")
        assert status == 500
        assert server.stop() == 0
    mail.close()
    assert_no_traceback(server)
    shown += [text.decode(), server.log.read_text()]
    forms = ["hush", *(base64.b64encode(f"\0me\0{word}".encode()).decode() for word in ("hush-password",))]
    for text in shown:
        for form in forms:
            assert form not in text, text[max(0, text.index(form) - 300) :][:400]
    for kind in MINIMAL:
        assert f"{INTEGRATIONS[kind]}[0]" in shown[-1], f"{kind} has not failed"


LOOP = """{{ define "loop" }}{{ range .Alerts }}{{ range $.Alerts }}{{ range $.Alerts }}{{ range $.Alerts }}
{{ reReplaceAll "(a|b|c)*d" "x" .Labels.alertname }}{{ end }}{{ end }}{{ end }}{{ end }}{{ end }}
{{ define "self" }}{{ template "self" . }}{{ end }}
{{ define "large" }}{{ range .Alerts }}{{ range $.Alerts }}{{ range $.Alerts }}
{{ printf "%0999999d" 1 }}{{ end }}{{ end }}{{ end }}{{ end }}"""


def test_templates_that_never_end(tmp_path: Path, services: HostileServices) -> None:
    """They fail, each in its line; what others have to tell goes out meanwhile."""
    (tmp_path / "hostile.tmpl").write_text(LOOP)
    receivers = {
        name: {
            "slack_configs": [
                {"api_url": f"{services.url}/400", "channel": "x", "text": f'{{{{ template "{name}" . }}}}'}
            ]
        }
        for name in ("loop", "self", "large")
    }
    receivers["good"] = webhook(f"{services.url}/good")
    text = config(receivers, group_by=["g"]) + f"templates: ['{tmp_path}/*.tmpl']\n"
    server = alert_server(tmp_path, config=text)
    watch = Watch(server, "/-/healthy")
    with started(server):
        alerts = [
            {"labels": {"alertname": "A" * 50, "to": to, "g": str(g), "i": str(i)}}
            for to in ("loop", "self", "large")
            for g in range(10)
            for i in range(30)
        ]
        watch.start()
        assert server.post("alerts", alerts)[0] == 200
        time.sleep(0.5)
        began_s = time.monotonic()
        server.fire(alertname="X", to="good")
        wait_for("the good one", lambda: services.heard["good"])
        assert time.monotonic() - began_s < PATIENCE_S
        wait_for("the end of those that recurse", lambda: server.log.read_text().count("self/slack[0]") == 10)
        assert "exceeded" in server.log.read_text()
        wait_for("one that is too large", lambda: "maximum size of output" in server.log.read_text())
        assert not watch.stop()
        assert watch.slowest_s < PATIENCE_S
        assert memory_bytes(server, "VmHWM") < 400 << 20
        server.kill()
    assert_no_traceback(server)


@pytest.mark.parametrize("n_groups", [200, 2000])
def test_a_storm_while_services_are_slow(tmp_path: Path, services: HostileServices, n_groups: int) -> None:
    """10,000 alerts, of which half go to a service that takes a second for each: all arrive once."""
    receivers = {"quick": webhook(f"{services.url}/good"), "slow": webhook(f"{services.url}/slow")}
    server = alert_server(tmp_path, config=config(receivers, group_by=["to", "g"], group_wait="1s"))
    # As shells start processes: far fewer files than there are services to wait for.
    server.command = ["sh", "-c", 'ulimit -Sn 256 && exec "$@"', "sh", *server.command]
    watch = Watch(server, "/-/healthy")
    alerts = [
        {"labels": {"alertname": "X", "to": to, "g": str(i % (n_groups // 2)), "i": str(i)}}
        for to in receivers
        for i in range(5000)
    ]
    with started(server):
        watch.start()
        began_s = time.monotonic()
        assert server.post("alerts", alerts)[0] == 200
        wait_for("the quick ones", lambda: len(services.heard["good"]) == n_groups // 2)
        took_s = time.monotonic() - began_s - 1
        assert n_groups > 200 or took_s < PATIENCE_S
        wait_for("the slow ones", lambda: len(services.heard["slow"]) == n_groups // 2, 40)
        time.sleep(0.5)
        assert not watch.stop()
        assert watch.slowest_s < PATIENCE_S
        assert memory_bytes(server, "VmHWM") < 250 << 20
        assert server.stop() == 0
    for heard in (services.heard["good"], services.heard["slow"]):
        assert sorted(int(alert["labels"]["i"]) for body in heard for alert in body["alerts"]) == list(range(5000))
        assert len(heard) == n_groups // 2
    assert_no_traceback(server)


def test_reloads_while_alerts_flow(tmp_path: Path, services: HostileServices) -> None:
    """Good ones and bad ones, one after the other, with a receiver that hangs: all is told once, and at once."""

    def write(number: int, *, is_good: bool = True) -> None:
        receivers = {"good": webhook(f"{services.url}/good")}
        if number % 3 == 0:
            receivers["hang"] = webhook(f"{services.url}/hang")
        text = config(receivers, group_by=["alertname"], group_wait="200ms", group_interval="1s")
        (tmp_path / "alertmanager.yml").write_text(text if is_good else f"{text}nonsense: 1\n")

    server = alert_server(tmp_path, config=config({}))
    write(0)
    sent: list[str] = []
    done = threading.Event()

    def send() -> None:
        while not done.wait(0.02):
            names = [f"A{len(sent) + n}" for n in range(5)]
            server.post("alerts", [{"labels": {"alertname": name, "to": "good"}} for name in names])
            sent.extend(names)

    sender = threading.Thread(target=send)
    with started(server):
        sender.start()
        for n in range(1, 61):
            is_good = n % 7 != 3
            write(n, is_good=is_good)
            status, text, _ = server.request("/-/reload", b"")
            assert status == (200 if is_good else 500), text
            assert is_good or b"nonsense" in text
        done.set()
        sender.join()
        wait_for("all", lambda: len(services.heard["good"]) >= len(sent))
        # The next takes away a receiver that is being told.
        write(0)
        assert server.request("/-/reload", b"")[0] == 200
        server.fire(alertname="H", to="hang")
        wait_for("the one that hangs", lambda: services.n_asked["hang"])
        write(1)
        reload = threading.Thread(target=quietly, args=(server, "/-/reload"))
        reload.start()
        time.sleep(0.1)
        began_s = time.monotonic()
        server.fire(alertname="last", to="good")
        wait_for("the last", lambda: len(services.heard["good"]) > len(sent))
        assert time.monotonic() - began_s < PATIENCE_S
        time.sleep(1.2)  # Another interval, in which nothing is told again.
        names = [body["groupLabels"]["alertname"] for body in services.heard["good"]]
        assert sorted(names) == sorted([*sent, "last"])
        server.kill()
        reload.join()
    assert_no_traceback(server)
