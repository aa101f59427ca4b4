"""Queries, their syntax, and their exemplars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
from aiohttp import web

from watchkeeper.core.kernels.number_text import format_float
from watchkeeper.core.model.errors import LimitExceeded, ParseError
from watchkeeper.metrics.promql.ast import VectorSelector, walk
from watchkeeper.metrics.promql.engine import QueryParams
from watchkeeper.metrics.promql.limits import CancelToken
from watchkeeper.metrics.promql.parse_json import to_json
from watchkeeper.metrics.promql.parser import parse
from watchkeeper.metrics.promql.printer import pretty
from watchkeeper.metrics.promql.result import Matrix, Result, Vector
from watchkeeper.metrics.promql.result_json import result_json
from watchkeeper.web.envelope import Reply
from watchkeeper.web.errors import bad_data, bad_parameter
from watchkeeper.web.params import MAX_TIME_MS, MIN_TIME_MS, Params, parse_duration_or_seconds_ms
from watchkeeper.web.prometheus.backend import Backend

MIN_POINT_BYTES = len('[1700000000,"0"],')
MAX_POINTS = 11_000  # Per series of a range query: as many as a week at a minute, or a year at an hour, and some.


async def query(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET POST /query: one expression at one time."""
    limit = params.limit()
    time_ms = params.time_ms("time", backend.now_ms())
    options = query_params(backend, params)
    text = params.get("query")
    return await _answered(
        backend,
        params,
        limit,
        options,
        lambda now: backend.engine.instant(backend.querier(), text, time_ms, params=now),
    )


async def query_range(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET POST /query_range: one expression on a grid of times."""
    limit = params.limit()
    start_ms = params.time_ms("start")
    end_ms = params.time_ms("end")
    if end_ms < start_ms:
        raise bad_parameter("end", "end timestamp must not be before start time")
    step_ms = params.duration_ms("step")
    if step_ms <= 0:
        raise bad_parameter(
            "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"
        )
    if (end_ms - start_ms) // step_ms > MAX_POINTS:
        raise bad_data(
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    options = query_params(backend, params)
    text = params.get("query")
    return await _answered(
        backend,
        params,
        limit,
        options,
        lambda now: backend.engine.range(backend.querier(), text, start_ms, end_ms, step_ms, params=now),
    )


async def format_query(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET POST /format_query: the expression, laid out."""
    return Reply(pretty(_parsed(backend, params.get("query"))))


async def parse_query(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET POST /parse_query: the expression as a tree."""
    return Reply(to_json(_parsed(backend, params.get("query"))))


async def query_exemplars(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET POST /query_exemplars: exemplars of the series that an expression selects."""
    start_ms = params.time_ms("start", MIN_TIME_MS)
    end_ms = params.time_ms("end", MAX_TIME_MS)
    if end_ms < start_ms:
        raise bad_data("end timestamp must not be before start timestamp")
    try:
        expr = parse(params.get("query"), backend.engine.options.parser)
    except ParseError as error:
        raise bad_data(str(error)) from None
    sets = [list(node.matchers) for node in walk(expr) if isinstance(node, VectorSelector)]
    if not sets:
        return Reply(None)
    found = await backend.run_read(lambda: backend.exemplars.exemplars(sets, start_ms, end_ms))
    return Reply(
        [
            {
                "seriesLabels": labels.as_dict(),
                "exemplars": [
                    {
                        "labels": exemplar.labels.as_dict(),
                        "value": format_float(exemplar.value),
                        "timestamp": (exemplar.time_ms or 0) / 1000,
                    }
                    for exemplar in exemplars
                ],
            }
            for labels, exemplars in found
        ]
    )


def query_params(backend: Backend, params: Params) -> QueryParams:
    """The options of one query, from the request and the flags that bound it."""
    timeout_ms = backend.settings.query_timeout_ms
    if params.get("timeout"):
        timeout_ms = min(timeout_ms, params.duration_ms("timeout"))
    lookback_ms = backend.settings.lookback_ms
    if text := params.get("lookback_delta"):
        try:
            asked_ms = parse_duration_or_seconds_ms(text)
        except ValueError as error:
            raise bad_data(f"error parsing lookback delta duration: {error}") from None
        # Upstream takes zero and less as the server's own setting.
        lookback_ms = asked_ms if asked_ms > 0 else lookback_ms
    return QueryParams(lookback_ms=lookback_ms, timeout_s=timeout_ms / 1000, cancel=CancelToken())


def _parsed(backend: Backend, text: str) -> Any:
    try:
        return parse(text, backend.engine.options.parser)
    except ParseError as error:
        raise bad_parameter("query", error) from None


async def _answered(
    backend: Backend,
    params: Params,
    limit: int,
    options: QueryParams,
    evaluate: Callable[[QueryParams], Result],
) -> Reply:
    """Evaluates and writes the answer on a query thread; when the client goes away, the query is told so."""
    timeout_s = backend.settings.query_timeout_ms / 1000 if options.timeout_s is None else options.timeout_s

    def work(left_s: float) -> Reply:
        result = evaluate(replace(options, timeout_s=left_s))
        warnings = [*result.warnings, *_limited(result, limit)]
        _check_size(result, backend.engine.options.max_bytes)
        data = result_json(result)
        if wanted := params.get("stats"):
            if wanted not in ("true", "all"):
                warnings.append(f'stats parameter value "{wanted}" is not one of true, all; it is read as true')
            data = b'%b,"stats":%b}' % (data[:-1], orjson.dumps(_stats(result)))
        return Reply(data, warnings, list(result.infos))

    try:
        return await backend.queries.run(work, timeout_s, options.cancel)
    except ParseError as error:
        # That a whole query is of the wrong type is no error of syntax to upstream, and has no place.
        has_place = not error.message.startswith("invalid expression type")
        raise bad_parameter("query", error if has_place else error.message) from None


def _check_size(result: Result, max_bytes: int) -> None:
    """Raises LimitExceeded where the text of the answer would be larger than what a query may use."""
    value = result.value
    if isinstance(value, Matrix):
        least_bytes = int(np.count_nonzero(value.present)) * MIN_POINT_BYTES
        if least_bytes > max_bytes:
            raise LimitExceeded(
                f"the answer would have more than {least_bytes} bytes, over the limit of {max_bytes} bytes of "
                "query.max-bytes; ask for fewer series or a longer step",
                "query.max-bytes",
            )


def _limited(result: Result, limit: int) -> list[str]:
    """Cuts the answer to `limit` series; what is to be said about it."""
    value = result.value
    if not limit or not isinstance(value, Vector | Matrix) or len(value.labels) <= limit:
        return []
    result.value = replace(value, frame=value.frame.take(np.arange(limit)))
    return ["results truncated due to limit"]


def _stats(result: Result) -> dict[str, Any]:
    stats = result.stats
    return {
        "timings": {
            "evalTotalTime": stats.eval_total_s,
            "resultSortTime": stats.result_sort_s,
            "queryPreparationTime": stats.preparation_s,
            "innerEvalTime": stats.inner_eval_s,
            "execQueueTime": stats.queue_s,
            "execTotalTime": stats.exec_total_s,
        },
        "samples": {
            "totalQueryableSamples": stats.total_queryable_samples,
            "samplesRead": stats.samples_read,
            "peakSamples": stats.peak_samples,
        },
    }
