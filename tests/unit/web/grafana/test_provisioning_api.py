"""Grafana's provisioning API of alerting over HTTP: rules and Alertmanager's configuration, read and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.web.grafana.conftest import MakeSite, Site

AT = "/api/v1/provisioning"
RULES = {
    "status": "success",
    "data": {"groups": [{
        "name": "hosts", "file": "/etc/rules/hosts.yml", "interval": 90, "rules": [
            {"type": "alerting", "name": "Down", "query": "up == 0", "duration": 300, "keepFiringFor": 60,
             "labels": {"severity": "page"}, "annotations": {"summary": "{{ $labels.job }}"}},
            {"type": "recording", "name": "job:up:sum", "query": "sum by (job) (up)", "labels": {}},
        ],
    }]},
}  # fmt: skip
CONFIG = """\
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 30s
  routes:
    - receiver: pager
      matchers: ['severity="page"', 'team=~"a|b"']
      mute_time_intervals: [nights]
      continue: true
    - receiver: ops
      match: {old: "1"}
receivers:
  - name: ops
    slack_configs: [{api_url: <secret>, channel: '#ops', send_resolved: false}]
    webhook_configs: [{url: 'http://x/<secret>'}]
  - name: pager
    pagerduty_configs: [{routing_key: <secret>}]
time_intervals:
  - name: nights
    time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}], weekdays: ['monday:friday']}]
