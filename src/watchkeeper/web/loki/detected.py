"""Labels and fields that lines turn out to have, for Grafana's Logs Drilldown."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from watchkeeper.logs.interface import LogQuerier
from watchkeeper.logs.logql.answer import LogStreams, Request
from watchkeeper.logs.logql.detected import DetectedField, DetectedLabel, detected_values
from watchkeeper.logs.logql.detected import detected_fields as find_fields
from watchkeeper.logs.logql.detected import detected_labels as find_labels
from watchkeeper.logs.logql.parser import parse_log_query
from watchkeeper.web.envelope import json_response
from watchkeeper.web.errors import bad_data
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.labels import bounds_in_order, read_streams, selector
from watchkeeper.web.loki.params import Params
from watchkeeper.web.loki.query_run import run_query
from watchkeeper.web.loki.tenancy import tenants_of

LINE_LIMIT = 100
FIELD_LIMIT = 1000


async def detected_labels(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /detected_labels: labels worth choosing from, with how many values they have."""
    params = await Params.of(request, backend)
    matchers = selector(params)
    start_ns, end_ns = bounds_in_order(params)

    def read(querier: LogQuerier, start_ns: int, end_ns: int) -> list[DetectedLabel]:
        return find_labels(querier.streams(matchers, start_ns, end_ns))

    found = await read_streams(backend, request, start_ns, end_ns, read)
    labels = [{"label": one.label, "cardinality": one.cardinality} for one in found]
    return json_response(dumps({"detectedLabels": labels}) + b"\n")


async def detected_fields(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /detected_fields: fields of the newest lines of a query, with their types and how to get at them."""
    params = await Params.of(request, backend)
    limit = params.limit("limit", "field_limit", default=FIELD_LIMIT)
    lines = await _lines(backend, request, params)
    found = await backend.run_read(lambda: find_fields(lines, limit))
    return json_response(dumps({"fields": [_field(one) for one in found], "limit": limit}) + b"\n")


async def detected_field_values(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /detected_field/{name}/values: values of one field of the newest lines of a query."""
    params = await Params.of(request, backend)
    limit = params.limit("limit", "field_limit", default=FIELD_LIMIT)
    name = request.match_info["name"]
    lines = await _lines(backend, request, params)
    values = await backend.run_read(lambda: detected_values(lines, name, limit))
    return json_response(dumps({"values": values, "limit": limit}) + b"\n")


async def _lines(backend: Backend, request: web.Request, params: Params) -> LogStreams:
    text = params.get("query")
    query = parse_log_query(text)
    line_limit = params.limit("line_limit", default=LINE_LIMIT)
    start_ns, end_ns = params.bounds()
    if end_ns <= start_ns:
        raise bad_data("end timestamp must not be before or equal to start time")
    made = Request(query, text, start_ns, end_ns, limit=line_limit)
    answer = await run_query(backend, tenants_of(backend, request), made, partial_series=False)
    assert isinstance(answer.data, LogStreams)
    return answer.data


def _field(one: DetectedField) -> dict[str, Any]:
    path = {"jsonPath": one.json_path} if one.json_path else {}
    return {
        "label": one.label,
        "type": one.type,
        "cardinality": one.cardinality,
        "parsers": one.parsers or None,
        **path,
    }
