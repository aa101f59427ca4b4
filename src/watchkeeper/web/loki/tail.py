"""Tails: lines as they are stored, over a websocket. Nothing is asked for again and again: the store calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from aiohttp import WSCloseCode, WSMsgType, web

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.answer import LogStreams, Request
from watchkeeper.logs.logql.parser import parse_log_query
from watchkeeper.web.errors import bad_data, to_loki
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.params import Params
from watchkeeper.web.loki.query import encoding_flags, with_regexp
from watchkeeper.web.loki.query_checks import check_matchers, check_query
from watchkeeper.web.loki.query_run import run_query
from watchkeeper.web.loki.tail_entries import Entry, Filter, entries_of, legacy_message, look, message_of
from watchkeeper.web.loki.tail_queue import TailQueue, Waiting
from watchkeeper.web.loki.tenancy import tenant_of

MAX_DELAY_S: Final = 5
PING_S: Final = 1.0
MESSAGE_ENTRIES: Final = 100
CLOSE_BYTES: Final = 120  # A close frame has room for 123 bytes of text.
REACHED_END: Final = "reached tail max duration limit"

log = get_logger("tail")


class Tails:
    """All tails of the process."""

    def __init__(self, backend: Backend, make_filter: Callable[[ast.LogQuery], Filter]) -> None:
        self._backend = backend
        self._make_filter = make_filter
        self._per_tenant: Counter[str] = Counter()
        self._open: set[_Tail] = set()
        registry = backend.registry
        registry.gauge("loki_querier_tail_active", "Number of active tailers.").set_function(lambda: len(self._open))
        self._bytes = registry.counter("loki_querier_tail_bytes_total", "Total bytes sent to tails.")

    async def tail(self, request: web.Request) -> web.StreamResponse:
        """GET /tail: a websocket with lines from `start` on."""
        return await self._serve(request, legacy=False)

    async def legacy_tail(self, request: web.Request) -> web.StreamResponse:
        """GET /api/prom/tail: the same in the old form."""
        return await self._serve(request, legacy=True)

    async def close(self) -> None:
        """Tells all clients that the server goes away."""
        for tail in list(self._open):
            tail.stop()
        await asyncio.gather(*(tail.ended.wait() for tail in list(self._open)))

    async def _serve(self, request: web.Request, *, legacy: bool) -> web.StreamResponse:
        backend = self._backend
        params = await Params.of(request, backend)
        text = with_regexp(params)
        query = parse_log_query(text)
        limit = params.limit()
        start_ns, _ = params.bounds()
        delay_s = params.integer("delay_for", 0)
        if delay_s > MAX_DELAY_S:
            raise bad_data(f"delay_for can't be greater than {MAX_DELAY_S}")
        tenant = tenant_of(backend, request)
        limits = backend.limits(tenant)
        check_query(query, text, [limits])
        check_matchers(query.matchers, limits)
        most = limits.max_concurrent_tail_requests
        if most and self._per_tenant[tenant] >= most:
            raise bad_data(
                f"max concurrent tail requests limit exceeded, count > limit ({self._per_tenant[tenant] + 1} > {most})"
            )
        made = self._make_filter(query)
        socket = web.WebSocketResponse(autoping=True, compress=False)
        if not socket.can_prepare(request):
            raise bad_data("Bad Request: websocket: the client is not using the websocket protocol")
        one = _Tail(
            backend,
            socket,
            tenant,
            query,
            text,
            start_ns,
            max(0, delay_s),
            min(limit, 5000),
            legacy,
            encoding_flags(request),
        )
        self._per_tenant[tenant] += 1
        self._open.add(one)
        try:
            await socket.prepare(request)
            await one.run(made)
        finally:
            self._bytes.inc(one.sent_bytes)
            self._open.discard(one)
            self._per_tenant[tenant] -= 1
            one.ended.set()
        return socket


class _Tail:
    """One client."""

    def __init__(
        self,
        backend: Backend,
        socket: web.WebSocketResponse,
        tenant: str,
        query: ast.LogQuery,
        text: str,
        start_ns: int,
        delay_s: int,
        limit: int,
        legacy: bool,
        categorize: bool,
    ) -> None:
        self._backend = backend
        self._socket = socket
        self._tenant = tenant
        self._query = query
        self._text = text
        self._start_ns = start_ns
        self._delay_s = delay_s
        self._limit = limit
        self._legacy = legacy
        self._categorize = categorize
        self._stopping = asyncio.Event()
        self._queue = TailQueue(asyncio.get_running_loop())
        self.ended = asyncio.Event()
        self.sent_bytes = 0

    def stop(self) -> None:
        """The server goes away."""
        self._stopping.set()

    async def run(self, filter: Filter) -> None:
        """Until the client goes, the time is over, the server stops, or the query fails."""
        unsubscribe = self._backend.store.subscribe(self._tenant, self._query.matchers, self._queue.put)
        tasks: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(work)
            for work in (self._send(filter), self._listen(), self._ping(), self._stopping.wait())
        ]
        try:
            done, _ = await asyncio.wait(
                tasks, timeout=self._backend.settings.tail_max_duration_s, return_when=asyncio.FIRST_COMPLETED
            )
            await self._say_goodbye(tasks[0], done)
        finally:
            unsubscribe()
            self._queue.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _say_goodbye(self, sending: asyncio.Future[Any], done: set[asyncio.Future[Any]]) -> None:
        code, text = WSCloseCode.INTERNAL_ERROR, REACHED_END
        if sending in done and (error := sending.exception()) is not None:
            if isinstance(error, ConnectionError):
                return
            answer = to_loki(error)
            if answer.type == "internal":
                log.error("a tail failed", query=self._text, error=repr(error))
            text = answer.message
        elif self._stopping.is_set():
            code, text = WSCloseCode.GOING_AWAY, "the server is stopping"
        elif done:
            return  # The client went away.
        with suppress(ConnectionError, TimeoutError, RuntimeError):
            async with asyncio.timeout(PING_S):
                await self._socket.close(code=code, message=text.encode()[:CLOSE_BYTES])

    async def _send(self, filter: Filter) -> None:
        history = await self._history()
        await self._send_entries(history, Waiting(), [])
        known = {entry.key for entry in history}
        first = True
        while True:
            await self._queue.wait()
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            waiting = self._queue.take()
            entries, dropped = await self._backend.run(partial(look, filter, waiting, self._categorize))
            if first:
                # What was stored while the history was read may be in both.
                entries = [entry for entry in entries if entry.key not in known]
                first, known = False, set()
            await self._send_entries(entries, waiting, dropped)

    async def _history(self) -> list[Entry]:
        """The newest lines since the start, oldest first."""
        now_ns = self._backend.now_ns()
        if self._start_ns > now_ns:
            return []
        made = Request(self._query, self._text, self._start_ns, now_ns + 1, limit=self._limit)
        answer = await run_query(self._backend, [self._tenant], made, partial_series=False)
        assert isinstance(answer.data, LogStreams)
        return entries_of(answer.data, self._categorize)

    async def _send_entries(self, entries: Sequence[Entry], waiting: Waiting, dropped: list[dict[str, Any]]) -> None:
        for at in range(0, len(entries), MESSAGE_ENTRIES):
            part = entries[at : at + MESSAGE_ENTRIES]
            message = legacy_message(part) if self._legacy else message_of(part, self._categorize)
            if dropped:
                message["dropped_entries"] = dropped
                dropped = []
            await self._write(message)
        if dropped:
            await self._write({"streams": [], "dropped_entries": dropped})
        if waiting.n_dropped:
            log.warn("a tail is slower than its lines", query=self._text, dropped=waiting.n_dropped)

    async def _write(self, message: dict[str, Any]) -> None:
        data = dumps(message)
        self.sent_bytes += len(data)
        await self._socket.send_str(data.decode())

    async def _listen(self) -> None:
        """Until the client closes; what it says besides is not looked at."""
        while True:
            message = await self._socket.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return

    async def _ping(self) -> None:
        """So that the end of a silent client is noticed."""
        with suppress(ConnectionError):
            while True:
                await asyncio.sleep(PING_S)
                await self._socket.ping()
