"""Logs that were written once can still be read, and the same appends write the same bytes: the format is pinned.

Where these bytes change on purpose, `VERSION` of core/disk/wal.py goes up and docs/formats/wal.md says what is new.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np

from tests.oracle import series_model as model
from watchkeeper.core.disk.wal import VERSION
from watchkeeper.core.model.histogram import Histogram, ResetHint
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.metadata import Exemplar, Metadata
from watchkeeper.core.model.stale import MISSING, STALE
from watchkeeper.metrics.interface import Budget, SampleBatch
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.options import TSDBOptions

GOLDEN = Path(__file__).parent / "wal"
START_MS = 1_700_006_400_000
OPTIONS = TSDBOptions(run_rows=8, max_open_samples=4, out_of_order_time_window_ms=600_000, fsync_interval_s=1000)
EVERYTHING = [Matcher("__name__", MatchType.REGEX, ".+")]
UNCOMPRESSED = ("series/00000000", "wal/00000000", "exemplars/00000000")


def opened(directory: Path) -> TSDB:
    return TSDB.open(directory, OPTIONS, clock=lambda: START_MS)


def rows(store: TSDB, first: int, last: int) -> None:
    """A source of 70 columns, so that its rows have places: whole numbers, fractions, gaps, new columns, markers."""
    writer = store.source("target")
    labels = [Labels.of(__name__="column", i=str(i)) for i in range(70)]
    columns = writer.columns(labels[:66])
    for k in range(first, last):
        if k == 3:
            columns = np.concatenate((columns, writer.columns(labels[66:])))
        cells = np.full(writer.n_columns, MISSING)
        n = len(columns)
        cells[columns] = [float(i * k) if i % 3 else i + 0.1 * k for i in range(n)]
        cells[columns[k % n]] = MISSING
        cells[columns[(k + 7) % n]] = [STALE, -0.0, np.inf, 2.0**53, -5.0][k % 5]
        writer.append(START_MS + 15_000 * k, cells)


def odd(store: TSDB, k: int) -> None:
    """Samples with their own times, start times, histograms, exemplars and metadata."""
    series = [Labels.of(__name__="odd", i=str(i)) for i in range(3)]
    histogram = Histogram(3, 6, 2.5, 0.001, 1, ((0, 2), (1, 1)), (1, 2, 1), ((-1, 1),), (1,), (), ResetHint.RESET)
    times = START_MS + 1000 * k + np.array([0, 10, 20, -50_000], np.int64)
    store.append(
        SampleBatch(
            series,
            np.array([0, 1, 0, 1], np.int32),
            times,
            np.array([1.5, 2.0, np.nan, 4.0]),
            start_times=times - 500 if k % 2 else None,
            histograms=[(2, START_MS + 1000 * k, histogram)],
            exemplars=[(0, Exemplar(Labels.of(trace=str(k)), 0.5, START_MS + k))],
            metadata={"odd": Metadata("gauge", f"Help {k}.", "seconds")},
        )
    )


def write(directory: Path) -> None:
    """Fills a new directory: some rows and samples sealed, the rest in the log alone."""
    store = opened(directory)
    rows(store, 0, 9)
    odd(store, 0)
    odd(store, 1)
    store.tick(START_MS)
    odd(store, 2)
    store.close()
    (directory / "lock").unlink()


def answer(store: TSDB) -> list[object]:
    """All of a store as JSON values."""
    found = store.querier().select(EVERYTHING, 0, 1 << 60, Budget())
    samples = model.as_model(found)
    kept = store.exemplars.exemplars([EVERYTHING], 0, 1 << 60)
    return [
        *(
            [str(labels), [[time, f"{bits:016x}", start] for time, (bits, start) in sorted(samples[labels].items())]]
            for labels in sorted(samples)
            if samples[labels]
        ),
        *([str(k), sorted(map(repr, by_time.items()))] for k, by_time in sorted(model.histogram_model(found).items())),
        *([str(k), [[e.time_ms, str(e.labels), e.value] for e in held]] for k, held in kept),
        *([name, value.type, value.help, value.unit] for name, value in sorted(store.metadata.items())),
    ]


def test_a_log_of_this_version_reads_the_same(tmp_path: Path) -> None:
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        shutil.rmtree(GOLDEN, ignore_errors=True)
        write(GOLDEN / f"version_{VERSION}")
        shutil.copytree(GOLDEN / f"version_{VERSION}", tmp_path / "new")
        lines = ",\n".join(json.dumps(item) for item in answer(opened(tmp_path / "new")))
        (GOLDEN / "answer.json").write_text(f"[\n{lines}\n]\n")
    shutil.copytree(GOLDEN / f"version_{VERSION}", tmp_path / "copy")
    store = opened(tmp_path / "copy")
    assert answer(store) == json.loads((GOLDEN / "answer.json").read_text())
    store.close()


def test_the_same_appends_write_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    pinned = GOLDEN / f"version_{VERSION}"
    assert names == {str(path.relative_to(pinned)) for path in pinned.rglob("*") if path.is_file()}
    for name in UNCOMPRESSED:
        assert (tmp_path / name).read_bytes() == (pinned / name).read_bytes(), name
