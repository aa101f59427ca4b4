"""Random pipelines over random lines: the engine agrees with the evaluator that takes entries one by one."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.oracle import logql as oracle
from tests.oracle.log_memory import Entry, MemoryLogs
from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql import ast, line_pool
from watchkeeper.logs.logql import lines as lines_module
from watchkeeper.logs.logql import rows as rows_module
from watchkeeper.logs.logql import samples as samples_module
from watchkeeper.logs.logql.answer import LogStreams, Matrix, QueryLimits, Request, Vector
from watchkeeper.logs.logql.engine import Engine
from watchkeeper.logs.logql.errors import LogQLParseError
from watchkeeper.logs.logql.parser import parse

SECOND = 1_000_000_000
BASE_NS = 1_700_000_000 * SECOND
ENGINES = (Engine(1), Engine(2))
LIMITS = QueryLimits(max_query_series=0)
# The first engine does everything in small pieces: few rows together, columns rather than lines parsed again, and
# nothing is held that need not be.
SMALL = {
    (lines_module, "PIECE_ROWS"): 3,
    (samples_module, "PIECE_ROWS"): 3,
    (rows_module, "ROWS_AT_ONCE"): 0,
    (line_pool, "MANY"): 1,
    (line_pool, "MANY_ROWS"): 0,
    (line_pool, "HELD_BLOCKS"): 0,
}


@contextlib.contextmanager
def set_for(engine: Engine) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        settings_of = SMALL if engine is ENGINES[0] else {(rows_module, "MANY_SKELETONS"): 0}
        for (module, name), value in settings_of.items():
            stack.enter_context(mock.patch.object(module, name, value))
        yield


# --- lines ---------------------------------------------------------------------------------------------------------

words = st.sampled_from(["info", "error", "warn", "a", "é", "x y", "", "10.0.0.7", "\x1b[31mred\x1b[0m", 'q"q', "b\\c"])
numbers = st.sampled_from(
    ["0", "7", "200", "404", "500", "1.5", "-3", "1e3", "12ms", "1.5s", "2KB", "3MiB", "abc", "NaN"],
)
names = st.sampled_from(["level", "status", "dur", "msg", "a", "app", "tid", "a.b", "9x"])
scalars = st.one_of(
    words, numbers, st.integers(-5, 600), st.sampled_from([200, 404, 500]), st.booleans(), st.none(), st.just(1.25)
)
objects = st.dictionaries(
    names,
    st.one_of(scalars, scalars, scalars, st.dictionaries(names, scalars, max_size=2), st.lists(scalars, max_size=2)),
    max_size=5,
)
json_lines = st.builds(
    lambda value, ascii_only, spaced: json.dumps(
        value, ensure_ascii=ascii_only, separators=None if spaced else (",", ":")
    ).encode(),
    objects,
    st.booleans(),
    st.booleans(),
)
packed_lines = st.builds(
    lambda value, line: json.dumps({**value, "_entry": line}).encode(), st.dictionaries(names, words, max_size=2), words
)
pairs = st.one_of(
    st.builds("{}={}".format, names, st.sampled_from(["info", "error", "7", "200", "12ms", "abc", "", "é"])),
    st.builds('{}="{}"'.format, names, st.sampled_from(["x y", "error", "", "404", 'q\\"q', "1.5s"])),
)
logfmt_lines = st.lists(pairs, min_size=1, max_size=5).map(lambda found: " ".join(found).encode())
plain_lines = st.sampled_from(
    [
        b"",
        b"GET /x 200 12ms",
        b"GET /y 404 7ms",
        b"10.0.0.7 - error level=info",
        b"level=error and more",
        b"[warn] a b c",
        b"\x1b[31mred\x1b[0m level=warn",
        b"::1 said a=7",
    ],
)
hostile_lines = st.one_of(
    st.binary(max_size=12),
    json_lines.map(lambda line: line[:-1]),
    json_lines.map(lambda line: line + b" x"),
    logfmt_lines.map(lambda line: line + b' a="'),
    st.sampled_from(
        [
            b"{",
            b"{}",
            b" {}",
            b'{"a":1,"a":2}',
            b'{"a":null,"a":"x"}',
            b'["a"]',
            b'{"level":"\\ud800"}',
            b"=",
            b"a=b=c",
            b'"',
        ]
    ),
)
lines = st.one_of(json_lines, json_lines, logfmt_lines, packed_lines, plain_lines, hostile_lines)
metadata = st.sampled_from(
    [
        (),
        (),
        (),
        (("tid", "1"),),
        (("tid", "2"), ("level", "info")),
        (("app", "meta"),),
        (("status", "404"), ("tid", "1")),
    ],
)
stream_labels = st.sampled_from([Labels.of(app="x", env="p"), Labels.of(app="x", env="q"), Labels.of(app="y")])


@st.composite
def stores(draw: st.DrawFn) -> list[Entry]:
    found = draw(st.lists(st.tuples(stream_labels, lines, metadata), min_size=6, max_size=16))
    copies = draw(st.sampled_from([1, 1, 3]))  # Lines that repeat make skeletons worth their while.
    spacing = draw(st.sampled_from([1 * SECOND, 7 * SECOND, 20 * SECOND + 1]))
    return [
        Entry(labels, BASE_NS + number * spacing, line, meta)
        for number, (labels, line, meta) in enumerate(found * copies)
    ]


# --- queries -------------------------------------------------------------------------------------------------------

selectors = st.sampled_from(
    ['{app="x"}', '{app=~".+"}', '{app=~".*[xy]", env=""}', '{env=~"p|q", app!~"z"}'] * 2 + ['{app="none"}'],
)
line_filters = st.sampled_from(
    [
        '|= "error"',
        '!= "info"',
        '|= ""',
        '!= ""',
        '|~ "e.?r"',
        '!~ "[0-9]{3}"',
        '|= "200" or "404"',
        '!= "a" or "b"',
        '|~ "(?i)GET|LEVEL"',
        '|> "<_>level=<_>"',
        '!> "<_> <_>"',
        '|> "GET <_>ms"',
        '|= ip("10.0.0.0/8")',
        '!= ip("::1")',
        '|~ "\\\\bred"',
        '|= "\\"status\\":200"',
        '|~ "^\\\\{"',
    ],
)
parsers = st.sampled_from(
    ["| json"] * 4
    + ["| logfmt"] * 3
    + [
        '| json level, x="a.b", y="msg"',
        '| json st="status", app',
        "| logfmt --strict",
        "| logfmt --keep-empty",
        '| logfmt level, x="status"',
        '| logfmt --strict a="a"',
        '| regexp "(?P<w>[a-z]+)=(?P<v>[0-9]*)"',
        '| pattern "<verb> /<path> <status> <_>"',
        '| pattern "<_>=<a> <_>"',
        "| unpack",
    ],
)
conditions = st.sampled_from(
    [
        'level="error"',
        'level!="info"',
        'level=~"e.*|info"',
        'level!~".+"',
        "status >= 400",
        "status == 200",
        "status != 404",
        "dur > 10ms",
        "dur <= 1s",
        "a < 1KB",
        'a=ip("10.0.0.0/8")',
        'msg!=ip("10.0.0.7")',
        'tid="1"',
        "tid > 1",
        'app="x"',
        'app_extracted=~".+"',
        'env=""',
        'x="7"',
        "v > 5",
        'a_b=~".*"',
    ],
)
errors = st.sampled_from(['| __error__=""', '| __error__!=""', '| __error__=~"JSON.*"'])
label_filters = st.one_of(
    st.builds("| {}".format, conditions),
    st.builds("| {} and {}".format, conditions, conditions),
    st.builds("| {} or {}".format, conditions, conditions),
    st.builds("| ({} or {}), {}".format, conditions, conditions, conditions),
    errors,
)
formats = st.sampled_from(
    [
        "| label_format x=level",
        "| label_format level=status, z=tid",
        "| label_format app=env",
        "| drop level",
        "| drop app, tid",
        '| drop level="error", __error__',
        "| drop __error__",
        "| keep level, app",
        '| keep app, level=~"e.*", tid',
        "| decolorize",
        '| label_format y="{{.level}}-{{.app}}"',
        '| label_format level="{{.msg | ToUpper}}", x=tid',
        '| line_format "{{.level}} {{.status}}"',
        '| line_format "app={{.app}} level={{.level}}"',
    ],
)
stages = st.one_of(line_filters, parsers, parsers, label_filters, label_filters, formats)
pipelines = st.lists(stages, max_size=4).map(" ".join)
log_queries = st.builds("{} {}".format, selectors, pipelines)

clean = st.sampled_from(['| __error__=""'] * 3 + ["", '| __error__!="" | drop __error_details__'])
unwraps = st.builds(
    "| unwrap {} {}".format,
    st.sampled_from(["status", "duration(dur)", "bytes(a)", "x", "duration_seconds(dur)", "v", "a"]),
    st.sampled_from(['| __error__=""'] * 3 + ["", '| status != 404 | __error__=""']),
)
windows = st.sampled_from(["[10s]", "[1m]", "[45s]", "[5m]", "[1m] offset 30s", "[20s] offset -10s"])


def ranged(op: str, selector: str, pipeline: str, tail: str, window: str, unwrap: str) -> str:
    span, _, offset = window.partition(" ")
    return f"{op}({selector} {pipeline} {tail} {unwrap} {span} {offset})"


label_lists = st.sampled_from(["", "level", "app", "app, env", "tid, level", "x", "status"])
groupings = st.builds("{} ({})".format, st.sampled_from(["by", "by", "without"]), label_lists)
line_ranges = st.builds(
    ranged,
    st.sampled_from(
        ["count_over_time", "count_over_time", "rate", "bytes_over_time", "bytes_rate", "absent_over_time"]
    ),
    selectors,
    pipelines,
    clean,
    windows,
    st.just(""),
)
value_ranges = st.builds(
    ranged,
    st.sampled_from(["sum_over_time", "rate", "rate_counter", "absent_over_time"]),
    selectors,
    pipelines,
    clean,
    windows,
    unwraps,
)
grouped_ranges = st.builds(
    "{} {}".format,
    st.builds(
        ranged,
        st.sampled_from(
            [
                "avg_over_time",
                "min_over_time",
                "max_over_time",
                "stddev_over_time",
                "stdvar_over_time",
                "first_over_time",
                "last_over_time",
                "quantile_over_time",
            ]
        ),
        selectors,
        pipelines,
        clean,
        windows,
        unwraps,
    ).map(lambda text: text.replace("quantile_over_time(", "quantile_over_time(0.7, ")),
    st.one_of(st.just(""), groupings),
)
ranges = st.one_of(line_ranges, line_ranges, value_ranges, grouped_ranges)
matchings = st.sampled_from(
    ["", "", "on(level) ", "ignoring(level) ", "on(app) group_left() ", "on(app) group_right(env) "],
)


def larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(
            "{} {} ({})".format,
            st.sampled_from(["sum", "sum", "sum", "avg", "count", "min", "max", "stddev", "stdvar"]),
            groupings,
            part,
        ),
        st.builds("{} ({})".format, st.sampled_from(["sum", "max", "sort", "sort_desc"]), part),
        st.builds("{}(50, {})".format, st.sampled_from(["topk", "bottomk", "approx_topk"]), part),
        st.builds(
            "({}) {} {}".format,
            part,
            st.sampled_from(["+", "-", "*", "/", "%", "^", ">", "<= bool", "!="]),
            st.sampled_from(["0", "2", "-1.5"]),
        ),
        st.builds(
            "{} {} ({})".format, st.sampled_from(["0", "3"]), st.sampled_from(["+", "/", "%", "<", ">= bool"]), part
        ),
        st.builds(
            "({}) {} {}({})".format,
            part,
            st.sampled_from(["+", "/", ">", "== bool", "and", "or", "unless"]),
            matchings,
            part,
        ),
        st.builds('label_replace({}, "x", "$1!", "level", "(.*)r")'.format, part),
        st.builds("({}) or vector(3)".format, part),
    )


summed = st.builds("sum {} ({})".format, st.one_of(groupings, st.just("")), st.one_of(line_ranges, value_ranges))
metric_queries = st.one_of(summed, st.recursive(ranges, larger, max_leaves=3))

# --- comparison ----------------------------------------------------------------------------------------------------

DETAILS = ("__error_details__",)


def shown(streams: LogStreams) -> list[tuple[tuple[Labels, Labels, Labels], int, bytes]]:
    """All lines of an answer, as the oracle gives them."""
    out = []
    for stream in streams.streams:
        key = stream.labels, stream.structured, stream.parsed.drop(DETAILS)
        out += [(key, time, line) for time, line in zip(stream.times_ns.tolist(), stream.lines, strict=True)]
    return out


def check_lines(data: list[Entry], query: str, block_rows: int, limit: int, *, forward: bool, interval_ns: int) -> None:
    try:
        expr = parse(query)
    except LogQLParseError:
        return
    assert isinstance(expr, ast.LogQuery)
    start, end = BASE_NS + 3 * SECOND, BASE_NS + 200 * SECOND
    expected = oracle.log_lines(data, expr, start, end, limit, forward=forward, interval_ns=interval_ns)
    for engine in ENGINES:
        request = Request(expr, query, start, end, limit=limit, forward=forward, interval_ns=interval_ns)
        with set_for(engine):
            answer = engine.run(request, MemoryLogs(data, block_rows), LIMITS).data
        assert isinstance(answer, LogStreams)
        keys = [(stream.labels, stream.structured, stream.parsed) for stream in answer.streams]
        assert len(set(keys)) == len(keys)
        for stream in answer.streams:
            times = stream.times_ns.tolist()
            assert times == sorted(times, reverse=not forward)
        assert sorted(shown(answer), key=repr) == sorted(expected, key=repr)


def close(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def check_metrics(data: list[Entry], query: str, block_rows: int, step_ns: int) -> None:
    try:
        expr = parse(query)
    except LogQLParseError:
        return
    start = BASE_NS + 10 * SECOND
    times = [start + i * step_ns for i in range(8)]
    try:
        expected: list[dict[Labels, float]] | str = oracle.over_steps(data, expr, times)
    except oracle.OracleError as error:
        expected = str(error)
    for engine in ENGINES:
        request = Request(expr, query, times[0], times[-1], step_ns)
        if isinstance(expected, str):
            with pytest.raises(QueryError):
                engine.run(request, MemoryLogs(data, block_rows), LIMITS)
            continue
        with set_for(engine):
            answer = engine.run(request, MemoryLogs(data, block_rows), LIMITS).data
        assert isinstance(answer, Matrix)
        assert answer.times_ns.tolist() == times
        found: list[dict[Labels, float]] = [{} for _ in times]
        for row, labels in enumerate(answer.labels):
            assert answer.present[row].any()
            for step in answer.present[row].nonzero()[0].tolist():
                found[step][labels] = float(answer.values[row, step])
        found = [{labels.drop(DETAILS): value for labels, value in cells.items()} for cells in found]
        if sum(map(len, found)) != int(answer.present.sum()):
            continue  # The oracle does not tell apart errors of one kind.
        for step, (here, there) in enumerate(zip(found, expected, strict=True)):
            assert here.keys() == there.keys(), step
            for labels, value in here.items():
                assert close(value, there[labels]), (step, labels, value, there[labels])
    if not isinstance(expected, str):
        request = Request(expr, query, times[3], times[3], instant=True)
        vector = ENGINES[0].run(request, MemoryLogs(data, block_rows), LIMITS).data
        if isinstance(vector, Vector):
            labels = [each.drop(DETAILS) for each in vector.labels]
            at_once = dict(zip(labels, vector.values.tolist(), strict=True))
            if len(at_once) != len(labels):
                return
            assert at_once.keys() == expected[3].keys()
            assert all(close(value, expected[3][labels]) for labels, value in at_once.items())


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(
    stores(),
    log_queries,
    st.sampled_from([2, 5, 50]),
    st.sampled_from([1, 3, 100]),
    st.booleans(),
    st.sampled_from([0, 0, 15 * SECOND]),
)
def test_log_queries_agree(
    data: list[Entry], query: str, block_rows: int, limit: int, forward: bool, interval_ns: int
) -> None:
    note(query)
    check_lines(data, query, block_rows, limit, forward=forward, interval_ns=interval_ns)


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(stores(), metric_queries, st.sampled_from([2, 5, 50]), st.sampled_from([10 * SECOND, 20 * SECOND, 45 * SECOND]))
def test_metric_queries_agree(data: list[Entry], query: str, block_rows: int, step_ns: int) -> None:
    note(query)
    check_metrics(data, query, block_rows, step_ns)
