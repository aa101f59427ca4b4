"""The whole log pillar behind its port: pushes in, LogQL out, nothing faked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from watchkeeper.app.logs import LogsPart
from watchkeeper.app.options import Options
from watchkeeper.app.part import Shared
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.prometheus.notifications import Notifications
from watchkeeper.web.server import make_app

NS = 1_000_000_000
CATEGORIZE = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
Rows = Sequence[Sequence[Any]]


@dataclass
class Server:
    """One log server."""

    part: LogsPart
    client: TestClient[Any, Any]
    now_ns: int

    async def ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Status and document, or text where it is none."""
        async with self.client.request(method, path, **kwargs) as response:
            body = await response.read()
            return response.status, orjson.loads(body) if response.content_type == "application/json" else body.decode()

    async def push(self, streams: Mapping[str, Rows], **headers: str) -> tuple[int, Any]:
        """Pushes rows of (seconds before now, line, metadata?) of streams by `a=b,c=d`."""
        body = {
            "streams": [
                {
                    "stream": dict(pair.split("=") for pair in labels.split(",")),
                    "values": [[str(self.now_ns - int(row[0] * NS)), *row[1:]] for row in rows],
                }
                for labels, rows in streams.items()
            ]
        }
        return await self.ask("POST", "/loki/api/v1/push", json=body, headers=headers)

    async def api(self, path: str, headers: Any = None, **params: Any) -> Any:
        """The document of a successful GET below /loki/api/v1."""
        status, document = await self.ask("GET", f"/loki/api/v1/{path}", params=params, headers=headers)
        assert status == 200, document
        return document

    async def lines(self, query: str, **params: Any) -> list[str]:
        """Lines of a query, oldest first."""
        streams = (await self.api("query_range", query=query, direction="forward", **params))["data"]["result"]
        values = sorted((int(ts), line) for stream in streams for ts, line, *_ in stream["values"])
        return [line for _, line in values]

    async def vector(self, query: str) -> dict[str, float]:
        """Values by label values, now."""
        result = (await self.api("query", query=query))["data"]["result"]
        return {",".join(one["metric"].values()): float(one["value"][1]) for one in result}


MakeServer = Callable[..., Awaitable[Server]]


@pytest.fixture
async def make_server(tmp_path: Path) -> AsyncIterator[MakeServer]:
    made: list[tuple[Server, Shared]] = []

    async def make(config: str | None = None) -> Server:
        file = tmp_path / "loki.yaml"
        if config is not None:
            file.write_text(config)
        shared = Shared(
            options=Options(data_dir=tmp_path / "data", loki_config_file=file if config is not None else None),
            registry=Registry(),
            lifecycle=Lifecycle(),
            notifications=Notifications(),
            workers=ThreadPoolExecutor(3),
            readers=ThreadPoolExecutor(3),
            started_s=0.0,
        )
        part = LogsPart(shared)
        client: TestClient[Any, Any] = TestClient(TestServer(make_app([part.surface]), handler_cancellation=True))
        await client.start_server()
        await part.start()
        shared.lifecycle.ready.set()
        server = Server(part, client, time.time_ns())
        made.append((server, shared))
        return server

    yield make
    for server, shared in made:
        await server.part.quiesce()
        await server.client.close()
        await server.part.stop()
        shared.workers.shutdown()
        shared.readers.shutdown()


@pytest.fixture
async def server(make_server: MakeServer) -> Server:
    """A server without a configuration file."""
    return await make_server()


async def test_lines_with_the_labels_that_the_server_adds(server: Server) -> None:
    rows = [(3, "level=error it broke", {"trace_id": "t1"}), (2, "level=info fine", {"trace_id": "t2"})]
    assert await server.push({"app=shop": rows}) == (204, "")
    data = (await server.api("query_range", CATEGORIZE, query='{app="shop"} | logfmt'))["data"]
    assert [stream["stream"] for stream in data["result"]] == [{"app": "shop", "service_name": "shop"}]
    newest, oldest = data["result"][0]["values"]
    assert (newest[1], oldest[1]) == ("level=info fine", "level=error it broke")
    assert oldest[2]["structuredMetadata"] == {"detected_level": "error", "trace_id": "t1"}
    assert oldest[2]["parsed"]["level"] == "error"
    merged = (await server.api("query_range", query='{app="shop"} | trace_id="t1"'))["data"]["result"]
    assert merged[0]["stream"] == {
        "app": "shop", "service_name": "shop", "detected_level": "error", "trace_id": "t1",
    }  # fmt: skip
    assert data["stats"]["summary"]["totalLinesProcessed"] == 2


