"""Whole queries: forms of answers, order, limits, and what is not read."""

from __future__ import annotations

import math

import pytest

from tests.oracle.log_memory import Entry, MemoryLogs, MemorySlice
from watchkeeper.core.model.errors import (
    CorruptionError,
    ExecutionError,
    LimitExceeded,
    QueryCanceled,
    QueryError,
    QueryTimeout,
)
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql import line_pool
from watchkeeper.logs.logql.answer import Answer, LogStreams, Matrix, QueryLimits, Request, Scalar, Vector
from watchkeeper.logs.logql.engine import Engine
from watchkeeper.logs.logql.line_pool import LinePool
from watchkeeper.logs.logql.parser import parse

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
ENGINE = Engine(2)
LEVELS = ("info", "error", "info", "warn")


def entries(n: int = 240) -> list[Entry]:
    """A line a second of each of two applications; JSON in one, plain in the other."""
    out = []
    for i in range(n):
        line = f'{{"level":"{LEVELS[i % 4]}","n":{i}}}'.encode()
        out.append(Entry(Labels.of(app="a"), i * SECOND, line, (("trace", str(i % 2)),)))
        out.append(Entry(Labels.of(app="b"), i * SECOND + 1, b"plain %d" % i))
    return out


LOGS = MemoryLogs(entries())
LIMITS = QueryLimits()


def ask(text: str, logs: MemoryLogs = LOGS, limits: QueryLimits = LIMITS, **changes: object) -> Answer:
    settings = {"start_ns": 0, "end_ns": 240 * SECOND, "step_ns": MINUTE} | changes
    return ENGINE.run(Request(parse(text), text, **settings), logs, limits)  # type: ignore[arg-type]


def numbers(text: str, **changes: object) -> list[int]:
    """The numbers at the lines' ends, by time in the order of the answer."""
    data = ask(text, **changes).data
    assert isinstance(data, LogStreams)
    found = [
        (time, int(line.rstrip(b"}").replace(b":", b" ").split()[-1]))
        for stream in data.streams
        for time, line in zip(stream.times_ns.tolist(), stream.lines, strict=True)
    ]
    forward = bool(changes.get("forward"))
    for stream in data.streams:
        assert stream.times_ns.tolist() == sorted(stream.times_ns.tolist(), reverse=not forward)
    return [n for _, n in sorted(found, reverse=not forward)]


def matrix(text: str, **changes: object) -> dict[Labels, list[float | None]]:
    data = ask(text, **changes).data
    assert isinstance(data, Matrix)
    assert list(data.labels) == sorted(data.labels)
    rows = zip(data.values.tolist(), data.present.tolist(), strict=True)
    return {
        labels: [value if here else None for value, here in zip(values, present, strict=True)]
        for labels, (values, present) in zip(data.labels, rows, strict=True)
    }


def vector(text: str, **changes: object) -> dict[Labels, float]:
    data = ask(text, instant=True, **changes).data
    assert isinstance(data, Vector)
    return dict(zip(data.labels, data.values.tolist(), strict=True))


# --- lines ---------------------------------------------------------------------------------------------------------


def test_newest_lines_of_all_streams() -> None:
    assert numbers('{app=~".+"}', limit=5) == [239, 239, 238, 238, 237]
    assert numbers('{app=~".+"}', limit=3, forward=True) == [0, 0, 1]
    assert numbers('{app="a"} | json | n < 5') == [4, 3, 2, 1, 0]


def test_a_range_holds_its_start_and_not_its_end() -> None:
    assert numbers('{app="a"}', start_ns=10 * SECOND, end_ns=13 * SECOND) == [12, 11, 10]
    assert numbers('{app="a"}', start_ns=10 * SECOND, end_ns=10 * SECOND) == []


