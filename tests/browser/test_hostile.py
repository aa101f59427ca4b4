"""Hostile texts and broken dashboards: nothing runs, and each fault is said in its own panel."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest

from tests.browser.broken import HUGE_LINES, NO_DASHBOARDS
from tests.browser.chromium import Chromium
from tests.browser.hostile import ATTACKS, ECHOES, HOSTILE, HOSTILE_LINES, IMG, LINKS, REDIRECTS
from tests.browser.stack import Stack
from tests.processes.running import wait_for

pytestmark = pytest.mark.process

# Far from what it takes here, so that a busy machine is no fault; what hangs takes longer.
OPEN_MS = 5000
HUGE_MS, ANSWER_MS = 60_000, 10_000
# What no fault may look like: the innards of a program.
INNARDS = ("undefined", "TypeError", "RangeError", "[object Object]", "is not a function", "Traceback", "not iterable")


@pytest.fixture(scope="module")
def hostile(lines: Stack) -> Stack:
    """The stack with lines and alerts of hostile texts too."""
    wait_for("hostile series", lambda: lines.metrics.number("count(hostile)") == len(ATTACKS))
    lines.push_lines({"job": "hostile", "name": IMG}, *HOSTILE_LINES)
    lines.push_lines({"job": "huge"}, *HUGE_LINES)
    lines.post(
        f"{lines.alerts.url}/api/v2/alerts",
        [
            {
                "labels": {"alertname": text, "severity": IMG, "evil": text},
                "annotations": {"summary": text, "runbook_url": LINKS[0], "description": IMG, "dashboard": LINKS[2]},
                "generatorURL": "http://127.0.0.1/x?q=%22onmouseover=%22window.__xss=1",
            }
            for text in ATTACKS
        ],
    )
    begins, ends = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + at_s)) for at_s in (0, 3600))
    matchers = [{"name": "alertname", "value": ATTACKS[1], "isRegex": False, "isEqual": True}]
    silence = {"matchers": matchers, "startsAt": begins, "endsAt": ends, "createdBy": IMG, "comment": IMG}
    lines.post(f"{lines.alerts.url}/api/v2/silences", silence)
    return lines


def test_policy(stack: Stack, chromium: Chromium) -> None:
    """Scripts are of this host alone, in files."""
    policy = dict(part.strip().split(" ", 1) for part in chromium.do("hostile.policy", url=stack.url).split(";"))
    assert policy["script-src"] == policy["default-src"] == policy["connect-src"] == policy["base-uri"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["form-action"] == "'self'"
    assert not [name for name, sources in policy.items() if "unsafe-inline" in sources and name != "style-src"]
    assert "unsafe-eval" not in str(policy)


@pytest.mark.parametrize("attack", [LINKS[0], IMG])
def test_nothing_of_a_dashboard_runs(hostile: Stack, chromium: Chromium, attack: str) -> None:
    seen = chromium.do("hostile.dashboard", url=hostile.url, attack=attack)
    assert seen["faults"] == []
    assert seen["drawn"] >= len(HOSTILE["panels"]) - 2


def test_nothing_of_labels_lines_and_alerts_runs(hostile: Stack, chromium: Chromium) -> None:
    panes = {
        uid: {"datasource": uid, "queries": [{"refId": "A", "expr": expr}], "range": {"from": "now-5m", "to": "now"}}
        for uid, expr in (("loki", '{job="hostile"}'), ("prometheus", "hostile"))
    }
    explore = f"/explore?schemaVersion=1&panes={json.dumps(panes)}"
    paths = ["/alerts?silenced=true", "/alerts/rules", "/alerts/routing", "/silences", "/targets", "/service-discovery"]
    paths += ["/rules", "/explore/cardinality", "/logs/store", "/status/config", explore]
    evil = quote(IMG)
    odd = [
        f"/dashboards?query={evil}&tag={evil}&sort={evil}&folder={evil}",
        f"/d/hostile/x?theme={evil}&from={evil}&to={evil}&orgId={evil}&refresh={evil}&timezone={evil}&kiosk={evil}",
        f"/d/hostile/x?viewPanel={evil}&editview={evil}&{evil}={evil}&var-{evil}={evil}&var-texts={evil}",
        f"/d/{evil}/{evil}", f"/dashboards/f/{evil}/{evil}", f"/d-solo/{evil}?panelId={evil}", f"/{evil}#{evil}",
        f"/explore?left={evil}", f"/explore?panes={evil}", f"/graph?g0.expr={evil}&g0.range_input={evil}",
        f"/alerts?filter={evil}&receiver={evil}", f"/alerts/routing?labels={evil}&receiver={evil}",
        f"/silences/{evil}", f"/silences/new?filter={evil}&comment={evil}",
        f"/targets?search={evil}&pool={evil}&ds={evil}", f"/login?redirect={evil}",
    ]  # fmt: skip
    chromium.do("hostile.pages", url=hostile.url, paths=paths, odd=odd)


def test_names_and_messages_do_not_run(hostile: Stack, chromium: Chromium) -> None:
    chromium.do("hostile.names", url=hostile.url)


def test_a_login_leads_nowhere_else(stack: Stack, chromium: Chromium) -> None:
    found = chromium.do("hostile.redirects", url=stack.url, targets=list(REDIRECTS))
    assert {link: path for link, path in found.items() if REDIRECTS[link] not in (path, None)} == {}


def test_errors_that_repeat_a_text_do_not_run_it(lines: Stack, chromium: Chromium) -> None:
    panels = chromium.do("hostile.faults", url=lines.url, uid="echoes")["panels"]
    assert len(panels) == len(ECHOES["panels"])
    for name, panel in panels.items():
        assert panel["fault"] or panel["warned"], f"{name} says what is wrong"
    assert "<img" in panels["matcher"]["fault"]


def test_each_fault_is_in_its_own_panel(lines: Stack, chromium: Chromium) -> None:
    seen = chromium.do("hostile.faults", url=lines.url, uid="broken")
    panels = seen["panels"]
    assert seen["ink"] > 20, "a panel beside broken ones draws"
    told = {name: f"{panel['fault']} {panel['warned']}" for name, panel in panels.items()}
    assert "parse error" in told["syntax"]
    assert "can't be reached" in told["down"]
    assert "JSON" in told["no JSON"]
    assert "loki9" in told["no source"]
    assert "hologram" in panels["unknown"]["text"]
    assert "Notices" in told["transformed"]
    assert "circle" in seen["notices"]
    for name in ("targets", "config", "overrides", "numbers", "nowhere"):
        assert name in panels, f"the panel {name!r} is there"
    shown = json.dumps(panels) + seen["notices"]
    assert [word for word in INNARDS if word in shown] == []


def test_what_is_too_much_is_borne(hostile: Stack, chromium: Chromium) -> None:
    seen = chromium.do("hostile.huge", url=hostile.url)
    assert seen["ink"] > 20
    assert seen["drawn"] < HUGE_MS
    assert seen["answered"] < ANSWER_MS
    assert [name for name, panel in seen["panels"].items() if panel["wide"]] == []
    shown = json.dumps(seen["panels"])
    assert [word for word in INNARDS if word in shown] == []


def test_a_variable_of_many_values(lines: Stack, chromium: Chromium) -> None:
    took = chromium.do("hostile.manyValues", url=lines.url)
    assert max(max(one.values()) for one in took.values()) < OPEN_MS, took


def test_what_is_no_dashboard_is_said_to_be_none(stack: Stack, chromium: Chromium) -> None:
    said = chromium.do("hostile.imports", url=stack.url, texts=list(NO_DASHBOARDS))
    assert [text for text, answer in said.items() if not answer] == []
    assert [text for text, answer in said.items() if any(word in answer for word in INNARDS)] == []


@pytest.mark.parametrize("uid", ["broken-json", "not-there"])
def test_a_dashboard_that_is_not_there(stack: Stack, chromium: Chromium, uid: str) -> None:
    assert "not found" in chromium.do("hostile.missing", url=stack.url, uid=uid).lower()