async def test_counts_from_memory_and_from_segments(server: Server) -> None:
    rows = [
        (i / 10, f'{{"level":"{"error" if i % 5 == 0 else "info"}","status":{200 + i % 3}}}') for i in range(1, 501)
    ]
    await server.push({"app=a": rows[:250]})
    assert await server.ask("POST", "/flush") == (204, "")
    await server.push({"app=a": rows[250:]})
    query = 'sum by (level) (count_over_time({app="a"} | json [5m]))'
    assert await server.vector(query) == {"error": 100, "info": 400}
    assert await server.vector('count_over_time({app="a"} | json | status >= 202 [5m])') != {}
    assert await server.vector('sum(count_over_time({app="a"} |= "error" [5m]))') == {"": 100}
    matrix = (await server.api("query_range", query='sum(rate({app="a"}[1m]))', step="10"))["data"]
    assert matrix["resultType"] == "matrix"
    assert all(float(stamp) % 10 == 0 for stamp, _ in matrix["result"][0]["values"])


async def test_the_health_check_of_grafana(server: Server) -> None:
    data = (await server.api("query", query="vector(1)+vector(1)"))["data"]
    assert data["resultType"] == "vector"
    assert data["result"][0]["value"][1] == "2"


async def test_errors_of_pipelines_tell_the_way_out(server: Server) -> None:
    await server.push({"app=a": [(1, "no json")]})
    status, text = await server.ask(
        "GET", "/loki/api/v1/query", params={"query": 'count_over_time({app="a"} | json [5m])'}
    )
    assert status == 400
    assert "pipeline error: 'JSONParserErr' for series" in text
    assert await server.vector('sum(count_over_time({app="a"} | json | __error__="" [5m]))') == {}


