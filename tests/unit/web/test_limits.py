"""What one request may cost: time, bytes, samples, depth; and that nobody else waits for it."""

from __future__ import annotations

import asyncio
import io
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.unit.web.conftest import NOW_MS, MakeSite, Site
from watchkeeper.core.model.errors import QueryTimeout
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.promql.engine import EngineOptions
from watchkeeper.metrics.promql.limits import CancelToken, Guard
from watchkeeper.web.prometheus.gate import QueryGate

NOW_S = NOW_MS // 1000
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Half a minute and more of evaluation over steps of a millisecond; it ends when it is told to.
HEAVY = "sum(count_over_time(up[2h:1ms]))" + "".join(f" + sum(count_over_time(up[{i}m:1ms]))" for i in range(60, 120))


async def test_a_timeout_is_503(site: Site) -> None:
    began_s = time.monotonic()
    async with site.client.get(
        "/api/v1/query_range",
        params={"query": HEAVY, "timeout": "50ms", "start": str(NOW_S - 3600), "end": str(NOW_S), "step": "1"},
    ) as response:
        answer = await response.json()
        assert response.status == 503, answer
    assert answer["errorType"] == "timeout"
    assert "query timed out in" in answer["error"]
    # Unchecked it would take minutes; how soon it ends depends on how busy the machine is.
    assert time.monotonic() - began_s < 20


async def test_a_client_that_leaves_frees_its_place(make_site: MakeSite) -> None:
    site = await make_site(engine=EngineOptions(max_concurrency=1, max_samples=10**12, max_bytes=10**12))
    site.write(NOW_MS, ({"__name__": "up"}, 1.0))
    seen: list[BaseException] = []
    started = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = site.backend.engine.instant

    def watched(*args: Any, **kwargs: Any) -> Any:
        loop.call_soon_threadsafe(started.set)
        guard = Guard(60.0, kwargs["params"].cancel)
        try:
            while True:  # An evaluation looks at its guard all the time; this one does nothing else.
                guard.check()
                time.sleep(0.001)
        except BaseException as error:
            seen.append(error)
            raise

    site.backend.engine.instant = watched  # type: ignore[method-assign]
    asking = asyncio.create_task(site.get("/api/v1/query?query=up"))
    await started.wait()
    site.backend.engine.instant = real  # type: ignore[method-assign]
    waiting = asyncio.create_task(site.get("/api/v1/query?query=up"))
    await asyncio.sleep(0.1)
    assert not waiting.done()  # The only place is taken.
    asking.cancel()
    status, _ = await asyncio.wait_for(waiting, 15)
    assert status == 200
    assert [type(error).__name__ for error in seen] == ["QueryCanceled"]


async def test_a_real_query_stops_when_its_client_leaves(make_site: MakeSite) -> None:
    site = await make_site(engine=EngineOptions(max_concurrency=1, max_samples=10**12, max_bytes=10**12))
    site.write(NOW_MS, ({"__name__": "up"}, 1.0))
    params = {"query": HEAVY, "start": str(NOW_S - 7200), "end": str(NOW_S), "step": "1"}
    with pytest.raises((TimeoutError, asyncio.TimeoutError)):
        await asyncio.wait_for(site.get("/api/v1/query_range", params=params), 0.3)
    assert (await asyncio.wait_for(site.get("/api/v1/query?query=1"), 30))[0] == 200


async def test_nobody_else_waits_for_queries(make_site: MakeSite) -> None:
    site = await make_site(engine=EngineOptions(max_concurrency=2), query_timeout_ms=60_000)
    tokens: list[CancelToken] = []

    def stuck(*_: Any, **kwargs: Any) -> Any:
        tokens.append(kwargs["params"].cancel)
        guard = Guard(60.0, kwargs["params"].cancel)
        while True:
            guard.check()
            time.sleep(0.005)

    site.backend.engine.instant = stuck  # type: ignore[method-assign]
    queries = [asyncio.create_task(site.get("/api/v1/query?query=up")) for _ in range(30)]
    while len(tokens) < 2:
        await asyncio.sleep(0.005)
    began_s = time.monotonic()
    for path in ("/-/healthy", "/metrics", "/api/v1/labels", "/federate?match[]=up", "/api/v1/status/tsdb", "/targets"):
        assert (await asyncio.wait_for(site.get(path), 10))[0] == 200
    assert time.monotonic() - began_s < 10
    # Those in the queue are told so when their time is over.
    status, text = await site.get("/api/v1/query?query=up&timeout=100ms")
    assert status == 503
    assert "query timed out in query queue" in text
    _, page = await site.get("/metrics")
    assert "prometheus_engine_queries_concurrent_max 2" in page
    assert len(tokens) == 2
    for query in queries:
        query.cancel()
    await asyncio.gather(*queries, return_exceptions=True)
    async with asyncio.timeout(10):
        while not all(token.is_canceled for token in tokens):
            await asyncio.sleep(0.01)


