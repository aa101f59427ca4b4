"""Torn tails and flipped bytes in every file of a data directory: a server says where, and the rest answers."""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from tests.processes.running import Process, started, watchkeeper
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.metadata import Exemplar, Metadata
from watchkeeper.core.model.stale import missing_mask
from watchkeeper.metrics.interface import Budget, SampleBatch
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.options import TSDBOptions

pytestmark = pytest.mark.process

MINUTE_MS = 60_000
SOURCES = 4
COLUMNS = 6
Answers = dict[str, dict[int, float]]


def value_of(source: int, column: int, minute: int) -> float:
    """What the store was told."""
    return float(minute * 100 + source * 10 + column)


class Built:
    """A data directory with blocks, sealed chunks and an open log; `truth` holds every sample by series."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.truth: Answers = {}
        self.end_ms = time.time_ns() // 1_000_000 // MINUTE_MS * MINUTE_MS
        self.start_ms = self.end_ms - 9 * 60 * MINUTE_MS
        store = TSDB.open(directory / "metrics", TSDBOptions(run_rows=32), clock=lambda: self.end_ms)
        writers = [store.source(f"source {i}") for i in range(SOURCES)]
        rows = [
            [Labels.of(__name__="row", source=str(i), column=str(c)) for c in range(COLUMNS)] for i in range(SOURCES)
        ]
        odd = [Labels.of(__name__="odd", series=str(i)) for i in range(COLUMNS)]
        columns = [writer.columns(labels) for writer, labels in zip(writers, rows, strict=True)]
        for minute, time_ms in enumerate(range(self.start_ms, self.end_ms, MINUTE_MS)):
            for i, writer in enumerate(writers):
                cells = np.zeros(COLUMNS)
                cells[columns[i]] = [value_of(i, c, minute) for c in range(COLUMNS)]
                writer.append(time_ms, cells)
                for c in range(COLUMNS):
                    self.note(f"row {i} {c}", time_ms, value_of(i, c, minute))
            batch = SampleBatch(
                odd,
                np.arange(COLUMNS, dtype=np.int32),
                np.full(COLUMNS, time_ms, np.int64),
                np.arange(COLUMNS, dtype=np.float64) + minute,
                exemplars=[(0, Exemplar(Labels.of(trace=str(minute)), 1.0, time_ms))],
                metadata={"odd": Metadata("gauge", f"It is {minute // 60}.", "")},
            )
            assert store.append(batch).stored_all
            for c in range(COLUMNS):
                self.note(f"odd {c}", time_ms, c + float(minute))
            if minute % 60 == 59:
                store.tick(time_ms)
        store.close()

    def note(self, series: str, time_ms: int, value: float) -> None:
        self.truth.setdefault(series, {})[time_ms] = value

    def files(self, pattern: str) -> list[Path]:
        return sorted(path.relative_to(self.directory) for path in self.directory.glob(f"metrics/{pattern}"))

    def in_block(self, file: Path, times: list[int]) -> bool:
        """Whether all times are of the block that the file belongs to."""
        meta = json.loads((self.directory / file.parent / "meta.json").read_bytes())
        return bool(meta["minTime"] <= times[0] and times[-1] < meta["maxTime"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The directory that every test copies."""
    return Built(tmp_path_factory.mktemp("built"))


def copied(built: Built, tmp_path: Path) -> Path:
    """A fresh copy."""
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
    shutil.copytree(built.directory, tmp_path / "data")
    return tmp_path / "data"


def flip(path: Path, offset: int, bit: int = 0x10) -> None:
    """Change one byte."""
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ bit]))


def of_server(server: Process) -> Answers:
    """Every stored sample, as the server answers."""
    found: Answers = {}
    for name in ("row", "odd"):
        for series in server.query(f"{name}[12h]"):
            labels = series["metric"]
            key = f"row {labels['source']} {labels['column']}" if name == "row" else f"odd {labels['series']}"
            found[key] = {round(time_s * 1000): float(value) for time_s, value in series["values"]}
    return found


