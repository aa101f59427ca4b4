"""The composition root of `watchkeeper node-exporter`: collectors, own metrics and an HTTP server for their page."""

from __future__ import annotations

import asyncio
import functools
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from typing import Final, Protocol, TypeVar

import aiohttp
from aiohttp import web
from zlib_ng import zlib_ng

from watchkeeper import __version__
from watchkeeper.core.telemetry.family import render
from watchkeeper.core.telemetry.log import capture_stdlib, configure, get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.telemetry.process import register_process_metrics
from watchkeeper.exporters.node.host import Host
from watchkeeper.exporters.node.registry import NodeExporter

log = get_logger("node exporter")

T = TypeVar("T")

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass(frozen=True, slots=True)
class NodeExporterOptions:
    """What the command line may set; upstream's flags and defaults, but for the address, which is this machine's."""

    listen_addresses: tuple[str, ...] = ("127.0.0.1:9100",)
    telemetry_path: str = "/metrics"
    max_requests: int = 40
    has_exporter_metrics: bool = True
    collectors: tuple[str, ...] | None = None
    host: Host = field(default_factory=Host)
    log_level: str = "info"
    log_format: str = "logfmt"


class InWorker(Protocol):
    """Runs a function in a thread, so that the event loop goes on."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


def node_app(
    exporter: NodeExporter,
    in_worker: InWorker,
    *,
    registry: Registry | None = None,
    telemetry_path: str = "/metrics",
    max_requests: int = 40,
) -> web.Application:
    """The exporter's application: a landing page, the metrics, and whether the process is well.

    registry       the process's own metrics, which then stand on the page too
    max_requests   scrapes at a time; 0 is any number
    """
    surface = _Surface(exporter, in_worker, registry, telemetry_path, max_requests)
    application = web.Application()
    application.router.add_get(telemetry_path, surface.metrics)
    if telemetry_path != "/":
        application.router.add_get("/", surface.landing)
    application.router.add_get("/-/healthy", surface.healthy)
    return application


class _Surface:
    def __init__(
        self,
        exporter: NodeExporter,
        in_worker: InWorker,
        registry: Registry | None,
        telemetry_path: str,
        max_requests: int,
    ) -> None:
        self.exporter = exporter
        self._in_worker = in_worker
        self._registry = registry
        self._telemetry_path = telemetry_path
        self._max_requests = max_requests
        self._n_running = 0
        counted = Registry() if registry is None else registry
        self._answers = counted.counter(
            "promhttp_metric_handler_requests_total", "Total number of scrapes by HTTP status code.", labels=("code",)
        )
        for code in ("200", "500", "503"):
            self._answers.labels(code)
        counted.gauge(
            "promhttp_metric_handler_requests_in_flight", "Current number of scrapes being served."
        ).set_function(lambda: self._n_running)

    async def metrics(self, request: web.Request) -> web.Response:
        """The page; `collect[]` and `exclude[]` choose collectors, but not both at once."""
        only = request.query.getall("collect[]", [])
        exclude = request.query.getall("exclude[]", [])
        if only and exclude:
            return self._refuse(400, "Combined collect and exclude queries are not allowed.")
        names: tuple[str, ...] | None = None
        if only or exclude:
            missing = [name for name in (*only, *exclude) if name not in self.exporter.names]
            if missing:
                return self._refuse(400, f"Couldn't create filtered metrics handler: missing collector: {missing[0]}")
            names = tuple(name for name in self.exporter.names if (name in only if only else name not in exclude))
        if self._max_requests and self._n_running >= self._max_requests:
            return self._refuse(503, f"Limit of concurrent requests reached ({self._max_requests}), try again later.")
        wants_openmetrics = "application/openmetrics-text" in request.headers.get("Accept", "")
        self._n_running += 1
        try:
            body = await self._in_worker(functools.partial(self._page, names, wants_openmetrics))
        finally:
            self._n_running -= 1
        self._answers.labels("200").inc()
        response = web.Response(body=body, headers={"Content-Type": OPENMETRICS if wants_openmetrics else TEXT})
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def landing(self, request: web.Request) -> web.Response:
        """A page for a person who came by."""
        path = escape(self._telemetry_path, quote=True)
        rows = "".join(f"<li>{name}</li>" for name in self.exporter.names)
        page = (
            "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>watchkeeper node exporter</title><style>"
            "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#1f2328;"
            "background:#fff}ul{columns:10rem}@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}"
            "a{color:#4493f8}}</style></head><body><h1>Node exporter</h1>"
            f'<p>watchkeeper {__version__} shows this machine at <a href="{path}">{path}</a>.</p>'
            f"<p>Collectors:</p><ul>{rows}</ul></body></html>"
        )
        return web.Response(text=page, content_type="text/html")

    async def healthy(self, request: web.Request) -> web.Response:
        """Says that the process answers."""
        return web.Response(text="watchkeeper node exporter is Healthy.\n")

    def _page(self, names: tuple[str, ...] | None, openmetrics: bool) -> bytes:
        families = self.exporter.collect(names)
        if self._registry is not None:
            families += self._registry.collect()
        return render(families, openmetrics=openmetrics)

    def _refuse(self, status: int, text: str) -> web.Response:
        self._answers.labels(str(status)).inc()
        return web.Response(status=status, text=text + "\n")


class NodeExporterServer:
    """An exporter with a thread to run in, ready to be served."""

    def __init__(self, options: NodeExporterOptions) -> None:
        self.exporter = NodeExporter(options.host, options.collectors)
        self._options = options
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="collect")

    def application(self) -> web.Application:
        """The application; its clean-up ends the thread."""
        registry = Registry() if self._options.has_exporter_metrics else None
        if registry is not None:
            register_process_metrics(registry)
        application = node_app(
            self.exporter,
            self._in_worker,
            registry=registry,
            telemetry_path=self._options.telemetry_path,
            max_requests=self._options.max_requests,
        )
        application.on_cleanup.append(self._stop)
        return application

    async def _in_worker(self, work: Callable[[], T], /) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _stop(self, _: web.Application) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def split_address(address: str) -> tuple[str | None, int]:
    """Host and port of `127.0.0.1:9100`, `[::1]:9100` or `:9100` (every address). Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f"not an address: {address!r}; write it as 127.0.0.1:9100, or :9100 for every address")
    return host.strip("[]") or None, int(port)


async def serve(options: NodeExporterOptions, stop: asyncio.Event) -> None:
    """Serve until `stop` is set. Raises OSError where an address can't be bound."""
    server = NodeExporterServer(options)
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        for address in options.listen_addresses:
            host, port = split_address(address)
            site = web.TCPSite(runner, host, port)
            await site.start()
            bound = site._server.sockets[0].getsockname() if isinstance(site._server, asyncio.Server) else (host, port)
            log.info("listening", address=f"{bound[0]}:{bound[1]}", collectors=len(server.exporter.names))
        await stop.wait()
    finally:
        await runner.cleanup()


def run(options: NodeExporterOptions) -> int:
    """Run until SIGINT or SIGTERM; the exit status."""
    configure(options.log_level, options.log_format)
    capture_stdlib()
    aiohttp.set_zlib_backend(zlib_ng)

    async def until_signal() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await serve(options, stop)

    try:
        asyncio.run(until_signal())
    except OSError as error:
        log.error("can't listen", addresses=", ".join(options.listen_addresses), err=error)
        return 1
    log.info("stopped")
    return 0
