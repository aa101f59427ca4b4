"""Runs → the bytes of a PushRequest.

Here and not `logs/wire`, whose encoder works on arrays: an agent that does nothing but follow files then has no need of
numpy, which would be a third of its memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from watchkeeper.core.wire.protobuf import varint
from watchkeeper.logs.agent.entries import Metadata
from watchkeeper.logs.agent.send.streams import Run, StreamKey

_SMALL: Final = [varint(number) for number in range(1 << 12)]  # Of most lines and fields.
_N_SMALL: Final = len(_SMALL)
_NS: Final = 10**9


def _size(number: int) -> bytes:
    return _SMALL[number] if number < _N_SMALL else varint(number)


def encode_runs(streams: Mapping[StreamKey, Sequence[Run]]) -> bytes:
    """The PushRequest of these streams, not packed.

    StreamAdapter is labels=1, entries=2; EntryAdapter is timestamp=1 (seconds=1, nanos=2), line=2, metadata=3
    (name=1, value=2).
    """
    out: list[bytes] = []
    for key, runs in streams.items():
        labels = key.text.encode("utf-8", "surrogateescape")
        parts = [b"\x0a", _size(len(labels)), labels]
        for run in runs:
            _add_entries(parts, run)
        stream = b"".join(parts)
        out += (b"\x0a", _size(len(stream)), stream)
    return b"".join(out)


def _add_entries(parts: list[bytes], run: Run) -> None:
    stamps = _timestamps(run.times_ns)
    small, n_small = _SMALL, _N_SMALL
    if run.metadata is None:
        for stamp, line in zip(stamps, run.lines, strict=True):
            n = len(line)
            length = small[n] if n < n_small else varint(n)
            # `stamp` is a whole field; the line's field is a tag, its length and its bytes.
            whole = len(stamp) + 1 + len(length) + n
            parts += (b"\x12", small[whole] if whole < n_small else varint(whole), stamp, b"\x12", length, line)
        return
    for stamp, line, pairs in zip(stamps, run.lines, run.metadata, strict=True):
        entry = b"".join((stamp, b"\x12", _size(len(line)), line, _metadata(pairs)))
        parts += (b"\x12", _size(len(entry)), entry)


def _timestamps(times_ns: list[int]) -> list[bytes]:
    """The timestamp field of each time; entries of one read share their second."""
    out: list[bytes] = []
    append = out.append
    second, head, n_head = -1, b"", 0
    small = _SMALL
    for time_ns in times_ns:
        now, nanos = divmod(time_ns, _NS)
        if now != second:
            second = now
            head = b"\x08" + varint(now) if now else b""
            n_head = len(head)
        if nanos:
            # Four or five bytes, written out: this is most of what a timestamp costs.
            if nanos >= 1 << 28:
                tail = bytes(
                    (
                        0x10,
                        nanos & 0x7F | 0x80,
                        nanos >> 7 & 0x7F | 0x80,
                        nanos >> 14 & 0x7F | 0x80,
                        nanos >> 21 & 0x7F | 0x80,
                        nanos >> 28,
                    )
                )
            else:
                tail = b"\x10" + varint(nanos)
            append(b"\x0a" + small[n_head + len(tail)] + head + tail)
        else:
            append(b"\x0a" + small[n_head] + head)
    return out


def _metadata(pairs: Metadata) -> bytes:
    out: list[bytes] = []
    for name, value in pairs:
        first, second = name.encode("utf-8", "replace"), value.encode("utf-8", "replace")
        pair = b"".join((b"\x0a", _size(len(first)), first, b"\x12", _size(len(second)), second))
        out += (b"\x1a", _size(len(pair)), pair)
    return b"".join(out)
