"""A port, and what it takes of a request's head."""

from __future__ import annotations

import aiohttp
from aiohttp import web
from aiohttp.test_utils import unused_port

from watchkeeper.app.listen import listen
from watchkeeper.logs.logql.cursor import MAX_BYTES


async def echo(request: web.Request) -> web.Response:
    return web.Response(text=str(len(request.query.get("query", ""))))


async def test_a_long_query_fits_into_the_first_line() -> None:
    app = web.Application()
    app.router.add_get("/", echo)
    listener = await listen(app, "127.0.0.1", unused_port())
    try:
        async with aiohttp.ClientSession() as session:
            # As long as LogQL may be, each character taking three bytes of the address.
            async with session.get(listener.url, params={"query": "{" * MAX_BYTES}) as response:
                assert (response.status, await response.text()) == (200, str(MAX_BYTES))
            async with session.get(listener.url, params={"query": "a" * (1 << 20)}) as response:
                assert response.status == 400
    finally:
        await listener.close()
