"""Values of OpenTelemetry that hold others: arrays and maps, as text or taken apart; and requests in JSON as protobuf.

The kernel reads plain values; what comes here is rare.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.wire import protobuf as pb

MAX_DEPTH: Final = 32  # Of values inside of values.

_NOT_IN_LABEL: Final = re.compile("[^a-zA-Z0-9_]")
_HTML: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
_NAMED_FLOATS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def attribute_name(key: str) -> str:
    """The name of the label or metadata that an attribute becomes: `k8s.pod.name` is `k8s_pod_name`."""
    name = _NOT_IN_LABEL.sub("_", key)
    if name[:1].isdigit():
        return "key_" + name
    return "key" + name if name.startswith("_") and not name.startswith("__") else name


def flattened(name: str, message: bytes) -> list[tuple[str, str]]:
    """The pairs of an attribute whose value is an AnyValue message: those of a map by their joined names.

    Raises WireError.
    """
    return list(_leaves(name, _any(message, 0)))


def value_text(message: bytes) -> str:
    """An AnyValue message as the text of a line: arrays and maps as JSON, their keys sorted. Raises WireError."""
    return _text(_any(message, 0))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(attribute_name(f"{name}_{key}"), inner)
    else:
        yield name, _text(value)


def _any(message: bytes, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError(f"OTLP: a value is nested deeper than {MAX_DEPTH}")
    found: Any = None
    for number, _, value in pb.fields(message):
        match number:
            case 1:
                found = pb.as_bytes(value).decode("utf-8", "replace")
            case 2:
                found = bool(pb.as_int(value))
            case 3:
                found = pb.signed(value)
            case 4:
                found = pb.double(value)
            case 5:
                found = [_any(one, depth + 1) for one in _members(value)]
            case 6:
                found = dict(_pair(one, depth + 1) for one in _members(value))
            case 7:
                found = pb.as_bytes(value)
    return found


def _members(value: int | bytes) -> list[bytes]:
    return [pb.as_bytes(one) for number, _, one in pb.fields(pb.as_bytes(value)) if number == 1]


def _pair(message: bytes, depth: int) -> tuple[str, Any]:
    key, found = "", None
    for number, _, value in pb.fields(message):
        if number == 1:
            key = pb.as_bytes(value).decode("utf-8", "replace")
        elif number == 2:
            found = _any(pb.as_bytes(value), depth)
    return key, found


def _text(value: Any) -> str:
    """A value as OpenTelemetry's collector writes it."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bytes():
            return base64.b64encode(value).decode()
        case float():
            return _float_text(value)
        case _:
            return orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS).decode().translate(_HTML)


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    match value:
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case bytes():
            return base64.b64encode(value).decode()
        case float():
            return orjson.Fragment(_float_text(value)) if math.isfinite(value) else None
        case _:
            return value


