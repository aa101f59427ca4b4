"""A Prometheus data directory into ours: its blocks one by one, then what its log holds.

What is done is written down in the target, so that an import that was interrupted goes on where it was, and one that
is started again after Prometheus ran on takes only what is new.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.disk.lock import DirectoryLock
from watchkeeper.core.kernels.prometheus_wal import decode_samples
from watchkeeper.core.model.errors import CorruptionError, NotFoundError
from watchkeeper.core.model.labels import Labels
from watchkeeper.metrics.tsdb import import_log as records
from watchkeeper.metrics.tsdb.block_writer import write_block
from watchkeeper.metrics.tsdb.import_blocks import BlockReader, ForeignBlock, find_blocks
from watchkeeper.metrics.tsdb.import_histograms import decode_record
from watchkeeper.metrics.tsdb.import_log import log_files, read_records
from watchkeeper.metrics.tsdb.import_staging import FLUSH_SAMPLES, Staging

DONE_FILE: Final = "import.json"
MAX_SKIPPED_SHOWN: Final = 1000

_HISTOGRAM_RECORDS: Final = {
    records.HISTOGRAMS: (False, False),
    records.FLOAT_HISTOGRAMS: (True, False),
    records.CUSTOM_HISTOGRAMS: (False, True),
    records.CUSTOM_FLOAT_HISTOGRAMS: (True, True),
}
_KNOWN_AND_LEFT_OUT: Final = {
    records.EXEMPLARS: "exemplars",
    records.METADATA: "metadata",
}


@dataclass(slots=True)
class Report:
    """What an import did.

    skipped    what could not be read, in words; at most MAX_SKIPPED_SHOWN of them, `n_skipped` counts all
    left_out   records of kinds that are not taken over, by kind
    """

    blocks: int = 0
    blocks_done_before: int = 0
    series: int = 0
    samples: int = 0
    skipped: list[str] = field(default_factory=list)
    n_skipped: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    def skip(self, text: str) -> None:
        """Notes something that could not be read."""
        self.n_skipped += 1
        if len(self.skipped) < MAX_SKIPPED_SHOWN:
            self.skipped.append(text)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: bytes of the source that are done, of how many, and what was read so far."""

    done_bytes: int
    total_bytes: int
    series: int
    samples: int
    doing: str


class PrometheusImport:
    """One run. `source` is only read; `target` is the directory of a metrics store that no server uses."""

    def __init__(
        self,
        source: Path,
        target: Path,
        *,
        now_ms: Callable[[], int],
        progress: Callable[[Progress], None] = lambda _: None,
        flush_samples: int = FLUSH_SAMPLES,
    ) -> None:
        """Raises NotFoundError where the source is no data directory."""
        if not source.is_dir():
            raise NotFoundError(f"{source}: no such directory")
        self._source = source
        self._target = target
        self._now_ms = now_ms
        self._progress = progress
        self._flush_samples = flush_samples
        self.report = Report()
        self._blocks = find_blocks(source, self.report.skip)
        self._logs = log_files(source)
        if not self._blocks and not self._logs:
            raise NotFoundError(f"{source}: neither blocks nor a log of a Prometheus are there")
        self._total_bytes = sum(block.chunk_bytes for block in self._blocks) + sum(
            path.stat().st_size for path in self._logs
        )
        self._done_bytes = 0
        self._doing = ""

    def run(self) -> Report:
        """Imports all. Raises DirectoryLocked where a server runs there, and OSError."""
        self._target.mkdir(parents=True, exist_ok=True)
        lock = DirectoryLock(self._target)
        try:
            done = self._read_done()
            for block in self._blocks:
                self._import_block(block, done)
            self._import_logs(done)
        finally:
            lock.release()
        return self.report

    # --- what is done -----------------------------------------------------------------------------------------------

    def _read_done(self) -> dict[str, Any]:
        try:
            all_done = json.loads((self._target / DONE_FILE).read_bytes())
            done = all_done[str(self._source.resolve())]
            return {"blocks": dict(done["blocks"]), "log": list(done["log"])}
        except (OSError, ValueError, KeyError, TypeError):
            return {"blocks": {}, "log": []}

    def _write_done(self, done: dict[str, Any]) -> None:
        path = self._target / DONE_FILE
        try:
            all_done = json.loads(path.read_bytes())
        except (OSError, ValueError):
            all_done = {}
        all_done[str(self._source.resolve())] = done
        write_atomically(path, json.dumps(all_done, indent=1).encode())

    def _tell(self) -> None:
        self._progress(
            Progress(self._done_bytes, self._total_bytes, self.report.series, self.report.samples, self._doing)
        )

    # --- blocks -----------------------------------------------------------------------------------------------------

    def _import_block(self, block: ForeignBlock, done: dict[str, Any]) -> None:
        self._doing = f"block {block.ulid}"
        end_bytes = self._done_bytes + block.chunk_bytes
        if block.ulid in done["blocks"]:
            self.report.blocks_done_before += 1
            self._done_bytes = end_bytes
            self._tell()
            return

        def on_part(n_series: int, n_samples: int, n_bytes: int) -> None:
            self.report.series += n_series
            self.report.samples += n_samples
            self._done_bytes += n_bytes
            self._tell()

        try:
            with BlockReader(block, self.report.skip) as reader:
                meta = write_block(
                    self._target,
                    reader.parts(on_part),
                    min_time_ms=block.min_time_ms,
                    max_time_ms=block.max_time_ms,
                    level=block.level,
                    sources=(),
                    parents=(),
                    now_ms=self._now_ms(),
                )
        except CorruptionError as error:
            self.report.skip(f"block {block.ulid}: {error}")
        else:
            self.report.blocks += meta is not None
            done["blocks"][block.ulid] = meta.ulid if meta is not None else ""
            self._write_done(done)
        self._done_bytes = end_bytes
        self._tell()

    # --- the log ----------------------------------------------------------------------------------------------------

    def _import_logs(self, done: dict[str, Any]) -> None:
        present = [[str(path.relative_to(self._source)), path.stat().st_size] for path in self._logs]
        if not self._logs or present == done["log"]:
            self._done_bytes = self._total_bytes
            self._tell()
            return
        staging = Staging(self._target, self._now_ms, flush_samples=self._flush_samples)
        try:
            reader = _LogReader(staging, self.report, max((block.max_time_ms for block in self._blocks), default=None))
            for path in self._logs:
                self._doing = str(path.relative_to(self._source))
                before = self._done_bytes
                for record in read_records(path, self.report.skip):
                    reader.take(record, path)
                    self._done_bytes = min(self._done_bytes + len(record), before + path.stat().st_size)
                    self._tell()
                self._done_bytes = before + path.stat().st_size
            self._doing = "writing blocks"
            self._tell()
            self.report.series += len(reader.seen)
            self.report.blocks += len(staging.finish())
        except BaseException:
            staging.abandon()
            raise
        done["log"] = present
        self._write_done(done)
        self._tell()


