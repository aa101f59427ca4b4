"""Remote-write requests, read field by field: the plain twin of the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.wire import protobuf as pb


@dataclass
class Plain:
    """One dict per series, None where it can't be named; samples as (series, time_ms, value, start_ms)."""

    series: list[dict[str, str] | None] = field(default_factory=list)
    samples: list[tuple[int, int, float, int]] = field(default_factory=list)
    others: list[tuple[int, int, bytes]] = field(default_factory=list)


def decode(data: bytes, version: int) -> Plain:
    """Raises WireError where the bytes are no request."""
    return _v1(data) if version == 1 else _v2(data)


def _v1(data: bytes) -> Plain:
    out = Plain()
    for number, wire_type, value in pb.fields(data):
        if (number, wire_type) == (3, pb.BYTES):
            out.others.append((2, -1, pb.as_bytes(value)))
        if (number, wire_type) != (1, pb.BYTES):
            continue
        pairs = []
        row = len(out.series)
        for field_number, kind, raw in pb.fields(pb.as_bytes(value)):
            if kind != pb.BYTES:
                continue
            message = pb.as_bytes(raw)
            if field_number == 1:
                pair = {part: text for part, form, text in pb.fields(message) if form == pb.BYTES}
                pairs.append((pb.as_bytes(pair.get(1, b"")), pb.as_bytes(pair.get(2, b""))))
            elif field_number == 2:
                out.samples.append((row, *_sample(message)))
            elif field_number in (3, 4):
                out.others.append((field_number - 3, row, message))
        out.series.append(_labels(pairs))
    return out


def _v2(data: bytes) -> Plain:
    out = Plain()
    symbols = [pb.as_bytes(value) for number, kind, value in pb.fields(data) if (number, kind) == (4, pb.BYTES)]
    for number, wire_type, value in pb.fields(data):
        if (number, wire_type) != (5, pb.BYTES):
            continue
        refs: list[int] = []
        created = 0
        samples = []
        row = len(out.series)
        for field_number, kind, raw in pb.fields(pb.as_bytes(value)):
            if field_number == 1 and kind in (pb.VARINT, pb.BYTES):
                refs += pb.packed_varints(kind, raw)
            elif (field_number, kind) == (2, pb.BYTES):
                samples.append(_sample(pb.as_bytes(raw)))
            elif (field_number, kind) == (6, pb.VARINT):
                created = pb.signed(raw)
            elif kind == pb.BYTES and field_number in (3, 4, 5):
                out.others.append(({3: 1, 4: 0, 5: 2}[field_number], row, pb.as_bytes(raw)))
        if len(refs) % 2 or any(ref >= len(symbols) for ref in refs):
            raise WireError("refs")
        out.samples += [(row, time, number, start or created) for time, number, start in samples]
        out.series.append(_labels([(symbols[a], symbols[b]) for a, b in zip(refs[::2], refs[1::2], strict=True)]))
    return out


def _sample(message: bytes) -> tuple[int, float, int]:
    time, value, start = 0, 0.0, 0
    for number, kind, raw in pb.fields(message):
        if (number, kind) == (1, pb.FIXED64):
            value = pb.double(raw)
        elif (number, kind) == (2, pb.VARINT):
            time = pb.signed(raw)
        elif (number, kind) == (3, pb.VARINT):
            start = pb.signed(raw)
    return time, value, start


def _labels(pairs: list[tuple[bytes, bytes]]) -> dict[str, str] | None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names) or b"" in names:
        return None
    try:
        labels = {name.decode(): value.decode() for name, value in pairs}
    except UnicodeDecodeError:
        return None
    return {name: value for name, value in labels.items() if value} if labels.get("__name__") else None
