"""What was refused, and why: upstream's words for reasons, its texts, and its counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from watchkeeper.core.config.go_kinds import SECOND_NS, format_time_ns
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.rates import format_bytes

RATE_LIMITED: Final = "rate_limited"
STREAM_RATE_LIMIT: Final = "per_stream_rate_limit"
STREAM_LIMIT: Final = "stream_limit"
LINE_TOO_LONG: Final = "line_too_long"
TOO_OLD: Final = "greater_than_max_sample_age"
TOO_NEW: Final = "too_far_in_future"
TOO_FAR_BEHIND: Final = "too_far_behind"
TOO_MANY_LABELS: Final = "max_label_names_per_series"
LABEL_NAME_TOO_LONG: Final = "label_name_too_long"
LABEL_VALUE_TOO_LONG: Final = "label_value_too_long"
DUPLICATE_LABELS: Final = "duplicate_label_names"
MISSING_LABELS: Final = "missing_labels"
INVALID_LABELS: Final = "invalid_labels"
METADATA_DISALLOWED: Final = "disallowed_structured_metadata"
METADATA_TOO_LARGE: Final = "structured_metadata_too_large"
METADATA_TOO_MANY: Final = "structured_metadata_too_many"
BLOCKED: Final = "blocked_ingestion"
BLOCKED_POLICY: Final = "blocked_ingestion_policy"
MISSING_ENFORCED: Final = "missing_enforced_labels"
MAX_LISTED: Final = 10  # Upstream's max_returned_stream_errors.


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was refused: the reason that counters name, HTTP's status, and the text for the sender."""

    reason: str
    status: int
    message: str


class Discards:
    """The counters of what arrives and of what is refused."""

    def __init__(self, registry: Registry) -> None:
        names = ("reason", "tenant")
        self._samples = registry.counter("loki_discarded_samples_total", "Entries that were refused.", names)
        self._bytes = registry.counter("loki_discarded_bytes_total", "Bytes of entries that were refused.", names)
        self._mutated = registry.counter("loki_mutated_samples_total", "Entries that were changed.", names)
        self._mutated_bytes = registry.counter("loki_mutated_bytes_total", "Bytes cut off from entries.", names)
        received = "loki_distributor_"
        tenant = ("tenant",)
        self._received = registry.counter(
            received + "bytes_received_total", "Bytes of lines and structured metadata that arrived.", tenant
        )
        self._lines = registry.counter(received + "lines_received_total", "Lines that arrived.", tenant)
        self._metadata = registry.counter(
            received + "structured_metadata_bytes_received_total", "Bytes of structured metadata that arrived.", tenant
        )

        self._sanitized = registry.counter(
            received + "push_structured_metadata_sanitized_total",
            "Names of structured metadata that were changed.",
            tenant,
        )

    def count_received(self, tenant: str, n_lines: int, line_bytes: int, metadata_bytes: int) -> None:
        """Note what arrived, before anything is refused."""
        self._received.labels(tenant).inc(line_bytes + metadata_bytes)
        self._lines.labels(tenant).inc(n_lines)
        if metadata_bytes:
            self._metadata.labels(tenant).inc(metadata_bytes)

    def count(self, reason: str, tenant: str, n_entries: int, size_bytes: int) -> None:
        """Note what was refused."""
        self._samples.labels(reason, tenant).inc(n_entries)
        self._bytes.labels(reason, tenant).inc(size_bytes)

    def count_sanitized(self, tenant: str, n_names: int) -> None:
        """Note names of structured metadata that were changed."""
        self._sanitized.labels(tenant).inc(n_names)

    def count_mutated(self, reason: str, tenant: str, n_entries: int, size_bytes: int) -> None:
        """Note what was changed, and how many bytes went."""
        self._mutated.labels(reason, tenant).inc(n_entries)
        self._mutated_bytes.labels(reason, tenant).inc(size_bytes)


def invalid_labels(message: str) -> Problem:
    """Label text that can't be read; `message` is the whole text."""
    return Problem(INVALID_LABELS, 400, message)


def duplicate_label(message: str) -> Problem:
    """A label that stands twice; `message` is the whole text."""
    return Problem(DUPLICATE_LABELS, 400, message)


def missing_labels() -> Problem:
    """A stream without labels."""
    return Problem(MISSING_LABELS, 400, "error at least one label pair is required per stream")


def too_many_labels(stream: str, count: int, limit: int) -> Problem:
    """A stream with too many labels."""
    return Problem(TOO_MANY_LABELS, 400, f"entry for stream '{stream}' has {count} label names; limit {limit}")


def label_name_too_long(stream: str, name: str) -> Problem:
    """A label whose name is too long."""
    return Problem(LABEL_NAME_TOO_LONG, 400, f"stream '{stream}' has label name too long: '{name}'")


def label_value_too_long(stream: str, value: str) -> Problem:
    """A label whose value is too long."""
    return Problem(LABEL_VALUE_TOO_LONG, 400, f"stream '{stream}' has label value too long: '{value}'")


