"""Templates of lines and their counts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.log_memory import Entry, MemoryLogs
from watchkeeper.core.model.errors import QueryCanceled
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.parser import parse_selector
from watchkeeper.logs.logql.patterns import merge_templates, mine_patterns

SECOND = 1_000_000_000
APP = Labels.of(app="x")
USERS = ("ann", "bob", "eve", "joe")


def entries() -> list[Entry]:
    out = []
    for i in range(40):
        level = (("detected_level", "error" if i % 4 == 0 else "info"),)
        out.append(
            Entry(APP, i * SECOND, b"user %s logged in from 10.0.0.%d port %d" % (USERS[i % 4].encode(), i, i), level)
        )
        out.append(Entry(APP, i * SECOND + 1, b'{"msg":"done","took":%d}' % i, ()))
    out.append(Entry(Labels.of(app="noise"), 5 * SECOND, b"something else altogether 1", ()))
    return out


def mine(start_s: int, end_s: int, step_s: int) -> list[tuple[str, str, list[int]]]:
    found = mine_patterns(
        MemoryLogs(entries()),
        parse_selector('{app="x"}'),
        start_s * SECOND,
        end_s * SECOND,
        step_s * SECOND,
        lambda: None,
    )
    return [(pattern.text, pattern.level, pattern.counts.tolist()) for pattern in found]


def test_counts_by_step_and_level() -> None:
    user = "user <_> logged in from <_> port <_>"
    assert mine(0, 40, 20) == [
        ('{"msg":"<_>","took":<_>}', "unknown", [20, 20]),
        (user, "info", [15, 15]),
        (user.replace("user <_>", "user ann"), "error", [5, 5]),
    ]


def test_the_first_step_begins_at_a_whole_step() -> None:
    assert [counts for _, level, counts in mine(5, 40, 20) if level == "unknown"] == [[15, 20]]
    assert mine(100, 200, 10) == []


def test_what_is_not_alike_stays_apart() -> None:
    def merged(*texts: bytes) -> list[bytes]:
        found = {(b"info", text): np.array([len(texts) - i]) for i, text in enumerate(texts)}
        return [text for _, text in merge_templates(found)]

    assert merged(b"cache hit for <_> now", b"cache miss for <_> now") == [b"cache <_> for <_> now"]
    assert merged(b"cache hit", b"queue full") == [b"cache hit", b"queue full"]
    assert merged(b"a b c", b"a b c d") == [b"a b c", b"a b c d"]
    assert merged(b"x <_> y", b"z <_> y") == [b"x <_> y", b"z <_> y"]


def test_it_can_be_stopped() -> None:
    def check() -> None:
        raise QueryCanceled("gone")

    with pytest.raises(QueryCanceled):
        mine_patterns(MemoryLogs(entries()), parse_selector('{app="x"}'), 0, 40 * SECOND, SECOND, check)