class _LogReader:
    """Records to samples. What blocks cover already is left out of the log, as Prometheus does it."""

    def __init__(self, staging: Staging, report: Report, covered_ms: int | None) -> None:
        self._staging = staging
        self._report = report
        self._covered_ms = covered_ms
        self._series_of: dict[int, int] = {}
        self.seen: set[int] = set()

    def take(self, record: bytes, path: Path) -> None:
        """One record."""
        kind, payload = record[0], record[1:]
        try:
            if kind == records.SERIES:
                for ref, pairs in records.decode_series(payload):
                    self._series_of[ref] = self._staging.series(Labels(pairs))
            elif kind == records.SAMPLES:
                self._samples(payload, is_in_order="wbl" not in path.parts)
            elif kind in _HISTOGRAM_RECORDS:
                self._histograms(payload, *_HISTOGRAM_RECORDS[kind], is_in_order="wbl" not in path.parts)
            elif kind == records.TOMBSTONES:
                for ref, start_ms, end_ms in records.decode_tombstones(payload):
                    if ref in self._series_of:
                        self._staging.delete(self._series_of[ref], start_ms, end_ms)
            elif kind != records.MMAP_MARKERS:
                name = _KNOWN_AND_LEFT_OUT.get(kind, f"type {kind}")
                self._report.left_out[name] = self._report.left_out.get(name, 0) + 1
        except ValueError as error:
            self._report.skip(f"{path}: a record of type {kind} can't be read: {error}")

    def _samples(self, payload: bytes, *, is_in_order: bool) -> None:
        refs, times, values = decode_samples(payload)
        unique, inverse = np.unique(refs, return_inverse=True)
        numbers = np.array([self._series_of.get(ref, -1) for ref in unique.tolist()], np.int64)
        series = numbers[inverse] if len(unique) else np.zeros(0, np.int64)
        keep = series >= 0
        if not keep.all():
            self._report.skip(f"{int((~keep).sum())} samples of series that the log does not define")
        if is_in_order and self._covered_ms is not None:
            keep &= times >= self._covered_ms
        if keep.any():
            self.seen.update(np.unique(series[keep]).tolist())
            self._report.samples += int(keep.sum())
            self._staging.add(series[keep], times[keep], values[keep])

    def _histograms(self, payload: bytes, is_float: bool, is_custom: bool, *, is_in_order: bool) -> None:
        for ref, time_ms, value in decode_record(payload, is_float=is_float, is_custom=is_custom):
            series = self._series_of.get(ref)
            if series is None:
                self._report.skip("a histogram of a series that the log does not define")
            elif not is_in_order or self._covered_ms is None or time_ms >= self._covered_ms:
                self.seen.add(series)
                self._report.samples += 1
                self._staging.add_histogram(series, time_ms, value)
