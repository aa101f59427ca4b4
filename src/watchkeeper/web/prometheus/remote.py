"""Remote write and remote read, as a server."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from watchkeeper.core.model.errors import LimitExceeded, QueryError, UnavailableError, WireError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.remote.read import ReadServer
from watchkeeper.metrics.remote.receive import MessageType, UnsupportedMessage, Written, message_type
from watchkeeper.web.errors import to_prometheus
from watchkeeper.web.prometheus.backend import Backend
from watchkeeper.web.prometheus.gate import budgeted

WRITTEN_HEADERS: Final = "X-Prometheus-Remote-Write-{}-Written"

OTLP_TYPES: Final = ("application/x-protobuf", "application/json")

log = get_logger("remote")


async def write(backend: Backend, request: web.Request) -> web.Response:
    """POST /write: 204, or a text that says which samples were refused and why."""
    if not backend.settings.enable_remote_write_receiver:
        return web.Response(
            status=404, text="remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n"
        )
    try:
        kind = message_type(
            request.headers.get("Content-Type", ""),
            request.headers.get("Content-Encoding", ""),
            backend.settings.accepted_write_messages,
        )
    except UnsupportedMessage as error:
        return web.Response(status=415, text=f"{error}\n")
    async with asyncio.timeout(backend.settings.read_timeout_s):
        body = await request.read()
    try:
        written: Written = await backend.run(lambda: backend.receiver.write(body, kind))
    except WireError as error:
        return web.Response(status=400, text=f"{error}\n")
    except (UnavailableError, OSError) as error:
        # The disk: the sender keeps the samples and tries again.
        log.error("remote write failed", error=error)
        return web.Response(status=500, text=f"{error}\n")
    headers = {}
    if kind is MessageType.V2:
        counts = (("Samples", written.samples), ("Histograms", written.histograms), ("Exemplars", written.exemplars))
        headers = {WRITTEN_HEADERS.format(name): str(count) for name, count in counts}
    if written.refused:
        return web.Response(status=400, text=f"{written.refused}\n", headers=headers)
    return web.Response(status=204, headers=headers)


async def otlp(backend: Backend, request: web.Request) -> web.Response:
    """POST /otlp/v1/metrics: 200, or a text that says which samples were refused and why."""
    if not backend.settings.enable_otlp_receiver:
        return web.Response(
            status=404, text="otlp write receiver needs to be enabled with --web.enable-otlp-receiver\n"
        )
    if request.content_type not in OTLP_TYPES:
        said = f"unsupported content type: {request.content_type}, supported: [{', '.join(OTLP_TYPES)}]"
        return web.Response(status=400, text=f"{said}\n")
    # The library unpacks gzip and deflate as it reads, within the limit of a body.
    if request.headers.get("Content-Encoding", "").lower() not in ("", "gzip", "identity"):
        said = f"unsupported compression: {request.headers['Content-Encoding']}"
        return web.Response(status=400, text=f'{said}. Only "gzip" or no compression supported\n')
    async with asyncio.timeout(backend.settings.read_timeout_s):
        body = await request.read()
    is_json = request.content_type == "application/json"
    try:
        refused: str = await backend.run(lambda: backend.otlp.write(body, is_json=is_json))
    except WireError as error:
        return web.Response(status=400, text=f"{error}\n")
    except (UnavailableError, OSError) as error:
        log.error("an OTLP write failed", error=error)
        return web.Response(status=500, text=f"{error}\n")
    return web.Response(status=400, text=f"{refused}\n") if refused else web.Response()


async def read(backend: Backend, request: web.Request) -> web.StreamResponse:
    """POST /read: samples, or a stream of chunks where the client takes them."""
    server = ReadServer(
        backend.querier(),
        external_labels=backend.external_labels(),
        sample_limit=backend.settings.remote_read_sample_limit,
        frame_bytes=backend.settings.remote_read_frame_bytes,
    )
    async with asyncio.timeout(backend.settings.read_timeout_s):
        body = await request.read()
    async with backend.read_gate:
        return await _answered(backend, request, server, body)


async def _answered(backend: Backend, request: web.Request, server: ReadServer, body: bytes) -> web.StreamResponse:
    timeout_s = backend.settings.query_timeout_ms / 1000
    try:
        answer = await budgeted(backend.run_read, lambda budget: server.read(body, budget), timeout_s)
    except (WireError, LimitExceeded) as error:
        return web.Response(status=400, text=f"{error}\n")
    except QueryError as error:
        return web.Response(status=to_prometheus(error).status, text=f"{error}\n")
    response = web.StreamResponse(headers=answer.headers)
    await response.prepare(request)
    frames = iter(answer.frames)
    while (frame := await backend.run_read(lambda: next(frames, None))) is not None:
        await response.write(frame)
    await response.write_eof()
    return response
