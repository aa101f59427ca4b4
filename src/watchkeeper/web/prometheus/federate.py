"""Exposition: the newest samples of chosen series, and this process's own metrics."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from aiohttp import web

from watchkeeper.core.kernels.number_text import format_time
from watchkeeper.core.model.errors import ParseError, QueryError
from watchkeeper.core.model.labels import METRIC_NAME, Labels, is_legacy_name, quote
from watchkeeper.core.model.regex_weight import RegexWeight
from watchkeeper.core.model.stale import missing_mask, stale_mask
from watchkeeper.core.telemetry.family import format_value
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.promql.parser import parse_selector
from watchkeeper.metrics.tsdb.merge import merge_series
from watchkeeper.web.exposition import registry_page, samples_page, wants_openmetrics
from watchkeeper.web.params import Params
from watchkeeper.web.prometheus.backend import Backend
from watchkeeper.web.prometheus.gate import budgeted


async def own_metrics(backend: Backend, request: web.Request) -> web.Response:
    """GET /metrics."""
    return registry_page(backend.registry, request)


async def federate(backend: Backend, request: web.Request) -> web.Response:
    """GET /federate: for each series of `match[]` its newest sample within the lookback."""
    # A selector may be empty here: who federates asks for all on purpose.
    weight = RegexWeight()
    try:
        sets = [parse_selector(text, weight) for text in (await Params.of(request)).all("match[]")]
    except ParseError as error:
        return web.Response(status=400, text=f"{error}\n")
    now_ms = backend.now_ms()
    start_ms = now_ms - backend.settings.lookback_ms
    openmetrics = wants_openmetrics(request)

    def work(budget: Budget) -> bytes:
        querier = backend.querier()
        found = merge_series([querier.select(matchers, start_ms, now_ms, budget) for matchers in sets])
        return exposition(newest(found), backend.external_labels(), openmetrics=openmetrics)

    try:
        body = await budgeted(backend.run_read, work, backend.settings.query_timeout_ms / 1000)
    except QueryError as error:
        return web.Response(status=500, text=f"{error}\n")
    return samples_page(body, openmetrics=openmetrics)


def newest(found: Series) -> list[tuple[Labels, int, float]]:
    """(labels, time_ms, value) of each series' newest sample; series that ended in a stale marker are left out."""
    rows = []
    for i, labels in enumerate(found.labels):
        lo, hi = int(found.value_lo[i]), int(found.value_hi[i])
        values = found.values[lo:hi]
        present = np.flatnonzero(~missing_mask(values))
        if not len(present):
            continue
        last = int(present[-1])
        if stale_mask(values[last : last + 1])[0]:
            continue
        rows.append((labels, int(found.times[int(found.time_lo[i]) + last]), float(values[last])))
    return rows


def exposition(rows: list[tuple[Labels, int, float]], external: dict[str, str], *, openmetrics: bool = False) -> bytes:
    """The text form, sorted by name; every family is untyped, and every sample has labels `instance` and the
    external ones, after its own."""
    out: list[str] = []
    external = dict(sorted({"instance": "", **external}.items()))
    kind = "unknown" if openmetrics else "untyped"
    for name, family in groupby(sorted(rows, key=lambda row: (row[0].name, row[0])), key=lambda row: row[0].name):
        if not name:
            continue
        plain = is_legacy_name(name, colon=True)
        out.append(f"# TYPE {name if plain else quote(name)} {kind}\n")
        for labels, time_ms, value in family:
            pairs = labels.as_dict()
            del pairs[METRIC_NAME]
            pairs |= {key: text for key, text in external.items() if key not in pairs}
            parts = [] if plain else [quote(name)]
            parts += [f"{key if is_legacy_name(key) else quote(key)}={_escaped(text)}" for key, text in pairs.items()]
            when = format_time(time_ms) if openmetrics else time_ms
            out.append(f"{name if plain else ''}{{{','.join(parts)}}} {format_value(value)} {when}\n")
    if openmetrics:
        out.append("# EOF\n")
    return "".join(out).encode()


def _escaped(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
