"""Queries of several datasources in one request, answered as data frames."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.core.model.duration import DurationError, parse_duration_ms
from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.dashboards.datasource import Datasource
from watchkeeper.web.errors import ApiError, bad_data, to_grafana
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.datasources import askable
from watchkeeper.web.grafana.frames import Frame, loki_frames, prometheus_frames
from watchkeeper.web.grafana.moments import moment_ms

MAX_QUERIES: Final = 200
AT_A_TIME: Final = 8
DEFAULT_POINTS: Final = 1000
MAX_POINTS: Final = 11_000
DEFAULT_LINES: Final = 1000
MIN_STEP_MS: Final = 1000
EXPRESSIONS: Final = "__expr__"


@dataclass(frozen=True, slots=True)
class _Query:
    ref_id: str
    datasource: Datasource
    fields: Fields
    start_ms: int
    end_ms: int
    step_ms: int

    @property
    def expr(self) -> str:
        return self.fields.text("expr")


async def query(backend: Backend, ask: Ask) -> web.Response:
    """POST /ds/query: each query's frames, or what is wrong with it; 400 or 500 where one failed."""
    blank = ask.request.clone()
    fields = await ask.fields()
    items = [Fields(item) for item in fields.items("queries")]
    if not items:
        raise bad_data("No queries found in query")
    if len(items) > MAX_QUERIES:
        raise bad_data(f"more than {MAX_QUERIES} queries in one request")
    places = asyncio.Semaphore(AT_A_TIME)

    async def answered(place: int, item: Fields) -> tuple[str, dict[str, Any]]:
        ref_id = item.text("refId") or _letter(place)
        async with places:
            try:
                made = await backend.run(lambda: _made(backend, ask, ref_id, fields, item))
                frames = await _frames(backend, blank, made)
                return ref_id, {"status": 200, "frames": frames}
            except (WatchkeeperError, ApiError) as error:
                told = to_grafana(error)
                return ref_id, {"status": told.status, "error": told.message, "errorSource": "downstream", "frames": []}

    results = dict(await asyncio.gather(*(answered(place, item) for place, item in enumerate(items))))
    worst = max(result["status"] for result in results.values())
    body = await backend.run(lambda: orjson.dumps({"results": results}))
    status = 200 if worst == 200 else 400 if worst < 500 else 500
    return web.Response(body=body, status=status, content_type="application/json")


