"""What every answer passes: origin headers, compression, and the last net under exceptions."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from watchkeeper.core.telemetry.log import get_logger

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MIN_COMPRESSED_BYTES: Final = 1024  # Below, the header costs more than it saves.
COMPRESSIBLE: Final = ("application/json", "text/", "application/openmetrics-text", "application/x-ndjson")

log = get_logger("web")


def cors(origin_pattern: str) -> Middleware:
    """Lets pages of matching origins read the answers."""
    allowed = re.compile(f"^(?:{origin_pattern})$")

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        origin = request.headers.get(hdrs.ORIGIN, "")
        if origin and allowed.match(origin) and not response.prepared:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = "Accept, Authorization, Content-Type, Origin"
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "GET, POST, OPTIONS"
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "Date"
            response.headers[hdrs.VARY] = "Origin"
        return response

    return middleware


@web.middleware
async def compression(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Compresses what gains by it, as the client accepts."""
    response = await handler(request)
    if (
        isinstance(response, web.Response)
        and not response.prepared
        and response.body is not None
        and (response.content_length or 0) >= MIN_COMPRESSED_BYTES
        and hdrs.CONTENT_ENCODING not in response.headers
        and response.content_type.startswith(COMPRESSIBLE)
    ):
        response.enable_compression()
    return response


@web.middleware
async def last_net(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A bug in one request is one logged error and one 500."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as error:
        log.exception("request failed", method=request.method, path=request.path, error=repr(error))
        return web.Response(status=500, text="internal error; the log has the details\n")
