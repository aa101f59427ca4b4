"""A block answers what was written to it, whatever is asked, and never tells other numbers when it is damaged."""

from __future__ import annotations

import itertools
import shutil
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
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb.block import Block
from watchkeeper.metrics.tsdb.block_writer import write_block

RANGE = st.tuples(st.integers(-10, 410), st.integers(-10, 410)).map(lambda r: (BASE_MS + min(r), BASE_MS + max(r)))
EVERYTHING = (0, 1 << 62)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def written(folder: Path, series: Series, min_ms: int = 0, max_ms: int = 400) -> Block | None:
    n = len(series.labels)
    half = n // 2
    parts = [rows_of(series, 0, half), rows_of(series, half, n)]
    meta = write_block(
        folder,
        iter(parts),
        min_time_ms=BASE_MS + min_ms,
        max_time_ms=BASE_MS + max_ms,
        level=1,
        sources=(),
        parents=(),
        now_ms=BASE_MS,
    )
    return Block(folder / meta.ulid) if meta else None


def rows_of(series: Series, lo: int, hi: int) -> Series:
    chosen = slice(lo, hi)
    return Series(
        series.labels.take(np.arange(lo, hi)),
        series.times,
        series.values,
        series.value_lo[chosen],
        series.value_hi[chosen],
        series.time_lo[chosen],
        {row - lo: found for row, found in series.histograms.items() if lo <= row < hi},
        series.start_times,
    )


@settings(max_examples=60, deadline=None)
@given(model.series(), st.lists(st.tuples(model.matchers(), RANGE), max_size=3), st.data())
def test_selects_agree_with_the_model(
    folder: Path, series: Series, deletes: list[tuple[list, tuple[int, int]]], data: st.DataObject
) -> None:
    min_ms, max_ms = data.draw(st.sampled_from([(0, 400), (100, 200)]))
    inside = (BASE_MS + min_ms, BASE_MS + max_ms - 1)
    left = model.chosen(model.as_model(series), [], *inside)
    block = written(folder, series, min_ms, max_ms)
    if block is None:
        assert not left
        return
    histograms = {
        labels: kept
        for labels, samples in model.histogram_model(series).items()
        if (kept := {t: h for t, h in samples.items() if inside[0] <= t <= inside[1]})
    }
    assert block.meta.stats.num_samples == sum(map(len, left.values())) + sum(map(len, histograms.values()))
    assert block.meta.stats.num_series == len(left.keys() | histograms.keys())
    for matchers, (start, end) in deletes:
        block.delete(matchers, start, end)
        left = model.deleted(left, matchers, start, end)
        for labels in histograms:
            if all(m.matches(labels.get(m.name)) for m in matchers):
                histograms[labels] = {t: h for t, h in histograms[labels].items() if not start <= t <= end}
    block = Block(block.directory)
    for _ in range(3):
        matchers, (start, end) = data.draw(model.matchers()), data.draw(RANGE | st.just(EVERYTHING))
        charged: list[int] = []
        found = block.select(matchers, start, end, Budget(charge=charged.append))
        asked = [
            labels
            for labels in left.keys() | histograms.keys()
            if all(matcher.matches(labels.get(matcher.name)) for matcher in matchers)
        ]
        expected = model.chosen(left, matchers, start, end)
        got = model.as_model(found)
        assert {labels: samples for labels, samples in got.items() if samples} == expected
        expected_histograms = {
            labels: kept
            for labels in asked
            if (kept := {t: h for t, h in histograms.get(labels, {}).items() if start <= t <= end})
        }
        assert model.histogram_model(found) == expected_histograms
        assert got.keys() == expected.keys() | expected_histograms.keys()
        assert sum(charged) >= sum(map(len, expected.values()))
        may_have = set(block.series([matchers], start, end))
        assert got.keys() <= may_have
        assert block.label_names([matchers], start, end) == sorted({n for labels in may_have for n, _ in labels})
        for name in ("__name__", "job", "nope"):
            values = sorted({labels.get(name) for labels in may_have} - {""})
            assert block.label_values(name, [matchers], start, end) == values
    block.verify()
    again = merged(model.as_model(part) for part in block.parts(3))
    assert {labels: samples for labels, samples in again.items() if samples} == {k: v for k, v in left.items() if v}
    block.close()
    shutil.rmtree(block.directory)


def answers(block: Block) -> tuple[object, ...]:
    found = block.select([], *EVERYTHING, Budget())
    block.verify()
    names = block.label_names([], *EVERYTHING)
    meta = block.meta
    block.close()
    return model.as_model(found), model.histogram_model(found), names, meta


def test_no_flipped_byte_changes_an_answer(folder: Path) -> None:
    rng = np.random.default_rng(3)
    labels = LabelSets.of([Labels.of(__name__="m", i=str(i)) for i in range(5)])
    at = 20 * np.arange(5)
    values = np.cumsum(rng.integers(0, 5, 100)).astype(np.float64)
    starts = np.repeat(np.arange(5), 20)
    series = Series(labels, BASE_MS + 15 * np.arange(20), values, at, at + 20, np.zeros(5, np.int64), {}, starts)
    block = written(folder, series)
    assert block is not None
    block.delete([], BASE_MS + 100, BASE_MS + 120)
    block = Block(block.directory)
    expected = answers(block)
    refused = 0
    for path in sorted(block.directory.iterdir()):
        good = path.read_bytes()
        flipped = (good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :] for at in range(len(good)) for bit in (1, 32))
        cut = (good[:at] for at in (0, 5, len(good) // 2, len(good) - 1))
        for bad in itertools.chain(flipped, cut):
            path.write_bytes(bad)
            try:
                same = answers(Block(block.directory)) == expected
            except CorruptionError as error:
                same = path.name in error.file
                refused += 1
            assert same, path.name
        path.write_bytes(good)
    assert refused > 500
    assert answers(Block(block.directory)) == expected
    shutil.rmtree(block.directory)
