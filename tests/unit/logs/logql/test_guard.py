"""Limits of one query."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.errors import LimitExceeded, QueryTimeout
from watchkeeper.logs.logql.answer import QueryLimits
from watchkeeper.logs.logql.guard import Guard, format_size


def test_the_deadline() -> None:
    now = [0.0]
    guard = Guard(QueryLimits(timeout_s=5), lambda: False, lambda: now[0])
    now[0] = 5.0
    guard.check()
    now[0] = 5.1
    with pytest.raises(QueryTimeout):
        guard.check()
    Guard(QueryLimits(timeout_s=0), lambda: False, lambda: 1e9).check()


def test_bytes_of_all_selectors_count() -> None:
    guard = Guard(QueryLimits(max_bytes_read=100), lambda: False)
    guard.read(60)
    with pytest.raises(LimitExceeded) as caught:
        guard.read(60)
    assert caught.value.limit == "max_query_bytes_read"
    Guard(QueryLimits(), lambda: False).read(1 << 60)


def test_memory_may_be_given_back() -> None:
    guard = Guard(QueryLimits(max_memory_bytes=100), lambda: False)
    guard.hold(90)
    guard.hold(-50)
    guard.hold(60)
    with pytest.raises(LimitExceeded):
        guard.hold(1)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (9, "9 B"),
        (82, "82 B"),
        (1024, "1.0 KiB"),
        (10_240, "10 KiB"),
        (49 << 20, "49 MiB"),
        (1536 << 20, "1.5 GiB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert format_size(size) == text
