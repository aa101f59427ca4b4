"""Pushes as JSON, in the form of `/loki/api/v1/push` and in the older one of `/api/prom/push`.

{"streams": [{"stream": {"app": "shop"}, "values": [["<ns>", "<line>", {"trace_id": "…"}]]}]}
{"streams": [{"labels": "{app=\\"shop\\"}", "entries": [{"ts": "<RFC 3339>", "line": "<line>"}]}]}
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
import orjson

from watchkeeper.core.kernels.line_block import Metadata
from watchkeeper.core.model.labels import quote
from watchkeeper.logs.interface import EntryBatch, PushError

JSON: Final = 2  # Kinds of bodies.
LEGACY_JSON: Final = 3

NO_STRING: Final = "Value is string, but can't find closing '\"' symbol"
NO_OBJECT: Final = "Value looks like object, but can't find closing '}' symbol"
NO_ARRAY: Final = "Value is array, but can't find closing ']' symbol"
NO_NUMBER: Final = "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol"
OVERFLOW: Final = "Value is number, but overflowed while parsing"

_INTEGER: Final = re.compile(r"-?[0-9]+")
_RFC_3339: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(?:([Zz])|([+-])(\d{2}):(\d{2}))"
)


@dataclass(slots=True)
class _Entries:
    """What was read so far."""

    streams: list[str] = field(default_factory=list)
    entry_lo: list[int] = field(default_factory=lambda: [0])
    times_ns: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    pair_lo: list[int] = field(default_factory=lambda: [0])
    texts: list[str] = field(default_factory=list)  # Names and values of metadata, in turn.


def decode_json(body: bytes, legacy: bool) -> EntryBatch:
    """The entries of a JSON push. Raises PushError (400) where the body is none."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PushError(400, f"loghttp.PushRequest: {error}") from None
    found = _Entries()
    try:
        for stream in _list(_object(request).get("streams")):
            (_read_legacy if legacy else _read)(_object(stream), found)
            found.entry_lo.append(len(found.times_ns))
    except ValueError as error:
        where = "logproto.PushRequest" if legacy else "loghttp.PushRequest"
        raise PushError(
            400, f"{where}.Streams: []{where.split('.')[0]}.LogProtoStream: unmarshalerDecoder: {error}"
        ) from None
    return _batch(found, (LEGACY_JSON if legacy else JSON, body))


def label_text(labels: dict[str, str]) -> str:
    """Labels as the text of a stream; names are written as they are, so that bad ones are found when it is read."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in sorted(labels.items())) + "}"


def _read(stream: dict[str, Any], found: _Entries) -> None:
    found.streams.append(label_text(_texts(stream.get("stream", {}))))
    for value in _list(stream.get("values")):
        entry = _list(value)
        found.times_ns.append(_integer(_text(entry[0])) if entry else 0)
        found.lines.append(_text(entry[1]) if len(entry) > 1 else "")
        if len(entry) > 2:
            for pair in _texts(entry[2]).items():
                found.texts += pair
        found.pair_lo.append(len(found.texts) // 2)


def _read_legacy(stream: dict[str, Any], found: _Entries) -> None:
    found.streams.append(_text(stream.get("labels", "")))
    for value in _list(stream.get("entries")):
        entry = _object(value)
        found.times_ns.append(parse_time_ns(_text(entry.get("ts", ""))))
        found.lines.append(_text(entry.get("line", "")))
        found.pair_lo.append(len(found.texts) // 2)


def parse_time_ns(text: str) -> int:
    """Nanoseconds since the epoch of an RFC 3339 time. Raises ValueError."""
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}"')
    moment = datetime.fromisoformat(f"{match[1]}T{match[2]}+00:00")
    seconds = (moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // _SECOND
    if match[5]:
        offset = int(match[6]) * 3600 + int(match[7]) * 60
        seconds -= offset if match[5] == "+" else -offset
    time_ns = seconds * 1_000_000_000 + int((match[3] or "0")[:9].ljust(9, "0"))
    return min(max(time_ns, -(1 << 63)), (1 << 63) - 1)


_SECOND: Final = datetime.fromisoformat("1970-01-01T00:00:01") - datetime.fromisoformat("1970-01-01T00:00:00")


def _batch(found: _Entries, body: tuple[int, bytes]) -> EntryBatch:
    parts = [text.encode() for text in itertools.chain(found.lines, found.texts)]
    bounds = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    n = len(found.lines)
    at, end = bounds[n:-1], bounds[n + 1 :]
    metadata = None
    if found.texts:
        metadata = Metadata(
            np.array(found.pair_lo, np.int64), at[0::2].copy(), end[0::2].copy(), at[1::2].copy(), end[1::2].copy()
        )
    return EntryBatch(
        streams=found.streams,
        entry_lo=np.array(found.entry_lo, np.int64),
        times_ns=np.array(found.times_ns, np.int64),
        data=b"".join(parts),
        line_at=bounds[:n].copy(),
        line_end=bounds[1 : n + 1].copy(),
        metadata=metadata,
        body=body,
    )


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(NO_OBJECT)
    return value


def _list(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError(NO_ARRAY)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(NO_STRING)
    return value


def _texts(value: Any) -> dict[str, str]:
    for one in _object(value).values():
        _text(one)
    texts: dict[str, str] = value
    return texts


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(NO_NUMBER)
    number = int(text) if len(text) < 25 else 1 << 64
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError(OVERFLOW)
    return number
