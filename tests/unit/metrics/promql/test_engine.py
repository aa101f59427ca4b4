"""The engine end to end, on a small store."""

import math

import numpy as np
import pytest

from watchkeeper.core.model.errors import (
    ExecutionError,
    LimitExceeded,
    ParseError,
    QueryCanceled,
    QueryError,
    QueryTimeout,
)
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import STALE
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.promql.engine import Engine, EngineOptions, QueryParams
from watchkeeper.metrics.promql.limits import CancelToken
from watchkeeper.metrics.promql.result import Matrix, Scalar, String, Vector
from watchkeeper.metrics.promql.testlang.memory_store import MemoryStore

MINUTE = 60_000


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    for job, slope in (("api", 1), ("web", 2)):
        for instance in ("0", "1"):
            labels = Labels.of(__name__="requests_total", job=job, instance=instance)
            for i in range(61):
                store.add(labels, i * 15_000, float(i * slope * 15))
    gauge = Labels.of(__name__="temperature", room="a")
    store.add(gauge, 0, 20.0)
    store.add(gauge, 60_000, math.nan)
    store.add(gauge, 120_000, STALE)
    return store


@pytest.fixture
def engine() -> Engine:
    return Engine(EngineOptions(), Registry())


def vector(engine: Engine, store: MemoryStore, query: str, time_ms: int) -> dict[Labels, float]:
    value = engine.instant(store, query, time_ms).value
    assert isinstance(value, Vector)
    return dict(zip(value.labels, value.values.tolist(), strict=True))


def test_rate_summed_by_a_label(engine: Engine, store: MemoryStore) -> None:
    found = vector(engine, store, "sum by (job) (rate(requests_total[5m]))", 10 * MINUTE)
    assert found == {Labels.of(job="api"): pytest.approx(2.0), Labels.of(job="web"): pytest.approx(4.0)}


def test_a_range_answer_is_sorted_by_labels_and_marks_what_is_absent(engine: Engine, store: MemoryStore) -> None:
    value = engine.range(store, "temperature", 0, 3 * MINUTE, MINUTE).value
    assert isinstance(value, Matrix)
    assert value.present.tolist() == [[True, True, False, False]]
    assert value.values[0, 0] == 20.0
    assert math.isnan(value.values[0, 1])
    rates = engine.range(store, "rate(requests_total[1m])", MINUTE, 2 * MINUTE, MINUTE).value
    assert isinstance(rates, Matrix)
    assert list(rates.labels) == sorted(rates.labels)
    assert rates.times.tolist() == [MINUTE, 2 * MINUTE]


def test_scalars_and_strings(engine: Engine, store: MemoryStore) -> None:
    assert engine.instant(store, "1 + 2 * 3", 5000).value == Scalar(5000, 7.0)
    assert engine.instant(store, '"a"', 5000).value == String(5000, "a")
    value = engine.range(store, "time()", 0, 2000, 1000).value
    assert isinstance(value, Matrix)
    assert value.values.tolist() == [[0.0, 1.0, 2.0]]


def test_a_range_vector_shows_raw_samples(engine: Engine, store: MemoryStore) -> None:
    value = engine.instant(store, 'requests_total{job="api",instance="0"}[30s]', MINUTE).value
    assert isinstance(value, Matrix)
    assert value.times.tolist() == [45_000, 60_000]
    assert value.values.tolist() == [[45.0, 60.0]]


@pytest.mark.parametrize(
    ("query", "error", "text"),
    [
        ('{job=~"api|web"} + on () requests_total', ExecutionError, "found duplicate series for the match group {}"),
        ("requests_total + on (job) group_left requests_total", ExecutionError, "many-to-many matching not allowed"),
        ("sum by (job) (requests_total) + on (job) requests_total{instance='0'} + foo", None, ""),
        ('label_replace(requests_total, "instance", "x", "", "")', ExecutionError, "same labelset"),
        ("topk(NaN, requests_total)", ExecutionError, "Parameter value is NaN"),
        ("sum(", ParseError, "parse error"),
    ],
)  # fmt: skip
def test_what_is_wrong_says_so(
    engine: Engine, store: MemoryStore, query: str, error: type[QueryError] | None, text: str
) -> None:
    if error is None:
        engine.instant(store, query, MINUTE)
        return
    with pytest.raises(error, match=text):
        engine.instant(store, query, MINUTE)


