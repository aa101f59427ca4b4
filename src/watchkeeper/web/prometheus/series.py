"""Which series, label names and label values there are."""

from __future__ import annotations

import heapq

from aiohttp import web

from watchkeeper.core.model.labels import quote
from watchkeeper.web.envelope import Reply
from watchkeeper.web.errors import bad_data
from watchkeeper.web.params import MAX_TIME_MS, MIN_TIME_MS, Params
from watchkeeper.web.prometheus.backend import Backend

TRUNCATED = "results truncated due to limit"


async def labels(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET POST /labels: label names."""
    limit, start_ms, end_ms = _bounds(params)
    sets = params.matcher_sets()
    names: list[str] = await backend.run_read(lambda: backend.querier().label_names(sets, start_ms, end_ms))
    return _limited(names, limit)


async def label_values(backend: Backend, params: Params, request: web.Request) -> Reply:
    """GET /label/<name>/values."""
    limit, start_ms, end_ms = _bounds(params)
    name = unescape_name(request.match_info["name"])
    if not name:
        raise bad_data(f"invalid label name: {quote(name)}")
    sets = params.matcher_sets()
    values: list[str] = await backend.run_read(lambda: backend.querier().label_values(name, sets, start_ms, end_ms))
    return _limited(values, limit)


async def series(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET POST /series: the label sets that pass any `match[]`."""
    if not params.all("match[]"):
        raise bad_data("no match[] parameter provided")
    limit, start_ms, end_ms = _bounds(params)
    sets = params.matcher_sets(named=True)

    def work() -> Reply:
        found = backend.querier().series(sets, start_ms, end_ms)
        warnings = [TRUNCATED] if limit and len(found) > limit else []
        rows = heapq.nsmallest(limit, found) if warnings else sorted(found)
        return Reply([row.as_dict() for row in rows], warnings)

    reply: Reply = await backend.run_read(work)
    return reply


def unescape_name(name: str) -> str:
    """The label name behind `U__…`, where `_` stands for itself twice and `_hex_` for a code point."""
    if not name.startswith("U__"):
        return name
    out: list[str] = []
    rest = name[3:]
    while rest:
        char, rest = rest[0], rest[1:]
        if char != "_":
            out.append(char)
        elif rest.startswith("_"):
            out.append("_")
            rest = rest[1:]
        else:
            code, mark, rest = rest.partition("_")
            try:
                out.append(chr(int(code, 16)) if mark else "")
            except (ValueError, OverflowError):
                return name
            if not mark:
                return name
    return "".join(out)


def _bounds(params: Params) -> tuple[int, int, int]:
    start_ms = params.time_ms("start", MIN_TIME_MS)
    end_ms = params.time_ms("end", MAX_TIME_MS)
    return params.limit(), start_ms, end_ms


def _limited(values: list[str], limit: int) -> Reply:
    if limit and len(values) > limit:
        return Reply(values[:limit], [TRUNCATED])
    return Reply(values)