def test_blocks_behind_the_limit_are_not_read() -> None:
    logs = MemoryLogs(entries(2000))
    assert len(logs.select(parse('{app="a"}').matchers, 0, 2000 * SECOND)) == 40  # type: ignore[union-attr]
    logs.loads.clear()
    assert numbers('{app="a"}', logs=logs, end_ns=2000 * SECOND, limit=10)[:2] == [1999, 1998]
    assert len(logs.loads) <= 4
    logs.loads.clear()
    assert numbers('{app="a"} | json | level="warn"', logs=logs, end_ns=2000 * SECOND, limit=4, forward=True) == [
        3,
        7,
        11,
        15,
    ]
    assert len(logs.loads) <= 4


def test_blocks_are_not_held_for_rows_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    prune = LinePool.prune

    def counted(pool: LinePool, next_key: int) -> None:
        prune(pool, next_key)
        held.append(sum(found.holds_block for found in pool._found))

    monkeypatch.setattr(LinePool, "prune", counted)
    monkeypatch.setattr(line_pool, "HELD_BLOCKS", 3)
    logs = MemoryLogs(entries(2000))
    assert len(numbers('{app="a"} |= "n\\":7"', logs=logs, end_ns=2000 * SECOND, limit=1000)) == 111
    assert len(held) > 3
    assert max(held) <= 3


def test_interval_thins_over_all_streams() -> None:
    assert numbers('{app=~".+"}', interval_ns=60 * SECOND, forward=True) == [0, 60, 120, 180]
    assert numbers('{app=~".+"}', interval_ns=60 * SECOND, limit=2) == [239, 179]


def test_lines_with_the_same_labels_are_one_stream() -> None:
    data = ask('{app="a"} | json | drop n').data
    assert isinstance(data, LogStreams)
    keys = [(stream.structured.get("trace"), stream.parsed.get("level")) for stream in data.streams]
    assert keys == [("0", "info"), ("1", "error"), ("1", "warn")]
    assert data.n_lines == 100
    assert data.streams[0].merged == Labels.of(app="a", trace="0", level="info")


def test_statistics_tell_what_was_read() -> None:
    answer = ask('{app="b"} |= "plain 7"', limit=1000)
    stats = answer.stats
    assert stats.total_lines == 240
    assert stats.post_filter_lines == stats.entries_returned == 11
    assert stats.store.chunks_ref == stats.store.chunks_loaded == 5
    assert stats.streams == 1
    assert stats.total_bytes == sum(len(entry.line) for entry in LOGS.entries if entry.labels.get("app") == "b")


# --- metrics -------------------------------------------------------------------------------------------------------


def test_windows_are_open_on_the_left() -> None:
    assert matrix('sum by (app) (count_over_time({app=~".+"}[1m]))') == {
        Labels.of(app="a"): [1, 60, 60, 60, 59],
        Labels.of(app="b"): [None, 60, 60, 60, 60],
    }
    assert matrix('sum(count_over_time({app="a"}[1m] offset 1m))') == {Labels(): [None, 1, 60, 60, 60]}
    assert matrix('sum(count_over_time({app="a"}[30s] offset -30s))') == {Labels(): [30, 30, 30, 30, None]}


def test_structured_metadata_tells_series_apart() -> None:
    assert vector('count_over_time({app="a"}[1m])', end_ns=60 * SECOND) == {
        Labels.of(app="a", trace="0"): 30,
        Labels.of(app="a", trace="1"): 30,
    }


def test_windows_that_overlap() -> None:
    wanted = [min(i * 10 + 1, 60) if i < 24 else 59 for i in range(25)]
    assert matrix('sum(count_over_time({app="a"}[1m]))', step_ns=10 * SECOND) == {Labels(): wanted}


def test_headers_are_enough_to_count_whole_blocks() -> None:
    logs = MemoryLogs(entries())
    assert vector('sum by (app) (count_over_time({app=~".+"}[10m]))', logs=logs) == {
        Labels.of(app="a"): 240,
        Labels.of(app="b"): 240,
    }
    assert logs.loads == []
    # Where metadata has a say, headers are not enough.
    assert vector('sum by (trace) (count_over_time({app="a"}[10m]))', logs=logs)[Labels.of(trace="1")] == 120
    assert logs.loads


