"""One stack and one browser for all tests of the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.browser.broken import BROKEN_BOARDS
from tests.browser.chromium import Chromium, missing
from tests.browser.hostile import HOSTILE_BOARDS, HOSTILE_METRICS
from tests.browser.stack import ADMIN, PASSWORD, Stack
from tests.processes.running import Exporter, started, wait_for


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Runs, and begins to gather data of this host."""
    if reason := missing():
        pytest.skip(reason)
    exporter = Exporter(HOSTILE_METRICS.encode())
    one = Stack(tmp_path_factory.mktemp("stack"), exporter, {**HOSTILE_BOARDS, **BROKEN_BOARDS})
    with started(one):
        yield one
    exporter.close()


@pytest.fixture(scope="package")
def lines(stack: Stack) -> Stack:
    """The stack once it has lines to draw: one needs two points, and charts of minutes have one for each 15 s."""
    wait_for("a line", lambda: stack.metrics.number("max(count_over_time(node_load1[5m:15s]))") >= 2, 60)
    return stack


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Open."""
    if reason := missing():
        pytest.skip(reason)
    one = Chromium(tmp_path_factory.mktemp("chromium"))
    yield one
    one.close()


@pytest.fixture(scope="module")
def signed_in(lines: Stack, chromium: Chromium) -> Chromium:
    """The administrator, before the pages; whichever module comes first makes the account."""
    sent = json.dumps({"user": ADMIN, "password": PASSWORD}).encode()
    has_admin = lines.request("/login", sent, "POST", Content_Type="application/json")[0] == 200
    link = None if has_admin else lines.first_link
    chromium.do("people.signIn", url=lines.url, link=link, user=ADMIN, password=PASSWORD)
    return chromium
