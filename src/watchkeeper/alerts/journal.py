"""What alerting must know again after a restart, as a log on disk: alerts, silences, what receivers were told.

A change is in the log before anyone is told of it. Now and then all that there is is written anew behind a fresh
start, and what is older goes. Records hold JSON; their layout is in docs/formats/alerts.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson

from watchkeeper.alerts.fingerprint import fingerprint
from watchkeeper.alerts.interface import Alert, Silence
from watchkeeper.alerts.nflog import Told
from watchkeeper.alerts.telemetry import AlertMetrics
from watchkeeper.core.disk.lock import DirectoryLock
from watchkeeper.core.disk.syncer import Syncer
from watchkeeper.core.disk.wal import Problem, Record, Wal, WriteFailed, replay
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.regex import RegexError
from watchkeeper.core.telemetry.log import get_logger

log = get_logger("alerts journal")

T = TypeVar("T")

ALERTS: Final = 1
HEARD: Final = 2  # Alerts that were reported again and have changed in nothing but their end.
SILENCES: Final = 3
TOLD: Final = 4
ALIVE: Final = 5
SETTLED: Final = 6

SYNC_INTERVAL_S: Final = 1.0
SEGMENT_BYTES: Final = 4 << 20
MAX_GROWTH_BYTES: Final = 64 << 20  # A minute's reports of 10,000 alerts take less than a megabyte.
CHUNK: Final = 500  # Things in one record of a snapshot: a few milliseconds of work.


@dataclass(slots=True)
class Restored:
    """What a journal holds.

    alerts     by labels, with those that all has been said of
    alive_ns   when the process that wrote it was last known to live; 0 where it never did
    """

    alerts: dict[Labels, Alert] = field(default_factory=dict)
    settled: set[Labels] = field(default_factory=set)
    silences: list[Silence] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    alive_ns: int = 0
    problems: list[Problem] = field(default_factory=list)


class Journal:
    """The log in one directory. Appends come from the event loop's thread and take microseconds; a thread syncs."""

    def __init__(self, directory: Path, metrics: AlertMetrics, on_gaps: Callable[[], None] = lambda: None) -> None:
        """
        on_gaps   called when writing goes well again, on the thread that writes: what came meanwhile is not in the log
        """
        self._on_gaps = on_gaps
        self._has_gaps = False
        self._directory = directory / "journal"
        self._metrics = metrics
        self._wal: Wal | None = None
        self._syncer: Syncer | None = None
        self._directory_lock: DirectoryLock | None = None
        self._is_failing = False
        self._compacted_bytes = 0
        self._lock = threading.Lock()

    def open(self) -> Restored:
        """Read everything back and be ready for more. Raises OSError, OtherVersion, and DirectoryLocked.

        What is damaged is cut off or left out, kept beside its file, and reported; the rest is used.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        self._directory_lock = DirectoryLock(self._directory)
        try:
            return self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> Restored:
        restored = Restored()
        by_fingerprint: dict[int, Labels] = {}
        for record in replay(self._directory, restored.problems, repair=True):
            try:
                _apply(record, restored, by_fingerprint)
            except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
                restored.problems.append(record.problem(error))
        for problem in restored.problems:
            log.warn("a damaged place of the journal was left out", err=problem)
        self._metrics.journal_problems.inc(len(restored.problems))
        self._wal = Wal(self._directory, segment_bytes=SEGMENT_BYTES)
        self._syncer = Syncer([self._wal], SYNC_INTERVAL_S, lambda seconds: None, self._failed)
        self._metrics.journal_bytes.set_function(self._wal.size_bytes)
        return restored

    def _failed(self, error: Exception) -> None:
        self._metrics.journal_errors.inc()
        if not self._is_failing:
            log.error("alerts, silences and notifications are not safe on disk", err=error)
        self._is_failing = self._has_gaps = True

    def _append(self, type_: int, value: Any) -> None:
        """Write a record. Where it can't be written, alerting goes on from memory, and says so once."""
        if self._wal is None:
            return
        try:
            payload = orjson.dumps(value)
        except (TypeError, ValueError) as error:
            log.error("a change could not be written to the journal", err=error)
            self._metrics.journal_errors.inc()
            return
        try:
            with self._lock:  # Silences may be changed by any thread.
                self._wal.ready()
                self._wal.append([(type_, payload)])
        except (WriteFailed, OSError) as error:
            self._failed(error)
            return
        if self._is_failing:
            self._is_failing = False
            log.info("the journal is written again")
            self._on_gaps()

    def alerts(self, changed: Sequence[Alert], heard: Sequence[Alert] = ()) -> None:
        """Note alerts as they are now; `heard` are those whose end alone may differ from what was noted before."""
        if changed:
            self._append(ALERTS, [_alert_row(alert) for alert in changed])
        if heard:
            self._append(
                HEARD,
                [[fingerprint(a.labels), a.ends_ns, a.updated_ns, int(a.is_timeout)] for a in heard],
            )

    def settled(self, labels: Iterable[Labels]) -> None:
        """Note resolved alerts of which all has been said."""
        rows = [fingerprint(each) for each in labels]
        if rows:
            self._append(SETTLED, rows)

    def silences(self, silences: Sequence[Silence]) -> None:
        """Note silences as they are now."""
        if silences:
            self._append(SILENCES, [silence_row(silence) for silence in silences])

    def told(self, entries: Sequence[Told]) -> None:
        """Note what receivers were told."""
        if entries:
            self._append(TOLD, [told_row(entry) for entry in entries])

    def alive(self, now_ns: int) -> None:
        """Note that the process lives: what ends before this time ended while somebody watched."""
        self._append(ALIVE, now_ns)

    def compact(
        self,
        alerts: Iterable[Alert],
        settled: Iterable[Labels],
        silences: Iterable[Silence],
        told: Iterable[Told],
        now_ns: int,
    ) -> Iterator[None]:
        """Write all there is anew and drop what is older, a piece for each step, so that others get their turn.

        Changes that come between two steps are written as ever, behind; what a step writes must be as it is then.
        """
        if self._wal is None:
            return
        try:
            with self._lock:
                first = self._wal.rotate()
        except OSError as error:
            self._failed(error)
            return
        errors = self._metrics.journal_errors.value
        self.alive(now_ns)
        yield from self._pieces(self.silences, silences, "silences")
        yield from self._pieces(self.told, told, "nflog")
        yield from self._pieces(self.alerts, alerts)
        self.settled(settled)
        if self._metrics.journal_errors.value == errors:
            try:
                self._wal.sync()
                self._wal.drop_before(first)
                self._compacted_bytes = self._wal.size_bytes()
            except OSError as error:
                self._failed(error)
            else:
                self._has_gaps = False

    def _pieces(self, write: Callable[[Sequence[T]], None], things: Iterable[T], kind: str = "") -> Iterator[None]:
        """Write all of these, a piece for each step, and measure it where metrics have the kind."""
        if self._wal is None:
            return
        rows = iter(things)
        began_s, before = time.perf_counter(), self._wal.offset
        while some := list(islice(rows, CHUNK)):
            write(some)
            yield
        if kind and self._wal is not None:
            self._metrics.snapshot_seconds[kind].observe(time.perf_counter() - began_s)
            self._metrics.snapshot_bytes[kind].set(max(self._wal.offset - before, 0))

    @property
    def has_gaps(self) -> bool:
        """Whether it can be written, and lacks what came while it could not: it should be written anew."""
        return self._has_gaps and not self._is_failing

    def is_large(self) -> bool:
        """Whether it has grown so much since it was written anew that this should be done again."""
        return self._wal is not None and self._wal.size_bytes() > max(MAX_GROWTH_BYTES, 4 * self._compacted_bytes)

    def sync(self) -> None:
        """Bring everything to the device now. A failure is reported, not raised."""
        if self._syncer is not None:
            self._syncer.sync()

    def close(self) -> None:
        """Sync and let go of the files."""
        if self._syncer is not None:
            self._syncer.stop()
        if self._wal is not None:
            try:
                self._wal.close()
            except OSError as error:
                self._failed(error)
        self._wal = self._syncer = None
        if self._directory_lock is not None:
            self._directory_lock.release()
            self._directory_lock = None