def _float_text(value: float) -> str:
    """The shortest digits, without an exponent from 1e-6 up to 1e21, as Go writes a float in JSON."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value and not 1e-6 <= abs(value) < 1e21:
        return repr(value).replace("e-0", "e-")
    return format(Decimal(repr(value)), "f").removesuffix(".0")


# --- JSON → protobuf -------------------------------------------------------------------------------------------------


def request_from_json(body: bytes) -> bytes:
    """The ExportLogsServiceRequest that a JSON body is. Raises WireError."""
    try:
        return b"".join(pb.put_bytes(1, _resource_logs(one)) for one in _items(orjson.loads(body), "resourceLogs"))
    except (orjson.JSONDecodeError, TypeError, ValueError, AttributeError, OverflowError, binascii.Error) as error:
        raise WireError(f"OTLP JSON: {error}") from None


def _items(given: Mapping[str, Any], key: str) -> Iterable[Any]:
    found = given.get(key) or ()
    if not isinstance(found, list | tuple):
        raise TypeError(f"{key} is no list")
    return found


def _resource_logs(given: Mapping[str, Any]) -> bytes:
    resource = _attributes(1, given.get("resource") or {})
    return pb.put_bytes(1, resource) + b"".join(pb.put_bytes(2, _scope_logs(one)) for one in _items(given, "scopeLogs"))


def _scope_logs(given: Mapping[str, Any]) -> bytes:
    scope = given.get("scope") or {}
    head = (
        pb.put_text(1, str(scope.get("name", "")))
        + pb.put_text(2, str(scope.get("version", "")))
        + _attributes(3, scope)
        + pb.put_int(4, int(scope.get("droppedAttributesCount", 0)))
    )
    return pb.put_bytes(1, head) + b"".join(pb.put_bytes(2, _record(one)) for one in _items(given, "logRecords"))


def _record(given: Mapping[str, Any]) -> bytes:
    body = given.get("body")
    return (
        _fixed64(1, given.get("timeUnixNano", 0))
        + pb.put_int(2, _severity(given.get("severityNumber", 0)))
        + pb.put_text(3, str(given.get("severityText", "")))
        + (b"" if body is None else pb.put_bytes(5, _put_any(body, 0)))
        + _attributes(6, given)
        + pb.put_int(7, int(given.get("droppedAttributesCount", 0)))
        + pb.varint(8 << 3 | pb.FIXED32)
        + int(given.get("flags", 0)).to_bytes(4, "little")
        + pb.put_bytes(9, bytes.fromhex(given.get("traceId", "")))
        + pb.put_bytes(10, bytes.fromhex(given.get("spanId", "")))
        + _fixed64(11, given.get("observedTimeUnixNano", 0))
        + pb.put_text(12, str(given.get("eventName", "")))
    )


_SEVERITIES: Final = {
    f"SEVERITY_NUMBER_{name}{number or ''}": 1 + 4 * place + max(number - 1, 0)
    for place, name in enumerate(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))
    for number in (0, 2, 3, 4)
}


def _severity(value: Any) -> int:
    return _SEVERITIES.get(value, 0) if isinstance(value, str) and not value.isdigit() else int(value)


def _fixed64(number: int, value: Any) -> bytes:
    return pb.varint(number << 3 | pb.FIXED64) + int(value).to_bytes(8, "little")


def _attributes(number: int, given: Mapping[str, Any]) -> bytes:
    return b"".join(pb.put_bytes(number, _put_pair(one, 0)) for one in _items(given, "attributes"))


def _put_pair(given: Mapping[str, Any], depth: int) -> bytes:
    value = given.get("value")
    return pb.put_text(1, str(given.get("key", ""))) + (
        b"" if value is None else pb.put_bytes(2, _put_any(value, depth))
    )


def _put_any(given: Mapping[str, Any], depth: int) -> bytes:
    if depth > MAX_DEPTH:
        raise ValueError(f"a value is nested deeper than {MAX_DEPTH}")
    for key, value in given.items():
        match key:
            case "stringValue":
                return pb.put_bytes(1, str(value).encode())
            case "boolValue":
                return pb.varint(2 << 3) + pb.varint(bool(value))
            case "intValue":
                number = int(value)
                if not -(1 << 63) <= number < 1 << 63:
                    raise ValueError(f"{number} has more than 64 bits")
                return pb.varint(3 << 3) + pb.varint(number)
            case "doubleValue":
                return pb.put_double(4, _NAMED_FLOATS[value] if value in _NAMED_FLOATS else float(value), always=True)
            case "arrayValue":
                members = [pb.put_bytes(1, _put_any(one, depth + 1)) for one in _items(value, "values")]
                return pb.put_bytes(5, b"".join(members))
            case "kvlistValue":
                members = [pb.put_bytes(1, _put_pair(one, depth + 1)) for one in _items(value, "values")]
                return pb.put_bytes(6, b"".join(members))
            case "bytesValue":
                return pb.put_bytes(7, base64.b64decode(value, validate=True))
    return b""
