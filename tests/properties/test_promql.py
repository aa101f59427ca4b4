"""Random queries over random data: the engine agrees with the naive evaluator, in values, labels and failures."""

import math
import struct

from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from tests.oracle.promql import Oracle, OracleError, over_range
from tests.oracle.window import STALE_BITS
from watchkeeper.core.model.errors import ParseError, QueryError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.promql.parser import ParserOptions, parse
from watchkeeper.metrics.promql.result import Matrix
from watchkeeper.metrics.promql.testlang.memory_store import MemoryStore

OPTIONS = ParserOptions(experimental_functions=True)
ENGINE = Engine(EngineOptions(parser=OPTIONS), Registry())
MINUTE = 60_000

# --- queries -------------------------------------------------------------------------------------------------------

metrics = st.sampled_from(["a", "b", "a", "b", '{__name__=~"a|b"}', "none"])
matchers = st.sampled_from(["", "", "", '{x="1"}', '{x!="1"}', '{y=~"u.*"}', '{y=""}'])
selectors = st.builds(
    lambda name, matcher, suffix: (name if name.startswith("{") else name + matcher) + suffix,
    metrics,
    matchers,
    st.sampled_from(["", "", "", "", " offset 1m", " offset -2m", " @ 300", " @ start()", " @ end() offset 30s"]),
)


def with_range(selector: str, length: str) -> str:
    body, space, rest = selector.partition(" ")
    return f"{body}[{length}]{space}{rest}"


ranges = st.builds(with_range, selectors, st.sampled_from(["45s", "1m", "2m", "5m"]))
label_lists = st.sampled_from(["", "x", "y", "x, y", "__name__", "x, __name__"])
number_functions = st.sampled_from(["abs", "ceil", "floor", "sgn", "sqrt", "timestamp", "+", "-"])
RANGE_FUNCTIONS = """
    rate increase delta irate idelta changes resets deriv avg_over_time min_over_time max_over_time sum_over_time
    count_over_time last_over_time first_over_time present_over_time stddev_over_time stdvar_over_time mad_over_time
    ts_of_min_over_time ts_of_max_over_time ts_of_last_over_time
"""
range_functions = st.sampled_from(sorted(RANGE_FUNCTIONS.split()))
scalars = st.sampled_from(["0", "1", "2.5", "-3", "time() / 1000", "NaN", "scalar(a{x='1'})", "scalar(b)"])
comparisons = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
arithmetics = st.sampled_from(["+", "-", "*", "/", "%", "atan2"])
sets = st.sampled_from(["and", "or", "unless"])
matchings = st.builds(lambda how, labels: f"{how}({labels})", st.sampled_from(["on", "ignoring"]), label_lists)
groupings = st.sampled_from(["", "", " group_left()", " group_right()", " group_left(y)", " group_right(x)"])


def binaries(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({}) {} {}".format, part, arithmetics, scalars),
        st.builds("{} {} {} ({})".format, scalars, comparisons, st.sampled_from(["", "bool"]), part),
        st.builds("({}) {} ({})".format, part, st.one_of(arithmetics, comparisons, sets), part),
        st.builds("({}) {} {} ({})".format, part, sets, matchings, part),
        st.builds(
            "({}) {} {}{} ({})".format,
            part,
            st.one_of(arithmetics, comparisons, comparisons.map(lambda op: op + " bool")),
            matchings,
            groupings,
            part,
        ),
    )


def larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}({})".format, number_functions, part),
        st.builds("clamp({}, {}, {})".format, part, scalars, scalars),
        st.builds(
            "{} {}({}) ({})".format,
            st.sampled_from(["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]),
            st.sampled_from(["by", "without"]),
            label_lists,
            part,
        ),
        st.builds(
            "{} by ({}) ({}, {})".format,
            st.sampled_from(["topk", "bottomk"]),
            label_lists,
            st.sampled_from(["0", "50"]),  # Which of equals stays is left open; kernels.group has its own test.
            part,
        ),
        st.builds("quantile without ({}) ({}, {})".format, label_lists, scalars, part),
        st.builds("{}(({})[{}])".format, range_functions, part, st.sampled_from(["2m:30s", "3m:", "1m:45s"])),
        st.builds("vector(scalar({}))".format, part),
        st.builds("absent({} or none)".format, part),
        st.builds("histogram_quantile({}, {})".format, scalars, part),
        binaries(part),
    )


leaves = st.one_of(
    selectors,
    st.builds("{}({})".format, range_functions, ranges),
    st.builds("quantile_over_time({}, {})".format, scalars, ranges),
    st.builds("predict_linear({}, 60)".format, ranges),
)
queries = st.recursive(leaves, larger, max_leaves=4)

# --- data ----------------------------------------------------------------------------------------------------------

values = st.one_of(
    st.integers(0, 20).map(float), st.integers(0, 20).map(float), st.floats(-5, 5, width=16), st.just(math.nan)
)
cells = st.one_of(values, values, values, values, st.none(), st.just("stale"))
series_labels = st.builds(
    lambda name, x, y, le: Labels.of(__name__=name, x=x, y=y, le=le),
    st.sampled_from("ab"),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "u", "uv"]),
    st.sampled_from(["", "", "0.5", "1", "+Inf"]),
)


@st.composite
def stores(draw: st.DrawFn) -> dict[Labels, list[tuple[int, int]]]:
    data: dict[Labels, list[tuple[int, int]]] = {}
    for labels in draw(st.lists(series_labels, min_size=1, max_size=5, unique=True)):
        spacing = draw(st.sampled_from([15_000, 30_000, 30_500]))
        row = draw(st.lists(cells, min_size=4, max_size=20))
        samples = []
        for i, cell in enumerate(row):
            if cell is not None:
                raw = STALE_BITS if cell == "stale" else struct.unpack("<Q", struct.pack("<d", cell))[0]
                samples.append((i * spacing, raw))
        data[labels] = samples
    return data


def filled(data: dict[Labels, list[tuple[int, int]]]) -> MemoryStore:
    store = MemoryStore()
    for labels, samples in data.items():
        for time, raw in samples:
            store.add(labels, time, struct.unpack("<d", struct.pack("<Q", raw))[0])
    return store


def close(a: float, b: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)


@given(queries, stores(), st.integers(0, 8), st.sampled_from([15_000, 37_000, 60_000]), st.integers(1, 6))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_engine_and_oracle_agree(
    query: str, data: dict[Labels, list[tuple[int, int]]], start: int, step: int, n: int
) -> None:
    note(query)
    times = [start * MINUTE + k * step for k in range(n)]
    try:
        tree = parse(query, OPTIONS)
    except ParseError:
        assume(False)  # A label both in on and in group_x.
    try:
        wanted = over_range(Oracle(data, 0, 0), tree, times)
    except OracleError as error:
        wanted = None
        note(str(error))
    try:
        result = ENGINE.range(filled(data), query, times[0], times[-1], step).value
    except QueryError as error:
        note(str(error))
        result = None
    assert (result is None) == (wanted is None), "only one of them refuses"
    if wanted is None:
        return
    assert isinstance(result, Matrix)
    found = {
        labels: {t: float(v) for t, v, p in zip(times, result.values[i], result.present[i], strict=True) if p}
        for i, labels in enumerate(result.labels)
    }
    assert found.keys() == wanted.keys()
    for labels, points in wanted.items():
        assert found[labels].keys() == points.keys(), labels
        for time, value in points.items():
            assert close(found[labels][time], value), (labels, time)
