"""What every answer passes: origin headers, compression, and the last net under exceptions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from zlib_ng import zlib_ng

from watchkeeper.core.model.regex import regex
from watchkeeper.core.telemetry.log import get_logger

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MIN_COMPRESSED_BYTES: Final = 1024  # Below, the header costs more than it saves.
THREAD_BYTES: Final = 1 << 18  # Above, compressing would hold up the event loop for milliseconds.
LEVEL: Final = 3  # JSON gains little beyond it, and a large answer should not wait.
COMPRESSIBLE: Final = ("application/json", "text/", "application/openmetrics-text", "application/yaml")
WINDOW_BITS: Final = {"gzip": 31, "deflate": 15}  # The zlib format is what HTTP calls deflate.

log = get_logger("web")


def cors(origin_pattern: str, paths: str) -> Middleware:
    """Lets pages of matching origins read the answers below `paths`."""
    allowed = regex(origin_pattern)
    everybody = origin_pattern == ".*"

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        origin = request.headers.get(hdrs.ORIGIN, "")
        if origin and request.path.startswith(paths) and not response.prepared:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = "Accept, Authorization, Content-Type, Origin"
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "GET, POST, OPTIONS"
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "Date"
            response.headers[hdrs.VARY] = "Origin"
            if everybody:
                response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
            elif allowed.matches(origin):
                response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        return response

    return middleware


def accepted_coding(header: str) -> str:
    """The first of gzip and deflate that the client takes, or an empty text."""
    for part in header.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        refused = any(piece.replace(" ", "").rstrip("0.") in ("q=", "q") for piece in parameters)
        if coding in WINDOW_BITS and not refused:
            return coding
    return ""


@web.middleware
async def compression(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Compresses what gains by it, as the client accepts."""
    response = await handler(request)
    if not isinstance(response, web.Response) or response.prepared or hdrs.CONTENT_ENCODING in response.headers:
        return response
    body = response.body
    if not isinstance(body, bytes | bytearray) or len(body) < MIN_COMPRESSED_BYTES:
        return response
    if not response.content_type.startswith(COMPRESSIBLE):
        return response
    coding = accepted_coding(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
    if coding:
        bits = WINDOW_BITS[coding]
        if len(body) > THREAD_BYTES:
            packed = await asyncio.get_running_loop().run_in_executor(None, _compressed, body, bits)
        else:
            packed = _compressed(body, bits)
        response.body = packed
        response.headers[hdrs.CONTENT_ENCODING] = coding
    response.headers.add(hdrs.VARY, "Accept-Encoding")
    return response


def _compressed(body: bytes | bytearray, window_bits: int) -> bytes:
    packer = zlib_ng.compressobj(LEVEL, zlib_ng.DEFLATED, window_bits)
    packed: bytes = packer.compress(body) + packer.flush()
    return packed


@web.middleware
async def last_net(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A bug in one request is one logged error and one 500; unknown paths and methods are told as Go tells them."""
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted({*error.allowed_methods, "OPTIONS"}))
        return web.Response(status=405, text="Method Not Allowed\n", headers={hdrs.ALLOW: allowed})
    except web.HTTPNotFound:
        return web.Response(status=404, text="404 page not found\n")
    except web.HTTPRequestEntityTooLarge as error:
        return web.Response(status=413, text=f"{error.text}\n")
    except web.HTTPException:
        raise
    except TimeoutError:
        return web.Response(status=408, text="the request did not arrive in time\n")
    except Exception as error:
        log.exception("request failed", method=request.method, path=request.path, error=repr(error))
        return web.Response(status=500, text="internal error; the log has the details\n")


async def without_server_name(_: web.Request, response: web.StreamResponse) -> None:
    """Answers do not tell which libraries made them."""
    response.headers.pop(hdrs.SERVER, None)