def test_a_string_over_a_range_is_refused(engine: Engine, store: MemoryStore) -> None:
    with pytest.raises(ParseError, match='invalid expression type "string" for range query'):
        engine.range(store, '"a"', 0, MINUTE, MINUTE)


def test_a_giant_answer_is_refused_before_it_is_made(store: MemoryStore) -> None:
    engine = Engine(EngineOptions(max_bytes=1 << 20), Registry())
    with pytest.raises(LimitExceeded) as caught:
        engine.range(store, "requests_total", 0, 10**9, 1000)
    assert caught.value.limit == "query.max-bytes"


def test_samples_are_counted_and_limited(store: MemoryStore) -> None:
    few = Engine(EngineOptions(max_samples=50), Registry())
    with pytest.raises(LimitExceeded, match="too many samples into memory in query execution"):
        few.range(store, "requests_total", 0, 10 * MINUTE, 15_000)
    result = Engine(EngineOptions(), Registry()).instant(store, "sum(rate(requests_total[1m]))", 5 * MINUTE)
    assert result.stats.total_queryable_samples == 16
    assert result.stats.peak_samples >= 4


def test_a_canceled_and_a_late_query_end(engine: Engine, store: MemoryStore) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(QueryCanceled, match="query was canceled in"):
        engine.instant(store, "requests_total", 0, params=QueryParams(cancel=token))
    with pytest.raises(QueryTimeout, match="query timed out in"):
        engine.instant(store, "requests_total", 0, params=QueryParams(timeout_s=-1.0))


def test_annotations_point_into_the_query(engine: Engine, store: MemoryStore) -> None:
    result = engine.instant(store, "rate(temperature[5m])", MINUTE)
    assert result.infos == [
        "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
        '"temperature" (1:6)'
    ]
    result = engine.instant(store, "quantile(2, temperature)", MINUTE)
    assert result.warnings == ["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]


def test_one_select_for_what_occurs_twice(engine: Engine, store: MemoryStore) -> None:
    selects: list[tuple[int, int]] = []
    original = store.select

    def counting(matchers, start_ms, end_ms, budget, **hints):  # type: ignore[no-untyped-def]
        selects.append((start_ms, end_ms))
        return original(matchers, start_ms, end_ms, budget, **hints)

    store.select = counting  # type: ignore[method-assign]
    engine.instant(store, "rate(requests_total[5m]) / rate(requests_total[1m]) + requests_total", 10 * MINUTE)
    assert selects == [(5 * MINUTE + 1, 10 * MINUTE)]


def test_names_are_dropped_at_once_or_at_the_end(store: MemoryStore) -> None:
    query = 'label_replace(rate(requests_total{job="api",instance="0"}[1m]), "was", "$1", "__name__", "(.*)")'
    at_once = vector(Engine(EngineOptions(), Registry()), store, query, MINUTE * 5)
    delayed = vector(Engine(EngineOptions(delayed_name_removal=True), Registry()), store, query, MINUTE * 5)
    assert list(at_once) == [Labels.of(job="api", instance="0")]
    assert list(delayed) == [Labels.of(job="api", instance="0", was="requests_total")]


def test_own_metrics(engine: Engine, store: MemoryStore) -> None:
    registry = Registry()
    Engine(EngineOptions(), registry).instant(store, "sum(requests_total)", MINUTE)
    text = registry.exposition().decode()
    assert "prometheus_engine_queries_concurrent_max 20" in text
    assert 'prometheus_engine_query_duration_seconds_count{slice="inner_eval"} 1' in text
    assert "prometheus_engine_queries 0" in text


def test_frames_hold_arrays_of_the_documented_kind(engine: Engine, store: MemoryStore) -> None:
    value = engine.range(store, "requests_total", 0, MINUTE, MINUTE).value
    assert isinstance(value, Matrix)
    assert value.values.dtype == np.float64
    assert value.values.flags.c_contiguous
    assert value.present.dtype == np.bool_
