"""Tails: history, then lines as they are stored; bounds, ends, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
import pytest

from tests.unit.web.loki.conftest import NOW_NS, NS, MakeSite, Site, log_stream
from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import Stream, TailBatch
from watchkeeper.logs.logql.answer import Answer, LogStreams
from watchkeeper.web.loki.tail_queue import MAX_DROPPED, TailQueue

Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def tail(
    site: Site, path: str = "/loki/api/v1/tail", headers: Any = None, **params: str
) -> AsyncIterator[Socket]:
    """A client of a tail."""
    asked = {"query": '{job="x"}', **params}
    async with site.client.ws_connect(path, params=asked, headers=headers, autoping=True) as socket:
        yield socket


async def entries(socket: Socket, n: int) -> list[Any]:
    """The next `n` values, oldest first as they come."""
    got: list[Any] = []
    while len(got) < n:
        message = await socket.receive_json(timeout=5)
        got += [value for stream in message["streams"] for value in stream["values"]]
    return got


async def subscribed(site: Site) -> None:
    """Until a tail listens to the store."""
    while "loki_querier_tail_active 1" not in site.metrics() or not site.engine.asked:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.02)


async def test_history_and_then_what_comes(site: Site) -> None:
    rows = [(NOW_NS - 1, b"newer"), (NOW_NS - 2, b"older")]
    site.engine.answer = Answer(LogStreams([log_stream({"job": "x"}, rows)]))
    async with tail(site, limit="7", start=str(NOW_NS - 5 * NS)) as socket:
        assert await entries(socket, 2) == [[str(NOW_NS - 2), "older"], [str(NOW_NS - 1), "newer"]]
        request, _ = site.engine.asked[0]
        assert (request.limit, request.forward, request.start_ns) == (7, False, NOW_NS - 5 * NS)
        await site.push({"job=x": [(NOW_NS, "one"), (NOW_NS + 1, "two")], "job=y": [(NOW_NS, "another's")]})
        assert [line for _, line in await entries(socket, 2)] == ["one", "two"]
    await asyncio.sleep(0.05)
    assert "loki_querier_tail_active 0" in site.metrics()


async def test_each_entry_is_a_stream_of_its_own(site: Site) -> None:
    async with tail(site, headers={"X-Loki-Response-Encoding-Flags": "categorize-labels"}) as socket:
        await subscribed(site)
        await site.push(
            {"job=x,app=b": [(NOW_NS + 1, "later")], "job=x,app=a": [(NOW_NS, "first"), (NOW_NS + 2, "last")]}
        )
        message = await socket.receive_json(timeout=5)
        while len(message["streams"]) < 3:
            message["streams"] += (await socket.receive_json(timeout=5))["streams"]
        assert message["encodingFlags"] == ["categorize-labels"]
        assert sorted(stream["values"][0][1] for stream in message["streams"]) == ["first", "last", "later"]
        assert all(len(stream["values"]) == 1 and stream["values"][0][2] == {} for stream in message["streams"])


async def test_the_old_form(site: Site) -> None:
    async with tail(site, "/api/prom/tail", regexp="o.e") as socket:
        await subscribed(site)
        await site.push({"job=x": [(NOW_NS, "one")]})
        stream = (await socket.receive_json(timeout=5))["streams"][0]
        assert stream["entries"] == [{"ts": "2023-11-14T22:13:20Z", "line": "one"}]
        assert stream["labels"].startswith('{job="x"')


async def test_messages_hold_a_hundred_entries(site: Site) -> None:
    async with tail(site) as socket:
        await subscribed(site)
        await site.push({"job=x": [(NOW_NS + i, f"line {i}") for i in range(250)]})
        got = 0
        while got < 250:
            message = await socket.receive_json(timeout=5)
            assert len(message["streams"]) <= 100
            got += len(message["streams"])


async def test_what_history_had_is_not_sent_twice(site: Site) -> None:
    loop = asyncio.get_running_loop()

    def push_meanwhile(_: object) -> None:
        asyncio.run_coroutine_threadsafe(site.push({"job=x": [(NOW_NS - 1, "known"), (NOW_NS, "new")]}), loop).result(5)

    await site.push({"job=x": [(NOW_NS - 9, "early")]})
    labels = site.store.querier("fake").streams((), 0, 2**62)[0].labels
    site.engine.on_run = push_meanwhile
    site.engine.answer = Answer(LogStreams([log_stream(labels.as_dict(), [(NOW_NS - 1, b"known")])]))
    async with tail(site) as socket:
        assert [line for _, line in await entries(socket, 2)] == ["known", "new"]


async def test_the_end_of_the_time(make_site: MakeSite) -> None:
    site = await make_site(tail_max_duration_s=0.1)
    async with tail(site) as socket:
        message = await socket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert (message.data, message.extra) == (1011, "reached tail max duration limit")


async def test_a_query_that_fails_ends_its_tail(site: Site) -> None:
    site.engine.error = RuntimeError("a bug")
    async with tail(site) as socket:
        message = await socket.receive(timeout=5)
        assert (message.data, message.extra) == (1011, "RuntimeError: a bug")


async def test_the_server_goes_away(site: Site) -> None:
    async with tail(site) as socket:
        await subscribed(site)
        await site.surface.tails.close()
        message = await socket.receive(timeout=5)
        assert (message.data, message.extra) == (1001, "the server is stopping")


async def test_a_tenant_has_so_many_tails(make_site: MakeSite) -> None:
    site = await make_site(limits={"max_concurrent_tail_requests": 1})
    async with tail(site):
        await subscribed(site)
        assert await site.refusal("tail", query='{job="x"}') == (
            "max concurrent tail requests limit exceeded, count > limit (2 > 1)"
        )
    while "loki_querier_tail_active 0" not in site.metrics():
        await asyncio.sleep(0.005)
    async with tail(site):
        pass


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"query": 'rate({job="x"}[1m])'}, "only log selector is supported"),
        ({"query": "{"}, "parse error"),
        ({"query": '{job="x"}', "delay_for": "6"}, "delay_for can't be greater than 5"),
        ({"query": '{job="x"}', "limit": "0"}, "limit must be a positive value"),
        ({"query": '{job="x"}'}, "websocket"),
    ],
)
async def test_refusals(site: Site, params: dict[str, str], text: str) -> None:
    assert text in await site.refusal("tail", **params)


def batch(n: int) -> TailBatch:
    block = Block()
    block.append(b"x" * n, np.arange(n), np.arange(n) + 1, np.arange(n, dtype=np.int64), dedupe=False)
    return TailBatch(Stream(1, Labels.of(job="x"), '{job="x"}'), block, np.arange(n, dtype=np.int32))


async def test_a_queue_holds_so_many_rows_and_counts_the_rest() -> None:
    queue = TailQueue(asyncio.get_running_loop(), max_rows=100)
    queue.put(batch(60))
    queue.put(batch(30))
    queue.put(batch(MAX_DROPPED + 500))
    queue.put(batch(20))
    await asyncio.wait_for(queue.wait(), 1)
    found = queue.take()
    assert [len(one.rows) for one in found.batches] == [60, 30]
    assert found.n_dropped == MAX_DROPPED + 520
    assert sum(len(one.rows) for one in found.dropped) == MAX_DROPPED
    # Room again; one batch is taken however large.
    queue.put(batch(5000))
    await asyncio.wait_for(queue.wait(), 1)
    assert queue.take().n_dropped == 0
    queue.close()
    queue.put(batch(1))
    assert queue.take().batches == []


async def test_a_slow_client_is_told_what_it_missed(site: Site) -> None:
    held = asyncio.Event()
    run = site.backend.run

    async def slow(work: Any) -> Any:
        await held.wait()
        return await run(work)

    async with tail(site) as socket:
        await subscribed(site)
        one = next(iter(site.surface.tails._open))
        one._queue._max_rows = 10
        site.backend.run = slow
        for start in (0, 10, 20):
            rows = batch(10)
            one._queue.put(TailBatch(rows.stream, rows.block, rows.rows))
            await asyncio.sleep(0.02 if start == 0 else 0)
        held.set()
        got: list[Any] = []
        dropped: list[Any] = []
        while len(got) < 20 or not dropped:
            message = await socket.receive_json(timeout=5)
            got += message["streams"]
            dropped += message.get("dropped_entries", [])
        assert dropped[0] == {"timestamp": "0", "labels": {"job": "x"}}
        assert len(dropped) == 10
