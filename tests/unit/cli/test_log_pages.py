"""Lines in pages: all of them once, in both directions, whatever shares a time."""

from __future__ import annotations

import random

import pytest

from watchkeeper.cli import log_pages
from watchkeeper.cli.log_lines import Entry
from watchkeeper.cli.log_pages import pages


class Server:
    """Some entries, and how often they were asked for."""

    def __init__(self, entries: list[Entry], forward: bool) -> None:
        self.entries = sorted(entries, key=lambda entry: entry.ts_ns)
        self.forward = forward
        self.asked = 0

    def ask(self, start_ns: int, end_ns: int, limit: int) -> list[Entry]:
        """As the API: the end is not in the range."""
        self.asked += 1
        assert limit <= log_pages.PAGE
        found = [entry for entry in self.entries if start_ns <= entry.ts_ns < end_ns]
        return found[:limit] if self.forward else found[-limit:]


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_pages, "PAGE", 10)


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 9, 10, 11, 25, 1000])
def test_every_line_once_and_no_more_than_the_limit(forward: bool, limit: int) -> None:
    rng = random.Random(limit)
    entries = [Entry(rng.randrange(60), {"n": str(i)}, f"line {i}") for i in range(80)]
    server = Server(entries, forward)
    found = [entry for page in pages(server.ask, 0, 1000, limit, forward=forward) for entry in page]
    assert len(found) == min(limit, 80)
    assert len({entry.line for entry in found}) == len(found)
    times = sorted((entry.ts_ns for entry in entries), reverse=not forward)[: len(found)]
    assert sorted(entry.ts_ns for entry in found) == sorted(times)


def test_a_time_with_more_lines_than_a_page_does_not_hold_up(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [Entry(5, {}, f"at once {i}") for i in range(30)] + [Entry(9, {}, "later"), Entry(1, {}, "before")]
    for forward in (True, False):
        server = Server(entries, forward)
        found = [entry.line for page in pages(server.ask, 0, 100, 1000, forward=forward) for entry in page]
        assert {"later", "before"} <= set(found)
        assert server.asked < 10


def test_one_page_is_asked_for_once() -> None:
    server = Server([Entry(1, {}, "a")], True)
    assert [len(page) for page in pages(server.ask, 0, 100, 100, forward=True)] == [1]
    assert server.asked == 1
    assert list(pages(server.ask, 50, 100, 100, forward=True)) == []
