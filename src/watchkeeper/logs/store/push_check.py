"""The validation of one push: checks of whole columns, and of each stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from watchkeeper.core.kernels.line_block import Metadata
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import EntryBatch, Places, PushError
from watchkeeper.logs.store import discards as reasons
from watchkeeper.logs.store.discards import Discards, Problem
from watchkeeper.logs.store.duplicate_times import increment_duplicates
from watchkeeper.logs.store.known_stream import LONG_AGO_NS, KnownStream
from watchkeeper.logs.store.levels import Levels, detected_levels
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.metadata_names import with_sanitized_names
from watchkeeper.logs.store.rates import TokenBucket
from watchkeeper.logs.store.selection import Mask, selected
from watchkeeper.logs.store.truncate import truncated

NO_STREAMS: Final = "error at least one valid stream is required for ingestion"


class ActiveStreams(Protocol):
    """The streams that are in memory, for the limit of their number."""

    def streams_of(self, tenant: str) -> int:
        """How many a tenant has."""
        ...

    def is_active(self, tenant: str, labels: Labels) -> bool:
        """Whether a stream is one of them."""
        ...


@dataclass(frozen=True, slots=True)
class ValidatedBatch:
    """What of a push is to be stored.

    labels  of each stream of `batch`, with `service_name`
    batch   the good entries; the push itself where all are good
    levels  uint8 (n,): `detected_level` of each, as an index into LEVELS; None where none is to be added
    error   what the sender is told; None where all was taken
    """

    labels: Sequence[Labels]
    batch: EntryBatch
    levels: Levels | None
    error: PushError | None


class Tenant:
    """A tenant's streams and rate, under the limits of one moment."""

    __slots__ = ("bucket", "limits", "streams")

    def __init__(self, limits: Limits, now_ns: int) -> None:
        self.limits = limits
        self.streams: dict[str | Labels, KnownStream] = {}
        rate, burst = limits.ingestion_rate_bytes, limits.ingestion_burst_bytes
        self.bucket = TokenBucket(rate, burst, now_ns) if rate else None