def of_store(built: Built, directory: Path) -> Answers:
    """The same of the library, without a process: quick enough for hundreds of places."""
    store = TSDB.open(directory / "metrics", TSDBOptions(run_rows=32), clock=lambda: built.end_ms)
    try:
        series = store.querier().select([], built.start_ms, built.end_ms, Budget())
        found: Answers = {}
        for i, labels in enumerate(series.labels):
            lo, hi = int(series.value_lo[i]), int(series.value_hi[i])
            values = series.values[lo:hi]
            times = series.times[int(series.time_lo[i]) : int(series.time_lo[i]) + hi - lo]
            keep = ~missing_mask(values)
            name = labels.get("__name__")
            key = (
                f"row {labels.get('source')} {labels.get('column')}" if name == "row" else f"odd {labels.get('series')}"
            )
            found[key] = dict(zip(times[keep].tolist(), values[keep].tolist(), strict=True))
    finally:
        store.close()
    return found


def lost(built: Built, found: Answers) -> dict[str, list[int]]:
    """The times of each series that no longer answer. Whatever answers must be true."""
    for series, samples in found.items():
        told = built.truth[series]
        wrong = {time_ms: value for time_ms, value in samples.items() if told.get(time_ms) != value}
        assert not wrong, f"{series}: {len(wrong)} samples that were never written: {list(wrong.items())[:3]}"
    gone = {series: sorted(told.keys() - found.get(series, {}).keys()) for series, told in built.truth.items()}
    return {series: times for series, times in gone.items() if times}


def corruptions(server: Process) -> float:
    """The counter."""
    text = server.request("/metrics")[1].decode()
    return float(re.search(r"^prometheus_tsdb_wal_corruptions_total (\S+)$", text, re.M)[1])  # type: ignore[index]


def test_the_directory_has_every_kind_of_file(built: Built) -> None:
    blocks = built.files("0*/*")
    assert {path.name for path in blocks} >= {"meta.json", "index", "chunks"}
    for log in ("wal", "series", "chunks_head", "exemplars"):
        assert built.files(f"{log}/0*"), log
    found = of_store(built, built.directory)
    assert lost(built, found) == {}


@pytest.mark.parametrize("log", ["wal", "series", "chunks_head", "exemplars"])
def test_a_torn_tail_costs_what_was_torn(built: Built, tmp_path: Path, log: str) -> None:
    """Cut at many places: what stands before the cut is there."""
    last = [path for path in built.files(f"{log}/0*") if (built.directory / path).stat().st_size > 8][-1]
    size = (built.directory / last).stat().st_size
    places = sorted([*random.Random(3).sample(range(size), 30), 1, 7, 8, 9, 12, size - 1])
    before: dict[str, list[int]] = {}
    for number, place in enumerate(places):
        data = copied(built, tmp_path)
        with (data / last).open("r+b") as file:
            file.truncate(place)
        gone = lost(built, of_store(built, data))
        if number and log != "chunks_head":  # What its end loses may still stand in the WAL.
            for series, times in gone.items():
                assert set(times) <= set(before[series]), f"cut at {place}: more is lost than by an earlier cut"
        before = gone
    # A cut inside of the last record costs that record.
    if log != "chunks_head":  # There it may be all samples with own times of two hours.
        assert max(len(times) for times in [*gone.values(), []]) <= 1
    # What is torn off once does not come back as a problem.
    again = copied(built, tmp_path)
    with (again / last).open("r+b") as file:
        file.truncate(size - 1)
    of_store(built, again)
    (again / last).with_name(last.name + ".corrupt").unlink()
    of_store(built, again)
    assert not (again / last).with_name(last.name + ".corrupt").exists()