def _made(backend: Backend, ask: Ask, ref_id: str, fields: Fields, item: Fields) -> _Query:
    now_ms = backend.now_ms()
    bounds = {}
    for name, default in (("from", "now-1h"), ("to", "now")):
        own = item.mapping("timeRange").get(name)
        value = own if own is not None else fields.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise bad_data(f"{name} should be a time")
        bounds[name] = moment_ms(str(value), now_ms, is_end=name == "to")
    start_ms, end_ms = bounds["from"], bounds["to"]
    if end_ms < start_ms:
        raise bad_data("to comes before from")
    reference = item.values.get("datasource")
    if isinstance(reference, dict):
        uid = Fields(reference).text("uid")
    elif isinstance(reference, str):
        uid = reference
    elif item.has("datasourceId"):
        datasource = backend.state.datasources.by_number(item.number("datasourceId"))
        uid = datasource.uid
    else:
        uid = ""
    if uid == EXPRESSIONS:
        raise bad_data("expressions are not evaluated here: ask for the queries alone")
    datasource = askable(backend, ask, backend.state.datasources.resolve(uid))
    points = min(max(1, item.number("maxDataPoints", DEFAULT_POINTS)), MAX_POINTS)
    wanted_ms = max(item.number("intervalMs", 0), _interval_ms(item), MIN_STEP_MS)
    step_ms = max(wanted_ms, -(-(end_ms - start_ms) // points) if not item.has("intervalMs") else 0)
    step_ms = max(step_ms, -(-(end_ms - start_ms) // MAX_POINTS), 1)
    return _Query(ref_id, datasource, item, start_ms, end_ms, step_ms)


async def _frames(backend: Backend, blank: web.Request, made: _Query) -> list[Frame]:
    if not made.expr.strip():
        return []
    match made.datasource.type:
        case "prometheus":
            return await _prometheus(backend, blank, made)
        case "loki":
            return await _loki(backend, blank, made)
        case other:
            raise bad_data(f"{made.datasource.name}: data sources of the type {other} can't be queried here")


async def _prometheus(backend: Backend, blank: web.Request, made: _Query) -> list[Frame]:
    expr = _filled(made.expr, made)
    fields, form = made.fields, made.fields.text("format", "time_series")
    is_instant = fields.flag("instant")
    is_range = fields.flag("range", not is_instant) or not is_instant
    frames: list[Frame] = []
    if is_instant:
        asked: dict[str, Any] = {"query": expr, "time": made.end_ms / 1000}
        data = await _data(backend, blank, made, "/api/v1/query", asked)
        frames += prometheus_frames(data, made.ref_id, expr, fields.text("legendFormat"), form)
    if is_range:
        # On whole steps, as Grafana asks, so that the same points come again.
        step_ms = made.step_ms
        asked = {
            "query": expr,
            "start": made.start_ms // step_ms * step_ms / 1000,
            "end": made.end_ms // step_ms * step_ms / 1000,
            "step": step_ms / 1000,
        }
        data = await _data(backend, blank, made, "/api/v1/query_range", asked)
        frames += prometheus_frames(data, made.ref_id, expr, fields.text("legendFormat"), form)
    return frames


async def _loki(backend: Backend, blank: web.Request, made: _Query) -> list[Frame]:
    expr, fields = _filled(made.expr, made), made.fields
    limit = min(max(1, fields.number("maxLines", DEFAULT_LINES)), 5000)
    if fields.text("queryType", "range") == "instant":
        asked: dict[str, Any] = {"query": expr, "time": made.end_ms * 1_000_000, "limit": limit}
        data = await _data(backend, blank, made, "/loki/api/v1/query", asked)
    else:
        direction = "forward" if fields.text("direction") == "forward" else "backward"
        asked = {
            "query": expr, "start": made.start_ms * 1_000_000, "end": made.end_ms * 1_000_000,
            "step": f"{made.step_ms}ms", "limit": limit, "direction": direction,
        }  # fmt: skip
        data = await _data(backend, blank, made, "/loki/api/v1/query_range", asked)
    return loki_frames(data, made.ref_id, expr, fields.text("legendFormat"))


async def _data(backend: Backend, blank: web.Request, made: _Query, path: str, asked: dict[str, Any]) -> Any:
    """`data` of a successful answer. Raises ApiError."""
    found = await backend.way(made.datasource).get(blank, path, asked)
    try:
        document = await backend.run(lambda: orjson.loads(found.body))
    except orjson.JSONDecodeError:
        document = None
    if found.status == 200 and isinstance(document, dict) and isinstance(document.get("data"), dict):
        return document["data"]
    said = document.get("error") if isinstance(document, dict) else None
    text = said if isinstance(said, str) else found.body[:500].decode("utf-8", "replace").strip()
    status = found.status if 400 <= found.status < 600 else 502
    raise ApiError(status, "datasource", text or f"{made.datasource.name} answered {found.status}")


def _filled(expr: str, made: _Query) -> str:
    """With Grafana's own variables replaced; others are the sender's business."""
    range_ms = made.end_ms - made.start_ms
    scrape_ms = max(_interval_ms(made.fields), 15_000)
    rate_ms = max(made.step_ms + scrape_ms, 4 * scrape_ms)
    for name, value in (
        ("__rate_interval", f"{rate_ms}ms"), ("__interval_ms", str(made.step_ms)), ("__interval", f"{made.step_ms}ms"),
        ("__range_ms", str(range_ms)), ("__range_s", str(range_ms // 1000)), ("__range", f"{range_ms // 1000}s"),
        ("__auto", f"{made.step_ms}ms"),
    ):  # fmt: skip
        expr = expr.replace(f"${{{name}}}", value).replace(f"${name}", value)
    return expr


def _interval_ms(fields: Fields) -> int:
    text = fields.text("interval")
    try:
        return parse_duration_ms(text) if text else 0
    except DurationError:
        return 0


def _letter(place: int) -> str:
    return chr(65 + place) if place < 26 else f"Q{place}"
