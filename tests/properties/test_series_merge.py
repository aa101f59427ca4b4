"""Merging series, in memory and by compacting blocks, agrees with merging dicts."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import series_model as model
from tests.oracle.series_merge import merged
from tests.oracle.series_model import BASE_MS
from watchkeeper.core.kernels.series_merge import merge
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb import merge as merge_module
from watchkeeper.metrics.tsdb.block import Block
from watchkeeper.metrics.tsdb.block_writer import write_block
from watchkeeper.metrics.tsdb.compact import compact
from watchkeeper.metrics.tsdb.merge import merge_series, metric_major_order

EVERYTHING = (0, 1 << 62)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@st.composite
def parts(draw: st.DrawFn) -> list[Series]:
    """Parts that follow each other, touch, or overlap."""
    width = draw(st.sampled_from([20, 100]))
    return [draw(model.series(min_ms=i * 20, max_ms=i * 20 + width)) for i in range(draw(st.integers(1, 4)))]


@settings(max_examples=60, deadline=None)
@given(parts())
def test_merge_agrees_with_dicts(given_parts: list[Series]) -> None:
    found = merge_series(given_parts)
    assert model.as_model(found) == merged(map(model.as_model, given_parts))
    assert model.histogram_model(found) == merged(map(model.histogram_model, given_parts))


def test_sets_of_one_hash_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge_module, "hash_label_sets", lambda labels: np.zeros(len(labels), np.uint64))
    test_merge_agrees_with_dicts()


def test_shared_axes_stay_shared() -> None:
    n, cells = 1000, 10
    labels = LabelSets.of([Labels.of(__name__="m", i=str(i)) for i in range(n)])

    def part(start_ms: int) -> Series:
        at = cells * np.arange(n)
        values = np.arange(n * cells, dtype=np.float64)
        return Series(labels, start_ms + np.arange(cells), values, at, at + cells, np.zeros(n, np.int64))

    found = merge_series([part(0), part(5), part(100)])
    assert len(found.times) == 25
    assert len(found.values) == 25 * n


def test_ranges_outside_of_a_part_are_refused() -> None:
    one, zero = np.ones(1, np.int64), np.zeros(1, np.int64)
    good = (one, np.ones(1, np.uint64), zero, one, zero, None)
    members = (np.zeros(1, np.int32), zero, np.array([0, 1]))
    assert merge([good], *members)[0].tolist() == [1]
    for i, bad in [(2, -one), (3, 2 * one), (4, one), (4, -one)]:
        broken = tuple(bad if i == k else field for k, field in enumerate(good))
        with pytest.raises(ValueError, match="outside"):
            merge([broken], *members)  # type: ignore[list-item]
    for part, row, offsets in [(1, 0, [0, 1]), (-1, 0, [0, 1]), (0, 1, [0, 1]), (0, -1, [0, 1]), (0, 0, [0, 2])]:
        with pytest.raises(ValueError, match="outside"):
            merge([good], np.array([part], np.int32), np.array([row]), np.array(offsets))


@settings(max_examples=50, deadline=None)
@given(model.series(with_histograms=False))
def test_metric_major_order(series: Series) -> None:
    rows = list(series.labels)
    names = sorted({name for labels in rows for name, _ in labels} - {"__name__"})
    expected = sorted(range(len(rows)), key=lambda i: (rows[i].name, *[rows[i].get(name) for name in names]))
    assert metric_major_order(series.labels).tolist() == expected


@settings(max_examples=40, deadline=None)
@given(parts(), model.matchers(), st.integers(1, 50))
def test_compaction_agrees_with_dicts(folder: Path, given_parts: list[Series], gone: list, part_cells: int) -> None:
    blocks, expected, histograms = [], [], []
    for i, part in enumerate(given_parts):
        order = metric_major_order(part.labels)
        ordered = Series(
            part.labels.take(order),
            part.times,
            part.values,
            part.value_lo[order],
            part.value_hi[order],
            part.time_lo[order],
            {order.tolist().index(row): samples for row, samples in part.histograms.items()},
            part.start_times,
        )
        meta = write_block(
            folder,
            iter([ordered]),
            min_time_ms=BASE_MS + i * 20,
            max_time_ms=BASE_MS + i * 20 + 100,
            level=1,
            sources=(),
            parents=(),
            now_ms=BASE_MS + i,
        )
        if meta is None:
            continue
        block = Block(folder / meta.ulid)
        samples, found = model.as_model(part), model.histogram_model(part)
        if i == 0:
            block.delete(gone, BASE_MS + 10, BASE_MS + 60)
            samples = model.deleted(samples, gone, BASE_MS + 10, BASE_MS + 60)
            for labels in found:
                if all(matcher.matches(labels.get(matcher.name)) for matcher in gone):
                    found[labels] = {t: h for t, h in found[labels].items() if not 10 <= t - BASE_MS <= 60}
        blocks.append(block)
        expected.append(samples)
        histograms.append(found)
    if not blocks:
        return
    meta = compact(blocks, folder, now_ms=BASE_MS + 1000, part_cells=part_cells)
    want = {labels: samples for labels, samples in merged(expected).items() if samples}
    want_histograms = {labels: samples for labels, samples in merged(histograms).items() if samples}
    if meta is None:
        assert not want
        assert not want_histograms
        return
    assert meta.level == 2
    assert meta.sources == tuple(sorted(block.meta.ulid for block in blocks))
    assert [parent.ulid for parent in meta.parents] == [block.meta.ulid for block in blocks]
    result = Block(folder / meta.ulid)
    result.verify()
    found = result.select([], *EVERYTHING, Budget())
    assert {labels: samples for labels, samples in model.as_model(found).items() if samples} == want
    assert model.histogram_model(found) == want_histograms
    for block in itertools.chain(blocks, [result]):
        block.close()