def _apply(record: Record, restored: Restored, by_fingerprint: dict[int, Labels]) -> None:
    value = orjson.loads(record.payload)
    if record.type == ALERTS:
        for row in value:
            alert = _alert_of(row)
            restored.alerts[alert.labels] = alert
            restored.settled.discard(alert.labels)
            by_fingerprint[fingerprint(alert.labels)] = alert.labels
    elif record.type == HEARD:
        for number, ends_ns, updated_ns, is_timeout in value:
            labels = by_fingerprint.get(number)
            if labels is not None:
                restored.alerts[labels] = replace(
                    restored.alerts[labels],
                    ends_ns=int(ends_ns), updated_ns=int(updated_ns), is_timeout=bool(is_timeout),
                )  # fmt: skip
                restored.settled.discard(labels)
    elif record.type == SETTLED:
        restored.settled.update(by_fingerprint[number] for number in value if number in by_fingerprint)
    elif record.type == SILENCES:
        restored.silences += [silence_of(row) for row in value]
    elif record.type == TOLD:
        entries = [told_of(row) for row in value]
        restored.told += entries
        # Whoever was told lived then: what ended before had been seen to end, also after the last sign of life.
        restored.alive_ns = max([restored.alive_ns, *(entry.time_ns for entry in entries)])
    elif record.type == ALIVE:
        restored.alive_ns = int(value)
    else:
        raise ValueError(f"record of unknown type {record.type}")


