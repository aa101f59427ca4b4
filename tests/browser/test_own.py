"""The dashboards that come with the product, over live data of this host."""

from __future__ import annotations

from typing import Final

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import Stack

pytestmark = pytest.mark.process

OWN: Final = (
    "alerts",
    "host",
    "k8s-cluster",
    "k8s-namespace",
    "k8s-node",
    "k8s-pod",
    "k8s-workload",
    "logs",
    "scrapes",
    "stack",
)


@pytest.mark.parametrize("name", OWN)
def test_own_dashboards(lines: Stack, chromium: Chromium, name: str) -> None:
    seen = chromium.do("boards.look", url=f"{lines.url}/d/watchkeeper-{name}/x", height=3000)
    assert seen["panels"]
    assert [panel["title"] for panel in seen["panels"] if panel["fault"] or not panel["drawn"]] == []
    assert [panel["title"] for panel in seen["panels"] if panel["state"] == "waiting" or panel["placeholder"]] == []
    assert seen["refused"] == []
