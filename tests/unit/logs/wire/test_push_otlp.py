"""OpenTelemetry's logs to entries."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import log_push as oracle
from tests.unit.logs.wire.test_push_protobuf import rows
from watchkeeper.logs.interface import EntryBatch, PushError
from watchkeeper.logs.wire.otlp_values import request_from_json
from watchkeeper.logs.wire.push_otlp import INDEX_LABELS, decode_otlp

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


@dataclass(frozen=True)
class Rule:
    action: str = "structured_metadata"
    attributes: tuple[str, ...] = ()
    regex: str = ""


@dataclass(frozen=True)
class Resource:
    ignore_defaults: bool = False
    attributes_config: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Config:
    resource_attributes: Resource = field(default_factory=Resource)
    scope_attributes: tuple[Rule, ...] = ()
    log_attributes: tuple[Rule, ...] = ()
    severity_text_as_label: bool = False


def value(given: Any) -> dict[str, Any]:
    match given:
        case bool():
            return {"boolValue": given}
        case int():
            return {"intValue": str(given)}
        case float():
            return {"doubleValue": given if math.isfinite(given) else str(given).replace("inf", "Infinity")}
        case list():
            return {"arrayValue": {"values": [value(one) for one in given]}}
        case dict():
            return {"kvlistValue": {"values": attributes(given)}}
        case None:
            return {}
        case _:
            return {"stringValue": given}


def attributes(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(one)} for key, one in given.items()]


def record(body: Any, **given: Any) -> dict[str, Any]:
    extra = {**given, "attributes": attributes(given.get("attributes", {}))}
    return {"body": value(body), **extra}


def request(resource: dict[str, Any], *records: Any, scope: dict[str, Any] | None = None) -> dict[str, Any]:
    scope = {**scope, "attributes": attributes(scope.get("attributes", {}))} if scope else {}
    return {
        "resource": {"attributes": attributes(resource)},
        "scopeLogs": [{"scope": scope, "logRecords": list(records)}],
    }


def decoded(*requests: dict[str, Any], config: Config | None = None) -> EntryBatch:
    body = json.dumps({"resourceLogs": requests}).encode()
    return decode_otlp(body, JSON, config or Config(), now_ns=lambda: 42)


def test_resource_attributes_are_labels_and_all_else_is_metadata() -> None:
    batch = decoded(
        request(
            {"service.name": "shop", "k8s.pod.name": "a-1", "host.id": "h-1", "os": {"type": "linux", "v": {"n": 6}}},
            record(
                "first line",
                timeUnixNano="1700000000000000001",
                observedTimeUnixNano="1700000000000000009",
                severityNumber=9,
                severityText="INFO",
                attributes={"user.id": 7, "ok": True, "ratio": 0.5, "tags": ["a", 1], "1st": None},
                traceId="0102030405060708090a0b0c0d0e0f10",
                spanId="0000000000000001",
                flags=1,
                droppedAttributesCount=2,
                eventName="login",
            ),
            record("second", observedTimeUnixNano="5", traceId="00" * 16),
            record({"b": 1, "a": ["<x>"]}),
            scope={"name": "lib", "version": "1.0", "attributes": {"s": "v"}, "droppedAttributesCount": 3},
        )
    )
    behind = [
        *(("host_id", "h-1"), ("os_type", "linux"), ("os_v_n", "6"), ("s", "v"), ("scope_name", "lib")),
        *(("scope_version", "1.0"), ("scope_dropped_attributes_count", "3")),
    ]
    assert rows(batch) == [
        (
            '{k8s_pod_name="a-1", service_name="shop"}',
            [
                (
                    1700000000000000001,
                    b"first line",
                    [
                        *(("user_id", "7"), ("ok", "true"), ("ratio", "0.5"), ("tags", '["a",1]'), ("key_1st", "")),
                        *(("observed_timestamp", "1700000000000000009"), ("severity_number", "9")),
                        *(("severity_text", "INFO"), ("dropped_attributes_count", "2"), ("flags", "1")),
                        *(("trace_id", "0102030405060708090a0b0c0d0e0f10"), ("span_id", "0000000000000001")),
                        *(("event_name", "login"), *behind),
                    ],
                ),
                (5, b"second", behind),
                (42, b'{"a":["\\u003cx\\u003e"],"b":1}', behind),
            ],
        )
    ]
    assert batch.body is None


def test_rules_say_what_becomes_of_attributes() -> None:
    config = Config(
        Resource(True, (Rule("index_label", ("team",)), Rule("drop", regex="secret.*"))),
        scope_attributes=(Rule("drop", ("s",)), Rule("index_label", ("t",))),
        log_attributes=(Rule("index_label", regex="app"), Rule("drop", ("noise",))),
        severity_text_as_label=True,
    )
    scope = {"attributes": {"s": "1", "t": "2", "u": "3"}}
    batch = decoded(
        request(
            {"service.name": "shop", "team": "red", "secret.key": "x"},
            record("one", timeUnixNano=1, attributes={"app": "a", "noise": "n", "x": "y"}),
            record("two", timeUnixNano=2, severityText="WARN"),
            record("three", timeUnixNano=3, attributes={"app": "a"}),
            scope=scope,
        ),
        request({"team": "red"}, record("four", timeUnixNano=4)),
        config=config,
    )
    behind = [("service_name", "shop"), ("u", "3")]
    found = {labels: entries for labels, entries in rows(batch)}
    assert found == {
        '{app="a", team="red"}': [(1, b"one", [("x", "y"), *behind]), (3, b"three", behind)],
        '{severity_text="WARN", team="red"}': [(2, b"two", [("severity_text", "WARN"), *behind])],
        '{team="red"}': [(4, b"four", [])],
    }


def test_requests_without_records_are_empty() -> None:
    assert rows(decoded()) == []
    assert rows(decoded(request({"service.name": "shop"}))) == []
    assert rows(decode_otlp(b"", PROTOBUF, Config())) == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\x0a\x05abc", PROTOBUF),
        (b"\x08\x01\x12", PROTOBUF),
        (b"[]", JSON),
        (b"{", JSON),
        (b'{"resourceLogs":{"a":1}}', JSON),
        (b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"abc"}]}]}]}', JSON),
        (b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"abcd"}]}]}]}', JSON),
        (b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"x"}]}]}]}', JSON),
        (b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"bytesValue":"?"}}]}]}]}', JSON),
    ],
)
def test_other_bodies_are_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(PushError) as error:
        decode_otlp(body, content_type, Config())
    assert error.value.status == 400
    assert str(error.value).startswith("couldn't parse OTLP logs: ")


def test_values_nested_too_deep_are_refused() -> None:
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    with pytest.raises(PushError, match="nested deeper"):
        decoded(request({}, record(deep)))


texts = st.text(max_size=6)
values = st.recursive(
    texts | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(allow_nan=False) | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=5,
)
keys = st.sampled_from(["service.name", "k8s.pod.name", "a", "a.b", "_x", "9"]) | texts
drawn_attributes = st.dictionaries(keys, values, max_size=4)
records = st.builds(
    lambda body, given, time, observed, severity, flags, ids: record(
        body,
        attributes=given,
        timeUnixNano=time,
        observedTimeUnixNano=observed,
        severityNumber=severity,
        severityText="W" * (severity % 2),
        flags=flags,
        traceId="ab" * 16 * ids,
        spanId="00" * 8 * ids,
    ),
    values,
    drawn_attributes,
    st.integers(0, 2**63 - 1),
    st.integers(0, 9),
    st.integers(0, 24),
    st.integers(0, 2),
    st.integers(0, 1),
)
scopes = st.builds(lambda name, given: {"name": name, "attributes": given}, texts, drawn_attributes)
requests = st.builds(
    lambda resource, found, scope: request(resource, *found, scope=scope),
    drawn_attributes,
    st.lists(records, max_size=3),
    scopes,
)


def plain_rows(body: bytes) -> list[tuple[str, int, str, list[tuple[str, str]]]]:
    out = []
    for one in oracle.otlp_records(body, set(INDEX_LABELS)):
        labels = ", ".join(f'{name}="{text}"' for name, text in sorted(one.labels.items()) if text)
        out.append((labels, one.time_ns or 42, one.line, one.pairs))
    return sorted(out)


def batch_rows(batch: EntryBatch) -> list[tuple[str, int, str, list[tuple[str, str]]]]:
    out = []
    for (_, entries), labels in zip(rows(batch), batch.streams, strict=True):
        assert not isinstance(labels, str)
        text = ", ".join(f'{name}="{value}"' for name, value in labels)
        out += [(text, time, line.decode(), list(pairs)) for time, line, pairs in entries]
    return sorted(out)


@given(st.lists(requests, max_size=3))
def test_requests_are_read_as_the_plain_reader_does(drawn: list[dict[str, Any]]) -> None:
    body = request_from_json(json.dumps({"resourceLogs": drawn}).encode("utf-8", "replace"))
    batch = decode_otlp(body, PROTOBUF, Config(), now_ns=lambda: 42)
    assert batch_rows(batch) == plain_rows(body)


@given(requests, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=3))
def test_damaged_requests_never_crash(drawn: dict[str, Any], flips: list[tuple[int, int]]) -> None:
    body = bytearray(request_from_json(json.dumps({"resourceLogs": [drawn]}).encode("utf-8", "replace")))
    for place, byte in flips:
        body[place % len(body)] = byte
    try:
        batch = decode_otlp(bytes(body), PROTOBUF, Config(), now_ns=lambda: 42)
    except PushError:
        return
    assert len(batch.times_ns) == batch.entry_lo[-1]
    assert (batch.line_end <= len(batch.data)).all()
    assert (batch.line_at <= batch.line_end).all()