class PushCheck:
    """The validation of one push."""

    def __init__(
        self,
        tenant: str,
        state: Tenant,
        streams: list[KnownStream],
        batch: EntryBatch,
        now_ns: int,
        *,
        lock: threading.Lock,
        discards: Discards,
        active: ActiveStreams | None,
    ) -> None:
        """`lock` is held while the rates of tenant and streams are asked."""
        self.tenant = tenant
        self.state = state
        self.limits = state.limits
        self.streams = streams
        self.batch = batch
        self.now_ns = now_ns
        self.lock = lock
        self.discards = discards
        self.active = active
        self.entry_lo: list[int] = batch.entry_lo.tolist()
        self.line_sizes = batch.line_end - batch.line_at
        self.metadata_sizes = _metadata_sizes(batch.metadata, len(batch.times_ns))
        self.sizes = self.line_sizes if self.metadata_sizes is None else self.line_sizes + self.metadata_sizes
        self.upto: Places | None = None  # Sums of `sizes`, once they are asked for.
        self.bad: Mask | None = None  # None: no entry yet.
        self.first: tuple[int, int, Problem] | None = None  # Stream, entry, and what is wrong.
        self.passing: Problem | None = None  # The first 429.

    def run(self) -> ValidatedBatch:
        """What is to be stored; refused entries are counted."""
        n = len(self.batch.times_ns)
        metadata_bytes = 0 if self.metadata_sizes is None else int(self.metadata_sizes.sum())
        self.discards.count_received(self.tenant, n, int(self.line_sizes.sum()), metadata_bytes)
        if not self.streams:
            return self._nothing(PushError(422, NO_STREAMS))
        self._check_streams()
        if n == 0:
            return self._nothing(self._error())
        self._check_times()
        self._check_lines()
        self._check_metadata()
        with self.lock:
            if not self._check_rate():
                return self._nothing(self._error())
            self._check_each_stream()
        batch = self.batch
        labels: Sequence[Labels] = [stream.labels for stream in self.streams]
        of_streams = np.array([stream.level for stream in self.streams], np.uint8)
        if self.bad is not None:
            batch, kept = selected(batch, ~self.bad)
            labels = [labels[i] for i in kept]
            of_streams = of_streams[kept]
        batch, n_sanitized = with_sanitized_names(batch)
        if n_sanitized:
            self.discards.count_sanitized(self.tenant, n_sanitized)
        if self.limits.increment_duplicate_timestamp:
            batch = increment_duplicates(batch)
        levels, limits = None, self.limits
        if limits.discover_log_levels and len(batch.times_ns):
            depth = limits.log_level_from_json_max_depth
            levels = detected_levels(batch, of_streams, limits.log_level_fields, depth)
        return ValidatedBatch(labels, batch, levels, self._error())

    # --- what is wrong ----------------------------------------------------------------------------------------------

    def _check_streams(self) -> None:
        """Streams of which nothing is taken."""
        for i, stream in enumerate(self.streams):
            problem = stream.problem
            if problem is None and stream.blocked_until_ns > self.now_ns:
                reason = reasons.BLOCKED_POLICY if stream.is_policy else reasons.BLOCKED
                status = self.limits.block_ingestion_status_code
                problem = reasons.blocked(reason, self.tenant, stream.blocked_until_ns, status)
            if problem is not None:
                self._refuse_stream(i, problem)

    def _check_times(self) -> None:
        limits, times = self.limits, self.batch.times_ns
        if limits.reject_old_samples:
            oldest = self.now_ns - limits.reject_old_samples_max_age_ns
            if int(times.min()) < oldest:
                self._refuse(
                    times < oldest,
                    reasons.TOO_OLD,
                    lambda stream, row: reasons.too_old(stream, int(times[row]), oldest),
                )
        newest = self.now_ns + limits.creation_grace_period_ns
        if int(times.max()) > newest:
            self._refuse(times > newest, reasons.TOO_NEW, lambda stream, row: reasons.too_new(stream, int(times[row])))

    def _check_lines(self) -> None:
        limit, sizes = self.limits.max_line_size, self.line_sizes
        if not limit or int(sizes.max()) <= limit:
            return
        if self.limits.max_line_size_truncate:
            long = sizes > limit
            self.batch = truncated(self.batch, long, limit, self.limits.max_line_size_truncate_identifier.encode())
            lost = int((sizes - (self.batch.line_end - self.batch.line_at)).sum())
            self.discards.count_mutated(reasons.LINE_TOO_LONG, self.tenant, int(long.sum()), lost)
            self.line_sizes = self.batch.line_end - self.batch.line_at
            self.sizes = self.line_sizes if self.metadata_sizes is None else self.line_sizes + self.metadata_sizes
            return
        self._refuse(
            sizes > limit,
            reasons.LINE_TOO_LONG,
            lambda stream, row: reasons.line_too_long(stream, limit, int(sizes[row])),
        )

    def _check_metadata(self) -> None:
        sizes, metadata, limits = self.metadata_sizes, self.batch.metadata, self.limits
        if sizes is None or metadata is None:
            return
        counts = np.diff(metadata.pair_lo)
        if not limits.allow_structured_metadata:
            self._refuse(counts > 0, reasons.METADATA_DISALLOWED, lambda stream, _: reasons.metadata_disallowed(stream))
            return
        most_bytes, most = limits.max_structured_metadata_size, limits.max_structured_metadata_entries_count
        if most_bytes and int(sizes.max()) > most_bytes:
            self._refuse(
                sizes > most_bytes,
                reasons.METADATA_TOO_LARGE,
                lambda stream, row: reasons.metadata_too_large(stream, int(sizes[row]), most_bytes),
            )
        if most and int(counts.max()) > most:
            self._refuse(
                counts > most,
                reasons.METADATA_TOO_MANY,
                lambda stream, row: reasons.metadata_too_many(stream, int(counts[row]), most),
            )

    def _check_rate(self) -> bool:
        """Whether the tenant may send so much now; else the whole push is refused."""
        bucket = self.state.bucket
        if bucket is None:
            return True
        good = slice(None) if self.bad is None else ~self.bad
        sizes = self.sizes[good]
        total = int(sizes.sum())
        if len(sizes) == 0 or bucket.allow(total, self.now_ns):
            return True
        self.discards.count(reasons.RATE_LIMITED, self.tenant, len(sizes), total)
        self.passing = reasons.rate_limited(self.tenant, bucket.rate, len(sizes), total)
        return False

    def _check_each_stream(self) -> None:
        """The number of streams, each stream's rate, and how far its entries are behind."""
        limits, most = self.limits, self.limits.max_streams
        window = limits.out_of_order_cutoff_ns
        active = self.active if most else None
        if active is None and not limits.per_stream_rate_limit and not window:
            return
        refused = self._refused_streams()
        n_active = -1
        admitted: set[Labels] = set()
        for i, stream in enumerate(self.streams):
            if i in refused or self.entry_lo[i] == self.entry_lo[i + 1]:
                continue
            if (
                active is not None
                and stream.labels not in admitted
                and not active.is_active(self.tenant, stream.labels)
            ):
                n_active = active.streams_of(self.tenant) if n_active < 0 else n_active
                if n_active >= most:
                    self._refuse_stream(i, reasons.stream_limit(stream.text, self.tenant))
                    continue
                n_active += 1
                admitted.add(stream.labels)
            if window:
                self._check_behind(i, stream, window)
            if stream.bucket is not None and (size := self._total_of(i)) and not stream.bucket.allow(size, self.now_ns):
                self._refuse_stream(i, reasons.stream_rate_limited(stream.text, limits.per_stream_rate_limit, size))

    def _check_behind(self, i: int, stream: KnownStream, window: int) -> None:
        lo, hi = self.entry_lo[i], self.entry_lo[i + 1]
        times = self.batch.times_ns[lo:hi]
        if self.bad is not None:
            times = np.where(self.bad[lo:hi], LONG_AGO_NS, times)  # What is refused makes nothing late.
        # The newest before each entry; what is behind is never the newest, so it need not be left out of this.
        newest = np.maximum.accumulate(np.concatenate(([stream.newest_ns], times)))
        oldest = np.maximum(newest[:-1], -(1 << 62)) - window
        late = times < oldest
        stream.newest_ns = int(newest[-1])
        if self.bad is not None:
            late &= ~self.bad[lo:hi]
        if late.any():
            listed = list(zip(times[late].tolist(), oldest[late].tolist(), strict=True))
            problem = reasons.too_far_behind(stream.text, self.tenant, listed, hi - lo)
            mask = np.zeros(len(self.batch.times_ns), np.bool_)
            mask[lo:hi] = late
            self._refuse(mask, reasons.TOO_FAR_BEHIND, lambda _, __: problem)

    # --- refusing ---------------------------------------------------------------------------------------------------

    def _refuse_stream(self, i: int, problem: Problem) -> None:
        """Refuse what is left of a stream."""
        lo, hi = self.entry_lo[i], self.entry_lo[i + 1]
        bad = self._mask()
        sizes = self.sizes[lo:hi][~bad[lo:hi]]
        bad[lo:hi] = True
        self.discards.count(problem.reason, self.tenant, len(sizes), int(sizes.sum()))
        self._note(i, -1, problem)

    def _refuse(self, mask: Mask, reason: str, describe: Callable[[str, int], Problem]) -> None:
        """Refuse entries that are not refused yet."""
        if self.bad is not None:
            mask = mask & ~self.bad
        rows = np.flatnonzero(mask)
        if not len(rows):
            return
        bad = self._mask()
        bad |= mask
        self.discards.count(reason, self.tenant, len(rows), int(self.sizes[rows].sum()))
        row = int(rows[0])
        i = int(np.searchsorted(self.batch.entry_lo, row, "right")) - 1
        self._note(i, row, describe(self.streams[i].text, row))

    def _mask(self) -> Mask:
        if self.bad is None:
            self.bad = np.zeros(len(self.batch.times_ns), np.bool_)
        return self.bad

    def _note(self, i: int, row: int, problem: Problem) -> None:
        if problem.status == 429:
            self.passing = self.passing or problem
        elif self.first is None or (i, row) < self.first[:2]:
            self.first = (i, row, problem)

    def _refused_streams(self) -> set[int]:
        """Streams of which every entry is refused."""
        bad = self.bad
        if bad is None:
            return set()
        return {i for i in range(len(self.streams)) if bad[self.entry_lo[i] : self.entry_lo[i + 1]].all()}

    def _total_of(self, i: int) -> int:
        """Bytes of a stream's entries that are left."""
        lo, hi = self.entry_lo[i], self.entry_lo[i + 1]
        if self.upto is None:
            self.upto = np.concatenate(([0], np.cumsum(self.sizes)))
        total = int(self.upto[hi] - self.upto[lo])
        if self.bad is not None and (bad := self.bad[lo:hi]).any():
            total -= int(self.sizes[lo:hi][bad].sum())
        return total

    def _error(self) -> PushError | None:
        problem = self.passing or (self.first[2] if self.first is not None else None)
        # Upstream's way to drop what a tenant sends without telling: a blocked ingestion of status 200.
        return None if problem is None or problem.status == 200 else PushError(problem.status, problem.message)

    def _nothing(self, error: PushError | None) -> ValidatedBatch:
        batch, _ = selected(self.batch, np.zeros(len(self.batch.times_ns), np.bool_))
        return ValidatedBatch([], batch, None, error)


def _metadata_sizes(metadata: Metadata | None, n: int) -> Places | None:
    """int64 (n,): bytes of each entry's names and values; None where no entry has any."""
    if metadata is None or not len(metadata.name_at):
        return None
    sizes = metadata.name_end - metadata.name_at + metadata.value_end - metadata.value_at
    upto = np.concatenate(([0], np.cumsum(sizes)))
    return upto[metadata.pair_lo[1:]] - upto[metadata.pair_lo[:-1]]
