"""The pages, used as a person does: every step is done by mouse and keys in a real browser over this machine's data.

A step fails too where the browser complains: an error in its console, a failed request, a request to another host.
"""

from __future__ import annotations

import json

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import ADMIN, PASSWORD, Stack

pytestmark = pytest.mark.process

HOME_MS = 5000


def test_home(stack: Stack, chromium: Chromium) -> None:
    assert chromium.do("home.opens", url=stack.url) < HOME_MS


def test_every_page_of_the_navigation(stack: Stack, chromium: Chromium) -> None:
    chromium.do("home.opens", url=stack.url)
    pages = chromium.do("home.allPages")
    assert len(pages) >= 10
    assert [page["name"] for page in pages if page["unfinished"]] == []


def test_theme(stack: Stack, chromium: Chromium) -> None:
    chromium.do("home.theme", url=stack.url)


def test_keys(stack: Stack, chromium: Chromium) -> None:
    chromium.do("home.keyboard", url=stack.url)


def test_host_has_live_lines(lines: Stack, chromium: Chromium) -> None:
    assert chromium.do("host.liveLines", url=lines.url) < HOME_MS


def test_drag_zoom(lines: Stack, chromium: Chromium) -> None:
    chromium.do("host.dragZoom", url=lines.url)


def test_variable(lines: Stack, chromium: Chromium) -> None:
    chromium.do("host.variable", url=lines.url, value=f"localhost:{lines.node.port}")


def test_legend(lines: Stack, chromium: Chromium) -> None:
    chromium.do("host.legend", url=lines.url)


def test_crosshair_and_tooltip(lines: Stack, chromium: Chromium) -> None:
    assert chromium.do("host.crosshair", url=lines.url)["shared"] >= 2


def test_time_picker(lines: Stack, chromium: Chromium) -> None:
    chromium.do("host.timePicker", url=lines.url)


def test_one_panel(lines: Stack, chromium: Chromium) -> None:
    chromium.do("host.viewPanel", url=lines.url)


def test_dashboard_keys(lines: Stack, chromium: Chromium) -> None:
    chromium.do("host.keys", url=lines.url)


def test_narrow(lines: Stack, chromium: Chromium) -> None:
    paths = ["/dashboards", "/explore", "/alerts", "/silences", "/silences/new", "/rules", "/targets"]
    paths += ["/service-discovery", "/logs", "/status"]
    chromium.do("host.narrow", url=lines.url, paths=paths)


def test_explore_metrics(lines: Stack, chromium: Chromium) -> None:
    chromium.do("explore.metrics", url=lines.url)


def test_explore_split(lines: Stack, chromium: Chromium) -> None:
    chromium.do("explore.split", url=lines.url)


def test_log_tail(lines: Stack, chromium: Chromium) -> None:
    lines.push_lines({"job": "tailed"}, "a first line", "a second line")
    assert "a first line" in chromium.do("explore.openLogs", url=lines.url, expr='{job="tailed"}')
    lines.push_lines({"job": "tailed"}, "a line that comes later")
    chromium.do("explore.tail", line="a line that comes later")


def test_targets(lines: Stack, chromium: Chromium) -> None:
    chromium.do("work.targets", url=lines.url)


def test_rules(lines: Stack, chromium: Chromium) -> None:
    chromium.do("work.rules", url=lines.url)


def test_status(lines: Stack, chromium: Chromium) -> None:
    chromium.do(
        "work.status", url=lines.url, paths=["/status", "/status/storage", "/status/flags", "/status/config", "/logs"]
    )


def test_signed_in(lines: Stack, chromium: Chromium) -> None:
    """From the one-time link on: a dashboard is made and kept, an alert silenced."""
    chromium.do("boards.signIn", link=lines.first_link, user=ADMIN, password=PASSWORD)
    path = chromium.do("boards.make", url=lines.url, title="Made in a test")
    stored = json.loads(lines.request("/api/search?query=Made")[1])
    assert [hit["url"] for hit in stored] == [path]
    chromium.do("explore.addToDashboard", url=lines.url, title="Looked at in Explore")
    lines.alert(alertname="SomebodyElse", severity="info")
    chromium.do("work.silence", url=lines.url, alertname="SomebodyElse")
