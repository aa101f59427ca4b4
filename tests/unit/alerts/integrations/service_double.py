"""A service that remembers what it was asked and answers as a test wants; notices; sections of texts."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.interface import Alert, Notice, Notifier, NotifyError, Surroundings
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.http.client import HTTPClient
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.model.labels import Labels

T = TypeVar("T")
SECOND_NS = 1_000_000_000
NOW_NS = 1_795_860_000 * SECOND_NS  # 2026-11-28 10:00:00 UTC
EXTERNAL_URL = "http://am.example"
GROUP_KEY = '{}:{alertname="Down"}'
GROUP_HASH = hashlib.sha256(GROUP_KEY.encode()).hexdigest()


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


Answer = tuple[int, str] | Callable[[Asked], tuple[int, str]] | None


@dataclass
class Service:
    """What was asked, and what is answered: a status and a text, a function that gives them, or None to hang.

    location   where answers point to
    """

    url: str = ""
    answer: Answer = (200, "")
    location: str = ""
    asked: list[Asked] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def only(self) -> Asked:
        [asked] = self.asked
        return asked

    async def handle(self, request: web.Request) -> web.Response:
        asked = Asked(
            request.method,
            request.rel_url.raw_path,
            dict(request.query),
            dict(request.headers),
            await request.read(),
        )
        self.asked.append(asked)
        if self.answer is None:
            await self.stopping.wait()
        status, text = self.answer(asked) if callable(self.answer) else self.answer or (200, "")
        return web.Response(status=status, text=text, headers={"Location": self.location} if self.location else {})


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    """A running service."""
    double = Service()
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", double.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield double
    finally:
        double.stopping.set()
        await runner.cleanup()


def alert(*, resolved: bool = False, **labels: str) -> Alert:
    """One alert, alertname Down."""
    return Alert(
        labels=Labels.of({"alertname": "Down", **labels}),
        annotations=Labels.of(summary="a is down"),
        starts_ns=NOW_NS - 600 * SECOND_NS,
        ends_ns=NOW_NS - 60 * SECOND_NS if resolved else 0,
        generator_url="http://prometheus/graph",
    )


def notice(*alerts: Alert) -> Notice:
    """A notice of these alerts."""
    return Notice("team", GROUP_KEY, Labels.of(alertname="Down"), alerts, NOW_NS)


FIRING = notice(alert(instance="a"))
RESOLVED = notice(alert(resolved=True, instance="a"))


def surroundings(*definitions: str) -> Surroundings:
    """What integrations are given; the templates know these definitions beside the default ones."""
    files = [(f"{number}.tmpl", text) for number, text in enumerate(definitions)]
    return Surroundings(Templates(files, EXTERNAL_URL), EXTERNAL_URL, HTTPClient)


def read(cls: type[T], text: str, common: str = "") -> T:
    """A section of a text; `common` is the text of `global`."""
    load = Load("alertmanager.yml")
    decode(GlobalConfig, common, load)
    return decode(cls, text, load)


def problems(cls: type[Any], text: str, common: str = "") -> list[str]:
    """What is wrong with a section, without places."""
    try:
        read(cls, text, common)
    except ConfigError as error:
        return [problem.message for problem in error.problems]
    return []


async def failure(notifier: Notifier, told: Notice = FIRING) -> NotifyError:
    """The error of a notice."""
    with pytest.raises(NotifyError) as caught:
        await notifier.notify(told)
    return caught.value
