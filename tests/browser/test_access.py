"""The pages for people who use keys, a screen reader, a narrow screen, or can't see weak colours."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import Stack

pytestmark = pytest.mark.process

HOST = "/d/watchkeeper-host?from=now-5m&to=now&refresh=off"
_PANES = {
    "a": {
        "datasource": "loki",
        "queries": [{"refId": "A", "expr": '{job=~".+"}'}],
        "range": {"from": "now-5m", "to": "now"},
    }
}
PATHS = [
    "/targets", "/service-discovery", "/rules", "/alerts", "/alerts/rules", "/alerts/status", "/silences",
    f"/alerts/routing?labels={quote('severity=critical')}", "/silences/new", "/logs", "/logs/store", "/logs/config",
    "/status", "/status/storage", "/status/config", "/status/flags", "/status/alertmanagers", "/status/features",
    "/dashboards", "/dashboard/import", "/explore", "/explore/cardinality", "/profile", "/login", "/nowhere", HOST,
    f"/explore?schemaVersion=1&panes={quote(json.dumps(_PANES))}",
]  # fmt: skip


def test_views(lines: Stack, chromium: Chromium) -> None:
    """No rule of axe is broken, nothing is out of the keys' reach, no page is wider than 390 px."""
    assert chromium.do("access.views", url=lines.url, paths=PATHS) == []


def test_windows(lines: Stack, chromium: Chromium) -> None:
    assert chromium.do("access.windows", url=lines.url, board=HOST) == []


def test_keys(lines: Stack, chromium: Chromium) -> None:
    chromium.do("access.keys", url=lines.url)


def test_less_motion(lines: Stack, chromium: Chromium) -> None:
    chromium.do("access.stillness", url=lines.url, board=HOST)