async def test_the_gate_gives_places_back_whatever_happens() -> None:
    gate = QueryGate(1, Registry())

    def failing(_: float) -> None:
        raise ValueError("no")

    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            await gate.run(failing, 1.0, CancelToken())
    held = asyncio.create_task(gate.run(lambda left_s: time.sleep(0.1), 1.0, CancelToken()))
    await asyncio.sleep(0.01)
    with pytest.raises(QueryTimeout):
        await gate.run(lambda left_s: None, 0.01, CancelToken())
    gone = asyncio.create_task(gate.run(lambda left_s: None, 1.0, CancelToken()))
    await asyncio.sleep(0)
    gone.cancel()
    await held
    assert 0.5 < await gate.run(lambda left_s: left_s, 1.0, CancelToken()) <= 1.0
    gate.close()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("(" * 5000 + "1" + ")" * 5000, "nested"),
        ("-" * 20_000 + "1", "nested"),
        ("1" + "+1" * 20_000, ""),
        ('up{job=~"' + "(a|b)" * 200_000 + '"}', ""),
        ('up{job=~"((((a{1,1000}){1,1000}){1,1000}){1,1000})"}', ""),
        ("x" * 1_000_000, ""),
        ('up{job="' + "x" * 1_000_000 + '"}', ""),
        ("up[1000y:1ms]", ""),
    ],
    ids=["parentheses", "signs", "sums", "long regex", "hungry regex", "long name", "long value", "long subquery"],
)
async def test_absurd_queries_end_quickly(site: Site, query: str, said: str) -> None:
    body = urlencode({"query": query, "time": str(NOW_S)}).encode()
    began_s = time.monotonic()
    async with site.client.post("/api/v1/query", data=io.BytesIO(body), headers=FORM) as response:
        answer = await response.json()
        assert response.status in (200, 400, 422), answer["error"][:300]
    assert time.monotonic() - began_s < 15
    if response.status != 200:
        assert said in answer["error"]
        assert len(answer["error"]) < 5000


async def test_answers_beyond_the_limits_name_them(make_site: MakeSite) -> None:
    site = await make_site(engine=EngineOptions(max_samples=2000, max_bytes=100_000))
    for i in range(20):
        site.write(NOW_MS + i, *(({"__name__": "m", "i": str(k)}, 1.0) for k in range(60)))
    at = {"time": str(NOW_S + 1)}
    answer = await site.api("query", params={"query": "m * on() group_right() m * on() group_right m", **at})
    assert answer["errorType"] == "execution"
    too_many = {"query": "count_over_time(m[1m])", "start": str(NOW_S), "end": str(NOW_S + 10_000), "step": "1"}
    async with site.client.get("/api/v1/query_range", params=too_many) as response:
        answer = await response.json()
        assert response.status == 422
    assert "100000 bytes" in answer["error"]
    answer = await site.api("query", params={"query": "m[1h] ", **at})
    assert answer["status"] == "success"
    site.write(NOW_MS + 100, *(({"__name__": "n", "i": str(k)}, 1.0) for k in range(2001)))
    answer = await site.api("query", params={"query": "n", **at})
    assert answer["error"] == "query processing would load too many samples into memory in query execution"


async def test_a_large_answer_is_refused_before_it_is_written(make_site: MakeSite) -> None:
    site = await make_site(engine=EngineOptions(max_bytes=10_000))
    params = {"query": "vector(1) or vector(2)", "start": "0", "end": "1000", "step": "1"}
    answer = await site.api("query_range", params=params)
    assert answer["errorType"] == "execution"
    assert "10000 bytes" in answer["error"]


async def test_a_form_that_is_too_large(site: Site) -> None:
    body = io.BytesIO(b"query=" + b"1" * (11 << 20))
    async with site.client.post("/api/v1/query", data=body, headers=FORM) as response:
        assert response.status == 400
        answer = await response.json()
    assert answer["error"] == "error parsing form values: request body too large; the limit is 10485760 bytes"


async def test_a_write_that_is_too_large(make_site: MakeSite) -> None:
    site = await make_site(enable_remote_write_receiver=True, max_body_bytes=1 << 20)
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    async with site.client.post("/api/v1/write", data=io.BytesIO(b"x" * (2 << 20)), headers=headers) as response:
        assert response.status == 413
        assert "1048576" in await response.text()


async def test_a_form_that_never_ends(make_site: MakeSite) -> None:
    site = await make_site(read_timeout_s=0.2)

    async def trickle() -> Any:
        yield b"query="
        await asyncio.sleep(5)

    async with site.client.post("/api/v1/query", data=trickle(), headers=FORM) as response:
        assert response.status == 408