async def test_a_delete_filters_at_once_and_over_a_restart(make_server: MakeServer) -> None:
    server = await make_server()
    await server.push({"app=a": [(30, "a secret"), (29, "no matter")], "app=b": [(28, "other secret")]})
    asked = {"query": '{app="a"} |= "secret"', "start": str(server.now_ns // NS - 60)}
    assert (await server.ask("POST", "/loki/api/v1/delete", params=asked))[0] == 204
    everything = '{app=~"a|b"}'
    assert await server.lines(everything) == ["no matter", "other secret"]
    (request,) = (await server.ask("GET", "/loki/api/v1/delete"))[1]
    assert (request["query"], request["status"]) == ('{app="a"} |= "secret"', "received")
    await server.part.stop()
    again = await make_server()
    assert await again.lines(everything) == ["no matter", "other secret"]
    (same,) = (await again.ask("GET", "/loki/api/v1/delete"))[1]
    assert same["request_id"] == request["request_id"]
    cancelled = await again.ask("DELETE", "/loki/api/v1/delete", params={"request_id": request["request_id"]})
    assert cancelled[0] == 204
    assert await again.lines(everything) == ["a secret", "no matter", "other secret"]


async def test_a_tail_with_a_pipeline(server: Server) -> None:
    await server.push({"app=a": [(5, "level=error before")]})
    query = '{app="a"} | logfmt | level="error" | line_format "{{.level}}: {{.msg}}"'
    async with server.client.ws_connect("/loki/api/v1/tail", params={"query": query}, headers=CATEGORIZE) as socket:
        first = await socket.receive_json(timeout=5)
        assert first["streams"][0]["values"][0][1] == "error: "
        await server.push(
            {"app=a": [(1, "level=info msg=no"), (0.5, "level=error msg=yes")], "app=b": [(0, "level=error")]}
        )
        message = await socket.receive_json(timeout=5)
        assert [stream["values"][0][1] for stream in message["streams"]] == ["error: yes"]
        assert message["streams"][0]["stream"]["app"] == "a"


async def test_fields_that_are_found(server: Server) -> None:
    lines = [
        '{"status":200,"took":"15ms","user":{"id":7},"ok":true,"size":"1.5MB","app":"inner"}',
        'method=GET duration=1.5s ratio=0.5 path="/a b"',
    ]
    await server.push({"app=a,cluster=c1": [(2, lines[0]), (1, lines[1])], "app=b,cluster=c1": [(1, "plain")]})
    found = await server.api("detected_fields", query='{app=~".+"}')
    fields = {one["label"]: one for one in found["fields"]}
    assert {name: one["type"] for name, one in fields.items() if name != "detected_level"} == {
        "status": "int", "took": "duration", "user_id": "int", "ok": "boolean", "size": "bytes",
        "app_extracted": "string", "method": "string", "duration": "duration", "ratio": "float", "path": "string",
    }  # fmt: skip
    assert (fields["user_id"]["parsers"], fields["user_id"]["jsonPath"]) == (["json"], ["user", "id"])
    assert fields["method"]["parsers"] == ["logfmt"]
    assert fields["detected_level"]["parsers"] is None
    assert found["limit"] == 1000
    values = await server.api("detected_field/method/values", query='{app="a"}')
    assert values == {"values": ["GET"], "limit": 1000}
    labels = {one["label"]: one["cardinality"] for one in (await server.api("detected_labels"))["detectedLabels"]}
    assert labels == {"app": 2, "cluster": 1, "service_name": 2}


@pytest.mark.parametrize("path", ["detected_fields", "detected_field/x/values"])
@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"query": 'rate({a="b"}[1m])'}, "only log selector is supported"),
        ({"query": '{a="b"}', "line_limit": "0"}, "limit must be a positive value"),
        ({"query": '{a="b"}', "field_limit": "0"}, "limit must be a positive value"),
        ({"query": '{a="b"}', "line_limit": "9999"}, "max entries limit per query exceeded"),
        ({"query": '{a="b"}', "start": "2", "end": "1"}, "end timestamp must not be before"),
    ],
)
async def test_refusals_of_fields(server: Server, path: str, params: dict[str, str], text: str) -> None:
    status, told = await server.ask("GET", f"/loki/api/v1/{path}", params=params)
    assert status == 400
    assert text in told


async def test_limits_of_a_tenant(make_server: MakeServer) -> None:
    server = await make_server(
        "auth_enabled: false\nlimits_config: {max_line_size: 20, per_stream_rate_limit: 100, "
        "per_stream_rate_limit_burst: 100, max_label_names_per_series: 2}\n"
    )
    status, text = await server.push({"app=a": [(1, "x" * 21), (1, "short")]})
    assert (status, "max entry size '20' bytes exceeded" in text) == (400, True)
    status, text = await server.push({"app=a": [(i / 100, "x" * 15) for i in range(30)]})
    assert status == 429
    assert text.startswith("entry with timestamp") or "Per stream rate limit exceeded" in text
    status, text = await server.push({"app=a,b=b,c=c": [(1, "x")]})
    assert (status, "has 3 label names; limit 2" in text) == (400, True)
    assert "short" in await server.lines('{app="a"}')
    metrics = (await server.ask("GET", "/metrics"))[1]
    for reason in ("line_too_long", "per_stream_rate_limit", "max_label_names_per_series"):
        assert f'loki_discarded_samples_total{{reason="{reason}",tenant="fake"}}' in metrics


