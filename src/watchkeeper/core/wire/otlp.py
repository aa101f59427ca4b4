"""OpenTelemetry's metrics on the wire: `ExportMetricsServiceRequest` as protobuf or JSON → values.

Source of field numbers: opentelemetry-proto metrics/v1.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.wire.protobuf import (
    as_bytes,
    as_int,
    as_text,
    double,
    fields,
    packed_doubles,
    packed_varints,
    signed,
    zigzag,
)

MAX_DEPTH: Final = 32  # Of nested attribute values.
CUMULATIVE: Final = 2
NO_RECORDED_VALUE: Final = 1  # The flag of a point that ends its series.

Attributes = dict[str, str]
"""Values as texts: what is no text is written as OpenTelemetry's collector writes it."""


@dataclass(slots=True)
class OtlpExemplar:
    """One exemplar; the ids are hexadecimal, empty where there is none."""

    attributes: Attributes = field(default_factory=dict)
    time_ns: int = 0
    value: float = 0.0
    trace_id: str = ""
    span_id: str = ""


@dataclass(slots=True)
class Buckets:
    """Dense counts of an exponential histogram's side; the first is of index `offset`."""

    offset: int = 0
    counts: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Point:
    """One data point of any kind; which fields mean something depends on the metric's kind."""

    attributes: Attributes = field(default_factory=dict)
    start_ns: int = 0
    time_ns: int = 0
    value: float = 0.0
    count: int = 0
    sum: float | None = None
    bucket_counts: list[int] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)
    scale: int = 0
    zero_count: int = 0
    zero_threshold: float = 0.0
    positive: Buckets = field(default_factory=Buckets)
    negative: Buckets = field(default_factory=Buckets)
    quantiles: list[tuple[float, float]] = field(default_factory=list)
    exemplars: list[OtlpExemplar] = field(default_factory=list)
    is_stale: bool = False


@dataclass(slots=True)
class OtlpMetric:
    """One metric. `kind` is gauge, sum, histogram, exponential_histogram, summary, or empty."""

    name: str = ""
    description: str = ""
    unit: str = ""
    kind: str = ""
    temporality: int = 0
    is_monotonic: bool = False
    points: list[Point] = field(default_factory=list)


@dataclass(slots=True)
class Scope:
    """The library that measured, and its metrics."""

    name: str = ""
    version: str = ""
    schema_url: str = ""
    attributes: Attributes = field(default_factory=dict)
    metrics: list[OtlpMetric] = field(default_factory=list)


@dataclass(slots=True)
class Resource:
    """Who measured."""

    attributes: Attributes = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)


