"""PushRequests of log entries, read and written field by field: the plain twin of the kernel."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.wire import protobuf as pb
from watchkeeper.logs.wire import otlp_values

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


# --- OpenTelemetry ---------------------------------------------------------------------------------------------------


@dataclass
class PlainRecord:
    labels: dict[str, str]
    time_ns: int
    line: str
    pairs: list[tuple[str, str]]


def otlp_records(body: bytes, index_labels: set[str]) -> list[PlainRecord]:
    """The records of an OTLP request in their order, without any rules but the index labels. Raises WireError."""
    out: list[PlainRecord] = []
    for one in _subs(body, 1):
        resource = [pair for message in _subs(one, 1)[-1:] for pair in _attributes(message, 1)]
        labels = {name: value for key, leaves in resource if key in index_labels for name, value in leaves}
        rest = [leaf for key, leaves in resource if key not in index_labels for leaf in leaves]
        for scope_logs in _subs(one, 2):
            scope: list[tuple[str, str]] = []
            for message in _subs(scope_logs, 1)[-1:]:
                scope = [leaf for _, leaves in _attributes(message, 3) for leaf in leaves]
                scope += [("scope_name", text.decode()) for text in _subs(message, 1)[-1:] if text]
                scope += [("scope_version", text.decode()) for text in _subs(message, 2)[-1:] if text]
                dropped = _last_int(message, 4)
                scope += [("scope_dropped_attributes_count", str(dropped))] if dropped else []
            for record in _subs(scope_logs, 2):
                out.append(_record(record, labels, rest, scope))
    return out


def _record(
    message: bytes, labels: dict[str, str], resource: list[tuple[str, str]], scope: list[tuple[str, str]]
) -> PlainRecord:
    pairs = [leaf for _, leaves in _attributes(message, 6) for leaf in leaves]
    time, observed = _last_int(message, 1), _last_int(message, 11)
    fields = [
        ("observed_timestamp", str(observed) if time and observed else "0"),
        ("severity_number", str(_last_int(message, 2))),
        ("severity_text", b"".join(_subs(message, 3)[-1:]).decode() or "0"),
        ("dropped_attributes_count", str(_last_int(message, 7))),
        ("flags", str(_last_int(message, 8))),
        ("trace_id", _hex(_subs(message, 9))),
        ("span_id", _hex(_subs(message, 10))),
        ("event_name", b"".join(_subs(message, 12)[-1:]).decode() or "0"),
    ]
    pairs += [(name, value) for name, value in fields if value != "0"]
    body = _subs(message, 5)[-1:]
    return PlainRecord(
        labels, time or observed, otlp_values.value_text(body[0]) if body else "", pairs + resource + scope
    )


def _hex(ids: list[bytes]) -> str:
    return ids[-1].hex() if ids and any(ids[-1]) else "0"


def _attributes(message: bytes, wanted: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each attribute's key, and the pairs that it becomes."""
    out = []
    for pair in _subs(message, wanted):
        key = b"".join(_subs(pair, 1)[-1:]).decode()
        value = b"".join(_subs(pair, 2)[-1:])
        out.append((key, otlp_values.flattened(otlp_values.attribute_name(key), value)))
    return out


def _subs(message: bytes, wanted: int) -> list[bytes]:
    return [pb.as_bytes(value) for number, _, value in pb.fields(message) if number == wanted]


def _last_int(message: bytes, wanted: int) -> int:
    return ([0] + [pb.as_int(value) for number, _, value in pb.fields(message) if number == wanted])[-1]


# --- JSON ------------------------------------------------------------------------------------------------------------


def json_streams(body: bytes, *, legacy: bool) -> list[tuple[Any, list[PlainEntry]]]:
    """Labels (a dict, or the text of the legacy form) and entries of a JSON push.

    Raises WireError where the body is none, or an object in it has a name twice.
    """
    try:
        orjson.loads(body)  # The stricter of two readers; the other can tell of names that stand twice.
        request = json.loads(body, object_pairs_hook=_distinct)
    except ValueError:
        raise WireError("no JSON") from None
    read = _legacy_json_stream if legacy else _json_stream
    return [read(_of(dict, one)) for one in _list_or_null(_of(dict, request).get("streams"))]


def _json_stream(stream: dict[str, Any]) -> tuple[Any, list[PlainEntry]]:
    labels = _strings(stream.get("stream", {}))
    entries = []
    for one in _list_or_null(stream.get("values")):
        values = [*_of(list, one)]
        entry = PlainEntry()
        if values:
            text = _of(str, values[0])
            if not re.fullmatch("-?[0-9]+", text) or not -(2**63) <= int(text) < 2**63:
                raise WireError("no time")
            entry.time_ns = int(text)
        if len(values) > 1:
            entry.line = _of(str, values[1]).encode()
        if len(values) > 2:
            entry.pairs = [(name.encode(), text.encode()) for name, text in _strings(values[2]).items()]
        entries.append(entry)
    return labels, entries


def _legacy_json_stream(stream: dict[str, Any]) -> tuple[Any, list[PlainEntry]]:
    entries = []
    for one in _list_or_null(stream.get("entries")):
        given = _of(dict, one)
        time_ns = time_of(_of(str, given.get("ts")))
        entries.append(PlainEntry(time_ns, _of(str, given.get("line", "")).encode()))
    return _of(str, stream.get("labels", "")), entries


RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:[.,](\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


def time_of(text: str) -> int:
    """Nanoseconds of an RFC 3339 time. Raises WireError."""
    match = RFC_3339.fullmatch(text)
    if match is None or int(match[5] or 0) > 24 or int(match[6] or 0) > 60:
        raise WireError("no time")
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}+00:00")
    except ValueError:
        raise WireError("no time") from None
    whole = moment - datetime(1970, 1, 1, tzinfo=UTC)
    offset = (int(match[5] or 0) * 60 + int(match[6] or 0)) * 60 * (-1 if match[4] == "-" else 1)
    seconds = whole.days * 86400 + whole.seconds - offset
    limit = (2**63 - 1) // SECOND_NS
    if seconds >= limit:
        return 2**63 - 1
    return -(2**63) if seconds <= -limit else seconds * SECOND_NS + int((match[3] or "0")[:9].ljust(9, "0"))


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _of(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, kind):
        raise WireError(f"{value!r} is no {kind}")
    return value


def _list_or_null(value: Any) -> list[Any]:
    return [] if value is None else [*_of(list, value)]


def _strings(value: Any) -> dict[str, str]:
    return {name: _of(str, text) for name, text in _of(dict, value).items()}