@pytest.mark.parametrize("log", ["wal", "series", "chunks_head", "exemplars"])
def test_a_flipped_byte_anywhere_costs_one_record(built: Built, tmp_path: Path, log: str) -> None:
    chosen = random.Random(5)
    for path in built.files(f"{log}/0*"):
        size = (built.directory / path).stat().st_size
        for place in sorted({*range(min(18, size)), *(chosen.randrange(size) for _ in range(15))}):
            data = copied(built, tmp_path)
            flip(data / path, place)
            gone = lost(built, of_store(built, data))
            where = f"{path} at {place}: { ({series: len(times) for series, times in gone.items()}) }"
            if log == "exemplars":
                assert not gone, where
            elif log == "wal":
                # A lost row takes those of its source with it that were written as differences to it.
                assert len({series[:5] for series in gone if series.startswith("row")}) <= 1, where
                assert all(len(times) <= 32 for times in gone.values()), where
                assert all(len(times) <= 1 for series, times in gone.items() if series.startswith("odd")), where
            elif log == "chunks_head":
                assert len({series[:5] for series in gone}) <= 1, where


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("wal/0*", r"wal/\d{8}, offset \d+"),
        ("series/0*", r"series/\d{8}, offset \d+"),
        ("chunks_head/0*", r"chunks_head/\d{8}, offset \d+"),
        ("exemplars/0*", r"exemplars/\d{8}, offset \d+"),
        ("0*/meta.json", r"block set aside.*meta\.json"),
        ("0*/index", r"block set aside.*index.*offset \d+"),
        ("0*/chunks", r"block set aside.*chunks.*offset \d+"),
    ],
)
def test_a_server_says_where_and_serves_the_rest(built: Built, tmp_path: Path, pattern: str, says: str) -> None:
    server = watchkeeper(tmp_path, config="{}")
    data = copied(built, tmp_path)
    files = [path for path in built.files(pattern) if (data / path).stat().st_size > 8]
    path = files[len(files) // 2]
    flip(data / path, (data / path).stat().st_size // 2)
    with started(server):
        gone = lost(built, of_server(server))
        log = server.log.read_text()
        assert re.search(says, log), log
        assert "Traceback" not in log
        if path.parent.name.startswith("0"):
            assert (data / path.parent).with_name(path.parent.name + ".corrupt").is_dir()
            assert b"prometheus_tsdb_reloads_failures_total" in server.request("/metrics")[1]
            assert all(built.in_block(path, times) for times in gone.values()), "more than the damaged block is gone"
        else:
            assert corruptions(server) >= 1
            assert server.api("status/runtimeinfo")["corruptionCount"] >= 1
        assert server.stop() == 0


@pytest.mark.parametrize("missing", ["meta.json", "index", "chunks"])
def test_a_file_of_a_block_is_missing_or_empty(built: Built, tmp_path: Path, missing: str) -> None:
    for cut in (False, True):
        data = copied(built, tmp_path)
        name = built.files(f"0*/{missing}")[0]
        path = data / name
        if cut:
            path.write_bytes(b"")
        else:
            path.unlink()
        gone = lost(built, of_store(built, data))
        assert all(built.in_block(name, times) for times in gone.values())


def test_a_damaged_file_of_deletes_deletes_nothing_else(built: Built, tmp_path: Path) -> None:
    data = copied(built, tmp_path)
    store = TSDB.open(data / "metrics", clock=lambda: built.end_ms)
    deleted_from = built.end_ms - 30 * MINUTE_MS
    store.delete([[Matcher("source", MatchType.EQUAL, "2")]], deleted_from, built.end_ms)
    store.close()
    file = data / "metrics" / "head_tombstones.json"
    whole = file.read_bytes()
    assert {len(times) for times in lost(built, of_store(built, data)).values()} == {30}
    for place in random.Random(8).sample(range(len(whole)), 25):
        file.write_bytes(whole)
        flip(file, place, bit=0x01)
        # All of it is lost, and said to be, but no other sample is deleted.
        assert lost(built, of_store(built, data)) == {}, place


def test_strangers_in_the_directory_are_left_alone(built: Built, tmp_path: Path) -> None:
    server = watchkeeper(tmp_path, config="{}")
    data = copied(built, tmp_path)
    metrics = data / "metrics"
    (metrics / "lock").write_bytes(b"\xff\xfe not a number")
    (metrics / "lost+found").mkdir()
    (metrics / "notes.txt").write_text("mine")
    (metrics / "head_tombstones.json").write_bytes(b'{"1": [[0, ')
    (metrics / "wal" / "notes").write_text("mine")
    with started(server):
        assert lost(built, of_server(server)) == {}
        assert "head_tombstones.json" in server.log.read_text()
        assert server.stop() == 0
    assert (metrics / "notes.txt").read_text() == "mine"


def test_a_second_server_names_the_first(tmp_path: Path) -> None:
    first = watchkeeper(tmp_path, config="{}")
    second = watchkeeper(tmp_path, config="{}")
    second.log = tmp_path / "second.log"
    with started(first):
        with pytest.raises(AssertionError, match="did not become ready"):
            second.start()
        text = second.log.read_text()
        assert second.process is not None
        assert second.process.returncode == 1
        assert f"in use by process {first.pid}" in text
        assert "Traceback" not in text
        assert first.request("/-/ready")[0] == 200
        first.kill()
        # The lock goes with the process that held it.
        second.start()
        assert second.stop() == 0
