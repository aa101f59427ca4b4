"""POST /otlp/v1/metrics: protobuf and JSON, every kind of metric, names, resources, refusals, hostile bytes."""

from __future__ import annotations

import gzip
import struct
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.web.conftest import NOW_MS, MakeSite, Site
from watchkeeper.core.model.errors import WireError
from watchkeeper.core.wire.otlp import decode_otlp
from watchkeeper.core.wire.protobuf import put_bytes, put_double, put_int, put_text, varint
from watchkeeper.metrics.remote.otlp import OtlpSettings, Translation
from watchkeeper.metrics.remote.otlp_names import Namer

NOW_S, NOW_NS = NOW_MS // 1000, NOW_MS * 1_000_000
PATH = "/api/v1/otlp/v1/metrics"
PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}


def fixed64(number: int, value: int) -> bytes:
    return varint(number << 3 | 1) + struct.pack("<Q", value)


def attribute(field: int, key: str, value: bytes) -> bytes:
    return put_bytes(field, put_text(1, key) + put_bytes(2, value))


def text(value: str) -> bytes:
    return put_text(1, value)


RESOURCE = b"".join(
    attribute(1, key, text(value))
    for key, value in (("service.name", "shop"), ("service.namespace", "web"), ("service.instance.id", "i-1"),
                       ("cloud.region", "north"))
)  # fmt: skip


def request(*metrics: bytes, resource: bytes = RESOURCE) -> bytes:
    scope = b"".join(put_bytes(2, metric) for metric in metrics)
    return put_bytes(1, put_bytes(1, resource) + put_bytes(2, scope))


def metric(name: str, unit: str, kind: int, data: bytes, description: str = "") -> bytes:
    return put_text(1, name) + put_text(2, description) + put_text(3, unit) + put_bytes(kind, data)


def number_point(value: float, *attributes: bytes) -> bytes:
    return put_bytes(1, fixed64(3, NOW_NS) + put_double(4, value, always=True) + b"".join(attributes))


GAUGE = metric("cpu.utilization", "1", 5, number_point(0.5, attribute(7, "cpu.mode", text("user"))), "How busy.")
COUNTER = metric("http.requests", "{requests}", 7, number_point(7) + put_int(2, 2) + put_int(3, 1))
DELTA = metric("deltas", "", 7, number_point(7) + put_int(2, 1) + put_int(3, 1))
HISTOGRAM = metric(
    "latency", "s", 9,
    put_bytes(1, fixed64(3, NOW_NS) + fixed64(4, 6) + put_double(5, 2.5)
              + put_bytes(6, struct.pack("<3Q", 1, 2, 3)) + put_bytes(7, struct.pack("<2d", 0.1, 1))) + put_int(2, 2),
)  # fmt: skip
EXPONENTIAL = metric(
    "sizes", "By", 10,
    put_bytes(1, fixed64(3, NOW_NS) + fixed64(4, 7) + put_double(5, 10) + put_int(6, 0) + fixed64(7, 1)
              + put_bytes(8, put_int(1, 2) + put_bytes(2, b"\x01\x00\x05"))) + put_int(2, 2),
)  # fmt: skip
SUMMARY = metric(
    "waits", "ms", 11,
    put_bytes(1, fixed64(3, NOW_NS) + fixed64(4, 3) + put_double(5, 9)
              + put_bytes(6, put_double(1, 0.5) + put_double(2, 2))),
)  # fmt: skip


async def receiving(make_site: MakeSite) -> Site:
    return await make_site(enable_otlp_receiver=True)


async def values(site: Site, query: str) -> dict[str, str]:
    data = await site.data("query", params={"query": query, "time": str(NOW_S)})
    found = {}
    for row in data["result"]:
        labels = {name: value for name, value in row["metric"].items() if name not in ("job", "instance")}
        name = labels.pop("__name__")
        found[name + orjson.dumps(labels).decode()] = row["value"][1] if "value" in row else row["histogram"][1]
    return found


EVERYTHING: dict[str, Any] = {
    'cpu_utilization_ratio{"cpu_mode":"user"}': "0.5",
    "http_requests_total{}": "7",
    "latency_seconds_sum{}": "2.5",
    "latency_seconds_count{}": "6",
    'latency_seconds_bucket{"le":"0.1"}': "1",
    'latency_seconds_bucket{"le":"1"}': "3",
    'latency_seconds_bucket{"le":"+Inf"}': "6",
    "waits_milliseconds_sum{}": "9",
    "waits_milliseconds_count{}": "3",
    'waits_milliseconds{"quantile":"0.5"}': "2",
    'target_info{"cloud_region":"north"}': "1",
}


