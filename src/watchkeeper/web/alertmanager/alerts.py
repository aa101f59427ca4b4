"""Alerts: what there is, and what comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aiohttp import web

from watchkeeper.alerts.interface import Alert
from watchkeeper.alerts.matchers import Mode, is_label_name
from watchkeeper.core.model.labels import Labels, quote
from watchkeeper.web.alertmanager.answer_json import alert_json, answer
from watchkeeper.web.alertmanager.backend import Backend
from watchkeeper.web.alertmanager.errors import refused
from watchkeeper.web.alertmanager.filters import wanted
from watchkeeper.web.alertmanager.json_body import Fields, parse_body, read_body, rows

BODY = "alerts"
AT_ONCE: Final = (
    10_000  # Alerts that are taken before others get their turn: 0.1 s. What comes together is told together.
)


async def list_alerts(backend: Backend, request: web.Request) -> web.Response:
    """GET /alerts: those that have not ended, by fingerprint."""
    asked = wanted(backend, request)
    return await backend.run(lambda: answer([alert_json(view) for view in backend.alerts.alerts(asked)]))


async def post_alerts(backend: Backend, request: web.Request) -> web.Response:
    """POST /alerts: takes those that are valid, also where others are not, which 400 tells."""
    body = await read_body(request, BODY)
    received = await backend.run(lambda: _alerts(body))
    problems: list[str] = []
    if backend.settings.mode is Mode.CLASSIC:
        received, problems = _classic(received)
        backend.invalid.inc(len(problems))
    for lo in range(0, len(received), AT_ONCE):
        if lo:
            await asyncio.sleep(0)
        problems += backend.alerts.receive(received[lo : lo + AT_ONCE])
    if problems:
        raise refused(400, "; ".join(problems))
    return web.Response()


def _alerts(body: bytes) -> list[Alert]:
    """What a sender said. Raises ApiError where it has not the form of alerts."""
    return [_alert(item, place) for place, item in enumerate(rows(BODY, parse_body(body, BODY)))]


def _alert(item: Any, place: int) -> Alert:
    fields = Fields(BODY, item, (place,))
    labels, annotations = fields.texts("labels"), fields.texts("annotations")
    starts_ns, ends_ns = fields.time_ns("startsAt"), fields.time_ns("endsAt")
    generator_url = fields.uri("generatorURL")
    fields.require("labels")
    return Alert(
        Labels((labels or {}).items()),
        Labels((annotations or {}).items()),
        starts_ns=starts_ns or 0,
        ends_ns=ends_ns or 0,
        generator_url=generator_url,
    )


def _classic(alerts: Sequence[Alert]) -> tuple[list[Alert], list[str]]:
    """The alerts whose names are of the classic form, and what is wrong with the others."""
    good: list[Alert] = []
    problems: list[str] = []
    for alert in alerts:
        for what, labels in (("label set", alert.labels), ("annotations", alert.annotations)):
            odd = _odd_name(labels, Mode.CLASSIC)
            if odd is not None:
                problems.append(f"invalid {what}: invalid name {quote(odd)}")
                break
        else:
            good.append(alert)
    return good, problems


def _odd_name(pairs: Iterable[tuple[str, str]], mode: Mode) -> str | None:
    return next((name for name, _ in pairs if not is_label_name(name, mode)), None)
