"""The store as a whole: statuses, cuts, retention, deletes, snapshots, faults of the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from watchkeeper.core.disk import wal as wal_module
from watchkeeper.core.disk.lock import DirectoryLocked
from watchkeeper.core.disk.wal import WriteFailed, segment_path, segments
from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.metadata import Exemplar, Metadata
from watchkeeper.core.model.stale import MISSING, STALE, is_stale
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Budget, SampleBatch, Series, Status
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.options import TSDBOptions

T0 = 1_700_006_400_000  # A bound of 2 hours.
HOUR_MS = 3_600_000
LONG = 1 << 60
SERIES = [Labels.of(__name__="up", job=f"j{i}") for i in range(5)]
UP = [Matcher("__name__", MatchType.EQUAL, "up")]


def opened(path: Path, registry: Registry | None = None, **options: object) -> TSDB:
    return TSDB.open(path, TSDBOptions(fsync_interval_s=1000, **options), registry, clock=lambda: T0)  # type: ignore[arg-type]


def read(
    db: TSDB, start: int = 0, end: int = LONG, matchers: list[Matcher] = UP
) -> dict[Labels, list[tuple[int, float]]]:
    return as_dict(db.querier().select(matchers, start, end, Budget()))


def as_dict(series: Series) -> dict[Labels, list[tuple[int, float]]]:
    out = {}
    for i, labels in enumerate(series.labels):
        lo, hi, at = int(series.value_lo[i]), int(series.value_hi[i]), int(series.time_lo[i])
        cells = zip(series.times[at : at + hi - lo].tolist(), series.values[lo:hi], strict=True)
        missing = np.float64(MISSING).view(np.uint64)
        held = [(t, float(v)) for t, v in cells if v.view(np.uint64) != missing]
        if held:
            out[labels] = held
    return out


def batch(samples: list[tuple[int, int, float]], **more: object) -> SampleBatch:
    return SampleBatch(
        SERIES,
        np.array([s for s, _, _ in samples], np.int32),
        np.array([t for _, t, _ in samples], np.int64),
        np.array([v for _, _, v in samples], np.float64),
        **more,  # type: ignore[arg-type]
    )


def filled(db: TSDB, hours: float, step_ms: int = 60_000, start_ms: int = T0) -> int:
    """Rows for some hours; their number."""
    writer = db.source("target")
    writer.columns(SERIES)
    n = int(hours * HOUR_MS / step_ms)
    for k in range(n):
        assert writer.append(start_ms + k * step_ms, np.full(len(SERIES), float(k))) == Status.STORED
    return n


def value(registry: Registry, name: str) -> float:
    for line in registry.exposition().decode().splitlines():
        if line.startswith((name + " ", name + "{")):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(name)


def test_statuses_of_a_batch(tmp_path: Path) -> None:
    db = opened(tmp_path)
    assert db.append(batch([(0, T0, 1.0), (1, T0 + 5, 2.0)])).stored_all
    result = db.append(
        batch([(0, T0, 1.0), (0, T0, 2.0), (0, T0 - 1, 3.0), (0, T0 - 2 * HOUR_MS, 1.0), (0, T0 + 1, 4.0)])
    )
    assert [Status(s) for s in result.samples] == [
        Status.STORED,
        Status.DUPLICATE,
        Status.OUT_OF_ORDER,
        Status.OUT_OF_BOUNDS,
        Status.STORED,
    ]
    assert read(db) == {SERIES[0]: [(T0, 1.0), (T0 + 1, 4.0)], SERIES[1]: [(T0 + 5, 2.0)]}
    db.close()


def test_all_or_nothing(tmp_path: Path) -> None:
    db = opened(tmp_path)
    db.append(batch([(0, T0, 1.0)]))
    refused = db.append(batch([(1, T0, 1.0), (0, T0 + 9, 2.0), (0, T0 - 1, 3.0)]), all_or_nothing=True)
    assert refused.samples.tolist() == [0, 0, Status.OUT_OF_ORDER]
    assert read(db) == {SERIES[0]: [(T0, 1.0)]}
    assert db.append(batch([(0, T0 + 1, 2.0)]), all_or_nothing=True).stored_all
    db.close()


def test_the_out_of_order_window(tmp_path: Path) -> None:
    db = opened(tmp_path, out_of_order_time_window_ms=HOUR_MS)
    db.append(batch([(0, T0, 1.0)]))
    result = db.append(batch([(0, T0 - HOUR_MS, 2.0), (0, T0 - HOUR_MS - 1, 3.0), (0, T0 - 5, 4.0)]))
    assert result.samples.tolist() == [Status.STORED, Status.TOO_OLD, Status.STORED]
    writer = db.source("x")
    writer.columns(SERIES[:1])
    assert writer.append(T0 + 10, np.array([5.0])) == Status.STORED
    assert writer.append(T0 + 4, np.array([6.0])) == Status.STORED
    assert read(db)[SERIES[0]] == [(T0 - HOUR_MS, 2.0), (T0 - 5, 4.0), (T0, 1.0), (T0 + 4, 6.0), (T0 + 10, 5.0)]
    db.close()


def test_a_clock_that_jumps_back(tmp_path: Path) -> None:
    registry = Registry()
    db = opened(tmp_path, registry)
    writer = db.source("x")
    writer.columns(SERIES)
    assert writer.append(T0, np.ones(5)) == Status.STORED
    assert writer.append(T0, np.ones(5)) == Status.OUT_OF_ORDER
    assert writer.append(T0 - 1000, np.ones(5)) == Status.OUT_OF_ORDER
    assert value(registry, "prometheus_tsdb_out_of_order_samples_total") == 10
    assert writer.append(T0 + 1, np.full(5, STALE)) == Status.STORED
    held = read(db)[SERIES[0]]
    assert held[0] == (T0, 1.0)
    assert is_stale(held[1][1])
    db.close()


def test_columns_are_renumbered_when_many_are_dead(tmp_path: Path) -> None:
    db = opened(tmp_path, run_rows=8)
    writer = db.source("x")
    columns = writer.columns([*SERIES, SERIES[0]])
    assert columns.tolist() == [0, 1, 2, 3, 4, 0]
    for k in range(20):
        if writer.n_columns != 5:
            break
        writer.append(T0 + k, np.array([float(k), *[MISSING if k else 1.0] * 4]))
    assert writer.generation == 1
    assert writer.n_columns == 1
    assert writer.columns(SERIES[3:0:-1]).tolist() == [1, 2, 3]
    assert writer.append(T0 + 100, np.array([1.0, 2.0, 3.0, MISSING])) == Status.STORED
    db.tick(T0)
    assert read(db)[SERIES[3]] == [(T0, 1.0), (T0 + 100, 2.0)]
    assert len(read(db)[SERIES[0]]) == k + 1
    db.close()


def test_blocks_are_cut_and_the_rest_stays(tmp_path: Path) -> None:
    registry = Registry()
    db = opened(tmp_path, registry, run_rows=32)
    n = filled(db, 7)
    before = read(db)
    db.tick(T0 + 7 * HOUR_MS)
    assert [(meta.min_time_ms, meta.max_time_ms) for meta in db.blocks()] == [
        (T0 + k * 2 * HOUR_MS, T0 + (k + 1) * 2 * HOUR_MS) for k in range(2)
    ]
    assert read(db) == before
    assert db.head.min_time_ms == T0 + 4 * HOUR_MS
    assert value(registry, "prometheus_tsdb_blocks_loaded") == 2
    db.close()
    db = opened(tmp_path)
    assert read(db) == before
    assert len(before[SERIES[0]]) == n
    db.close()


def test_series_that_ended_leave_the_head(tmp_path: Path) -> None:
    registry = Registry()
    db = opened(tmp_path, registry, run_rows=32)
    writer = db.source("old")
    writer.columns([Labels.of(__name__="up", job="gone")])
    writer.append(T0, np.ones(1))
    writer.close()
    filled(db, 4)
    assert db.head.table.n_series == 6
    db.tick(T0)
    assert db.head.table.n_series == 5
    assert value(registry, "prometheus_tsdb_head_series_removed_total") == 1
    # Its slot is used again; a replay must not give the old samples to the new series.
    db.append(SampleBatch([Labels.of(__name__="new")], np.zeros(1, np.int32), np.array([T0 + 5 * HOUR_MS]), np.ones(1)))
    assert db.head.table.n_slots == 6
    db.close()
    db = opened(tmp_path)
    new = read(db, matchers=[Matcher("__name__", MatchType.EQUAL, "new")])
    assert new == {Labels.of(__name__="new"): [(T0 + 5 * HOUR_MS, 1.0)]}
    assert read(db)[Labels.of(__name__="up", job="gone")] == [(T0, 1.0)]
    db.close()


def test_the_wal_is_cut_when_rows_are_sealed(tmp_path: Path) -> None:
    db = opened(tmp_path, run_rows=16, wal_segment_bytes=1000)
    filled(db, 2)
    assert len(segments(tmp_path / "wal")) > 3
    db.tick(T0)
    assert len(segments(tmp_path / "wal")) <= 2
    before = read(db)
    db.close()
    db = opened(tmp_path)
    assert read(db) == before
    db.close()


def test_retention(tmp_path: Path) -> None:
    db = opened(tmp_path, retention_time_ms=4 * HOUR_MS, run_rows=32)
    filled(db, 12)
    db.tick(T0)
    assert db.blocks()[0].min_time_ms > T0
    assert read(db)[SERIES[0]][0][0] == db.blocks()[0].min_time_ms
    db.close()
    db = opened(tmp_path, retention_size_bytes=1)
    db.tick(T0)
    assert db.blocks() == []
    db.close()


def test_deletes_hold_over_restart_and_cut(tmp_path: Path) -> None:
    db = opened(tmp_path, run_rows=32)
    filled(db, 5)
    db.tick(T0)
    job = [Matcher("job", MatchType.EQUAL, "j1")]
    db.delete([job], T0 + HOUR_MS, T0 + 4 * HOUR_MS)
    expected = read(db)
    assert {t for t, _ in expected[SERIES[0]]} - {t for t, _ in expected[SERIES[1]]} == set(
        range(T0 + HOUR_MS, T0 + 4 * HOUR_MS + 1, 60_000)
    )
    db.close()
    db = opened(tmp_path)
    assert read(db) == expected
    db.clean_tombstones()
    assert sum(meta.stats.num_tombstones for meta in db.blocks()) == 0
    assert read(db) == expected
    writer = db.source("y")
    writer.columns(SERIES[:1])
    writer.append(T0 + 12 * HOUR_MS, np.zeros(1))
    db.tick(T0)
    assert db.head.deleted == {}
    after = read(db, 0, T0 + 6 * HOUR_MS)
    assert after == expected
    db.close()


def test_snapshot_is_a_store(tmp_path: Path) -> None:
    db = opened(tmp_path / "live", run_rows=32)
    filled(db, 5)
    db.tick(T0)
    whole = read(db)
    name = db.snapshot(skip_head=False)
    blocks_only = db.snapshot(skip_head=True)
    db.close()
    copy = TSDB.open(tmp_path / "live" / "snapshots" / name, mode="r")
    assert read(copy) == whole
    part = TSDB.open(tmp_path / "live" / "snapshots" / blocks_only, mode="r")
    assert len(read(part)[SERIES[0]]) == 120
    copy.close()
    part.close()


def test_histograms_exemplars_metadata_and_start_times(tmp_path: Path) -> None:
    db = opened(tmp_path, run_rows=32)
    histogram = Histogram(3, 4.0, 2.5, 0.1, 1.0, ((0, 2), (3, 1)), (1.0, 1.0, 1.0), is_float=False)
    exemplar = Exemplar(Labels.of(trace_id="abc"), 0.5, T0)
    result = db.append(
        batch(
            [(0, T0, 1.0)],
            histograms=[(1, T0, histogram), (1, T0, histogram), (1, T0 - 1, histogram)],
            exemplars=[(0, exemplar), (0, exemplar), (0, Exemplar(Labels(), 1.0, T0 - 5))],
            metadata={"up": Metadata("gauge", "Whether it answers.", "")},
            start_times=np.array([T0 - 7], np.int64),
        )
    )
    assert result.histograms.tolist() == [0, 0, Status.OUT_OF_ORDER]
    assert result.exemplars.tolist() == [0, 0, Status.OUT_OF_ORDER]
    for _ in range(2):
        found = db.querier().select(UP, 0, LONG, Budget())
        row = [labels.get("job") for labels in found.labels].index("j1")
        assert found.histograms[row].times.tolist() == [T0]
        assert found.histograms[row].values[0].positive_spans == histogram.positive_spans
        assert found.start_times is not None
        assert T0 - 7 in found.start_times.tolist()
        assert db.exemplars.exemplars([UP], 0, LONG) == [(SERIES[0], [exemplar])]
        assert db.exemplars.exemplars([[Matcher("job", MatchType.EQUAL, "other")]], 0, LONG) == []
        assert db.metadata["up"].help == "Whether it answers."
        db.close()
        db = opened(tmp_path)
    filled(db, 4, start_ms=T0 + 60_000)
    db.tick(T0)
    assert len(db.blocks()) == 1
    found = db.querier().select(UP, 0, T0, Budget())
    assert [samples.values[0].count for samples in found.histograms.values()] == [4.0]
    db.close()


def test_metadata_of_queries(tmp_path: Path) -> None:
    db = opened(tmp_path, run_rows=32)
    filled(db, 4)
    db.tick(T0)
    querier = db.querier()
    assert querier.label_names([], 0, LONG) == ["__name__", "job"]
    assert querier.label_values("job", [], 0, LONG) == [f"j{i}" for i in range(5)]
    assert querier.label_values("job", [[Matcher("job", MatchType.REGEX, "j[12]")]], 0, LONG) == ["j1", "j2"]
    assert len(querier.series([UP], 0, LONG)) == 5
    assert len(querier.series([UP], 0, T0 - 1)) == 0
    assert querier.label_names([], 0, T0 - 1) == []
    status = db.status(2)
    assert status["headStats"]["numSeries"] == 5
    assert status["seriesCountByMetricName"] == [{"name": "up", "value": 5}]
    assert status["labelValueCountByLabelName"] == [{"name": "job", "value": 5}, {"name": "__name__", "value": 1}]
    db.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    db = opened(tmp_path)
    filled(db, 0.1)
    with pytest.raises(DirectoryLocked):
        opened(tmp_path)
    reader = TSDB.open(tmp_path, mode="r")
    assert read(reader) == read(db)
    with pytest.raises(UnavailableError):
        reader.source("x")
    reader.tick(T0)
    reader.close()
    db.close()
    opened(tmp_path).close()


def test_a_full_disk_refuses_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    db = opened(tmp_path, registry, run_rows=4)
    writer = db.source("x")
    writer.columns(SERIES)
    writer.append(T0, np.ones(5))

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(wal_module.os, "write", fail)
        with pytest.raises(WriteFailed, match="No space left"):
            writer.append(T0 + 1, np.full(5, 2.0))
        with pytest.raises(WriteFailed):
            db.append(batch([(0, T0 + 2, 1.0)]))
        with pytest.raises(WriteFailed):
            writer.columns([Labels.of(__name__="another")])
        db.tick(T0)
        assert len(read(db)[SERIES[0]]) == 1
    assert value(registry, "prometheus_tsdb_wal_writes_failed_total") == 3
    assert writer.n_columns == 5
    assert db.append(batch([(0, T0 + 1, 7.0)])).stored_all
    for k in range(2, 9):
        assert writer.append(T0 + k, np.full(5, float(k))) == Status.STORED
    expected = read(db)
    assert expected[SERIES[0]][:3] == [(T0, 1.0), (T0 + 1, 7.0), (T0 + 2, 2.0)]
    db.tick(T0)
    db.close()
    db = opened(tmp_path)
    assert read(db) == expected
    db.close()


def test_sealing_fails_on_a_full_disk_and_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = opened(tmp_path, run_rows=8)
    filled(db, 5)
    before = read(db)

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(wal_module.os, "write", fail)
        db.tick(T0)
        assert read(db) == before
    db.tick(T0 + 100_000)
    assert len(db.blocks()) == 1
    assert read(db) == before
    db.close()


def test_a_damaged_block_is_set_aside(tmp_path: Path) -> None:
    registry = Registry()
    db = opened(tmp_path, run_rows=32)
    filled(db, 7)
    db.tick(T0)
    first, second = db.blocks()
    db.close()
    for ulid, name in ((first.ulid, "index"), (second.ulid, "chunks")):
        path = tmp_path / ulid / name
        data = bytearray(path.read_bytes())
        data[40] ^= 1
        path.write_bytes(data)
    db = opened(tmp_path, registry)
    assert read(db)[SERIES[0]][0][0] == T0 + 4 * HOUR_MS
    assert db.blocks() == []
    assert value(registry, "watchkeeper_tsdb_corrupt_blocks_total") == 2
    assert len(list(tmp_path.glob("*.corrupt"))) == 2
    db.close()


def test_a_damaged_row_costs_rows_until_the_next_key_row(tmp_path: Path) -> None:
    registry = Registry()
    db = opened(tmp_path, run_rows=8)
    filled(db, 1)
    whole = read(db)
    db.close()
    path = segment_path(tmp_path / "wal", 0)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    db = opened(tmp_path, registry)
    found = read(db)
    assert value(registry, "prometheus_tsdb_wal_corruptions_total") > 0
    for labels, held in found.items():
        assert set(held) <= set(whole[labels])
        assert len(held) >= len(whole[labels]) - 8
    db.close()


def test_a_damaged_chunk_costs_itself(tmp_path: Path) -> None:
    db = opened(tmp_path, run_rows=8)
    filled(db, 1)
    db.tick(T0)
    whole = read(db)
    path = segment_path(tmp_path / "chunks_head", 0)
    data = bytearray(path.read_bytes())
    for at in range(60, len(data), 50):
        data[at] ^= 0x55
    path.write_bytes(data)
    found = read(db)
    for labels, held in found.items():
        assert len(held) < len(whole[labels])
    db.close()


def test_a_series_in_two_sources_is_one_series(tmp_path: Path) -> None:
    db = opened(tmp_path, run_rows=8)
    first, second = db.source("a"), db.source("b")
    first.columns(SERIES)
    second.columns(SERIES[::-1])
    for k in range(20):
        (first if k % 3 else second).append(T0 + k, np.full(5, float(k)))
    assert read(db) == {labels: [(T0 + k, float(k)) for k in range(20)] for labels in SERIES}
    assert second.append(T0 + 19, np.full(5, 1.0)) == Status.DUPLICATE
    assert second.append(T0 + 21, np.array([MISSING, 1.0, MISSING, MISSING, MISSING])) == Status.STORED
    assert first.append(T0 + 20, np.full(5, 20.0)) == Status.STORED  # All but one series take it.
    assert [len(held) for held in read(db).values()].count(21) == 5
    db.close()


def test_a_read_only_copy_repairs_nothing(tmp_path: Path) -> None:
    db = opened(tmp_path / "a")
    filled(db, 0.5)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    db.close()
    path = segment_path(tmp_path / "b" / "wal", 0)
    data = path.read_bytes()[:-3]
    path.write_bytes(data)
    reader = TSDB.open(tmp_path / "b", mode="r")
    assert len(read(reader)[SERIES[0]]) == 29
    assert path.read_bytes() == data
    reader.close()
