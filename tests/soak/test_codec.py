"""Column groups, histograms, rows, chunks and blocks: every bit comes back, flipped ones are refused or harmless."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import strategies as st

from tests.oracle import series_model as model
from tests.properties import test_block as blocks
from tests.properties import test_column_codec as columns
from tests.properties import test_head_rows as rows
from tests.properties import test_histogram_codec as histograms
from tests.properties import test_series_merge as merge
from tests.properties import test_xor_chunk as chunks
from tests.soak.rounds import explore
from watchkeeper.metrics.interface import Series

HISTOGRAMS = st.lists(model.histogram(), min_size=1, max_size=6)
PROPERTIES: list[tuple[Callable[..., None], tuple[st.SearchStrategy, ...]]] = [
    (columns.test_floats_come_back_with_every_bit, (columns.columns(),)),
    (columns.test_integers_come_back, (columns.columns(),)),
    (columns.test_parts_of_single_columns, (columns.columns(), st.data())),
    (columns.test_changed_bytes_never_crash, (columns.columns(), st.data())),
    (columns.test_arbitrary_bytes_never_crash, (st.binary(max_size=300),)),
    (histograms.test_round_trip, (HISTOGRAMS,)),
    (histograms.test_changed_bytes_never_crash, (HISTOGRAMS, st.data())),
    (rows.test_rows_come_back, (st.lists(rows.rows, min_size=1, max_size=40), st.data())),
    (rows.test_hostile_bytes_are_refused, (st.binary(max_size=400), st.integers(0, 200))),
    (rows.test_a_flipped_bit_is_no_crash, (rows.rows, rows.rows, st.data())),
    (chunks.test_round_trip, (st.integers(-(2**50), 2**50), chunks.points)),
    (chunks.test_any_bytes_are_read_or_refused, (st.binary(max_size=400),)),
    (merge.test_merge_agrees_with_dicts, (merge.parts(),)),
]


@pytest.mark.parametrize(("test", "strategies"), PROPERTIES, ids=lambda value: getattr(value, "__name__", ""))
def test_codec(test: Callable[..., None], strategies: tuple[st.SearchStrategy, ...]) -> None:
    explore(test.__name__, test, *strategies)


def test_blocks() -> None:
    check = blocks.test_selects_agree_with_the_model.hypothesis.inner_test

    def run(series: Series, deletes: list, data: st.DataObject) -> None:
        folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        try:
            check(folder, series, deletes, data)
        finally:
            shutil.rmtree(folder)

    deletes = st.lists(st.tuples(model.matchers(), blocks.RANGE), max_size=5)
    explore("blocks", run, model.series(), deletes, st.data(), examples=50)
