"""A port that takes what other agents push: `/loki/api/v1/push`, and plain lines at `/promtail/api/v1/raw`."""

from __future__ import annotations

import itertools
from typing import Any, Final

from aiohttp import web
from zlib_ng import zlib_ng

from watchkeeper.core.model.errors import WatchkeeperError, WireError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.wire.snappy import decompress
from watchkeeper.logs.agent.config.sources import PushConfig
from watchkeeper.logs.agent.entries import TENANT, Metadata
from watchkeeper.logs.agent.server_tls import server_context
from watchkeeper.logs.agent.sources.job import Job
from watchkeeper.logs.agent.sources.labelling import Group, Labelling
from watchkeeper.logs.interface import EntryBatch, PushError
from watchkeeper.logs.wire.labels import parse_labels
from watchkeeper.logs.wire.push_json import decode_json
from watchkeeper.logs.wire.push_protobuf import decode_protobuf

log = get_logger("agent")

MAX_BODY_BYTES: Final = 100 << 20
_WINDOW_BITS: Final = {"gzip": 31, "deflate": 15}


class PushSource:
    """A server of its own."""

    def __init__(self, job: Job, config: PushConfig) -> None:
        self._job = job
        self._config = config
        self._labelling = Labelling(config.labels, job.config.relabel_configs)
        self._runner: web.AppRunner | None = None
        self.address: tuple[str, int] = ("", 0)

    async def start(self) -> None:
        """Listens. Raises OSError and ConfigError."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post("/loki/api/v1/push", self._push)
        app.router.add_post("/api/prom/push", self._push_legacy)
        app.router.add_post("/promtail/api/v1/raw", self._raw)
        app.router.add_get("/ready", self._ready)
        server = self._config.server
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=5, auto_decompress=False)
        await self._runner.setup()
        context = server_context(server.http_tls_config)
        site = web.TCPSite(
            self._runner, server.http_listen_address or None, server.http_listen_port, ssl_context=context
        )
        await site.start()
        self.address = self._runner.addresses[0][:2]
        log.info("push target listening", address=f"{self.address[0]}:{self.address[1]}", job=self._job.name)

    async def stop(self) -> None:
        """Closes the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    def status(self) -> dict[str, Any]:
        """What its page shows."""
        return {"type": "Push", "labels": self._config.labels, "address": f"{self.address[0]}:{self.address[1]}"}

    async def _ready(self, _: web.Request) -> web.Response:
        return web.Response(text="ready\n")

    async def _push(self, request: web.Request) -> web.Response:
        return await self._taken(request, legacy=False)

    async def _push_legacy(self, request: web.Request) -> web.Response:
        return await self._taken(request, legacy=True)

    async def _taken(self, request: web.Request, *, legacy: bool) -> web.Response:
        if self._job.outlet.is_full:
            return web.Response(status=503, text="the agent can send nothing at the moment; try again later\n")
        try:
            body = await request.read()
            batch = decoded(body, request.content_type, request.headers.get("Content-Encoding", ""), legacy)
            groups = self._groups(batch, request.headers.get("X-Scope-OrgID", ""))
        except PushError as error:
            return web.Response(status=error.status, text=f"{error}\n")
        except (WireError, WatchkeeperError) as error:
            return web.Response(status=400, text=f"{error}\n")
        if groups:
            await self._job.handle_groups(groups, key=f"push-{self._job.name}")
        return web.Response(status=204)

    def _groups(self, batch: EntryBatch, tenant: str) -> list[Group]:
        groups: list[Group] = []
        at, end, times = batch.line_at.tolist(), batch.line_end.tolist(), batch.times_ns.tolist()
        bounds = batch.entry_lo.tolist()
        data = batch.data
        for i, stream in enumerate(batch.streams):
            lo, hi = bounds[i], bounds[i + 1]
            parsed = parse_labels(stream) if isinstance(stream, str) else stream
            hidden = parsed.as_dict()
            if tenant:
                hidden[TENANT] = tenant
            labels = self._labelling.labels(hidden)
            if labels is None or lo == hi:
                continue
            group = Group(labels, [data[a:b] for a, b in zip(at[lo:hi], end[lo:hi], strict=True)])
            keeps = self._config.use_incoming_timestamp
            group.times_ns = times[lo:hi] if keeps else self._job.times(hi - lo)
            if batch.metadata is not None:
                group.metadata = _metadata(batch, lo, hi)
            groups.append(group)
        return groups

    async def _raw(self, request: web.Request) -> web.Response:
        if self._job.outlet.is_full:
            return web.Response(status=503, text="the agent can send nothing at the moment; try again later\n")
        body = await request.read()
        labels = self._labelling.labels({})
        lines = [line for line in body.split(b"\n") if line]
        if lines and labels is not None:
            group = Group(labels, lines, self._job.times(len(lines)))
            await self._job.handle_groups([group], key=f"push-{self._job.name}")
        return web.Response(status=204)


def decoded(body: bytes, content_type: str, encoding: str, legacy: bool) -> EntryBatch:
    """The entries of a body. Raises PushError and WireError."""
    if content_type == "application/json":
        return decode_json(_unpacked(body, encoding), legacy)
    if encoding not in ("", "snappy"):
        raise PushError(400, f'Content-Encoding "{encoding}" not supported')
    return decode_protobuf(decompress(body, MAX_BODY_BYTES))


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding == "":
        return body
    if encoding == "snappy":
        return decompress(body, MAX_BODY_BYTES)
    if encoding not in _WINDOW_BITS:
        raise PushError(400, f'Content-Encoding "{encoding}" not supported')
    unpacker = zlib_ng.decompressobj(_WINDOW_BITS[encoding])
    try:
        out: bytes = unpacker.decompress(body, MAX_BODY_BYTES)
    except Exception as error:  # The library's own kind of error has no type that could be named.
        raise PushError(400, str(error)) from None
    if unpacker.unconsumed_tail:
        raise PushError(413, "request body too large")
    return out


def _metadata(batch: EntryBatch, lo: int, hi: int) -> list[Metadata]:
    found = batch.metadata
    assert found is not None
    data = batch.data
    out: list[Metadata] = []
    bounds = found.pair_lo[lo : hi + 1].tolist()
    for first, last in itertools.pairwise(bounds):
        pairs = []
        for pair in range(first, last):
            name = data[int(found.name_at[pair]) : int(found.name_end[pair])]
            value = data[int(found.value_at[pair]) : int(found.value_end[pair])]
            pairs.append((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")))
        out.append(tuple(pairs))
    return out
