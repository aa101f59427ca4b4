"""Queries over HTTP: what the engine is asked, what limits refuse, how answers and errors look."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import numpy as np
import orjson
import pytest

from tests.unit.web.loki.conftest import NOW_NS, NS, MakeSite, Site, log_stream
from watchkeeper.core.model.errors import CorruptionError, ExecutionError, LimitExceeded, QueryCanceled, QueryTimeout
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.answer import Answer, LogStreams, Matrix, Scalar, Vector
from watchkeeper.web.gate import Gate

CATEGORIZE = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}


async def test_lines(site: Site) -> None:
    rows = [(NOW_NS - 1, b"newer"), (NOW_NS - 2, b"older")]
    site.engine.answer = Answer(LogStreams([log_stream({"job": "x"}, rows)]))
    answer = await site.json("query_range", query='{job="x"}')
    assert answer["status"] == "success"
    assert answer["data"]["resultType"] == "streams"
    assert "encodingFlags" not in answer["data"]
    assert answer["data"]["result"] == [
        {"stream": {"job": "x"}, "values": [[str(NOW_NS - 1), "newer"], [str(NOW_NS - 2), "older"]]}
    ]
    request, limits = site.engine.asked[0]
    assert (request.start_ns, request.end_ns) == (NOW_NS - 3600 * NS, NOW_NS)
    assert (request.limit, request.forward, request.interval_ns, request.instant) == (100, False, 0, False)
    assert (limits.max_query_series, limits.max_entries) == (500, 5000)
    assert 59 < limits.timeout_s <= 60


async def test_a_form_in_the_body(site: Site) -> None:
    form = {"query": '{job="x"}', "limit": "7", "direction": "FORWARD", "interval": "5s", "start": "1600000000"}
    status, _ = await site.ask("POST", "/loki/api/v1/query_range", data={**form, "end": "1600000600"})
    assert status == 200
    request, _ = site.engine.asked[0]
    assert (request.limit, request.forward, request.interval_ns) == (7, True, 5 * NS)
    assert (request.start_ns, request.end_ns) == (1_600_000_000 * NS, 1_600_000_600 * NS)


async def test_steps_lie_on_multiples_of_the_step(make_site: MakeSite) -> None:
    asked = {"query": 'rate({job="x"}[1m])', "step": "60", "start": "1600000010", "end": "1600000190"}
    expected = [
        ({}, {}, 1_599_999_960, 1_600_000_200),
        ({"align_queries_with_step": True}, {}, 1_599_999_960, 1_600_000_140),
        ({}, {"split_queries_by_interval_ns": 0}, 1_600_000_010, 1_600_000_190),
    ]
    for settings, limits, start_s, end_s in expected:
        site = await make_site(limits=limits, **settings)
        await site.json("query_range", **asked)
        request, _ = site.engine.asked[0]
        assert (request.start_ns, request.end_ns, request.step_ns) == (start_s * NS, end_s * NS, 60 * NS)
        site.store.close()


async def test_an_instant_query(site: Site) -> None:
    site.engine.answer = Answer(Vector([Labels.of(app="x"), Labels()], NOW_NS, np.array([1.5, np.inf])))
    answer = await site.json("query", query='sum by (app) (rate({job="x"}[1m]))', time="1600000000.5")
    assert answer["data"]["resultType"] == "vector"
    assert answer["data"]["result"] == [
        {"metric": {"app": "x"}, "value": [1_700_000_000, "1.5"]},
        {"metric": {}, "value": [1_700_000_000, "+Inf"]},
    ]
    request, _ = site.engine.asked[0]
    assert request.instant
    assert request.end_ns == 1_600_000_000_500_000_000


async def test_matrices_and_scalars(site: Site) -> None:
    times = np.array([1, 2, 3], np.int64) * NS
    values = np.array([[1.0, 2.5, 0.0], [1e-7, 1e21, np.nan]])
    present = np.array([[True, False, True], [True, True, True]])
    site.engine.answer = Answer(Matrix([Labels.of(a='quo"te'), Labels.of(b="ü")], times, values, present))
    answer = await site.json("query_range", query='rate({job="x"}[1m])')
    assert answer["data"]["resultType"] == "matrix"
    assert answer["data"]["result"] == [
        {"metric": {"a": 'quo"te'}, "values": [[1, "1"], [3, "0"]]},
        {"metric": {"b": "ü"}, "values": [[1, "0.0000001"], [2, "1000000000000000000000"], [3, "NaN"]]},
    ]
    site.engine.answer = Answer(Scalar(NOW_NS, 2.0))
    answer = await site.json("query", query="1+1")
    assert (answer["data"]["resultType"], answer["data"]["result"]) == ("scalar", [1_700_000_000, "2"])


async def test_labels_told_apart(site: Site) -> None:
    site.engine.answer = Answer(
        LogStreams(
            [
                log_stream({"job": "x"}, [(3, b"three"), (1, b"one")], {"trace": "t"}),
                log_stream({"job": "x"}, [(2, b"two")], {}, {"status": "500"}),
                log_stream({"job": "a"}, [(9, b"nine")]),
            ]
        )
    )
    async with site.client.get(
        "/loki/api/v1/query_range", params={"query": '{job=~".+"}'}, headers=CATEGORIZE
    ) as response:
        data = (await response.json())["data"]
    assert data["encodingFlags"] == ["categorize-labels"]
    assert data["result"] == [
        {"stream": {"job": "a"}, "values": [["9", "nine", {}]]},
        {
            "stream": {"job": "x"},
            "values": [
                ["3", "three", {"structuredMetadata": {"trace": "t"}}],
                ["2", "two", {"parsed": {"status": "500"}}],
                ["1", "one", {"structuredMetadata": {"trace": "t"}}],
            ],
        },
    ]
    merged = (await site.json("query_range", query='{job=~".+"}'))["data"]["result"]
    assert [stream["stream"] for stream in merged] == [
        {"job": "a"},
        {"job": "x", "status": "500"},
        {"job": "x", "trace": "t"},
    ]


async def test_lines_that_are_not_utf8_are_valid_json(site: Site) -> None:
    lines = [b"\xff\xfe", b"nul \x00", b"\xed\xa0\x80", b"fine \xf0\x9f\x98\x80", b'quote " \\']
    labels = {"job": "x", "half": "\ud800"}
    site.engine.answer = Answer(LogStreams([log_stream(labels, [(9 - i, line) for i, line in enumerate(lines)])]))
    result = (await site.json("query_range", query='{job="x"}'))["data"]["result"]
    assert [value[1] for value in result[0]["values"]] == [line.decode("utf-8", "replace") for line in lines]
    assert result[0]["stream"]["half"] == "?"


async def test_statistics_have_all_keys(site: Site) -> None:
    answer = Answer(LogStreams([]), warnings=["a warning"])
    answer.stats.store.bytes, answer.stats.store.lines, answer.stats.exec_s = 1000, 10, 0.5
    site.engine.answer = answer
    document = await site.json("query_range", query='{job="x"}', start="1600000000", end="1600010000")
    assert document["warnings"] == ["a warning"]
    stats = document["data"]["stats"]
    assert set(stats) == {"summary", "querier", "ingester", "cache", "index"}
    assert stats["summary"]["totalBytesProcessed"] == 1000
    assert stats["summary"]["bytesProcessedPerSecond"] == 2000
    assert stats["summary"]["splits"] == 3
    assert stats["querier"]["store"]["chunk"]["decompressedLines"] == 10
    assert stats["cache"]["result"]["entriesFound"] == 0


async def test_answers_are_compressed_for_those_who_take_it(site: Site) -> None:
    site.engine.answer = Answer(LogStreams([log_stream({"job": "x"}, [(i, b"x" * 100) for i in range(100, 0, -1)])]))
    async with site.client.get("/loki/api/v1/query_range", params={"query": '{job="x"}'}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert (await response.read()).endswith(b"}\n")


@pytest.mark.parametrize(
    ("path", "params", "text"),
    [
        (
            "query",
            {"query": '{job="x"}'},
            "log queries are not supported as an instant query type, please change your query to a range query type",
        ),
        (
            "query_range",
            {"query": '{job="x"}', "limit": "5001"},
            "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)",
        ),
        (
            "query_range",
            {"query": '{job="x"}', "start": "1600000000"},
            "the query time range exceeds the limit (query length: 1157d9h46m40s, limit: 30d1h)",
        ),
        (
            "query",
            {"query": "1+1", "time": "soon"},
            "could not parse 'time' parameter: strconv.ParseInt: parsing \"soon\": invalid syntax",
        ),
    ],
)
async def test_refusals(site: Site, path: str, params: dict[str, str], text: str) -> None:
    assert await site.refusal(path, **params) == text
    assert site.engine.asked == []


async def test_text_that_is_no_query(site: Site) -> None:
    for query in ("", "{", '{job="x"', "rate(", "{" * 1000, '{job="x"} |= "' + "x" * 200_000 + '"'):
        status, text = await site.ask("POST", "/loki/api/v1/query_range", data={"query": query})
        assert status == 400, query[:20]
        assert text.startswith(("parse error", "input size too long")), text[:100]
        assert len(text) < 1000


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (QueryTimeout("out of time"), 504, "request timed out, decrease the duration of the request or add more label"),
        (QueryCanceled("gone"), 499, "the request was cancelled by the client"),
        (LimitExceeded("maximum number of series (500) reached"), 400, "maximum number of series (500) reached"),
        (ExecutionError("pipeline error: 'JSONParserErr' for series"), 400, "pipeline error: 'JSONParserErr'"),
        (RuntimeError("a bug"), 500, "RuntimeError: a bug"),
    ],
)
async def test_errors_of_the_engine(site: Site, error: Exception, status: int, text: str) -> None:
    site.engine.error = error
    assert (await site.refusal("query_range", status, query='{job="x"}')).startswith(text)
    assert f"loki_panic_total {int(status == 500)}" in site.metrics()


async def test_limits_of_queries(make_site: MakeSite) -> None:
    site = await make_site(
        limits={
            "required_labels": ("cluster",),
            "max_query_range_ns": 3600 * NS,
            "max_streams_matchers_per_query": 2,
            "minimum_labels_number": 2,
        }
    )
    assert await site.refusal("query_range", query='{job="x"}') == (
        "stream selector is missing required matchers [cluster], labels present in the query were [job]"
    )
    assert await site.refusal("query_range", query='{cluster="x"}') == (
        "stream selector has less label matchers than required: (present: [cluster], number_present: 1, "
        "required_number_label_matchers: 2)"
    )
    assert await site.refusal("query_range", query='{cluster="x", job="y", app="z"}') == (
        "max streams matchers per query exceeded, matchers-count > limit (3 > 2)"
    )
    assert await site.refusal("query_range", query='rate({cluster="x", job="y"}[2h])') == (
        "[interval] value exceeds limit: [2h] > [1h]"
    )


async def test_before_the_lookback_there_is_nothing(make_site: MakeSite) -> None:
    site = await make_site(limits={"max_query_lookback_ns": 3600 * NS})
    assert (await site.json("query_range", query='{job="x"}', start="1600000000", end="1600003600"))["data"][
        "result"
    ] == []
    assert site.engine.asked == []
    await site.json("query_range", query='{job="x"}', start="1600000000", end=str(NOW_NS))
    assert site.engine.asked[0][0].start_ns == NOW_NS - 3600 * NS


async def test_drilldown_gets_a_part_of_too_many_series(site: Site) -> None:
    headers = {"X-Query-Tags": "Source=grafana-lokiexplore-app"}
    await site.ask("GET", "/loki/api/v1/query_range", params={"query": '{job="x"}'}, headers=headers)
    await site.json("query_range", query='{job="x"}')
    assert [limits.partial_series for _, limits in site.engine.asked] == [True, False]


async def test_queries_above_the_number_wait(site: Site) -> None:
    began = threading.Semaphore(0)
    go = threading.Event()

    def block(_: object) -> None:
        began.release()
        assert go.wait(10)

    site.engine.on_run = block
    asked = [asyncio.ensure_future(site.json("query_range", query='{job="x"}')) for _ in range(5)]
    for _ in range(2):
        assert await asyncio.to_thread(began.acquire, timeout=5)
    await asyncio.sleep(0.05)
    assert len(site.engine.asked) == 2
    go.set()
    assert len(await asyncio.gather(*asked)) == 5


async def test_a_query_ends_with_its_client(site: Site) -> None:
    ended = threading.Event()

    def run(cancelled: object) -> None:
        assert callable(cancelled)
        deadline = time.monotonic() + 5
        while not cancelled():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        ended.set()
        raise QueryCanceled("gone")

    site.engine.on_run = run
    asked = asyncio.ensure_future(site.json("query_range", query='{job="x"}'))
    while not site.engine.asked:
        await asyncio.sleep(0.005)
    asked.cancel()
    assert await asyncio.to_thread(ended.wait, 5)


async def test_waiting_ends_with_the_timeout(make_site: MakeSite) -> None:
    site = await make_site(limits={"query_timeout_ns": NS // 20})
    go = threading.Event()

    def block(_: object) -> None:
        assert go.wait(5)

    site.engine.on_run = block
    first = [asyncio.ensure_future(site.json("query_range", query='{job="x"}')) for _ in range(2)]
    while len(site.engine.asked) < 2:
        await asyncio.sleep(0.005)
    assert (await site.refusal("query_range", 504, query='{job="x"}')).startswith("request timed out")
    go.set()
    await asyncio.gather(*first)


async def test_the_old_form(site: Site) -> None:
    site.engine.answer = Answer(LogStreams([log_stream({"job": "x"}, [(NOW_NS, b"a line")], {"trace": "t"})]))
    status, text = await site.get("/api/prom/query", query='{job="x"}', regexp="li.e")
    assert status == 200
    document = orjson.loads(text)
    assert document["streams"] == [
        {"labels": '{job="x", trace="t"}', "entries": [{"ts": "2023-11-14T22:13:20Z", "line": "a line"}]}
    ]
    assert "stats" in document
    assert site.engine.asked[0][0].query == '{job="x"} |~ `li.e`'
    status, text = await site.get("/api/prom/query", query='rate({job="x"}[1m])')
    assert (status, text) == (400, "legacy endpoints only support streams result type, current type is matrix\n")


async def test_the_layout_of_a_query(site: Site) -> None:
    answer = await site.json("format_query", query='sum(  rate({job="x"}[1m]))')
    assert answer == {"status": "success", "data": 'sum(rate({job="x"}[1m]))'}
    status, text = await site.get("/loki/api/v1/format_query", query="sum(")
    assert status == 400
    assert orjson.loads(text)["status"] == "invalid-query"


async def test_the_plan_of_a_query(site: Site) -> None:
    answer = await site.json("parse_query", query='sum by (app) (rate({job="x"} |= "a" [1m]))')
    assert answer["status"] == "success"
    assert (answer["data"]["type"], answer["data"]["pushed"]) == ("aggregation", True)
    assert answer["data"]["expr"]["expr"]["needles"] == ['"a"']
    assert site.engine.asked == []
    status, text = await site.ask("POST", "/loki/api/v1/parse_query", data={"query": '{job="x"} | '})
    layout = await site.ask("POST", "/loki/api/v1/format_query", data={"query": '{job="x"} | '})
    assert (status, text) == layout
    assert orjson.loads(text)["error"].startswith("parse error at line 1, col 13: ")


async def test_several_tenants_are_read_together(make_site: MakeSite) -> None:
    site = await make_site(auth_enabled=True, multi_tenant_queries=True)
    for tenant in ("a", "b"):
        await site.push({f"job={tenant}": [(NOW_NS, tenant)]}, **{"X-Scope-OrgID": tenant})

    async def series(tenants: str, **params: str) -> list[dict[str, str]]:
        status, text = await site.ask("GET", "/loki/api/v1/series", params=params, headers={"X-Scope-OrgID": tenants})
        assert status == 200, text
        found: list[dict[str, str]] = orjson.loads(text)["data"]
        return found

    assert [(one["__tenant_id__"], one["job"]) for one in await series("b|a")] == [("a", "a"), ("b", "b")]
    assert [one["job"] for one in await series("a|b", match='{__tenant_id__="b"}')] == ["b"]
    assert "__tenant_id__" not in (await series("a"))[0]


async def test_nothing_is_answered_before_the_store_is_ready(make_site: MakeSite) -> None:
    site = await make_site(ready=False)
    assert (await site.get("/loki/api/v1/labels"))[0] == 503
    assert await site.get("/ready") == (503, "Some services are not Running:\nStarting: 1\n")
    site.backend.lifecycle.ready.set()
    assert await site.get("/ready") == (200, "ready\n")
    site.backend.lifecycle.stopping.set()
    assert await site.get("/ready") == (503, "Application is stopping\n")


async def test_a_gate_that_is_closed_gives_up_what_runs() -> None:
    gate = Gate(1, "test")
    cancelled = threading.Event()

    def work(left_s: float) -> bool:
        assert 4 < left_s <= 5
        return cancelled.wait(5)

    running = asyncio.ensure_future(gate.run(work, 5, cancelled.set))
    await asyncio.sleep(0.02)
    await asyncio.to_thread(gate.close)
    assert await running


async def test_an_answer_that_is_too_large_is_refused(make_site: MakeSite) -> None:
    site = await make_site(max_memory_bytes=1000)
    values = np.zeros((10, 10))
    site.engine.answer = Answer(Matrix([Labels()] * 10, np.arange(10) * NS, values, values == 0))
    assert "over the limit of 1000 bytes of query.max-bytes" in await site.refusal(
        "query_range", query='rate({a="b"}[1m])'
    )
    site.engine.answer = Answer(LogStreams([log_stream({"job": "x"}, [(1, b"x" * 1001)])]))
    assert "over the limit of 1000 bytes of query.max-bytes" in await site.refusal("query_range", query='{a="b"}')


async def test_a_query_goes_on_without_damaged_blocks(site: Site) -> None:
    left = 2

    def meet_damage(_: object) -> None:
        nonlocal left
        if left:
            left -= 1
            raise CorruptionError("a.wkl", 8, "checksum mismatch")

    site.engine.on_run = meet_damage
    answer = await site.json("query_range", query='{job="x"}')
    assert answer["warnings"] == ["a damaged block was left out: a.wkl, offset 8: checksum mismatch"] * 2
    left = 1000
    assert "checksum mismatch" in await site.refusal("query_range", 500, query='{job="x"}')


@pytest.mark.parametrize("path", ["query_range", "labels", "rules/x"])
async def test_a_form_that_does_not_arrive_is_given_up(make_site: MakeSite, path: str) -> None:
    site = await make_site(read_timeout_s=0.05)

    async def drip() -> AsyncIterator[bytes]:
        yield b"query="
        await asyncio.sleep(0.3)
        yield b"x"

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, text = await site.ask("POST", f"/loki/api/v1/{path}", data=drip(), headers=headers)
    assert (status, text) == (408, "the request body did not arrive in time\n")