async def test_tenants_are_apart_and_may_be_read_together(make_server: MakeServer) -> None:
    server = await make_server("auth_enabled: true\nquerier: {multi_tenant_queries_enabled: true}\n")
    for tenant in ("one", "two"):
        assert await server.push({"app=a": [(1, f"of {tenant}")]}, **{"X-Scope-OrgID": tenant}) == (204, "")

    async def streams(tenants: str, query: str) -> list[tuple[Any, Any]]:
        found = await server.api("query_range", {"X-Scope-OrgID": tenants}, query=query)
        return [(one["stream"].get("__tenant_id__"), one["values"][0][1]) for one in found["data"]["result"]]

    assert await streams("one", '{app="a"}') == [(None, "of one")]
    assert await streams("one|two", '{app="a"}') == [("one", "of one"), ("two", "of two")]
    assert await streams("one|two", '{app="a", __tenant_id__="two"}') == [("two", "of two")]
    found = await server.api(
        "query", {"X-Scope-OrgID": "one|two"}, query='sum by (__tenant_id__) (count_over_time({app="a"}[1m]))'
    )
    assert [one["metric"] for one in found["data"]["result"]] == [{"__tenant_id__": "one"}, {"__tenant_id__": "two"}]
    assert (await server.ask("GET", "/loki/api/v1/labels"))[0] == 401


async def test_a_hundred_queries_at_once_are_all_answered(server: Server) -> None:
    await server.push({"app=a": [(i / 10, f"line {i}") for i in range(200)]})
    asked = [server.lines('{app="a"} |= "line 7"') for _ in range(100)]
    answers = await asyncio.wait_for(asyncio.gather(*asked), 30)
    assert all(len(answer) == 11 for answer in answers)


async def test_patterns_and_volumes(server: Server) -> None:
    await server.push({"app=a": [(i, f"took {i} ms for user-{i}") for i in range(1, 30)], "app=b": [(1, "x" * 1000)]})
    patterns = (await server.api("patterns", query='{app="a"}'))["data"]
    assert sum(count for one in patterns for _, count in one["samples"]) == 29
    volume = (await server.api("index/volume", query='{app=~".+"}'))["data"]["result"]
    assert [one["metric"]["app"] for one in volume] == ["b", "a"]
    stats = await server.api("index/stats", query='{app="a"}')
    assert (stats["streams"], stats["entries"]) == (1, 29)


async def test_the_page_shows_what_is_stored(server: Server) -> None:
    await server.push({"app=a": [(1, "x")]})
    status, text = await server.ask("GET", "/")
    assert status == 200
    assert "{app=&quot;a&quot;, service_name=&quot;a&quot;}" in text
    assert "<dt>Streams in memory</dt><dd>1</dd>" in text


@pytest.mark.parametrize(
    ("limits", "query", "status", "text"),
    [
        ("query_timeout: 1us", '{app="a"} |~ "x+y"', 504, "request timed out, decrease the duration of the request"),
        ("max_query_bytes_read: 1KB", '{app="a"}', 400, "the query would read too many bytes (query: "),
        (
            "max_query_series: 5",
            'count_over_time({app="a"} | logfmt [5m])',
            400,
            "maximum number of series (5) reached for a single query; consider reducing query cardinality",
        ),
    ],
)
async def test_limits_of_what_a_query_may_cost(
    make_server: MakeServer, limits: str, query: str, status: int, text: str
) -> None:
    server = await make_server(f"auth_enabled: false\nlimits_config: {{{limits}}}\n")
    assert (await server.push({"app=a": [(i / 100, f"n={i} {'x' * 50}") for i in range(1, 400)]}))[0] == 204
    told = await server.ask("GET", "/loki/api/v1/query_range", params={"query": query, "step": "60"})
    assert told[0] == status
    assert told[1].startswith(text)


async def test_drilldown_is_shown_a_part_of_too_many_series(make_server: MakeServer) -> None:
    server = await make_server("auth_enabled: false\nlimits_config: {max_query_series: 5}\n")
    await server.push({"app=a": [(i / 100, f"n={i}") for i in range(1, 50)]})
    document = await server.api(
        "query_range",
        {"X-Query-Tags": "Source=grafana-lokiexplore-app"},
        query='count_over_time({app="a"} | logfmt [5m])',
        step="60",
    )
    assert len(document["data"]["result"]) == 5
    assert "maximum number of series (5) reached" in document["warnings"][0]
    assert document["data"]["stats"]["summary"]["totalEntriesReturned"] == 5
