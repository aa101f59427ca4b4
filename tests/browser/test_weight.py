"""What a browser fetches for a dashboard is what the build says, and within its budget."""

from __future__ import annotations

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import Stack
from tests.browser.weight import DASHBOARD, ENTRY, FIRST_LOAD_KB, Weights

pytestmark = pytest.mark.process

PATH = "/d/watchkeeper-stack/stack"  # Time series and stats alone; links and variables in its bar.


def test_home_fetches_what_is_in_view(stack: Stack, chromium: Chromium) -> None:
    build = Weights.of_build()
    came = chromium.do("speed.files", url=f"{stack.url}/", selector="section.panel")
    assert set(came) == build.home()
    assert sum(came.values()) / 1000 <= FIRST_LOAD_KB


def test_a_dashboard_fetches_what_it_shows_and_no_more(stack: Stack, chromium: Chromium) -> None:
    build = Weights.of_build()
    came = chromium.do("speed.files", url=f"{stack.url}{PATH}", selector="section.panel")
    first = build.first_load()
    assert first <= set(came) <= build.files(ENTRY, DASHBOARD, "src/views/dashboard/DashboardLinks.svelte")
    assert {name: build.bytes_of(name) for name in came} == came
    assert sum(came.values()) / 1000 <= FIRST_LOAD_KB
