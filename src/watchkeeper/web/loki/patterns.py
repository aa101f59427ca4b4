"""Patterns of lines: what the lines of a selector have in common, and how many of each there were at each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from aiohttp import web

from watchkeeper.logs.logql.patterns import Pattern, mine_patterns
from watchkeeper.web.envelope import json_response
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.labels import bounds_in_order, selector
from watchkeeper.web.loki.params import NS, Params
from watchkeeper.web.loki.query_checks import window
from watchkeeper.web.loki.query_run import Check, gated
from watchkeeper.web.loki.tenancy import querier_of, tenants_of

MIN_STEP_NS: Final = 10 * NS  # Upstream counts patterns in buckets of ten seconds.
MAX_PATTERNS: Final = 300
MAX_STEPS: Final = 11_000


async def patterns(backend: Backend, request: web.Request) -> web.Response:
    """GET POST /patterns: patterns of a selector's lines with their counts by step, the most frequent first."""
    if not backend.settings.patterns_enabled:
        raise ApiError(404, "not_found", "")
    params = await Params.of(request, backend)
    matchers = selector(params)
    if not matchers:
        raise bad_data("query is required")
    start_ns, end_ns = bounds_in_order(params)
    step_ns = max(params.step_ns(start_ns, end_ns) // MIN_STEP_NS, 1) * MIN_STEP_NS
    tenants = tenants_of(backend, request)
    limits = [backend.limits(tenant) for tenant in tenants]
    allowed = window(start_ns, end_ns, backend.now_ns(), limits)
    if (allowed.end_ns - allowed.start_ns) // step_ns > MAX_STEPS:
        raise bad_data(
            "exceeded maximum resolution of 11,000 points per time series. "
            "Try increasing the value of the step parameter"
        )
    if allowed.is_empty:
        return _json([], 0, step_ns)

    def work(check: Check) -> list[Pattern]:
        return mine_patterns(querier_of(backend, tenants), matchers, allowed.start_ns, allowed.end_ns, step_ns, check)

    found = await gated(backend, limits, work)
    return _json(found, allowed.start_ns // step_ns * step_ns, step_ns)


def _json(found: Sequence[Pattern], first_ns: int, step_ns: int) -> web.Response:
    data = [
        {
            "pattern": pattern.text,
            "level": pattern.level,
            "samples": [
                [(first_ns + step * step_ns) // NS, int(pattern.counts[step])]
                for step in np.flatnonzero(pattern.counts).tolist()
            ],
        }
        for pattern in found[:MAX_PATTERNS]
    ]
    return json_response(dumps({"status": "success", "data": data}) + b"\n")
