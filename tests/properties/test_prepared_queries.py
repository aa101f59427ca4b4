"""Queries that are asked again and again, over a store that remembers selections: always what a fresh query says."""

import math
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from tests.properties.test_promql import ENGINE, queries, series_labels, values
from watchkeeper.core.model.errors import ParseError, QueryError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import MISSING
from watchkeeper.metrics.interface import SampleBatch
from watchkeeper.metrics.promql.result import Result, Scalar, Vector
from watchkeeper.metrics.promql.testlang.memory_store import MemoryStore
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.options import TSDBOptions

STEP_MS = 20_000

rounds = st.lists(
    st.tuples(
        st.integers(1, 3),  # Series that come.
        st.integers(0, 2),  # Series that have no sample this time.
        st.booleans(),  # Whether a sample comes by itself, not in a row.
    ),
    min_size=2,
    max_size=6,
)


def shown(ask) -> dict[Labels, float] | str:
    """What a query answers, or that it is refused."""
    try:
        result: Result = ask()
    except QueryError as error:
        return type(error).__name__
    match result.value:
        case Scalar(value=value):
            return {Labels(): value}
        case Vector(labels=labels, values=found):
            assert len(set(labels)) == len(labels)
            return dict(zip(labels, found.tolist(), strict=True))
        case _:
            raise AssertionError


@given(queries, rounds, st.lists(series_labels, min_size=12, max_size=12, unique=True), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_prepared_query_is_as_good_as_a_fresh_one(query, plan, pool, data) -> None:
    note(query)
    try:
        prepared = ENGINE.prepare(query)
    except ParseError:
        assume(False)
    memory = MemoryStore()
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(TSDB.open(Path(folder), TSDBOptions(run_rows=8), clock=lambda: 0)) as store,
    ):
        sources = [store.source("a"), store.source("b")]
        present: list[list[Labels]] = [[], []]
        now_ms = 0
        for n_new, n_absent, by_itself in plan:
            now_ms += STEP_MS
            for i in range(n_new):
                if pool:
                    present[i % 2].append(pool.pop())
            for source, labels in zip(sources, present, strict=True):
                columns = source.columns(labels)
                row = np.full(source.n_columns, MISSING)
                for column, one in list(zip(columns.tolist(), labels, strict=True))[n_absent:]:
                    row[column] = data.draw(values)
                    memory.add(one, now_ms, float(row[column]))
                source.append(now_ms, row)
            if by_itself and pool:
                one, value = pool.pop(), data.draw(values)
                store.append(SampleBatch([one], np.zeros(1, np.int32), np.array([now_ms], np.int64), np.array([value])))
                memory.add(one, now_ms, value)
            for at_ms in (now_ms, now_ms + 7000):
                wanted = shown(lambda at_ms=at_ms: ENGINE.instant(memory, query, at_ms))
                found = shown(lambda at_ms=at_ms: ENGINE.evaluate(store.querier(), prepared, at_ms))
                if isinstance(wanted, str) or isinstance(found, str):
                    assert found == wanted
                    continue
                assert found.keys() == wanted.keys()
                for labels, value in wanted.items():
                    other = found[labels]
                    assert math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-9) or (value != value and other != other)
