"""Patterns of lines: what the lines of a selector have in common, and how many of each there were at each step.

Upstream clusters lines as they come in. Here blocks hold lines as skeletons with slots already: a skeleton's constant
text with `<_>` for each slot is the pattern, and its rows are counted without looking at a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from aiohttp import web

from watchkeeper.core.kernels.line_block import LEVELS, WHOLE, Block, Skeleton
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import LogQuerier
from watchkeeper.web.envelope import json_response
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.labels import bounds_in_order, selector
from watchkeeper.web.loki.params import NS, Params
from watchkeeper.web.loki.query_checks import window
from watchkeeper.web.loki.query_run import Check, gated
from watchkeeper.web.loki.tenancy import querier_of, tenants_of

SLOT: Final = b"<_>"
MIN_STEP_NS: Final = 10 * NS  # Upstream counts patterns in buckets of ten seconds.
MAX_PATTERNS: Final = 300
MAX_PATTERN_BYTES: Final = 2000
MAX_STEPS: Final = 11_000
LEVEL_NAME: Final = "detected_level"

log = get_logger("patterns")

_REPEATED: Final = re.compile(rb"<_>(?:[,;:/ .-]?<_>)+")


@dataclass(slots=True)
class Counts:
    """Rows of one pattern by step."""

    level: str
    steps: npt.NDArray[np.int64]


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
        return _json({}, 0, step_ns)

    def work(check: Check) -> dict[bytes, Counts]:
        return mine(querier_of(backend, tenants), matchers, allowed.start_ns, allowed.end_ns, step_ns, check)

    found = await gated(backend, limits, work)
    return _json(found, allowed.start_ns // step_ns * step_ns, step_ns)


def mine(
    querier: LogQuerier,
    matchers: Sequence[Matcher],
    start_ns: int,
    end_ns: int,
    step_ns: int,
    check: Check,
) -> dict[bytes, Counts]:
    """Counts of each pattern; step i begins at start_ns, rounded down to a step, plus i steps.

    check   called before each block; what it raises ends the search
    """
    first_ns = start_ns // step_ns * step_ns
    n_steps = (end_ns - first_ns) // step_ns + 1
    found: dict[bytes, Counts] = {}
    for part in querier.select(matchers, start_ns, end_ns):
        check()
        try:
            block, rows = part.load()
        except CorruptionError as error:
            log.error("a block is damaged; patterns are found without it", error=error)
            continue
        if not len(rows):
            continue
        steps = (block.times[rows] - first_ns) // step_ns
        by_skeleton = block.skeleton_of(rows)
        order = np.argsort(by_skeleton, kind="stable")
        bounds = np.searchsorted(by_skeleton[order], np.arange(len(block.skeletons()) + 1))
        for number, skeleton in enumerate(block.skeletons()):
            mine_ = order[bounds[number] : bounds[number + 1]]
            if not len(mine_):
                continue
            pattern = pattern_of(skeleton)
            if pattern is None:
                continue
            counts = np.bincount(steps[mine_], minlength=n_steps)
            if pattern in found:
                found[pattern].steps += counts
            elif len(found) < 20 * MAX_PATTERNS:
                found[pattern] = Counts(_level(block, rows[mine_]), counts)
    return found


def pattern_of(skeleton: Skeleton) -> bytes | None:
    """The skeleton's text with `<_>` for what differs; None for one that says nothing."""
    if skeleton.kind == WHOLE:
        return None
    text = b"".join(SLOT if isinstance(part, int) else part for part in skeleton.parts)
    text = _REPEATED.sub(SLOT, text)
    return text if text != SLOT and len(text) <= MAX_PATTERN_BYTES else None


def _level(block: Block, rows: Rows) -> str:
    """The level of the first row; lines of one pattern have one level nearly always."""
    first = rows[:1]
    shape = int(block.shape_of(first)[0])
    names = block.shapes()[shape]
    if LEVEL_NAME not in names:
        return LEVELS[1]
    level = block.metadata_values(shape, names.index(LEVEL_NAME), first)
    return level.values[int(level.codes[0])].decode("utf-8", "replace")


def _json(found: dict[bytes, Counts], first_ns: int, step_ns: int) -> web.Response:
    ranked = sorted(found.items(), key=lambda item: (-int(item[1].steps.sum()), item[0]))[:MAX_PATTERNS]
    data = [
        {
            "pattern": pattern.decode("utf-8", "replace"),
            "level": counts.level,
            "samples": [
                [(first_ns + step * step_ns) // NS, int(counts.steps[step])]
                for step in np.flatnonzero(counts.steps).tolist()
            ],
        }
        for pattern, counts in ranked
    ]
    return json_response(dumps({"status": "success", "data": data}) + b"\n")
