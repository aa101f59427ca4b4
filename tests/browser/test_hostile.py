"""Hostile texts and broken dashboards: nothing runs, and each fault is said in its own panel."""

from __future__ import annotations

import json
import time

import pytest

from tests.browser.chromium import Chromium
from tests.browser.hostile import ATTACKS, HOSTILE, IMG, LINKS, NO_DASHBOARDS
from tests.browser.stack import Stack
from tests.processes.running import wait_for

pytestmark = pytest.mark.process

OPEN_MS = 3000


@pytest.fixture(scope="module")
def hostile(lines: Stack) -> Stack:
    """The stack with lines and alerts of hostile texts too."""
    wait_for("hostile series", lambda: lines.metrics.number("count(hostile)") == len(ATTACKS))
    lines.push_lines({"job": "hostile", "name": IMG}, *ATTACKS, json.dumps({"msg": IMG, IMG: ATTACKS[1]}))
    lines.post(
        f"{lines.alerts.url}/api/v2/alerts",
        [
            {
                "labels": {"alertname": text, "severity": IMG},
                "annotations": {"summary": text, "runbook_url": LINKS[0], "description": IMG},
                "generatorURL": "http://127.0.0.1/x?q=%22onmouseover=%22window.hit=1",
            }
            for text in ATTACKS
        ],
    )
    begins, ends = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + at_s)) for at_s in (0, 3600))
    matchers = [{"name": "alertname", "value": ATTACKS[1], "isRegex": False, "isEqual": True}]
    silence = {"matchers": matchers, "startsAt": begins, "endsAt": ends, "createdBy": IMG, "comment": IMG}
    lines.post(f"{lines.alerts.url}/api/v2/silences", silence)
    return lines


@pytest.mark.parametrize("attack", [LINKS[0], IMG])
def test_nothing_of_a_dashboard_runs(hostile: Stack, chromium: Chromium, attack: str) -> None:
    seen = chromium.do("hostile.dashboard", url=hostile.url, attack=attack)
    assert seen["faults"] == []
    assert seen["drawn"] >= len(HOSTILE["panels"]) - 1


def test_nothing_of_labels_lines_and_alerts_runs(hostile: Stack, chromium: Chromium) -> None:
    panes = {
        uid: {"datasource": uid, "queries": [{"refId": "A", "expr": expr}], "range": {"from": "now-5m", "to": "now"}}
        for uid, expr in (("loki", '{job="hostile"}'), ("prometheus", "hostile"))
    }
    explore = f"/explore?schemaVersion=1&panes={json.dumps(panes)}"
    paths = ["/alerts", "/alerts/rules", "/silences", "/targets", "/rules", f"/dashboards?query={IMG}", explore]
    chromium.do("hostile.pages", url=hostile.url, paths=paths)


def test_each_fault_is_in_its_own_panel(lines: Stack, chromium: Chromium) -> None:
    seen = chromium.do("hostile.broken", url=lines.url)
    panels = seen["panels"]
    assert seen["ink"] > 20, "a panel beside broken ones draws"
    assert "parse error" in panels["syntax"]["fault"]
    assert panels["down"]["fault"]
    assert "hologram" in panels["unknown"]["text"]
    assert (
        "noSuchThing" in panels["transformed"]["fault"] + panels["transformed"]["text"] + seen["notices"]
        or panels["transformed"]["plots"]
    )
    for name in ("targets", "config", "overrides", "numbers", "cycle", "nowhere"):
        assert name in panels, f"the panel {name!r} is there"
        assert "undefined" not in panels[name]["text"]
        assert "TypeError" not in panels[name]["text"]


def test_a_variable_of_many_values(lines: Stack, chromium: Chromium) -> None:
    took = chromium.do("hostile.manyValues", url=lines.url)
    assert max(took.values()) < OPEN_MS


def test_what_is_no_dashboard_is_said_to_be_none(stack: Stack, chromium: Chromium) -> None:
    said = chromium.do("hostile.imports", url=stack.url, texts=list(NO_DASHBOARDS))
    assert [text for text, answer in said.items() if not answer] == []
