"""A service that takes requests and answers as a test wants; notices; and notifiers made of YAML."""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.interface import Alert, Notice, Notifier, Reason, Surroundings
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.http.client import HTTPClient
from watchkeeper.core.model.labels import Labels

SECOND_NS = 1_000_000_000
NOW_NS = 1_795_860_000 * SECOND_NS  # 2026-11-28 10:00:00 UTC
EXTERNAL_URL = "http://alerts.example.com"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Request:
    """What came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Service:
    """`answer` makes the responses; what came is in `requests`."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answer: Answer | None = None
    status: int = 200
    text: str = "ok"
    content_type: str = "text/plain"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(Request(request.method, request.path_qs, dict(request.headers), await request.read()))
        if self.answer is not None:
            return await self.answer(request)
        return web.Response(status=self.status, text=self.text, content_type=self.content_type)


@asynccontextmanager
async def service(status: int = 200, text: str = "ok", content_type: str = "text/plain") -> AsyncIterator[Service]:
    """A running service."""
    double = Service(status=status, text=text, content_type=content_type)
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", double.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield double
    finally:
        await runner.cleanup()


def alert(resolved: bool = False, annotations: dict[str, str] | None = None, **labels: str) -> Alert:
    """One alert, that began ten minutes before NOW_NS, and ended one minute before it."""
    return Alert(
        labels=Labels.of(labels or {"alertname": "Down", "instance": "a:1"}),
        annotations=Labels.of(annotations or {"summary": "a is down"}),
        starts_ns=NOW_NS - 600 * SECOND_NS,
        ends_ns=NOW_NS - 60 * SECOND_NS if resolved else 0,
        generator_url="http://prometheus/graph?g0.expr=up",
    )


def notice(*alerts: Alert, resolved: bool = False, receiver: str = "ops", **more: Any) -> Notice:
    """A notice of these alerts; of one if there are none."""
    return Notice(
        receiver=receiver,
        group_key='{}:{alertname="Down"}',
        group_labels=Labels.of(alertname="Down"),
        alerts=alerts or (alert(resolved),),
        now_ns=NOW_NS,
        **{"reason": Reason.FIRST, **more},
    )


# `printf '{}:{alertname="Down"}' | sha256sum`
KEY_HASH = "af94c9e8f6a3043625e36c6f472fe6be85ac23a9117184ee4cb7b4ad7401a47e"


def surroundings(templates: Templates | None = None) -> Surroundings:
    """What integrations are given."""
    return Surroundings(templates or Templates(external_url=EXTERNAL_URL), EXTERNAL_URL, HTTPClient)


def config(kind: str, yaml: str, shared: str = "", base_dir: Any = None) -> Any:
    """The section of a receiver type; `shared` is the text of `global`."""
    load = Load("alertmanager.yml", base_dir=base_dir)
    decode(GlobalConfig, shared, load)
    return decode(importlib.import_module(f"watchkeeper.alerts.integrations.{kind}").CONFIG, yaml, load)


@asynccontextmanager
async def notifier(
    kind: str, yaml: str, shared: str = "", base_dir: Any = None, templates: Templates | None = None
) -> AsyncIterator[Notifier]:
    """A notifier made of a receiver's text."""
    module = importlib.import_module(f"watchkeeper.alerts.integrations.{kind}")
    made: Notifier = module.NOTIFIER(config(kind, yaml, shared, base_dir), surroundings(templates))
    try:
        yield made
    finally:
        await made.close()
