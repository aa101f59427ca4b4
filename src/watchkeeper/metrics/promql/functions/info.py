"""info(): labels carried over from info metrics, which share the identifying labels of what they describe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.vector.frame import Frame, Present
from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.select import instant_vector

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

IDENTIFYING: Final = ("instance", "job")
_DEFAULT_NAME: Final = Matcher(METRIC_NAME, MatchType.EQUAL, "target_info")
_ANY_INFO: Final = Matcher(METRIC_NAME, MatchType.REGEX, ".+_info")
_NEGATIVE: Final = (MatchType.NOT_EQUAL, MatchType.NOT_REGEX)

Choice = npt.NDArray[np.int64]
"""(names, n_steps): for each info metric the row that holds at each step, -1 where there is none."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the second argument asks for: conditions on the info metric's name, and on the labels to carry over."""

    names: tuple[Matcher, ...]
    data: tuple[Matcher, ...]

    @property
    def labels(self) -> frozenset[str]:
        """The labels to carry over; empty for all."""
        return frozenset(matcher.name for matcher in self.data)

    @property
    def needs_match(self) -> bool:
        """Whether a series without a matching info series is left out."""
        return not all(matcher.matches_empty for matcher in self.data)

    def is_info(self, name: str) -> bool:
        """Whether a metric is itself one that labels are taken from."""
        return all(matcher.matches(name) for matcher in self.names)


def _wanted(call: ast.Call) -> _Wanted:
    selector = call.args[1] if len(call.args) > 1 else None
    matchers = selector.matchers if isinstance(selector, ast.VectorSelector) else ()
    names = tuple(matcher for matcher in matchers if matcher.name == METRIC_NAME)
    if not names:
        names = (_DEFAULT_NAME,)
    elif all(matcher.type in _NEGATIVE for matcher in names):
        names = (_ANY_INFO, *names)
    return _Wanted(names, tuple(matcher for matcher in matchers if matcher.name != METRIC_NAME))


def _info_frames(ev: Evaluation, call: ast.Call, wanted: _Wanted, grid: Grid) -> tuple[Frame, Frame]:
    """The info series at each step, and the times of their samples, at the base series' own offset and time."""
    base = next((node for node in ast.walk(call.args[0]) if isinstance(node, ast.VectorSelector)), None)
    selector = ast.VectorSelector("", (*wanted.names, *wanted.data), span=call.span)
    if base is not None:
        selector = replace(selector, offset_ms=base.offset_ms, at_ms=base.at_ms)
    values = instant_vector(ev, selector, grid)
    if values.histograms:
        row = min(values.histograms)
        raise ExecutionError(f"info metric {ev.metric_name(values, row)} has histogram samples, it must have floats")
    return values, instant_vector(ev, selector, grid, stamps=True)


def _identity(labels: Labels) -> tuple[str, ...]:
    return tuple(labels.get(name) for name in IDENTIFYING)


def _newest(rows: Sequence[int], info: Frame, stamps: Frame) -> Choice:
    """For series of one info metric, the row that holds at each step: the one with the newest sample."""
    times = np.where(info.present[rows], stamps.values[rows], -np.inf)
    best = times.argmax(axis=0)
    found = np.isfinite(times.max(axis=0))
    if len(rows) > 1 and bool(((times == times.max(axis=0)).sum(axis=0) > 1)[found].any()):
        first, second = (info.labels[row] for row in rows[:2])
        raise ExecutionError(f"found duplicate series for info metric: existing {first}, new {second}")
    return np.where(found, np.array(rows)[best], -1)


def _carried(base: Labels, chosen: Sequence[int], info: Sequence[Labels], wanted: frozenset[str]) -> Labels:
    """The base labels with those of the chosen info series; the base's own win."""
    more: dict[str, str] = {}
    for row in chosen:
        for name, value in info[row]:
            if name == METRIC_NAME or name in IDENTIFYING or name in base or (wanted and name not in wanted):
                continue
            if more.setdefault(name, value) != value:
                raise ExecutionError(f"conflicting label: {name}")
    return Labels([*base, *more.items()]) if more else base


def _combinations(choices: Sequence[Choice], n_steps: int) -> Iterator[tuple[list[int], Present]]:
    """The sets of info rows that hold together, each with the steps where they do."""
    if not choices:
        yield [], np.ones(n_steps, np.bool_)
        return
    columns, which = np.unique(np.stack(choices), axis=1, return_inverse=True)
    which = which.reshape(-1)
    for i, column in enumerate(columns.T.tolist()):
        yield [row for row in column if row >= 0], which == i


def _info(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    frame = ev.vector(call.args[0], grid)
    if not frame.n_series:
        return frame
    wanted = _wanted(call)
    info, stamps = _info_frames(ev, call, wanted, grid)
    info_labels = list(info.labels)
    by_identity: dict[tuple[str, ...], dict[str, list[int]]] = {}
    for row, labels in enumerate(info_labels):
        by_identity.setdefault(_identity(labels), {}).setdefault(labels.name, []).append(row)

    rows: list[int] = []
    out: list[Labels] = []
    masks: list[Present] = []
    # A loop over series: each has its own few info series, and their labels may change from step to step.
    for row, base in enumerate(frame.labels):
        identity = _identity(base)
        if wanted.is_info(base.name):
            combinations: Iterator[tuple[list[int], Present]] = _combinations([], grid.n_steps)
            needs_match = False
        else:
            of_base = by_identity.get(identity, {}) if any(identity) else {}
            combinations = _combinations([_newest(same, info, stamps) for same in of_base.values()], grid.n_steps)
            needs_match = wanted.needs_match
        for chosen, steps in combinations:
            if chosen or not needs_match:
                rows.append(row)
                out.append(_carried(base, chosen, info_labels, wanted.labels))
                masks.append(steps)
    if not rows:
        return Frame.empty(grid.n_steps)
    enriched = frame.take(np.array(rows, np.intp)).with_labels(LabelSets.of(out))
    return enriched.where(np.stack(masks)).compacted()


FUNCTIONS: Final = {"info": _info}
