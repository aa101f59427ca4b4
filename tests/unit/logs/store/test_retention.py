"""Which segments go for their age or size, and what a store does about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.unit.logs.store.stores import APP, DATABASE, OPEN_LIMITS, T0, Stores, row
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.logs.store.limits import Limits, RetentionStream
from watchkeeper.logs.store.options import DAY_NS, HOUR_NS
from watchkeeper.logs.store.retention import beyond_size, expired, is_worth, shortest_period
from watchkeeper.logs.store.segment import SegmentInfo

WEEK_NS = 7 * DAY_NS


def rule(app: str, period_ns: int, priority: int = 0) -> RetentionStream:
    return RetentionStream(selector=(Matcher("app", MatchType.EQUAL, app),), priority=priority, period_ns=period_ns)


def info(name: str, max_ns: int, size: int) -> SegmentInfo:
    return SegmentInfo(name, size, max_ns - 10, max_ns, 1, 1, 1, 1, ("t",), -1, 1)


def test_the_shortest_period_is_that_of_any_rule() -> None:
    assert shortest_period(Limits()) == 0
    assert shortest_period(Limits(retention_period_ns=WEEK_NS)) == WEEK_NS
    limits = Limits(retention_period_ns=0, retention_stream=(rule("a", 2 * DAY_NS), rule("b", 3 * DAY_NS)))
    assert shortest_period(limits) == 2 * DAY_NS


def test_a_block_is_gone_when_its_newest_row_is_older_than_the_period() -> None:
    max_ns = np.array([T0, T0 - WEEK_NS, T0 - WEEK_NS - 1, 0])
    assert expired(max_ns, np.array([WEEK_NS, WEEK_NS, WEEK_NS, 0]), T0).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("gone", "periods", "expected"),
    [
        ([False, False], [1, 1], False),
        ([True, True], [1, 1], True),
        ([True, False], [1, 1.5], False),  # The rest follows within a day.
        ([True, False], [1, 0], True),
        ([True, False], [1, 30], True),
    ],
)
def test_a_segment_is_rewritten_where_it_pays(gone: list[bool], periods: list[float], expected: bool) -> None:
    period_ns = (np.array(periods) * DAY_NS).astype(np.int64)
    max_ns = np.full(2, T0)
    sizes = np.array([100, 100])
    now_ns = T0 + DAY_NS + 1
    assert is_worth(np.array(gone), sizes, max_ns, period_ns, now_ns) is expected


def test_a_small_part_goes_when_it_is_a_day_late() -> None:
    period_ns = np.array([DAY_NS, 0])
    of = (np.array([True, False]), np.array([1, 999]), np.full(2, T0), period_ns)
    assert not is_worth(*of, T0 + DAY_NS + HOUR_NS)
    assert is_worth(*of, T0 + 2 * DAY_NS)


def test_the_oldest_have_no_room() -> None:
    infos = [info("b", 20, 40), info("a", 10, 40), info("c", 30, 40)]
    assert beyond_size(infos, 0) == []
    assert beyond_size(infos, 120) == []
    assert beyond_size(infos, 119) == ["a"]
    assert beyond_size(infos, 79) == ["a", "b"]
    assert beyond_size(infos, 1) == ["a", "b", "c"]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path / "logs")
    yield made
    made.store.close()


def limits(**changes: object) -> Limits:
    import dataclasses

    return dataclasses.replace(OPEN_LIMITS, **changes)


def test_old_days_go(stores: Stores) -> None:
    stores.reopen(limits=limits(retention_period_ns=WEEK_NS))
    stores.push(APP, row(0, "old"))
    stores.store.flush()
    stores.now_ns += 6 * DAY_NS
    stores.push(APP, row(6 * 86400, "new"))
    stores.store.flush()
    stores.store.compact()
    assert stores.lines() == [b"old", b"new"]
    stores.now_ns += DAY_NS
    stores.store.compact()
    assert stores.lines() == [b"new"]
    assert stores.metric("watchkeeper_logs_segments_expired_total") == 1
    stores.kill()
    assert stores.lines() == [b"new"]


def test_nothing_goes_unless_retention_is_enabled(stores: Stores) -> None:
    stores.reopen(limits=limits(retention_period_ns=DAY_NS), config="auth_enabled: false")
    stores.push(APP, row(0, "old"))
    stores.store.flush()
    stores.now_ns += WEEK_NS
    stores.store.compact()
    assert stores.lines() == [b"old"]


def test_streams_of_a_selector_go_before_others(stores: Stores) -> None:
    rules = (rule("shop", 30 * DAY_NS), rule("shop", DAY_NS, priority=1))
    stores.reopen(limits=limits(retention_period_ns=0, retention_stream=rules))
    stores.push(APP, row(0, "short"))
    stores.push(DATABASE, row(0, "for ever"))
    stores.store.flush()
    stores.now_ns += 2 * DAY_NS + HOUR_NS
    stores.store.compact()
    for _ in range(2):
        assert stores.lines() == [b"for ever"]
        assert [stream.text for stream in stores.store.querier("t").streams([], 0, T0 * 2)] == [str(DATABASE)]
        stores.kill()
    assert stores.metric("watchkeeper_logs_segments") == 1


def test_what_went_does_not_come_back_from_the_log(stores: Stores) -> None:
    stores.reopen(limits=limits(retention_period_ns=DAY_NS))
    stores.push(APP, row(0, "old"))
    stores.push(DATABASE, row(0, "kept in the head"))
    stores.store._head.cut_where("forced", lambda stream, held: stream.stream.labels == APP)
    stores.store._flusher.flush()
    stores.now_ns += 2 * DAY_NS
    stores.store._upkeep.run()
    assert stores.lines() == [b"kept in the head"]
    stores.kill()
    assert stores.lines() == [b"kept in the head"]
    assert len(stores.segments()) == 1  # It remembers the place in the log, and nothing else.
    stores.store.flush()
    for _ in range(2):  # The log that held them is cut off at the next flush after a new segment of it began.
        stores.push(APP, row(3 * 86400, "next"))
        stores.reopen()
        stores.store.flush()
        stores.store.compact()
    assert all(segment.info.n_blocks for segment in stores.store._segments.current)


def test_the_oldest_go_where_there_is_no_room(stores: Stores) -> None:
    text = "".join(f"{i:05d}" for i in range(2000))
    for day in range(4):
        stores.push(APP, *(row(day * 86400 + i, f"{text[i * 5 :]} {i * 7919}") for i in range(20)))
        stores.store.flush()
    sizes = [path.stat().st_size for path in stores.segments()]
    config = f"compactor: {{retention_enabled: false, retention_size: {sum(sizes[2:]) + 10}}}"
    stores.reopen(config=config)
    stores.store.tick()
    assert len(stores.lines()) == 40
    assert stores.metric("watchkeeper_logs_segments_expired_total") == 2
    stores.kill()
    assert len(stores.lines()) == 40


def test_streams_that_are_nowhere_are_forgotten(stores: Stores) -> None:
    stores.reopen(limits=limits(retention_period_ns=DAY_NS))
    stores.push(APP, row(0, "old"))
    stores.store.flush()
    stores.now_ns += 3 * DAY_NS
    stores.push(DATABASE, row(3 * 86400, "new"))
    stores.store.flush()
    stores.reopen()
    assert stores.lines() == [b"new", b"old"]  # Both are known now.
    known = stores.store._streams
    assert len(known) == 2
    for _ in range(4):
        stores.now_ns += 2 * HOUR_NS
        stores.store.tick()
    assert [stream.labels for stream in map(known.stream, known.ids())] == [DATABASE]
    for _ in range(4):
        stores.push(APP, row(4 * 86400, "again"))
        stores.now_ns += 2 * HOUR_NS
        stores.store.tick()
        assert stores.lines() == [b"new", b"again"]
