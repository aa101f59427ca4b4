"""Remote write and remote read, as a server."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from watchkeeper.core.model.errors import LimitExceeded, QueryError, WireError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.interface import Budget
from watchkeeper.metrics.remote.read import ReadServer
from watchkeeper.metrics.remote.receive import MessageType, UnsupportedMessage, Written, message_type
from watchkeeper.web.errors import to_prometheus
from watchkeeper.web.prometheus.backend import Backend

WRITTEN_HEADERS: Final = "X-Prometheus-Remote-Write-{}-Written"

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
    try:
        body = await request.read()
        written: Written = await backend.run(lambda: backend.receiver.write(body, kind))
    except WireError as error:
        return web.Response(status=400, text=f"{error}\n")
    except OSError as error:
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


async def read(backend: Backend, request: web.Request) -> web.StreamResponse:
    """POST /read: samples, or a stream of chunks where the client takes them."""
    server = ReadServer(
        backend.querier(),
        external_labels=backend.external_labels(),
        sample_limit=backend.settings.remote_read_sample_limit,
        frame_bytes=backend.settings.remote_read_frame_bytes,
    )
    body = await request.read()
    try:
        answer = await backend.run(lambda: server.read(body, Budget()))
    except (WireError, LimitExceeded) as error:
        return web.Response(status=400, text=f"{error}\n")
    except QueryError as error:
        return web.Response(status=to_prometheus(error).status, text=f"{error}\n")
    response = web.StreamResponse(headers=answer.headers)
    await response.prepare(request)
    frames = iter(answer.frames)
    while (frame := await backend.run(lambda: next(frames, None))) is not None:
        await response.write(frame)
    return response
