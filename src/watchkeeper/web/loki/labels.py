"""Label names, label values, and the streams that selectors name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from aiohttp import web

from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.regex_weight import RegexWeight
from watchkeeper.logs.interface import LogQuerier, Stream
from watchkeeper.logs.logql.parser import parse_selector
from watchkeeper.web.envelope import json_response
from watchkeeper.web.errors import bad_data
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.params import Params
from watchkeeper.web.loki.query_checks import timeout_s, window
from watchkeeper.web.loki.tenancy import JoinedQuerier, querier_of, tenants_of

T = TypeVar("T")


async def labels(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /labels: names of labels that streams of the range have."""
    return _values_json(await _label_names(backend, request))


async def label_values(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /label/{name}/values: values of one label."""
    return _values_json(await _label_values(backend, request))


async def legacy_labels(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /api/prom/label: the same in the old form."""
    return json_response(dumps({"values": await _label_names(backend, request)}))


async def legacy_label_values(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /api/prom/label/{name}/values: the same in the old form."""
    return json_response(dumps({"values": await _label_values(backend, request)}))


async def series(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /series: the label sets of all streams that a `match[]` names, or of all."""
    params = await Params.of(request, backend)
    weight = RegexWeight()
    sets = [parse_selector(text, weight) for text in params.all("match", "match[]")] or [()]
    start_ns, end_ns = bounds_in_order(params)

    def read(querier: LogQuerier, start_ns: int, end_ns: int) -> list[Stream]:
        return [stream for matchers in sets for stream in querier.streams(matchers, start_ns, end_ns)]

    found = await read_streams(backend, request, start_ns, end_ns, read)
    by_text = {stream.text: stream.labels for stream in found}
    data = [by_text[text].as_dict() for text in sorted(by_text)]
    return json_response(dumps({"status": "success", "data": data}) + b"\n")


async def read_streams(
    backend: Backend,
    request: web.Request,
    start_ns: int,
    end_ns: int,
    read: Callable[[LogQuerier, int, int], T],
) -> T:
    """What `read` makes of the tenants' data in the part of the range that may be read, ends included.

    Runs on a reader thread, within the tenants' query timeout.
    """
    tenants = tenants_of(backend, request)
    limits = [backend.limits(tenant) for tenant in tenants]
    allowed = window(start_ns, end_ns, backend.now_ns(), limits)
    if allowed.is_empty:
        return read(JoinedQuerier([]), 1, 0)
    operation = "label_values" if "name" in request.match_info else request.path.rpartition("/")[2]
    code, began_s = "500", time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s(limits)):
            found: T = await backend.run_read(
                lambda: read(querier_of(backend, tenants), allowed.start_ns, allowed.end_ns + 1)
            )
        code = "200"
        return found
    finally:
        backend.metrics.index_seconds.labels(operation, code).observe(time.perf_counter() - began_s)


def bounds_in_order(params: Params) -> tuple[int, int]:
    """Start and end. Raises ApiError where the end is first."""
    start_ns, end_ns = params.bounds()
    if end_ns < start_ns:
        raise bad_data("end timestamp must not be before or equal to start time")
    return start_ns, end_ns


def selector(params: Params, name: str = "query") -> tuple[Matcher, ...]:
    """The matchers that a parameter holds; none where it is left out. Raises QueryError."""
    text = params.get(name)
    return parse_selector(text) if text.strip() else ()


async def _label_names(backend: Backend, request: web.Request) -> list[str]:
    params = await Params.of(request, backend)
    matchers = selector(params)
    start_ns, end_ns = bounds_in_order(params)

    def read(querier: LogQuerier, start_ns: int, end_ns: int) -> list[str]:
        found = querier.streams(matchers, start_ns, end_ns)
        return sorted({name for stream in found for name, _ in stream.labels.pairs})

    return await read_streams(backend, request, start_ns, end_ns, read)


async def _label_values(backend: Backend, request: web.Request) -> list[str]:
    params = await Params.of(request, backend)
    matchers = selector(params)
    name = request.match_info["name"]
    start_ns, end_ns = bounds_in_order(params)

    def read(querier: LogQuerier, start_ns: int, end_ns: int) -> list[str]:
        found = querier.streams(matchers, start_ns, end_ns)
        return sorted({value for stream in found if (value := stream.labels.get(name))})

    return await read_streams(backend, request, start_ns, end_ns, read)


def _values_json(values: Sequence[str]) -> web.Response:
    """Without `data` where there is nothing, as upstream's encoder leaves it out."""
    data = {"data": values} if values else {}
    return json_response(dumps({"status": "success", **data}) + b"\n")