def test_values_of_a_label() -> None:
    selector = '{app="a"} | json | unwrap n [10m]'
    assert vector(f"sum_over_time({selector})") == {
        Labels.of(app="a", level="error", trace="1"): sum(range(1, 240, 4)),
        Labels.of(app="a", level="info", trace="0"): sum(range(0, 240, 2)),
        Labels.of(app="a", level="warn", trace="1"): sum(range(3, 240, 4)),
    }
    for op, wanted in {
        "min": 1,
        "max": 237,
        "first": 1,
        "last": 237,
        "avg": 119,
        "stddev": math.sqrt(16 * 3599 / 12),
    }.items():
        found = vector(f"{op}_over_time({selector}) by (level)")
        assert found[Labels.of(level="error")] == pytest.approx(wanted)
    assert vector(f"quantile_over_time(0.5, {selector}) by ()")[Labels()] == 119.5
    assert vector(f"sum(rate({selector}))")[Labels()] == pytest.approx(sum(range(240)) / 600)


def test_a_counters_rate() -> None:
    found = vector(
        'rate_counter({app="a"} | json | unwrap n [1m]) without (level, trace)'.replace(" without (level, trace)", ""),
        end_ns=120 * SECOND,
    )
    assert found[Labels.of(app="a", level="info", trace="0")] == pytest.approx(1.0)


def test_absence_has_the_labels_that_are_asked_for() -> None:
    query = 'absent_over_time({app="none", env=~"p.*", x!="y"}[1m])'
    assert vector(query) == {Labels.of(app="none"): 1.0}
    assert vector('absent_over_time({app="a"}[1m])', end_ns=60 * SECOND) == {}


def test_operators() -> None:
    counts = 'sum by (app) (count_over_time({app=~".+"}[1m]))'
    at = {"end_ns": 120 * SECOND}
    assert vector(f"{counts} / 0", **at) != vector(f"{counts}", **at)
    assert all(math.isnan(value) for value in vector(f"{counts} % 0", **at).values())
    assert vector(f"{counts} > 100", **at) == {}
    assert vector(f"{counts} >= bool 60", **at) == {Labels.of(app="a"): 1.0, Labels.of(app="b"): 1.0}
    assert vector("vector(1)+vector(1)") == {Labels(): 2.0}
    scalar = ask("3", instant=True).data
    assert isinstance(scalar, Scalar)
    assert scalar.value == 3
    assert matrix("3") == {Labels(): [3.0] * 5}
    assert vector(f'label_replace({counts}, "kind", "$1-x", "app", "(a)")', **at) == {
        Labels.of(app="a", kind="a-x"): 60.0,
        Labels.of(app="b"): 60.0,
    }
    assert vector(f"{counts} and on() vector(1)", **at) == vector(counts, **at)
    assert vector(f"{counts} unless {counts.replace('.+', 'a')}", **at) == {Labels.of(app="b"): 60.0}
    with pytest.raises(
        ExecutionError, match="found duplicate series on the right hand-side;many-to-many matching not allowed"
    ):
        vector(f"{counts} + on() {counts}", **at)


def test_the_best_come_first() -> None:
    by_level = 'sum by (level) (count_over_time({app="a"} | json [4m]))'
    found = ask(f"topk(2, {by_level})", instant=True).data
    assert isinstance(found, Vector)
    assert [labels.get("level") for labels in found.labels] == ["info", "error"]
    assert list(vector(f"bottomk(1, {by_level})").values()) == [60]
    sorted_ = ask(f"sort({by_level})", instant=True).data
    assert isinstance(sorted_, Vector)
    assert sorted_.values.tolist() == sorted(sorted_.values.tolist())


# --- errors and limits ---------------------------------------------------------------------------------------------