def _alert_row(alert: Alert) -> list[Any]:
    return [
        dict(alert.labels.pairs), dict(alert.annotations.pairs), alert.starts_ns, alert.ends_ns, alert.updated_ns,
        alert.generator_url, int(alert.is_timeout),
    ]  # fmt: skip


def _alert_of(row: Sequence[Any]) -> Alert:
    labels, annotations, starts_ns, ends_ns, updated_ns, url, is_timeout = row
    return Alert(
        Labels.of(labels), Labels.of(annotations), int(starts_ns), int(ends_ns), int(updated_ns), str(url),
        bool(is_timeout),
    )  # fmt: skip


def silence_row(silence: Silence) -> list[Any]:
    """A silence as JSON for the disk and for other instances."""
    return [
        silence.id, [[m.name, m.type.value, m.value] for m in silence.matchers], silence.starts_ns, silence.ends_ns,
        silence.updated_ns, silence.created_by, silence.comment,
    ]  # fmt: skip


def silence_of(row: Sequence[Any]) -> Silence:
    """The silence of a row. Raises ValueError or TypeError where it is none."""
    id, matchers, starts_ns, ends_ns, updated_ns, created_by, comment = row
    texts = [id, created_by, comment, *(text for matcher in matchers for text in matcher)]
    if not id or not all(isinstance(text, str) for text in texts):
        raise ValueError("not a silence")
    try:
        parsed = tuple(Matcher(name, MatchType(type_), value) for name, type_, value in matchers)
    except RegexError as error:
        raise ValueError(f"silence {id}: {error}") from None
    if not parsed:
        raise ValueError(f"silence {id} has no matchers")
    return Silence(parsed, _time(starts_ns), _time(ends_ns), created_by, comment, id, _time(updated_ns))


def told_row(entry: Told) -> list[Any]:
    """An entry of the notification log as JSON for the disk and for other instances."""
    return [
        entry.group_key, entry.receiver, entry.integration, entry.index, list(entry.firing), list(entry.resolved),
        entry.time_ns, entry.expires_ns, entry.version_ns,
    ]  # fmt: skip


def told_of(row: Sequence[Any]) -> Told:
    """The entry of a row. Raises ValueError or TypeError where it is none."""
    group_key, receiver, integration, index, firing, resolved, time_ns, expires_ns, version_ns = row
    if not all(isinstance(text, str) for text in (group_key, receiver, integration)) or type(index) is not int:
        raise ValueError("not an entry of a notification log")
    if not all(type(number) is int for number in (*firing, *resolved)):
        raise ValueError("not an entry of a notification log")
    return Told(
        group_key, receiver, integration, index, frozenset(firing), frozenset(resolved), _time(time_ns),
        _time(expires_ns), _time(version_ns),
    )  # fmt: skip


def _time(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError(f"not a time: {value!r}")
    return value
