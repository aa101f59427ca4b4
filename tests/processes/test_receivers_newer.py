"""Receivers that Debian's Alertmanager does not have, with their default texts: firing and resolved messages arrive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.processes.alert_server import alert_server
from tests.processes.running import started, wait_for
from tests.processes.test_receivers_like_debian import END, Services, alerts

pytestmark = pytest.mark.process

CONFIG: Final = """
global:
  rocketchat_token: hush-token
  rocketchat_token_id_file: {folder}/id
  jira_api_url: '{url}/jira/rest/api/2/'
route: {{receiver: all, group_by: [alertname], group_wait: 200ms, group_interval: 1s}}
receivers:
  - name: all
    msteams_configs: [{{webhook_url: '{url}/msteams/hush-hook'}}]
    msteamsv2_configs: [{{webhook_url_file: '{folder}/url'}}]
    mattermost_configs: [{{webhook_url: '{url}/mattermost/hush-hook'}}]
    incidentio_configs: [{{url: '{url}/incidentio', alert_source_token: hush-source}}]
    rocketchat_configs: [{{api_url: '{url}/rocketchat', channel: '#c'}}]
    jira_configs: [{{project: P, issue_type: Bug, resolve_transition: Done}}]
    apprise_configs: [{{urls: ['json://{host}/apprise/hush-path']}}]
    webhook_configs: [{{url: '{url}/refusing/hush-hook'}}]
"""
KINDS: Final = ("msteams", "msteamsv2", "mattermost", "incidentio", "rocketchat", "jira", "apprise")


class NewerServices(Services):
    """Answers as these services do; what goes to `refusing` is refused with a text that repeats the path."""

    kinds = (*KINDS, "refusing")

    def answer(self, kind: str, path: str) -> tuple[int, bytes]:
        if kind == "refusing":
            return 400, f"no {path}".encode()
        if kind == "jira":
            issue = {"key": "P-1", "fields": {"status": {"statusCategory": {"key": "new"}}}}
            issues = [issue] if len(self.got["jira"]) > 2 else []
            found: dict[str, Any] = {"issues": issues, "transitions": [{"id": "1", "name": "Done"}]}
            return 200, json.dumps(found).encode()
        return 200, b'{"success": true}'


def test_firing_and_resolved_messages_arrive(tmp_path: Path) -> None:
    services = NewerServices()
    try:
        (tmp_path / "id").write_text("hush-user\n")
        (tmp_path / "url").write_text(f"{services.url}/msteamsv2/hush-hook\n")
        host = services.url.removeprefix("http://")
        server = alert_server(tmp_path / "server", config=CONFIG.format(url=services.url, host=host, folder=tmp_path))
        with started(server):
            assert server.post("alerts", alerts())[0] == 200
            wait_for("the firing messages", lambda: all(services.got[kind] for kind in KINDS))
            wait_for("the issue", lambda: len(services.got["jira"]) == 2)
            n_firing = {kind: len(found) for kind, found in services.got.items()}
            assert server.post("alerts", alerts(endsAt=END))[0] == 200
            wait_for("the resolved messages", lambda: all(len(services.got[kind]) > n_firing[kind] for kind in KINDS))
            wait_for("the issue's end", lambda: len(services.got["jira"]) == 6)
            wait_for("the refusal in the log", lambda: "unexpected status code 400" in server.log.read_text())
            shown = server.api2("status")["config"]["original"]
            text, metrics = server.log.read_text(), server.request("/metrics")[1].decode()
        for kind in KINDS:
            assert f'alertmanager_notifications_total{{integration="{kind}"}} 2' in metrics
            assert f'alertmanager_notifications_failed_total{{integration="{kind}",reason="other"}} 0' in metrics
        # What was never told of is not resolved either.
        assert {said["status"] for *_, said in services.got["refusing"]} == {"firing"}
        assert 'integration="webhook",reason="clientError"} 0' not in metrics
        assert "hush" not in text
        assert "hush" not in shown
        assert [(method, path.removeprefix("/jira/rest/api/2/")) for method, path, _, _ in services.got["jira"]] == [
            ("POST", "search"),
            ("POST", "issue"),
            ("POST", "search"),
            ("PUT", "issue/P-1"),
            ("GET", "issue/P-1/transitions"),
            ("POST", "issue/P-1/transitions"),
        ]
        for kind in ("msteams", "msteamsv2", "mattermost", "apprise", "rocketchat"):
            firing, resolved = (json.dumps(said) for _, _, _, said in services.got[kind])
            assert "[FIRING:2] Down" in firing
            assert "[RESOLVED] Down" in resolved
    finally:
        services.close()
