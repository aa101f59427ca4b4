"""Blocks and column groups that were written once can still be read: the format does not change by accident."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np

from tests.oracle import series_model as model
from watchkeeper.core.kernels.column_codec import encode
from watchkeeper.core.model.histogram import Histogram, HistogramSamples, ResetHint
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import MISSING, STALE
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb.block import Block
from watchkeeper.metrics.tsdb.block_writer import write_block

GOLDEN = Path(__file__).parent / "block"
START_MS = 1_700_000_000_000
EVERYTHING = (0, 1 << 62)


def columns() -> list[np.ndarray]:
    """One column of every class."""
    i = np.arange(12, dtype=np.float64)
    return [
        np.full(12, 7.5),
        i * i * i,
        np.where(i % 5 == 2, MISSING, 1000 + 3 * i),
        np.round(i * 0.35 + 20, 2),
        np.sqrt(i + 2),
        np.array([np.inf, -np.inf, -0.0, STALE, np.nan, *i[5:]]),
    ]


def series() -> Series:
    """Six series over one axis, one of them with histograms."""
    cells = columns()
    labels = LabelSets.of([Labels.of(__name__="metric", kind=str(i), job="a" if i % 2 else "") for i in range(6)])
    at = 12 * np.arange(6)
    histogram = Histogram(3, 6, 2.5, 0.001, 1, ((0, 2), (1, 1)), (1, 2, 1), ((-1, 1),), (1,), (), ResetHint.RESET)
    samples = HistogramSamples(START_MS + np.array([5, 9]), [histogram, Histogram(sum=STALE)])
    times = START_MS + 15_000 * np.arange(12) + np.array([0, 1, 0, 2, 0, 0, -1, 0, 3, 0, 0, 0])
    starts = np.repeat(START_MS - 1000 * np.arange(6), 12)
    return Series(labels, times, np.concatenate(cells), at, at + 12, np.zeros(6, np.int64), {3: samples}, starts)


def answer(block: Block) -> list[object]:
    """All of a block as JSON values."""
    found = block.select([], *EVERYTHING, Budget())
    samples = model.as_model(found)
    histograms = model.histogram_model(found)
    return [
        [str(labels), [[time, f"{bits:016x}", start] for time, (bits, start) in sorted(samples[labels].items())]]
        for labels in sorted(samples)
    ] + [[str(labels), sorted(map(repr, by_time.items()))] for labels, by_time in sorted(histograms.items())]


def test_a_block_of_version_1_reads_the_same() -> None:
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        shutil.rmtree(GOLDEN, ignore_errors=True)
        meta = write_block(
            GOLDEN,
            iter([series()]),
            min_time_ms=START_MS,
            max_time_ms=START_MS + 7_200_000,
            level=1,
            sources=(),
            parents=(),
            now_ms=START_MS,
        )
        assert meta is not None
        block = Block(GOLDEN / meta.ulid)
        block.delete([], START_MS + 30_000, START_MS + 45_000)
        (GOLDEN / "answer.json").write_text(json.dumps(answer(block), indent=1) + "\n")
        offsets = np.cumsum([0] + [12] * 6)
        raw = encode(np.concatenate(columns()).view(np.uint64), offsets, False)
        (GOLDEN / "group.hex").write_text(raw.hex("\n", 32) + "\n")
    (directory,) = (path for path in GOLDEN.iterdir() if path.is_dir())
    block = Block(directory)
    block.verify()
    assert answer(block) == json.loads((GOLDEN / "answer.json").read_text())
    assert block.meta.stats.num_tombstones == 6


def test_columns_are_encoded_the_same() -> None:
    offsets = np.cumsum([0] + [12] * 6)
    raw = encode(np.concatenate(columns()).view(np.uint64), offsets, False)
    assert raw.hex("\n", 32) + "\n" == (GOLDEN / "group.hex").read_text()