def test_lines_that_fail_fail_a_metric_query() -> None:
    with pytest.raises(QueryError) as caught:
        ask('sum by (level) (count_over_time({app="b"} | json [1m]))')
    assert str(caught.value).startswith("pipeline error: 'JSONParserErr' for series: '{__error__=\"JSONParserErr\"")
    assert (
        'app="b"}\'.\nUse a label filter to intentionally skip this error. (e.g | __error__!="JSONParserErr").\n'
        in str(caught.value)
    )
    assert vector('sum by (level) (count_over_time({app="b"} | json | __error__="" [1m]))') == {}
    kept = vector('count_over_time({app="b"} | json | __error__!="" | drop __error_details__ [1m])')
    assert kept == {Labels.of(app="b", __error__="JSONParserErr"): 60.0}
    # A sum that looks at no label does not parse at all.
    assert vector('sum(count_over_time({app="b"} | json [1m]))') == {Labels(): 60.0}


def test_a_value_that_is_no_number_fails_the_query() -> None:
    with pytest.raises(QueryError, match="SampleExtractionErr"):
        ask('sum_over_time({app="a"} | json | unwrap level [1m])')
    assert vector('sum_over_time({app="a"} | json | unwrap level | __error__="" [1m])') == {}


def test_lines_are_no_instant() -> None:
    with pytest.raises(ExecutionError, match="log queries are not supported as an instant query type"):
        ask('{app="a"}', instant=True)


def test_a_step_is_needed() -> None:
    with pytest.raises(ExecutionError, match="zero or negative query resolution step widths"):
        ask('rate({app="a"}[1m])', step_ns=0)
    assert matrix('sum(count_over_time({app="a"}[1m]))', start_ns=60 * SECOND, end_ns=59 * SECOND) == {}


def test_too_many_series() -> None:
    query = 'count_over_time({app="a"} | json [10m])'
    with pytest.raises(LimitExceeded, match=r"maximum number of series \(100\) reached for a single query; consider"):
        ask(query, limits=QueryLimits(max_query_series=100), instant=True)
    answer = ask(query, limits=QueryLimits(max_query_series=100, partial_series=True), instant=True)
    assert isinstance(answer.data, Vector)
    assert len(answer.data.labels) == 100
    assert answer.warnings[0].startswith("maximum number of series (100)")
    assert len(vector(query)) == 240
    with pytest.raises(LimitExceeded, match=r"\(1\)"):
        ask('sum by (app) (count_over_time({app=~".+"}[10m]))', limits=QueryLimits(max_query_series=1))


def test_too_many_bytes() -> None:
    with pytest.raises(LimitExceeded) as caught:
        ask('{app="a"}', limits=QueryLimits(max_bytes_read=1024))
    assert str(caught.value) == (
        "the query would read too many bytes (query: 5.6 KiB, limit: 1.0 KiB); consider adding more specific stream "
        "selectors or reduce the time range of the query"
    )


def test_too_much_memory() -> None:
    with pytest.raises(LimitExceeded, match="intermediate results"):
        ask('max(count_over_time({app="a"} | json [10m]))', limits=QueryLimits(max_memory_bytes=10_000))


def test_time_and_cancelling() -> None:
    with pytest.raises(QueryTimeout, match="request timed out, decrease the duration of the request"):
        ask('{app="a"} |= "x"', limits=QueryLimits(timeout_s=1e-9))
    text = '{app="a"} |= "x"'
    with pytest.raises(QueryCanceled):
        ENGINE.run(Request(parse(text), text, 0, 240 * SECOND), LOGS, QueryLimits(), lambda: True)


def test_a_damaged_block_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    load = MemorySlice.load

    def broken(part: MemorySlice) -> object:
        if part.stream.labels.get("app") == "a":
            raise CorruptionError("segment", 81_920, "checksum mismatch")
        return load(part)

    monkeypatch.setattr(MemorySlice, "load", broken)
    answer = ask('{app=~".+"} |= "1"', limit=1000)
    assert isinstance(answer.data, LogStreams)
    assert {stream.labels.get("app") for stream in answer.data.streams} == {"b"}
    assert answer.warnings == ["5 damaged blocks were left out"]
