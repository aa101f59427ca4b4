"""Exposition: the newest samples of chosen series, and this process's own metrics."""

from __future__ import annotations

from itertools import groupby
from typing import Final

import numpy as np
from aiohttp import web

from watchkeeper.core.kernels.number_text import format_float
from watchkeeper.core.model.labels import METRIC_NAME, Labels, is_legacy_name, quote
from watchkeeper.core.model.stale import missing_mask, stale_mask
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb.merge import merge_series
from watchkeeper.web.errors import ApiError
from watchkeeper.web.params import Params
from watchkeeper.web.prometheus.backend import Backend

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"


async def own_metrics(backend: Backend, request: web.Request) -> web.Response:
    """GET /metrics."""
    wants_openmetrics = "application/openmetrics-text" in request.headers.get("Accept", "")
    body = backend.registry.exposition(openmetrics=wants_openmetrics)
    return web.Response(body=body, headers={"Content-Type": OPENMETRICS if wants_openmetrics else TEXT})


async def federate(backend: Backend, request: web.Request) -> web.Response:
    """GET /federate: for each series of `match[]` its newest sample within the lookback."""
    try:
        sets = (await Params.of(request)).matcher_sets()
    except ApiError as error:
        return web.Response(status=error.status, text=f"{error}\n")
    now_ms = backend.now_ms()
    start_ms = now_ms - backend.settings.lookback_ms + 1

    def work() -> bytes:
        querier = backend.querier()
        found = merge_series([querier.select(matchers, start_ms, now_ms, Budget()) for matchers in sets])
        return exposition(newest(found), backend.external_labels())

    body = await backend.run(work)
    return web.Response(body=body, headers={"Content-Type": TEXT})


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


def exposition(rows: list[tuple[Labels, int, float]], external: dict[str, str]) -> bytes:
    """The text form, sorted by name; every family is `untyped`, and every sample has labels `instance` and the
    external ones."""
    out: list[str] = []
    for name, family in groupby(sorted(rows, key=lambda row: (row[0].name, row[0])), key=lambda row: row[0].name):
        if not name:
            continue
        plain = is_legacy_name(name, colon=True)
        out.append(f"# TYPE {name if plain else quote(name)} untyped\n")
        for labels, time_ms, value in family:
            pairs = labels.as_dict()
            del pairs[METRIC_NAME]
            pairs = {**external, **pairs}
            pairs.setdefault("instance", "")
            parts = [] if plain else [quote(name)]
            parts += [
                f"{key if is_legacy_name(key) else quote(key)}={_escaped(text)}" for key, text in sorted(pairs.items())
            ]
            out.append(f"{name if plain else ''}{{{','.join(parts)}}} {format_float(value)} {time_ms}\n")
    return "".join(out).encode()


def _escaped(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
