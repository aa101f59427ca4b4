"""Queries over a range and at one time, and the layout of a query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from watchkeeper.core.model.errors import ParseError
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.answer import Answer, LogStreams, Request
from watchkeeper.logs.logql.explain import explain
from watchkeeper.logs.logql.parser import parse, parse_log_query
from watchkeeper.logs.logql.printer import pretty
from watchkeeper.web.envelope import json_response
from watchkeeper.web.errors import bad_data
from watchkeeper.web.loki.answer_json import CATEGORIZE, dumps, legacy_query_json, query_json
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.params import Params
from watchkeeper.web.loki.query_run import check_size, gated, run_query, run_written
from watchkeeper.web.loki.tenancy import tenants_of

FLAGS_HEADER: Final = "X-Loki-Response-Encoding-Flags"
TAGS_HEADER: Final = "X-Query-Tags"
DRILLDOWN: Final = "Source=grafana-lokiexplore-app"  # It shows what there is where a limit cuts the series.
NO_INSTANT: Final = (
    "log queries are not supported as an instant query type, please change your query to a range query type"
)


async def query_range(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /query_range: lines of a range, or a metric at each of its steps."""
    params = await Params.of(request, backend)
    tenants = tenants_of(backend, request)
    asked = params.range()
    text = params.get("query")
    made = Request(
        parse(text),
        text,
        asked.start_ns,
        asked.end_ns,
        asked.step_ns,
        limit=asked.limit,
        forward=asked.forward,
        interval_ns=asked.interval_ns,
    )
    return await answered(backend, request, tenants, made)


async def query(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /query: a metric at one time."""
    params = await Params.of(request, backend)
    tenants = tenants_of(backend, request)
    text = params.get("query")
    limit = params.limit()
    time_ns = params.time_ns("time", params.now_ns)
    forward = params.forward()
    expr = parse(text)
    if isinstance(expr, ast.LogQuery):
        raise bad_data(NO_INSTANT)
    made = Request(expr, text, time_ns, time_ns, 0, instant=True, limit=limit, forward=forward)
    return await answered(backend, request, tenants, made)


async def legacy_query(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /api/prom/query: lines in the old form; `regexp` is one more filter."""
    params = await Params.of(request, backend)
    tenants = tenants_of(backend, request)
    asked = params.range()
    text = with_regexp(params)
    expr = parse(text)
    if not isinstance(expr, ast.LogQuery):
        raise bad_data("legacy endpoints only support streams result type, current type is matrix")
    made = Request(expr, text, asked.start_ns, asked.end_ns, limit=asked.limit, forward=asked.forward)
    answer = await run_query(backend, tenants, made, partial_series=False)
    assert isinstance(answer.data, LogStreams)
    return json_response(legacy_query_json(answer.data, answer.stats, forward=asked.forward))


async def format_query(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /format_query: the query, laid out."""
    params = await Params.of(request, backend)
    try:
        text = pretty(parse(params.get("query")))
    except ParseError as error:
        return _invalid(error)
    return json_response(dumps({"status": "success", "data": text}))


async def parse_query(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /parse_query, which Loki has not: the query's tree, and what is done for each of its parts."""
    params = await Params.of(request, backend)
    limits = [backend.limits(tenant) for tenant in tenants_of(backend, request)]
    try:
        expr = parse(params.get("query"))
    except ParseError as error:
        return _invalid(error)
    # On a query thread: making stages compiles their expressions, of which there may be thousands.
    tree = await gated(backend, limits, lambda _: explain(expr))
    return json_response(dumps({"status": "success", "data": tree}))


def _invalid(error: ParseError) -> web.Response:
    return json_response(dumps({"status": "invalid-query", "error": str(error)}), 400)


def with_regexp(params: Params) -> str:
    """The query with the `regexp` of the old API as a filter. Raises QueryError."""
    text, expression = params.get("query"), params.get("regexp")
    if not expression:
        return text
    parse_log_query(text)
    quoted = f"`{expression}`" if "`" not in expression else dumps(expression).decode()
    return f"{text} |~ {quoted}"


def encoding_flags(request: web.Request) -> bool:
    """Whether labels are to be told apart by where they come from."""
    return CATEGORIZE in (flag.strip() for flag in request.headers.get(FLAGS_HEADER, "").split(","))


async def answered(backend: Backend, request: web.Request, tenants: Sequence[str], made: Request) -> web.Response:
    """Runs a query and writes its answer, both on a query thread. Raises ApiError and QueryError."""
    categorize = encoding_flags(request)
    partial = DRILLDOWN in request.headers.get(TAGS_HEADER, "")

    def write(answer: Answer) -> bytes:
        check_size(answer, backend.settings.max_memory_bytes)
        return query_json(answer, categorize=categorize, forward=made.forward)

    return json_response(await run_written(backend, tenants, made, write, partial_series=partial))
