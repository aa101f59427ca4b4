"""What of a push is taken, entry by entry: the twin of `logs/store/validate.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.wire.labels import DuplicateLabel, LabelsError, parse_labels

Entry = tuple[int, bytes, Sequence[tuple[str, str]]]


@dataclass
class Bucket:
    """Bytes that may pass: full at first."""

    rate: float
    burst: float
    room: float
    at_ns: int

    def allow(self, size: int, now_ns: int) -> bool:
        self.room = min(self.burst, self.room + self.rate * (now_ns - self.at_ns) / 1e9)
        self.at_ns = now_ns
        if size > self.room:
            return False
        self.room -= size
        return True


@dataclass
class SlowValidator:
    """One tenant's."""

    limits: Limits
    active: set[Labels] = field(default_factory=set)
    buckets: dict[object, Bucket] = field(default_factory=dict)
    newest: dict[Labels, int] = field(default_factory=dict)

    def push(
        self, streams: Sequence[tuple[str, Sequence[Entry]]], now_ns: int
    ) -> tuple[list[tuple[str, int, bytes]], int | None, Counter[str]]:
        """(label text, time, line) of what is taken; the status that the sender sees; how many entries were refused,
        by reason."""
        limits = self.limits
        refused: Counter[str] = Counter()
        taken: list[tuple[Labels, list[Entry]]] = []
        failed = False
        for text, entries in streams:
            labels, reason = self._labels(text)
            if reason:
                refused[reason] += len(entries)
                failed = True
                continue
            kept = []
            for entry in entries:
                reason = self._entry(entry, now_ns)
                if reason:
                    refused[reason] += 1
                    failed = True
                else:
                    kept.append(entry)
            taken.append((labels, kept))
        if not streams:
            return [], 422, refused
        total = sum(_size(entry) for _, kept in taken for entry in kept)
        n_lines = sum(len(kept) for _, kept in taken)
        if limits.ingestion_rate_mb and n_lines:
            rate, burst = limits.ingestion_rate_mb * 2**20, limits.ingestion_burst_size_mb * 2**20
            bucket = self.buckets.setdefault("tenant", Bucket(rate, burst, burst, now_ns))
            if not bucket.allow(total, now_ns):
                refused["rate_limited"] += n_lines
                return [], 429, refused
        out: list[tuple[str, int, bytes]] = []
        is_passing = False
        admitted: set[Labels] = set()
        for labels, entries in taken:
            kept = list(entries)
            if not kept:
                continue
            if limits.max_streams and labels not in self.active | admitted:
                if len(self.active | admitted) >= limits.max_streams:
                    refused["stream_limit"] += len(kept)
                    is_passing = True
                    continue
                admitted.add(labels)
            if limits.out_of_order_cutoff_ns:
                newest = self.newest.get(labels, -(1 << 62))
                in_order = []
                for entry in kept:
                    if entry[0] < newest - limits.out_of_order_cutoff_ns:
                        refused["too_far_behind"] += 1
                        failed = True
                    else:
                        newest = max(newest, entry[0])
                        in_order.append(entry)
                self.newest[labels] = newest
                kept = in_order
            size = sum(map(_size, kept))
            if limits.per_stream_rate_limit and size:
                rate = limits.per_stream_rate_limit
                burst = max(rate, limits.per_stream_rate_limit_burst)
                if not self.buckets.setdefault(labels, Bucket(rate, burst, burst, now_ns)).allow(size, now_ns):
                    refused["per_stream_rate_limit"] += len(kept)
                    is_passing = True
                    continue
            out += [(str(labels), time, line) for time, line, _ in kept]
        return out, 429 if is_passing else 400 if failed else None, refused

    def _labels(self, text: str) -> tuple[Labels, str]:
        limits = self.limits
        try:
            labels = parse_labels(text)
        except DuplicateLabel:
            return Labels(), "duplicate_label_names"
        except LabelsError:
            return Labels(), "invalid_labels"
        if not labels:
            return labels, "missing_labels"
        if not labels.get("service_name"):
            names = [name for name in limits.discover_service_name if labels.get(name)]
            labels = labels.with_(service_name=labels.get(names[0]) if names else "unknown_service")
        if len(labels) - 1 > limits.max_label_names_per_series:
            return labels, "max_label_names_per_series"
        for name, value in labels:
            if len(name) > limits.max_label_name_length:
                return labels, "label_name_too_long"
            if len(value) > limits.max_label_value_length:
                return labels, "label_value_too_long"
        return labels, ""

    def _entry(self, entry: Entry, now_ns: int) -> str:
        limits, (time, line, metadata) = self.limits, entry
        if limits.reject_old_samples and time < now_ns - limits.reject_old_samples_max_age_ns:
            return "greater_than_max_sample_age"
        if time > now_ns + limits.creation_grace_period_ns:
            return "too_far_in_future"
        if limits.max_line_size and len(line) > limits.max_line_size:
            return "line_too_long"
        if metadata and not limits.allow_structured_metadata:
            return "disallowed_structured_metadata"
        size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata)
        if limits.max_structured_metadata_size and size > limits.max_structured_metadata_size:
            return "structured_metadata_too_large"
        most = limits.max_structured_metadata_entries_count
        return "structured_metadata_too_many" if most and len(metadata) > most else ""


def _size(entry: Entry) -> int:
    _, line, metadata = entry
    return len(line) + sum(len(name.encode()) + len(value.encode()) for name, value in metadata)