async def test_every_kind_as_protobuf(make_site: MakeSite) -> None:
    site = await receiving(make_site)
    body = gzip.compress(request(GAUGE, COUNTER, DELTA, HISTOGRAM, EXPONENTIAL, SUMMARY))
    assert await site.ask("POST", PATH, data=body, headers={**PROTOBUF, "Content-Encoding": "gzip"}) == (200, "")
    found = await values(site, '{__name__!="",job="web/shop",instance="i-1"}')
    histogram = found.pop("sizes_bytes{}")
    assert found == EVERYTHING
    assert histogram["count"] == "7"
    assert histogram["buckets"] == [[3, "-1e-128", "1e-128", "1"], [0, "2", "4", "1"], [0, "8", "16", "5"]]
    told = await site.data("metadata?metric=cpu_utilization_ratio")
    assert told == {"cpu_utilization_ratio": [{"type": "gauge", "help": "How busy.", "unit": "1"}]}


async def test_the_same_as_json(make_site: MakeSite) -> None:
    site = await receiving(make_site)
    at = {"timeUnixNano": str(NOW_NS)}
    resource = [
        {"key": key, "value": {"stringValue": value}}
        for key, value in (("service.name", "shop"), ("service.namespace", "web"), ("service.instance.id", "i-1"),
                           ("cloud.region", "north"))
    ]  # fmt: skip
    mode = [{"key": "cpu.mode", "value": {"stringValue": "user"}}]
    metrics = [
        {"name": "cpu.utilization", "unit": "1",
         "gauge": {"dataPoints": [{**at, "asDouble": 0.5, "attributes": mode}]}},
        {"name": "http.requests", "unit": "{requests}",
         "sum": {"dataPoints": [{**at, "asInt": "7"}], "aggregationTemporality": 2, "isMonotonic": True}},
        {"name": "latency", "unit": "s", "histogram": {
            "aggregationTemporality": "AGGREGATION_TEMPORALITY_CUMULATIVE",
            "dataPoints": [{**at, "count": "6", "sum": 2.5, "bucketCounts": ["1", "2", "3"],
                            "explicitBounds": [0.1, 1]}]}},
        {"name": "waits", "unit": "ms", "summary": {
            "dataPoints": [{**at, "count": 3, "sum": 9, "quantileValues": [{"quantile": 0.5, "value": 2}]}]}},
    ]  # fmt: skip
    body = {"resourceMetrics": [{"resource": {"attributes": resource}, "scopeMetrics": [{"metrics": metrics}]}]}
    assert await site.ask("POST", PATH, data=orjson.dumps(body), headers=JSON) == (200, "")
    assert await values(site, '{__name__!="",job="web/shop"}') == EVERYTHING


async def test_refusals(make_site: MakeSite) -> None:
    site = await receiving(make_site)
    ahead = put_bytes(1, fixed64(3, NOW_NS + 700 * 10**9) + put_double(4, 1.0))
    body = request(GAUGE, metric("ahead", "", 5, ahead))
    status, said = await site.ask("POST", PATH, data=body, headers=PROTOBUF)
    assert (status, said) == (400, "out of bounds: timestamp is too far in the future (1)\n")
    assert len(await values(site, "cpu_utilization_ratio")) == 1  # What could be stored was.
    changed = metric("cpu.utilization", "1", 5, number_point(0.7, attribute(7, "cpu.mode", text("user"))))
    status, said = await site.ask("POST", PATH, data=request(changed), headers=PROTOBUF)
    assert (status, said) == (400, "duplicate (1)\n")
    for headers, part in (
        ({"Content-Type": "text/plain"}, "unsupported content type: text/plain, supported: [application/x-protobuf,"),
        ({**PROTOBUF, "Content-Encoding": "snappy"}, "unsupported compression: snappy. Only"),
    ):
        status, said = await site.ask("POST", PATH, data=b"", headers=headers)
        assert status == 400
        assert said.startswith(part)
    for bad, headers in ((b"\xff\xff", PROTOBUF), (b"{", JSON), (b"[]", JSON), (b'{"resourceMetrics":[1]}', JSON)):
        assert (await site.ask("POST", PATH, data=bad, headers=headers))[0] == 400


