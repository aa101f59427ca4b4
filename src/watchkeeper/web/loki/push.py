"""Entries that come in: protobuf and JSON pushes, old and new, and OTLP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.wire.protobuf import put_int, put_text
from watchkeeper.logs.interface import EntryBatch
from watchkeeper.web.errors import ApiError, bad_data, to_loki
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.push_body import JSON, PROTOBUF, Body, Budget, media_type, unpacked_lz4
from watchkeeper.web.loki.tenancy import tenant_of

ENCODINGS: Final = ("", "snappy", "gzip", "deflate", "identity")
OTLP_ENCODINGS: Final = ("", "gzip", "deflate", "zstd", "lz4", "identity")
NO_STREAMS: Final = "error at least one valid stream is required for ingestion"
# Codes of gRPC, which OTLP's errors carry.
INVALID_ARGUMENT: Final = 3
RESOURCE_EXHAUSTED: Final = 8
UNAVAILABLE: Final = 14

log = get_logger("push")


class Pushes:
    """The routes that take entries."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._budget = Budget()

    async def push(self, request: web.Request) -> web.Response:
        """POST /loki/api/v1/push: 204, or a text that says which entries were refused; the good ones are stored."""
        return await self._push(request, legacy=False)

    async def legacy_push(self, request: web.Request) -> web.Response:
        """POST /api/prom/push: the same; JSON has the old form."""
        return await self._push(request, legacy=True)

    async def otlp(self, request: web.Request) -> web.Response:
        """POST /otlp/v1/logs: 204, or a status message in the sender's format."""
        kind = PROTOBUF
        try:
            tenant = tenant_of(self._backend, request)
            kind = media_type(request.headers.get("Content-Type", ""))
            if kind not in (JSON, PROTOBUF):
                raise ApiError(415, "media_type", f"unsupported content type: {kind}, supported: [{JSON}, {PROTOBUF}]")
            encoding = request.headers.get("Content-Encoding", "").lower()
            if encoding not in OTLP_ENCODINGS:
                supported = '"gzip", "zstd", "lz4" or no compression supported'
                raise ApiError(415, "encoding", f"unsupported compression: {encoding}. Only {supported}")
            settings = self._backend.settings
            with Body(self._budget) as body:
                data = await body.read(request, settings.max_body_bytes, settings.read_timeout_s)

                def decode() -> EntryBatch:
                    plain = unpacked_lz4(data, settings.max_unpacked_bytes) if encoding == "lz4" else data
                    return self._backend.decoders.otlp(tenant, plain, kind)

                await self._store(tenant, decode)
        except Exception as error:
            return _otlp_refusal(error, kind)
        return web.Response(status=204)

    async def _push(self, request: web.Request, *, legacy: bool) -> web.Response:
        tenant = tenant_of(self._backend, request)
        encoding = request.headers.get("Content-Encoding", "")
        if encoding.lower() not in ENCODINGS:
            raise bad_data(f'Content-Encoding "{encoding}" not supported')
        kind = media_type(request.headers.get("Content-Type", ""))
        settings, decoders = self._backend.settings, self._backend.decoders
        with Body(self._budget) as body:
            data = await body.read(request, settings.max_body_bytes, settings.read_timeout_s)

            def decode() -> EntryBatch:
                if kind == JSON:
                    return decoders.json(data, legacy)
                return decoders.protobuf(body.unsnapped(settings.max_unpacked_bytes))

            await self._store(tenant, decode)
        return web.Response(status=204)

    async def _store(self, tenant: str, decode: Callable[[], EntryBatch]) -> None:
        def work() -> None:
            batch = decode()
            if not len(batch.streams):
                raise ApiError(422, "empty", NO_STREAMS)
            try:
                self._backend.store.push(tenant, batch)
            except (UnavailableError, OSError):
                self._backend.metrics.append_failures.inc()
                raise

        # Never in the event loop, however small: a push may wait until blocks are sealed, and for the disk.
        stored = asyncio.ensure_future(self._backend.run_push(work))
        try:
            await asyncio.shield(stored)
        except asyncio.CancelledError:
            # The client is gone, and its body is still in use by the thread.
            await asyncio.wait({stored})
            raise


def _otlp_refusal(error: Exception, kind: str) -> web.Response:
    """What a sender of OTLP is told, in its own format."""
    answer = to_loki(error)
    if answer.type == "internal":
        log.exception("an OTLP push failed", error=repr(error))  # noqa: LOG004  # The caller handles it.
    # Senders of OTLP give up at a 500 and try again at a 503.
    status = 503 if answer.status == 500 else answer.status
    code = {429: RESOURCE_EXHAUSTED, 503: UNAVAILABLE}.get(status, INVALID_ARGUMENT)
    headers = {"X-Content-Type-Options": "nosniff"}
    if kind == JSON:
        body = dumps({"code": code, "message": answer.message})
        return web.Response(body=body, status=status, content_type=JSON, headers=headers)
    body = put_int(1, code) + put_text(2, answer.message)
    return web.Response(body=body, status=status, content_type=PROTOBUF, headers=headers)