def decode_otlp(body: bytes, *, is_json: bool) -> list[Resource]:
    """The resources of one request. Raises WireError where the body is none."""
    if not is_json:
        return [_resource(as_bytes(value)) for number, _, value in fields(body) if number == 1]
    try:
        return [_json_resource(one) for one in _items(orjson.loads(body), "resourceMetrics")]
    except (orjson.JSONDecodeError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise WireError(f"OTLP JSON: {error}") from None


# --- protobuf --------------------------------------------------------------------------------------------------------


def _resource(message: bytes) -> Resource:
    made = Resource()
    for number, _, value in fields(message):
        if number == 1:
            made.attributes = _attributes(as_bytes(value), 1)
        elif number == 2:
            made.scopes.append(_scope(as_bytes(value)))
    return made


def _scope(message: bytes) -> Scope:
    made = Scope()
    for number, _, value in fields(message):
        if number == 1:
            for inner, _, text in fields(as_bytes(value)):
                if inner == 1:
                    made.name = as_text(text)
                elif inner == 2:
                    made.version = as_text(text)
            made.attributes = _attributes(as_bytes(value), 3)
        elif number == 2:
            made.metrics.append(_metric(as_bytes(value)))
        elif number == 3:
            made.schema_url = as_text(value)
    return made


_KINDS: Final = {5: "gauge", 7: "sum", 9: "histogram", 10: "exponential_histogram", 11: "summary"}


def _metric(message: bytes) -> OtlpMetric:
    made = OtlpMetric()
    for number, _, value in fields(message):
        if number == 1:
            made.name = as_text(value)
        elif number == 2:
            made.description = as_text(value)
        elif number == 3:
            made.unit = as_text(value)
        elif number in _KINDS:
            made.kind = _KINDS[number]
            read = _POINTS[made.kind]
            for inner, _, given in fields(as_bytes(value)):
                if inner == 1:
                    made.points.append(read(as_bytes(given)))
                elif inner == 2:
                    made.temporality = as_int(given)
                elif inner == 3:
                    made.is_monotonic = bool(as_int(given))
    return made


def _number_point(message: bytes) -> Point:
    made = Point(attributes=_attributes(message, 7))
    for number, _, value in fields(message):
        if number == 2:
            made.start_ns = as_int(value)
        elif number == 3:
            made.time_ns = as_int(value)
        elif number == 4:
            made.value = double(value)
        elif number == 5:
            made.exemplars.append(_exemplar(as_bytes(value)))
        elif number == 6:
            made.value = float(signed(value))
        elif number == 8:
            made.is_stale = bool(as_int(value) & NO_RECORDED_VALUE)
    return made


def _histogram_point(message: bytes) -> Point:
    made = Point(attributes=_attributes(message, 9))
    for number, wire_type, value in fields(message):
        if number == 2:
            made.start_ns = as_int(value)
        elif number == 3:
            made.time_ns = as_int(value)
        elif number == 4:
            made.count = as_int(value)
        elif number == 5:
            made.sum = double(value)
        elif number == 6:
            made.bucket_counts += _packed_fixed64(value)
        elif number == 7:
            made.bounds += packed_doubles(wire_type, value)
        elif number == 8:
            made.exemplars.append(_exemplar(as_bytes(value)))
        elif number == 10:
            made.is_stale = bool(as_int(value) & NO_RECORDED_VALUE)
    return made


def _exponential_point(message: bytes) -> Point:
    made = Point(attributes=_attributes(message, 1))
    for number, _, value in fields(message):
        if number == 2:
            made.start_ns = as_int(value)
        elif number == 3:
            made.time_ns = as_int(value)
        elif number == 4:
            made.count = as_int(value)
        elif number == 5:
            made.sum = double(value)
        elif number == 6:
            made.scale = zigzag(value)
        elif number == 7:
            made.zero_count = as_int(value)
        elif number == 8:
            made.positive = _buckets(as_bytes(value))
        elif number == 9:
            made.negative = _buckets(as_bytes(value))
        elif number == 10:
            made.is_stale = bool(as_int(value) & NO_RECORDED_VALUE)
        elif number == 11:
            made.exemplars.append(_exemplar(as_bytes(value)))
        elif number == 14:
            made.zero_threshold = double(value)
    return made


def _summary_point(message: bytes) -> Point:
    made = Point(attributes=_attributes(message, 7), sum=0.0)
    for number, _, value in fields(message):
        if number == 2:
            made.start_ns = as_int(value)
        elif number == 3:
            made.time_ns = as_int(value)
        elif number == 4:
            made.count = as_int(value)
        elif number == 5:
            made.sum = double(value)
        elif number == 6:
            pair = {inner: double(given) for inner, _, given in fields(as_bytes(value))}
            made.quantiles.append((pair.get(1, 0.0), pair.get(2, 0.0)))
        elif number == 8:
            made.is_stale = bool(as_int(value) & NO_RECORDED_VALUE)
    return made


_POINTS: Final[dict[str, Callable[[bytes], Point]]] = {
    "gauge": _number_point,
    "sum": _number_point,
    "histogram": _histogram_point,
    "exponential_histogram": _exponential_point,
    "summary": _summary_point,
}


def _buckets(message: bytes) -> Buckets:
    made = Buckets()
    for number, wire_type, value in fields(message):
        if number == 1:
            made.offset = zigzag(value)
        elif number == 2:
            made.counts += packed_varints(wire_type, value)
    return made


def _exemplar(message: bytes) -> OtlpExemplar:
    made = OtlpExemplar(attributes=_attributes(message, 7))
    for number, _, value in fields(message):
        if number == 2:
            made.time_ns = as_int(value)
        elif number == 3:
            made.value = double(value)
        elif number == 4:
            made.span_id = as_bytes(value).hex()
        elif number == 5:
            made.trace_id = as_bytes(value).hex()
        elif number == 6:
            made.value = float(signed(value))
    return made


def _packed_fixed64(value: int | bytes) -> list[int]:
    if isinstance(value, int):
        return [value]
    if len(value) % 8:
        raise WireError("protobuf: packed numbers are cut off")
    return list(struct.unpack(f"<{len(value) // 8}Q", value))


def _attributes(message: bytes, wanted: int) -> Attributes:
    found: Attributes = {}
    for number, _, value in fields(message):
        if number == wanted:
            key, given = _pair(as_bytes(value), 0)
            found[key] = _text(given)
    return found


def _pair(message: bytes, depth: int) -> tuple[str, Any]:
    key, given = "", None
    for number, _, value in fields(message):
        if number == 1:
            key = as_text(value)
        elif number == 2:
            given = _any(as_bytes(value), depth)
    return key, given


def _any(message: bytes, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError(f"OTLP: an attribute is nested deeper than {MAX_DEPTH}")
    for number, _, value in fields(message):
        if number == 1:
            return as_text(value)
        if number == 2:
            return bool(as_int(value))
        if number == 3:
            return signed(value)
        if number == 4:
            return double(value)
        if number == 5:
            return [_any(as_bytes(one), depth + 1) for inner, _, one in fields(as_bytes(value)) if inner == 1]
        if number == 6:
            return dict(_pair(as_bytes(one), depth + 1) for inner, _, one in fields(as_bytes(value)) if inner == 1)
        if number == 7:
            return as_bytes(value)
    return None


def _text(value: Any) -> str:
    """A value as the collector's `AsString` writes it."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _number_text(value)
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS).decode()


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _number_text(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    return repr(value)


# --- JSON ------------------------------------------------------------------------------------------------------------


def _items(given: Mapping[str, Any], key: str) -> Iterable[Any]:
    found = given.get(key) or ()
    if not isinstance(found, list | tuple):
        raise ValueError(f"{key} is no list")
    return found


def _json_resource(given: Mapping[str, Any]) -> Resource:
    attributes = _json_attributes(given.get("resource") or {}, "attributes")
    return Resource(attributes, [_json_scope(one) for one in _items(given, "scopeMetrics")])


def _json_scope(given: Mapping[str, Any]) -> Scope:
    scope = given.get("scope") or {}
    return Scope(
        str(scope.get("name", "")),
        str(scope.get("version", "")),
        str(given.get("schemaUrl", "")),
        _json_attributes(scope, "attributes"),
        [_json_metric(one) for one in _items(given, "metrics")],
    )


_JSON_KINDS: Final = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram",
    "summary": "summary",
}
_TEMPORALITIES: Final = {"AGGREGATION_TEMPORALITY_DELTA": 1, "AGGREGATION_TEMPORALITY_CUMULATIVE": 2}


def _json_metric(given: Mapping[str, Any]) -> OtlpMetric:
    made = OtlpMetric(str(given.get("name", "")), str(given.get("description", "")), str(given.get("unit", "")))
    for key, kind in _JSON_KINDS.items():
        if (data := given.get(key)) is not None:
            made.kind = kind
            temporality = data.get("aggregationTemporality", 0)
            made.temporality = _TEMPORALITIES.get(temporality, 0) if isinstance(temporality, str) else int(temporality)
            made.is_monotonic = bool(data.get("isMonotonic", False))
            made.points = [_json_point(one) for one in _items(data, "dataPoints")]
    return made


def _json_point(given: Mapping[str, Any]) -> Point:
    return Point(
        attributes=_json_attributes(given, "attributes"),
        start_ns=_whole(given.get("startTimeUnixNano", 0)),
        time_ns=_whole(given.get("timeUnixNano", 0)),
        value=_json_value(given),
        count=_whole(given.get("count", 0)),
        sum=float(given["sum"]) if given.get("sum") is not None else None,
        bucket_counts=[_whole(one) for one in _items(given, "bucketCounts")],
        bounds=[float(one) for one in _items(given, "explicitBounds")],
        scale=int(given.get("scale", 0)),
        zero_count=_whole(given.get("zeroCount", 0)),
        zero_threshold=float(given.get("zeroThreshold", 0)),
        positive=_json_buckets(given.get("positive")),
        negative=_json_buckets(given.get("negative")),
        quantiles=[
            (float(one.get("quantile", 0)), float(one.get("value", 0))) for one in _items(given, "quantileValues")
        ],
        exemplars=[_json_exemplar(one) for one in _items(given, "exemplars")],
        is_stale=bool(int(given.get("flags", 0)) & NO_RECORDED_VALUE),
    )


def _json_buckets(given: Mapping[str, Any] | None) -> Buckets:
    if not given:
        return Buckets()
    return Buckets(int(given.get("offset", 0)), [_whole(one) for one in _items(given, "bucketCounts")])


def _json_exemplar(given: Mapping[str, Any]) -> OtlpExemplar:
    return OtlpExemplar(
        _json_attributes(given, "filteredAttributes"),
        _whole(given.get("timeUnixNano", 0)),
        _json_value(given),
        str(given.get("traceId", "")).lower(),
        str(given.get("spanId", "")).lower(),
    )


def _json_value(given: Mapping[str, Any]) -> float:
    if given.get("asInt") is not None:
        return float(_whole(given["asInt"]))
    return float(given.get("asDouble", 0))  # Numbers that JSON lacks come as words: "NaN", "Infinity".


def _whole(value: Any) -> int:
    number = int(value)
    if not -(1 << 63) <= number < 1 << 64:
        raise ValueError(f"{number} has more than 64 bits")
    return number


def _json_attributes(given: Mapping[str, Any], key: str) -> Attributes:
    return {str(one.get("key", "")): _text(_json_any(one.get("value"), 0)) for one in _items(given, key)}


def _json_any(given: Mapping[str, Any] | None, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError(f"an attribute is nested deeper than {MAX_DEPTH}")
    for key, value in (given or {}).items():
        if key == "stringValue":
            return str(value)
        if key == "boolValue":
            return bool(value)
        if key == "intValue":
            return _whole(value)
        if key == "doubleValue":
            return float(value)
        if key == "arrayValue":
            return [_json_any(one, depth + 1) for one in _items(value, "values")]
        if key == "kvlistValue":
            return {str(one.get("key", "")): _json_any(one.get("value"), depth + 1) for one in _items(value, "values")}
        if key == "bytesValue":
            try:
                return base64.b64decode(value, validate=True)
            except binascii.Error as error:
                raise ValueError(str(error)) from None
    return None
