"""An Alertmanager that answers as a test wants, and remembers what it took."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.model.labels import Labels
from watchkeeper.rules.send.config import AlertingConfig

Answer = Callable[[int], web.Response | Awaitable[web.Response | None] | None]


class AlertmanagerDouble:
    """`answer` gets the number of the request; None from it takes the alerts."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.n_requests = 0
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answer: Answer = lambda number: None
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("POST", "/{path:.*}", self._take)
        app.router.add_route("GET", "/{path:.*}", self._get)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def names(self) -> list[str]:
        """Of the alerts taken, in their order."""
        return [alert["labels"]["alertname"] for alert in self.taken]

    async def _get(self, _: web.Request) -> web.Response:
        return web.json_response([])

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.n_requests += 1
        self.headers.append(dict(request.headers))
        self.paths.append(request.path)
        answer = self.answer(self.n_requests)
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer is not None:
            return answer
        alerts = orjson.loads(body)
        self.sizes.append(len(alerts))
        self.taken += alerts
        return web.Response()


def alert(name: str, **labels: str) -> Alert:
    """One that fires."""
    return Alert(Labels({"alertname": name, **labels}.items()), starts_ns=1_000_000_000, ends_ns=5_000_000_000)


def alerting(text: str) -> AlertingConfig:
    """The section of a YAML text."""
    made = decode(AlertingConfig, text, Load("prometheus.yml", files_checked=False))
    assert isinstance(made, AlertingConfig)
    return made
