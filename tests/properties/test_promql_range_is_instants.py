"""A range query answers at every step what an instant query at that time answers; no query breaks the engine."""

from __future__ import annotations

import random
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import STALE
from watchkeeper.core.testlang import almost_equal
from watchkeeper.metrics.promql.parser import ALL_OPTIONS, parse
from watchkeeper.metrics.promql.testlang.comparison import Point, histograms_equal
from watchkeeper.metrics.promql.testlang.engine_adapter import EngineAdapter
from watchkeeper.metrics.promql.testlang.memory_store import MemoryStore

START_MS, STEP_MS, N_STEPS = 300_000, 45_000, 6

Draw = st.DrawFn
NAMES = st.sampled_from(["a", "b_total", "h_bucket", "native", '{__name__=~"a|b_total"}', "none"])
FILTERS = st.sampled_from(["", '{k="1"}', '{k!="1"}', '{k=~"1|2"}', '{m=""}'])
WINDOWS = st.sampled_from(["15s", "40s", "2m", "7m"])
LABELS = st.sampled_from(["k", "m", "k, m", "", "le", "k, le"])
OPERATORS = st.sampled_from(["+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", ">=", "> bool", "== bool"])
SETS = st.sampled_from(["and", "or", "unless"])
NUMBERS = st.sampled_from(["0", "1", "-2.5", "0.3", "NaN", "Inf", "1e9"])
OF_RANGE = (
    "rate increase delta irate idelta resets changes deriv avg_over_time min_over_time max_over_time sum_over_time "
    "count_over_time last_over_time first_over_time present_over_time stddev_over_time stdvar_over_time "
    "absent_over_time mad_over_time"
)
AGGREGATES = "sum avg min max count group stddev stdvar"
OF_VECTOR = (
    "abs ceil floor exp sqrt ln sgn round minute day_of_week timestamp absent sort histogram_count histogram_sum "
    "histogram_avg deg sin"
)


@cache
def store() -> MemoryStore:
    """Series with gaps, resets, markers, NaN and histograms, the same in every run."""
    rng = random.Random(20)
    out = MemoryStore()
    for name in ("a", "b_total"):
        for k in "123":
            for m in ("", "x"):
                labels, value = Labels.of(__name__=name, k=k, m=m), 0.0
                for time_ms in range(0, 700_000, rng.choice((10_000, 15_000, 31_000))):
                    kind = rng.random()
                    value = 0.0 if kind < 0.05 else value + rng.choice((0.0, 1.0, 2.5, 100.0))
                    if kind < 0.8:
                        out.add(labels, time_ms, value if name == "b_total" else rng.choice((value, -value, 7.0)))
                    elif kind < 0.87:
                        out.add(labels, time_ms, STALE if kind < 0.85 else float("nan"))
    for k in "12":
        counts = [0.0, 0.0, 0.0]
        for time_ms in range(0, 700_000, 15_000):
            counts = [count + rng.choice((0, 1, 2)) for count in counts]
            for i, le in enumerate(("1", "5", "+Inf")):
                out.add(Labels.of(__name__="h_bucket", k=k, le=le), time_ms, sum(counts[: i + 1]))
            native = Histogram(
                count=sum(counts), sum=counts[0], positive_spans=((0, 3),), positive=tuple(counts), schema=0
            )
            out.add(Labels.of(__name__="native", k=k), time_ms, native)
    return out


@st.composite
def selectors(draw: Draw) -> str:
    name, labels = draw(NAMES), draw(FILTERS)
    return name if name.startswith("{") else name + labels


@st.composite
def modifiers(draw: Draw) -> str:
    return draw(st.sampled_from(["", "", "", " offset 1m", " offset -25s", " @ 400", " @ 333 offset 10s"]))


@st.composite
def matrices(draw: Draw, depth: int) -> str:
    if depth == 0 or draw(st.integers(0, 3)):
        return f"{draw(selectors())}[{draw(WINDOWS)}]{draw(modifiers())}"
    return (
        f"({draw(vectors(depth - 1))})[{draw(WINDOWS)}:{draw(st.sampled_from(['', '10s', '25s']))}]{draw(modifiers())}"
    )


@st.composite
def binaries(draw: Draw, depth: int) -> str:
    lhs, rhs = f"({draw(vectors(depth - 1))})", f"({draw(vectors(depth - 1))})"
    on = draw(st.sampled_from(["", f" on ({draw(LABELS)})", f" ignoring ({draw(LABELS)})"]))
    match draw(st.integers(0, 3)):
        case 0:
            return f"{lhs} {draw(SETS)}{on} {rhs}"
        case 1:
            return f"{lhs} {draw(OPERATORS)} {draw(NUMBERS)}"
        case 2:
            return f"{draw(NUMBERS)} {draw(OPERATORS)} {rhs}"
        case _:
            group = draw(st.sampled_from(["", " group_left ()", " group_right (k)"])) if on and "k" not in on else ""
            return f"{lhs} {draw(OPERATORS)}{on}{group} {rhs}"


@st.composite
def vectors(draw: Draw, depth: int) -> str:
    if depth == 0:
        return draw(selectors()) + draw(modifiers())
    match draw(st.integers(0, 8)):
        case 0 | 1:
            return f"{draw(st.sampled_from(OF_RANGE.split()))}({draw(matrices(depth - 1))})"
        case 2 | 3:
            op = draw(st.sampled_from(AGGREGATES.split()))
            return f"{op} {draw(st.sampled_from(['by', 'without']))} ({draw(LABELS)}) ({draw(vectors(depth - 1))})"
        case 4:
            # Of topk and its kin, which of two equal elements is taken may differ.
            return f"quantile by ({draw(LABELS)}) ({draw(NUMBERS)}, {draw(vectors(depth - 1))})"
        case 5:
            return f"{draw(st.sampled_from(OF_VECTOR.split()))}({draw(vectors(depth - 1))})"
        case 6:
            quantile = draw(st.sampled_from(["0.5", "0.99", "-1", "scalar(a)"]))
            return f"histogram_quantile({quantile}, {draw(vectors(depth - 1))})"
        case 7:
            return f'label_replace({draw(vectors(depth - 1))}, "m", "$1", "k", "(.)")'
        case _:
            return draw(binaries(depth))


def same(first: Point, second: Point) -> bool:
    if isinstance(first, Histogram) or isinstance(second, Histogram):
        return (
            isinstance(first, Histogram)
            and isinstance(second, Histogram)
            and histograms_equal(first, second, compare_hint=False)
        )
    return almost_equal(first, second)


def fails_at(engine: EngineAdapter, query: str, time_ms: int) -> bool:
    try:
        engine.instant(store(), query, time_ms)
    except QueryError:
        return True
    return False


@settings(max_examples=100, deadline=None)
@given(vectors(3))
def test_range_and_instants_agree(query: str) -> None:
    try:
        parse(query, ALL_OPTIONS)
    except QueryError:
        return
    engine = EngineAdapter()
    times = [START_MS + i * STEP_MS for i in range(N_STEPS)]
    try:
        ranged = engine.range(store(), query, times[0], times[-1], STEP_MS)
    except QueryError:
        assert any(fails_at(engine, query, time_ms) for time_ms in times), query
        return
    for time_ms in times:
        one = {series.labels: series.points[time_ms] for series in engine.instant(store(), query, time_ms).series}
        many = {series.labels: series.points[time_ms] for series in ranged.series if time_ms in series.points}
        assert one.keys() == many.keys(), f"{query} at {time_ms}"
        for labels, point in one.items():
            assert same(point, many[labels]), f"{query} at {time_ms}, {labels}: {point} and {many[labels]}"
