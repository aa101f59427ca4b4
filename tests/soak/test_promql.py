"""Thousands of random queries: the engine against the naive evaluator, range queries against instants, the printer."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests.properties import test_promql as agreement
from tests.properties import test_promql_range_is_instants as instants
from tests.properties import test_promql_round_trip as printing
from tests.soak.rounds import explore


def test_engine_and_oracle_agree() -> None:
    explore(
        "promql, oracle",
        agreement.test_engine_and_oracle_agree,
        agreement.queries,
        agreement.stores(),
        st.integers(0, 8),
        st.sampled_from([15_000, 37_000, 60_000]),
        st.integers(1, 6),
    )


@pytest.mark.parametrize("depth", [3, 4])
def test_range_and_instants_agree(depth: int) -> None:
    explore("promql, instants", instants.test_range_and_instants_agree, instants.vectors(depth))


def test_printed_queries_parse_to_the_same_tree() -> None:
    explore("promql, printer", printing.test_printed_queries_parse_to_the_same_tree, printing.vectors(4))