def missing_enforced(names: list[str], tenant: str, stream: str) -> Problem:
    """A stream without labels that every stream must have."""
    message = f"missing required labels {','.join(names)} for user {tenant} for stream {stream}"
    return Problem(MISSING_ENFORCED, 400, message)


def blocked(reason: str, tenant: str, until_ns: int, status: int) -> Problem:
    """A tenant, or a policy of one, from whom nothing is taken for now."""
    message = f"ingestion blocked for user {tenant} until '{format_second(until_ns)}' with status code '{status}'"
    return Problem(reason, status, message)


def rate_limited(tenant: str, rate: float, n_lines: int, size_bytes: int) -> Problem:
    """A tenant that sends too much."""
    return Problem(
        RATE_LIMITED,
        429,
        f"ingestion rate limit exceeded for user {tenant} (limit: {int(rate)} bytes/sec) while attempting to ingest "
        f"'{n_lines}' lines totaling '{size_bytes}' bytes, reduce log volume or contact your Loki administrator to see "
        "if the limit can be increased",
    )


def stream_rate_limited(stream: str, rate: int, size_bytes: int) -> Problem:
    """A stream to which too much is sent."""
    return Problem(
        STREAM_RATE_LIMIT,
        429,
        f"Per stream rate limit exceeded (limit: {format_bytes(rate)}/sec) while attempting to ingest for stream "
        f"'{stream}' totaling {format_bytes(size_bytes)}, consider splitting a stream via additional labels or contact "
        "your Loki administrator to see if the limit can be increased",
    )


def stream_limit(stream: str, tenant: str) -> Problem:
    """A new stream of a tenant who has as many as may be."""
    return Problem(
        STREAM_LIMIT,
        429,
        f"maximum active stream limit exceeded when trying to create stream {stream}, reduce the number of active "
        "streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be "
        f"increased, user: '{tenant}'",
    )


def line_too_long(stream: str, limit: int, size_bytes: int) -> Problem:
    """A line that is too long."""
    return Problem(
        LINE_TOO_LONG,
        400,
        f"max entry size '{limit}' bytes exceeded for stream '{stream}' while adding an entry with length "
        f"'{size_bytes}' bytes",
    )


def too_old(stream: str, time_ns: int, oldest_ns: int) -> Problem:
    """An entry of long ago."""
    return Problem(
        TOO_OLD,
        400,
        f"entry for stream '{stream}' has timestamp too old: {format_second(time_ns)}, oldest acceptable timestamp is: "
        f"{format_second(oldest_ns)}",
    )


def too_new(stream: str, time_ns: int) -> Problem:
    """An entry of the future."""
    return Problem(TOO_NEW, 400, f"entry for stream '{stream}' has timestamp too new: {format_second(time_ns)}")


def metadata_disallowed(stream: str) -> Problem:
    """Structured metadata where none may be."""
    return Problem(
        METADATA_DISALLOWED,
        400,
        f"stream '{stream}' includes structured metadata, but this feature is disallowed. Please see "
        "`limits_config.allow_structured_metadata` or contact your Loki administrator to enable it.",
    )


def metadata_too_large(stream: str, size_bytes: int, limit: int) -> Problem:
    """Structured metadata of too many bytes."""
    return Problem(
        METADATA_TOO_LARGE,
        400,
        f"stream '{stream}' has structured metadata too large: '{size_bytes}' bytes, limit: '{limit}' bytes. "
        "Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it.",
    )


def metadata_too_many(stream: str, count: int, limit: int) -> Problem:
    """Too many pairs of structured metadata."""
    return Problem(
        METADATA_TOO_MANY,
        400,
        f"stream '{stream}' has too many structured metadata labels: '{count}', limit: '{limit}'. Please see "
        "`limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it.",
    )


def too_far_behind(stream: str, tenant: str, late: list[tuple[int, int]], n_entries: int) -> Problem:
    """Entries too far behind their stream's newest.

    late   (time, oldest acceptable time) of each
    """
    lines = [
        f"entry with timestamp {go_time(time_ns)} ignored, reason: 'entry too far behind, entry timestamp is: "
        f"{format_second(time_ns)}, oldest acceptable timestamp is: {format_second(oldest_ns)}',\n"
        for time_ns, oldest_ns in late[-MAX_LISTED:]
    ]
    total = f"user '{tenant}', total ignored: {len(late)} out of {n_entries} for stream: {stream}"
    return Problem(TOO_FAR_BEHIND, 400, "".join(lines) + total)


def format_second(time_ns: int) -> str:
    """RFC 3339, to the second, as upstream writes times in these texts."""
    return format_time_ns(time_ns // SECOND_NS * SECOND_NS)


def go_time(time_ns: int) -> str:
    """As Go prints a time: `2026-11-28 09:00:00.5 +0000 UTC`."""
    return format_time_ns(time_ns).replace("T", " ").removesuffix("Z") + " +0000 UTC"