async def test_off_by_default(site: Site) -> None:
    status, said = await site.ask("POST", PATH, data=b"", headers=PROTOBUF)
    assert (status, said) == (404, "otlp write receiver needs to be enabled with --web.enable-otlp-receiver\n")


@settings(max_examples=100)
@given(st.binary(max_size=200), st.integers(0, 400), st.booleans())
def test_hostile_bytes_are_an_error_or_a_request(noise: bytes, at: int, is_json: bool) -> None:
    whole = request(GAUGE, COUNTER, HISTOGRAM, EXPONENTIAL, SUMMARY)
    for body in (noise, whole[:at] + noise + whole[at:]):
        try:
            resources = decode_otlp(body, is_json=is_json)
        except WireError:
            continue
        translation = Translation(OtlpSettings(), NOW_MS)
        for resource in resources:
            translation.add(resource)
        translation.batch()


def test_deep_attributes_are_refused() -> None:
    value = text("x")
    for _ in range(100):
        value = put_bytes(5, put_bytes(1, value))
    with pytest.raises(WireError, match="nested deeper"):
        decode_otlp(request(resource=attribute(1, "deep", value)), is_json=False)


def translated(metric_: bytes, **options: Any) -> tuple[list[dict[str, str]], Translation]:
    translation = Translation(OtlpSettings(**options), NOW_MS)
    for resource in decode_otlp(request(metric_), is_json=False):
        translation.add(resource)
    return [labels.as_dict() for labels in translation.batch().labels], translation


def test_promotion_and_scope() -> None:
    labels, _ = translated(GAUGE, promoted=frozenset({"cloud.region"}))
    assert labels[0]["cloud_region"] == "north"
    labels, _ = translated(GAUGE, promote_all=True, ignored=frozenset({"service.name"}))
    assert "service_name" not in labels[0]
    assert labels[0]["service_instance_id"] == "i-1"
    labels, _ = translated(GAUGE, keep_identifying=True)
    assert labels[1]["service_name"] == "shop"


def test_histograms_with_custom_buckets() -> None:
    _, translation = translated(HISTOGRAM, custom_buckets=True)
    ((_, _, made),) = translation.batch().histograms
    assert made.is_custom
    assert (made.custom_values, made.positive, made.positive_spans) == ((0.1, 1.0), (1.0, 2.0, 3.0), ((0, 3),))


@pytest.mark.parametrize(
    ("name", "unit", "counter", "gauge", "made"),
    [
        ("http.server.duration", "s", False, False, "http_server_duration_seconds"),
        ("system.filesystem.usage", "By", False, True, "system_filesystem_usage_bytes"),
        ("system.network.dropped", "{packets}", True, False, "system_network_dropped_total"),
        ("system.network.dropped", "packets", False, False, "system_network_dropped_packets"),
        ("system.memory.utilization", "1", False, True, "system_memory_utilization_ratio"),
        ("storage.utilization", "%", False, True, "storage_utilization_percent"),
        ("astro.light.speed", "m/s", False, False, "astro_light_speed_meters_per_second"),
        ("requests.total.count", "", True, False, "requests_count_total"),
        ("memory_bytes", "By", False, True, "memory_bytes"),
        ("(lambda).function.executions(#)", "", False, False, "lambda_function_executions"),
        ("2xx", "", False, False, "_2xx"),
        ("...", "", False, False, ""),
    ],
)
def test_names_of_metrics(name: str, unit: str, counter: bool, gauge: bool, made: str) -> None:
    assert Namer().metric(name, unit, is_counter=counter, is_gauge=gauge) == made


def test_other_strategies() -> None:
    utf8 = Namer(escapes=False)
    assert utf8.metric("http.server.duration", "s") == "http.server.duration_seconds"
    assert utf8.metric("http.requests", "", is_counter=True) == "http.requests_total"
    assert utf8.label("http.method") == "http.method"
    bare = Namer(adds_suffixes=False)
    assert bare.metric("http.server.duration", "s", is_counter=True) == "http_server_duration"
    assert Namer(escapes=False, adds_suffixes=False).metric("a.b", "s", is_counter=True) == "a.b"
    for given_, made in (("http.method", "http_method"), ("1st", "key_1st"), ("_a", "key_a"), ("__a", "__a"),
                         ("a..b", "a__b"), ("é", "key_")):  # fmt: skip
        assert Namer().label(given_) == made
    assert Namer(keeps_underscores=False).label("a..b") == "a_b"
    assert Namer(key_prefix=False).label("_a") == "_a"
