"""The ring of recent exemplars, with a log of its own, so that a restart keeps them."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from watchkeeper.core.disk.wal import Problem, Wal, replay
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.metadata import Exemplar
from watchkeeper.core.model.packed_labels import pack, unpack
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Status
from watchkeeper.metrics.tsdb.wal import RecordType

SEGMENT_BYTES: Final = 4 << 20
MAX_LABELS_LENGTH: Final = 128  # Characters of an exemplar's names and values together, as OpenMetrics allows.
_ENTRY: Final = struct.Struct("<qdIHH")


class _Entry(NamedTuple):
    series: bytes  # Canonical bytes: one object for all exemplars of a series.
    labels: bytes
    value: float
    time_ms: int
    segment: int


class Exemplars:
    """An `ExemplarQuerier` over the last `size` exemplars. The head's lock guards writing; reading copies."""

    def __init__(self, size: int, registry: Registry) -> None:
        self._size = size
        self._ring: deque[_Entry] = deque(maxlen=max(size, 1))
        self._last: dict[bytes, _Entry] = {}
        self._pending: list[_Entry] = []
        self.wal: Wal | None = None
        prefix = "prometheus_tsdb_exemplar_"
        self._appended = registry.counter(prefix + "exemplars_appended_total", "Exemplars stored.")
        self._out_of_order = registry.counter(
            prefix + "out_of_order_exemplars_total", "Exemplars refused as out of order."
        )
        registry.gauge(prefix + "exemplars_in_storage", "Exemplars in the ring.").set_function(lambda: len(self._ring))
        registry.gauge(
            prefix + "series_with_exemplars_in_storage", "Series that have exemplars in the ring."
        ).set_function(lambda: len(self._last))
        registry.gauge(prefix + "max_exemplars", "Size of the ring.").set(size)
        registry.gauge(
            prefix + "last_exemplars_timestamp_seconds", "Time of the oldest exemplar in the ring."
        ).set_function(lambda: self._ring[0].time_ms / 1000 if self._ring else 0.0)

    def open(self, directory: Path, problems: list[Problem], *, read_only: bool, sync_writes: bool) -> None:
        """Read the log, and open it for writing. Raises OSError."""
        if not self._size:
            return
        for record in replay(directory, problems, repair=not read_only):
            try:
                self._replay(record.segment, bytes(record.payload))
            except (ValueError, struct.error) as error:
                problems.append(record.problem(error))
        if not read_only:
            self.wal = Wal(directory, segment_bytes=SEGMENT_BYTES, sync_writes=sync_writes)

    def _replay(self, segment: int, payload: bytes) -> None:
        at = 0
        while at < len(payload):
            time_ms, value, series_size, labels_size, _ = _ENTRY.unpack_from(payload, at)
            at += _ENTRY.size
            series = payload[at : at + series_size]
            labels = payload[at + series_size : at + series_size + labels_size]
            at += series_size + labels_size
            unpack(labels)
            self._put(_Entry(series, labels, value, time_ms, segment))

    def add(self, series: Labels, exemplar: Exemplar, default_time_ms: int) -> int:
        """Take one exemplar, to be written by `flush`; its `Status`. The same one again is fine."""
        if not self._size:
            return Status.STORED
        if sum(len(name) + len(value) for name, value in exemplar.labels) > MAX_LABELS_LENGTH:
            return Status.OUT_OF_BOUNDS
        time_ms = default_time_ms if exemplar.time_ms is None else exemplar.time_ms
        key = pack(series)
        last = self._last.get(key)
        segment = self.wal.segment if self.wal else 0
        entry = _Entry(last.series if last else key, pack(exemplar.labels), exemplar.value, time_ms, segment)
        if last is not None:
            if last[:4] == entry[:4]:
                return Status.STORED
            if time_ms < last.time_ms:
                self._out_of_order.inc()
                return Status.OUT_OF_ORDER
            if time_ms == last.time_ms:
                self._out_of_order.inc()
                return Status.DUPLICATE
        self._pending.append(entry)
        self._put(entry)
        return Status.STORED

    def _put(self, entry: _Entry) -> None:
        if len(self._ring) == self._ring.maxlen:
            oldest = self._ring[0]
            if self._last.get(oldest.series) is oldest:
                del self._last[oldest.series]
        self._ring.append(entry)
        self._last[entry.series] = entry

    def flush(self) -> None:
        """Write what was added. Raises WriteFailed; the exemplars then live in memory alone."""
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        self._appended.inc(len(pending))
        if self.wal is None:
            return
        segment = self.wal.ready()
        payload = b"".join(
            _ENTRY.pack(entry.time_ms, entry.value, len(entry.series), len(entry.labels), 0)
            + entry.series
            + entry.labels
            for entry in pending
        )
        self.wal.append([(RecordType.EXEMPLARS, payload)])
        if segment > self._ring[0].segment and self.wal.first_segment < self._ring[0].segment:
            self.wal.drop_before(self._ring[0].segment)

    def exemplars(
        self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> list[tuple[Labels, list[Exemplar]]]:
        """By series, in label order; oldest first."""
        wanted: dict[bytes, list[_Entry]] = {}
        for entry in self._ring.copy():
            if start_ms <= entry.time_ms <= end_ms:
                wanted.setdefault(entry.series, []).append(entry)
        tests = [[(matcher.name, matcher.predicate()) for matcher in matchers] for matchers in matcher_sets]
        out = []
        for series, entries in wanted.items():
            labels = unpack(series)
            if any(all(passes(labels.get(name)) for name, passes in test) for test in tests):
                entries.sort(key=lambda entry: entry.time_ms)
                found = [Exemplar(unpack(entry.labels), entry.value, entry.time_ms) for entry in entries]
                out.append((labels, found))
        return sorted(out, key=lambda item: item[0])
