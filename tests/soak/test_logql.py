"""Thousands of random pipelines over random lines: the engine against the evaluator that takes entries one by one."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.properties import test_logql as agreement
from tests.soak.rounds import explore


def test_log_queries_agree() -> None:
    explore(
        "logql, lines",
        agreement.test_log_queries_agree,
        agreement.stores(),
        agreement.log_queries,
        st.sampled_from([2, 5, 50]),
        st.sampled_from([1, 3, 100]),
        st.booleans(),
        st.sampled_from([0, 0, 15 * agreement.SECOND]),
        examples=400,
    )


def test_metric_queries_agree() -> None:
    explore(
        "logql, metrics",
        agreement.test_metric_queries_agree,
        agreement.stores(),
        agreement.metric_queries,
        st.sampled_from([2, 5, 50]),
        st.sampled_from([10 * agreement.SECOND, 20 * agreement.SECOND, 45 * agreement.SECOND]),
        examples=400,
    )
