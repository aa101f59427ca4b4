"""Pushes of log entries, as Loki's protobuf has them: bytes to places in them, and arrays to bytes."""

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]

Pairs = tuple[Places, Places, Places, Places, Places]
"""Structured metadata: pair_lo (n + 1,): entry i has pairs pair_lo[i] to pair_lo[i + 1]; then name_at, name_end,
value_at and value_end (n_pairs,)."""

def decode(body: bytes) -> tuple[list[bytes], Places, Places, Places, Places, Pairs | None]:
    """The entries of an uncompressed PushRequest; lines and metadata are places in `body`, never copied.

    Returns label texts of the streams; entry_lo int64 (n_streams + 1,): stream i has entries entry_lo[i] to
    entry_lo[i + 1]; times int64 ns (n,), those that int64 can't hold as the nearest it can; line_at and line_end
    int64 (n,); metadata, or None where no entry has any. Raises ValueError where the bytes are no such message.
    """

def decode_json(
    body: bytes, legacy: bool
) -> tuple[list[bytes] | list[list[tuple[bytes, bytes]]], Places, Places, Places, Places, Pairs | None, bytes]:
    """The entries of a JSON push; lines and metadata are places in `body` followed by the last bytes returned.

    Returns the labels of the streams as pairs in their order (the legacy form: as texts), then as `decode`. Bytes that
    are not UTF-8 are kept. Raises ValueError with upstream's words where the body is no push.
    """

def encode(
    labels: list[bytes],
    entry_lo: Places,
    times_ns: Places,
    data: bytes,
    line_at: Places,
    line_end: Places,
    pairs: Pairs | None = None,
) -> bytes:
    """The PushRequest of these entries, not compressed; arguments as `decode` returns them.

    Raises ValueError where places lie outside of `data` or arrays do not fit each other.
    """

RESOURCE: int  # Sections that pairs belong to.
SCOPE: int
RECORD: int
FIXED: int

class OtlpLogs:
    """An OpenTelemetry request of logs, taken apart. Places are in the message followed by `extra`.

    keys           distinct names of pairs
    pair_key       int32 (n_pairs,): index into `keys`
    pair_section   uint8 (n_pairs,): RESOURCE, SCOPE or RECORD for an attribute, FIXED for a field of a scope or record
    pair_nested    uint8 (n_pairs,): 1 where the value is an array or a map; its place is that of the AnyValue message
    value_at, value_end   int64 (n_pairs,): the value as text
    resource_lo, resource_hi, scope_lo, scope_hi, record_lo, record_hi   int64: pairs lo to hi of each
    scope_resource, record_scope   int64: which resource a scope, which scope a record belongs to
    times_ns       int64 (n,) of each record: when it happened, else when it was seen, else 0
    line_at, line_end, line_nested   of each record's body, as a value
    """

    keys: list[bytes]
    extra: bytes
    pair_key: npt.NDArray[np.int32]
    pair_section: npt.NDArray[np.uint8]
    pair_nested: npt.NDArray[np.uint8]
    value_at: Places
    value_end: Places
    resource_lo: Places
    resource_hi: Places
    scope_lo: Places
    scope_hi: Places
    record_lo: Places
    record_hi: Places
    scope_resource: Places
    record_scope: Places
    times_ns: Places
    line_at: Places
    line_end: Places
    line_nested: npt.NDArray[np.uint8]

def decode_otlp(body: bytes) -> OtlpLogs:
    """The records of an ExportLogsServiceRequest. Raises ValueError where the bytes are no such message."""