templates: ['tmpl/*.tmpl']
"""


@pytest.fixture
async def told(make_site: MakeSite, tmp_path: Path) -> Site:
    """A server whose stores have rules and a configuration."""
    (tmp_path / "tmpl").mkdir()
    (tmp_path / "tmpl" / "page.tmpl").write_text('{{ define "page" }}x{{ end }}')
    site = await make_site(alerts_file=str(tmp_path / "alertmanager.yml"), metrics_file="/etc/prometheus.yml")
    site.store.answers["/api/v1/rules"] = RULES
    site.store.answers["/api/v2/status"] = {"config": {"original": CONFIG}}
    return site


async def test_rules(told: Site) -> None:
    found = await told.get(f"{AT}/alert-rules", by="editor")
    down, total = found
    assert (down["title"], down["ruleGroup"], down["for"], down["keep_firing_for"]) == ("Down", "hosts", "5m", "1m")
    assert (down["labels"], down["annotations"]) == ({"severity": "page"}, {"summary": "{{ $labels.job }}"})
    assert (down["provenance"], down["isPaused"], down["condition"]) == ("file", False, "threshold")
    query = down["data"][0]
    assert (query["datasourceUid"], query["model"]["expr"], query["model"]["instant"]) == (
        "prometheus",
        "up == 0",
        True,
    )
    assert [item["refId"] for item in down["data"]] == ["query", "prometheus_math", "threshold"]
    assert (total["record"], total["condition"], len(total["data"])) == (
        {"metric": "job:up:sum", "from": "query"}, "query", 1,
    )  # fmt: skip
    assert await told.get(f"{AT}/alert-rules/{down['uid']}", by="editor") == down
    at = f"{AT}/folder/{down['folderUID']}/rule-groups/hosts"
    group = await told.get(at, by="editor")
    assert (group["title"], group["interval"], len(group["rules"])) == ("hosts", 90, 2)
    for path in (f"{AT}/alert-rules/none", f"{AT}/folder/none/rule-groups/hosts", f"{AT}/alert-rules/none/export"):
        assert (await told.ask("GET", path, by="editor"))[0] == 404
    exported = yaml.safe_load((await told.ask("GET", f"{AT}/alert-rules/export", by="editor"))[1])["groups"]
    assert (exported[0]["folder"], exported[0]["interval"], len(exported[0]["rules"])) == ("hosts", "1m30s", 2)
    exported = (await told.get(f"{AT}/alert-rules/{down['uid']}/export?format=json", by="editor"))["groups"]
    assert [one["title"] for one in exported[0]["rules"]] == ["Down"]
    assert len((await told.get(f"{at}/export?format=json", by="editor"))["groups"][0]["rules"]) == 2
    assert (await told.ask("GET", f"{at}/export?format=hcl", by="editor"))[0] == 400


async def test_notifications(told: Site) -> None:
    points = await told.get(f"{AT}/contact-points", by="editor")
    assert [(one["name"], one["type"], one["disableResolveMessage"]) for one in points] == [
        ("ops", "slack", True), ("ops", "webhook", False), ("pager", "pagerduty", False),
    ]  # fmt: skip
    assert points[0]["settings"] == {"url": "[REDACTED]", "recipient": "#ops"}
    assert [one["type"] for one in await told.get(f"{AT}/contact-points?name=pager", by="editor")] == ["pagerduty"]
    tree = await told.get(f"{AT}/policies", by="editor")
    assert (tree["receiver"], tree["group_by"], tree["group_wait"]) == ("ops", ["alertname"], "30s")
    assert tree["routes"] == [
        {"receiver": "pager", "continue": True, "mute_time_intervals": ["nights"],
         "object_matchers": [["severity", "=", "page"], ["team", "=~", "a|b"]]},
        {"receiver": "ops", "object_matchers": [["old", "=", "1"]]},
    ]  # fmt: skip
    nights = await told.get(f"{AT}/mute-timings/nights", by="editor")
    assert nights["time_intervals"][0]["weekdays"] == ["monday:friday"]
    assert await told.get(f"{AT}/mute-timings", by="editor") == [nights]
    page = await told.get(f"{AT}/templates/page", by="editor")
    assert page["template"] == '{{ define "page" }}x{{ end }}'
    assert await told.get(f"{AT}/templates", by="editor") == [page]
    for path in ("mute-timings/none", "templates/none", "mute-timings/none/export"):
        assert (await told.ask("GET", f"{AT}/{path}", by="editor"))[0] == 404
    for path, key in (("contact-points", "contactPoints"), ("policies", "policies"), ("mute-timings", "muteTimes")):
        assert len((await told.get(f"{AT}/{path}/export?format=json", by="editor"))[key]) >= 1


async def test_writes_name_the_file(told: Site, tmp_path: Path) -> None:
    down = (await told.get(f"{AT}/alert-rules", by="editor"))[0]
    folder = down["folderUID"]

    async def refused(method: str, path: str) -> str:
        status, said = await told.ask(method, f"{AT}/{path}", {}, by="admin")
        assert status == 400
        text: str = said["message"]
        return text

    for method, path, file in (
        ("POST", "alert-rules", "/etc/prometheus.yml"),
        ("PUT", f"alert-rules/{down['uid']}", 'the rule "Down" of the group "hosts" in /etc/rules/hosts.yml'),
        ("DELETE", f"alert-rules/{down['uid']}", "/etc/rules/hosts.yml"),
        ("PUT", f"folder/{folder}/rule-groups/hosts", "/etc/rules/hosts.yml"),
        ("POST", "contact-points", f"change receivers in {tmp_path}/alertmanager.yml"),
        ("DELETE", "contact-points/x", "alertmanager.yml"),
        ("PUT", "policies", "change route in"),
        ("DELETE", "policies", "change route in"),
        ("POST", "mute-timings", "change time_intervals in"),
        ("PUT", "templates/page", "change templates in"),
    ):
        assert file in await refused(method, path), path
    assert (await told.ask("POST", f"{AT}/alert-rules", {}, by="viewer"))[0] == 403


@pytest.mark.parametrize("said", [{"config": {"original": "{"}}, {"config": {"original": "[]"}}, {}, [], None])
async def test_a_configuration_that_is_none(site: Site, said: Any) -> None:
    site.store.answers["/api/v2/status"] = said
    for path in ("contact-points", "policies", "mute-timings", "templates"):
        assert (await site.ask("GET", f"{AT}/{path}", by="editor"))[0] in (200, 502)
    site.store.answers["/api/v1/rules"] = {"data": {"groups": [7, {"rules": [1, {}]}, {}]}}
    assert len(await site.get(f"{AT}/alert-rules", by="editor")) == 1
    site.store.status = 500
    assert await site.get(f"{AT}/alert-rules", by="editor") == []


async def test_rules_by_folder(told: Site) -> None:
    found = await told.get("/api/ruler/grafana/api/v1/rules")
    assert [(group["name"], group["interval"], len(group["rules"])) for group in found["hosts"]] == [
        ("hosts", "1m30s", 2)
    ]
    status, group = await told.ask("GET", "/api/ruler/grafana/api/v1/rules/hosts/hosts")
    assert (status, group["rules"][0]["grafana_alert"]["title"]) == (202, "Down")
    assert (await told.ask("GET", "/api/ruler/grafana/api/v1/rules/hosts/none"))[0] == 404
    status, said = await told.ask("POST", "/api/ruler/grafana/api/v1/rules/hosts", {}, by="editor")
    assert (status, "/etc/prometheus.yml" in said["message"]) == (400, True)
