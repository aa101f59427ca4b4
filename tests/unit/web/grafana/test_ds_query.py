"""Queries of several datasources in one request, and the frames of their answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.web.grafana.conftest import NOW_MS, Site
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.frames import loki_frames, name_of, prometheus_frames
from watchkeeper.web.grafana.moments import moment_ms

HOUR_MS = 3_600_000


async def query(site: Site, *queries: dict[str, Any], **more: Any) -> tuple[int, Any]:
    return await site.ask("POST", "/api/ds/query", {"queries": list(queries), "from": "now-1h", "to": "now", **more})


def asked(site: Site, place: int = -1) -> tuple[str, dict[str, str]]:
    parts = urlsplit(site.store.seen[place][1])
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}


async def test_a_range(site: Site) -> None:
    source = {"uid": "prometheus", "type": "prometheus"}
    status, said = await query(
        site, {"refId": "A", "datasource": source, "expr": "rate(up[$__rate_interval])", "intervalMs": 60_000}
    )
    assert status == 200
    assert said["results"]["A"]["status"] == 200
    assert asked(site) == (
        "/api/v1/query_range",
        {"query": "rate(up[75000ms])", "start": "1699996380.0", "end": "1699999980.0", "step": "60.0"},
    )
    (frame,) = said["results"]["A"]["frames"]
    assert frame["data"] == {"values": [[1_700_000_000_000, 1_700_000_015_000], [1.0, 2.0]]}
    assert [field["name"] for field in frame["schema"]["fields"]] == ["Time", "Value"]
    assert frame["schema"]["fields"][1]["labels"] == {"job": "a"}


async def test_an_instant_as_a_table(site: Site) -> None:
    site.store.data = {
        "resultType": "vector",
        "result": [{"metric": {"b": "1", "a": "2"}, "value": [1700000000.5, "NaN"]}, {"metric": {}, "value": [1, "4"]}],
    }
    status, said = await query(site, {"expr": "up", "instant": True, "range": False, "format": "table"})
    assert status == 200
    assert asked(site) == ("/api/v1/query", {"query": "up", "time": str(NOW_MS / 1000)})
    (frame,) = said["results"]["A"]["frames"]
    assert [field["name"] for field in frame["schema"]["fields"]] == ["Time", "a", "b", "Value"]
    assert frame["data"]["values"] == [[1_700_000_000_500, 1000], ["2", ""], ["1", ""], [None, 4.0]]
    assert frame["data"]["entities"] == [None, None, None, {"NaN": [0]}]


async def test_logs(site: Site) -> None:
    site.store.data = {
        "resultType": "streams",
        "result": [{"stream": {"a": "1"}, "values": [["1700000000000000001", "old"], ["1700000001000000000", "new"]]}],
    }
    status, said = await query(site, {"refId": "L", "datasource": {"uid": "loki"}, "expr": '{a="1"}', "maxLines": 7})
    assert status == 200
    path, parameters = asked(site)
    assert (path, parameters["limit"], parameters["direction"]) == ("/loki/api/v1/query_range", "7", "backward")
    assert parameters["end"] == str(NOW_MS * 1_000_000)
    values = said["results"]["L"]["frames"][0]["data"]["values"]
    assert values[:4] == [
        [{"a": "1"}, {"a": "1"}], [1_700_000_001_000, 1_700_000_000_000], ["new", "old"],
        ["1700000001000000000", "1700000000000000001"],
    ]  # fmt: skip


async def test_each_query_has_its_own_fault(site: Site) -> None:
    site.store.status = 400
    status, said = await query(
        site,
        {"refId": "A", "expr": "up["},
        {"refId": "B", "expr": "up", "datasource": {"uid": "none"}},
        {"refId": "C", "expr": ""},
        {"refId": "D", "expr": "x", "datasource": {"uid": "alertmanager"}},
    )
    results = said["results"]
    assert status == 400
    assert [results[ref]["status"] for ref in "ABCD"] == [400, 404, 200, 400]
    assert results["A"]["error"] == "the query is wrong"
    assert results["B"]["error"] == "Data source not found"
    assert "type alertmanager" in results["D"]["error"]
    site.store.status = 500
    assert (await query(site, {"expr": "up"}))[0] == 500


@pytest.mark.parametrize(
    "body",
    [{}, {"queries": []}, {"queries": 3}, {"queries": [3]}, {"queries": [{"expr": "up"}], "from": "yesterday"},
     {"queries": [{"expr": "up"}], "from": "now", "to": "now-1h"}, {"queries": [{"expr": 3}]},
     {"queries": [{"expr": "up"}], "from": True}, {"queries": [{"expr": "up"}] * 201}],
)  # fmt: skip
async def test_bad_requests(site: Site, body: dict[str, Any]) -> None:
    assert (await site.ask("POST", "/api/ds/query", body))[0] == 400


def test_names() -> None:
    labels = {"__name__": "up", "job": "a", "instance": "b"}
    assert name_of(labels, "", "up") == 'up{instance="b", job="a"}'
    assert name_of(labels, "__auto", "up") == 'up{instance="b", job="a"}'
    assert name_of(labels, "{{job}} of {{ instance }}{{none}}", "up") == "a of b"
    assert name_of({}, "", "sum(up)") == "sum(up)"


def test_frames_of_other_shapes() -> None:
    (scalar,) = prometheus_frames({"resultType": "scalar", "result": [1.5, "+Inf"]}, "A", "1", "", "time_series")
    assert scalar["data"] == {"values": [[1500], [None]], "entities": [None, {"Inf": [0]}]}
    rows = [{"metric": {"le": le}, "values": [[1, "1"]]} for le in ("+Inf", "5", "0.5")]
    heat = prometheus_frames({"resultType": "matrix", "result": rows}, "A", "x", "{{le}}", "heatmap")
    assert [frame["schema"]["name"] for frame in heat] == ["0.5", "5", "+Inf"]
    native = [{"metric": {}, "histograms": [[1, {}]]}]
    assert prometheus_frames({"resultType": "matrix", "result": native}, "A", "x", "", "time_series") == []
    assert loki_frames({"resultType": "matrix", "result": []}, "A", "x", "") == []


@pytest.mark.parametrize(
    ("text", "is_end", "expected"),
    [
        ("now", False, NOW_MS),
        ("now-1h", False, NOW_MS - HOUR_MS),
        ("now - 1h + 30m", False, NOW_MS - HOUR_MS // 2),
        ("now/d", False, 1_699_920_000_000),
        ("now/d", True, 1_700_006_399_999),
        ("now-1d/d+8h", False, 1_699_833_600_000 + 8 * HOUR_MS),
        ("now/w", False, 1_699_833_600_000),
        ("now-1M/M", False, 1_696_118_400_000),
        ("now/Q", False, 1_696_118_400_000),
        ("now-1y/y", True, 1_672_531_199_999),
        ("1700000000000", False, NOW_MS),
        ("2023-11-14T22:13:20Z", False, NOW_MS),
    ],
)
def test_moments(text: str, is_end: bool, expected: int) -> None:
    assert moment_ms(text, NOW_MS, is_end=is_end) == expected


@pytest.mark.parametrize("text", ["", "then", "now-", "now-1x", "now-9999999y", "now-999999y", "1e400", "now/", "0x1"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ApiError):
        moment_ms(text, NOW_MS)
