"""PushRequests of log entries, read and written field by field: the plain twin of the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.wire import protobuf as pb

SECOND_NS = 10**9


@dataclass
class PlainEntry:
    time_ns: int = 0
    line: bytes = b""
    pairs: list[tuple[bytes, bytes]] = field(default_factory=list)


@dataclass
class PlainStream:
    labels: bytes = b""
    entries: list[PlainEntry] = field(default_factory=list)


def decode(body: bytes) -> list[PlainStream]:
    """Raises WireError where the bytes are no request."""
    return [_stream(_bytes(wire, value)) for number, wire, value in pb.fields(body) if number == 1]


def _stream(message: bytes) -> PlainStream:
    out = PlainStream()
    for number, wire, value in pb.fields(message):
        if number == 1:
            out.labels = _bytes(wire, value)
        elif number == 2:
            out.entries.append(_entry(_bytes(wire, value)))
    return out


def _entry(message: bytes) -> PlainEntry:
    out = PlainEntry()
    for number, wire, value in pb.fields(message):
        if number == 1:
            out.time_ns = _time_ns(_bytes(wire, value))
        elif number == 2:
            out.line = _bytes(wire, value)
        elif number == 3:
            pair = {1: b"", 2: b""}
            for inner, kind, text in pb.fields(_bytes(wire, value)):
                if inner in pair:
                    pair[inner] = _bytes(kind, text)
            out.pairs.append((pair[1], pair[2]))
    return out


def _time_ns(message: bytes) -> int:
    seconds = nanos = 0
    for number, wire, value in pb.fields(message):
        if number in (1, 2):
            if wire != pb.VARINT:
                raise WireError("a number was expected")
            if number == 1:
                seconds = pb.signed(value)
            else:
                nanos = pb.as_int(value) & 0xFFFFFFFF
                nanos -= (nanos >> 31) << 32
    if not -62135596800 <= seconds < 253402300800 or not 0 <= nanos < SECOND_NS:
        raise WireError("not a time")
    limit = (2**63 - 1) // SECOND_NS
    if seconds >= limit:
        return 2**63 - 1
    if seconds <= -limit:
        return -(2**63)
    return seconds * SECOND_NS + nanos


def _bytes(wire: int, value: int | bytes) -> bytes:
    if wire != pb.BYTES:
        raise WireError("bytes were expected")
    return pb.as_bytes(value)


def encode(streams: list[PlainStream]) -> bytes:
    """The bytes of a request."""
    return b"".join(
        pb.put_bytes(1, pb.put_bytes(1, one.labels) + b"".join(pb.put_bytes(2, _put_entry(e)) for e in one.entries))
        for one in streams
    )


def _put_entry(entry: PlainEntry) -> bytes:
    seconds, nanos = divmod(entry.time_ns, SECOND_NS)
    return (
        pb.put_bytes(1, pb.put_int(1, seconds) + pb.put_int(2, nanos))
        + pb.put_bytes(2, entry.line)
        + b"".join(pb.put_bytes(3, pb.put_bytes(1, name) + pb.put_bytes(2, value)) for name, value in entry.pairs)
    )
