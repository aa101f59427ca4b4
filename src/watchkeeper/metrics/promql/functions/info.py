"""info(): labels of info metrics (`target_info`) put on the series that share instance and job with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.vector.frame import Frame, Present
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.group import extend_strings, merged, signatures, used_codes, with_column
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.select import instant_vector

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

IDENTIFYING: Final = ("instance", "job")
_DEFAULT_NAME: Final = "target_info"
_POSITIVE: Final = (MatchType.EQUAL, MatchType.REGEX)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Base rows that get the same labels at the same steps."""

    rows: list[int]
    steps: Present
    labels: dict[str, str]


def _info(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    base = ev.vector(call.args[0], grid)
    wanted = call.args[1] if len(call.args) > 1 else ast.VectorSelector("", ())
    assert isinstance(wanted, ast.VectorSelector)
    names = [m for m in wanted.matchers if m.name == METRIC_NAME]
    data = [m for m in wanted.matchers if m.name != METRIC_NAME]
    if not names:
        names = [Matcher(METRIC_NAME, MatchType.EQUAL, _DEFAULT_NAME)]
    elif not any(m.type in _POSITIVE for m in names):
        names.append(Matcher(METRIC_NAME, MatchType.REGEX, ".+_info"))
    if not base.n_series:
        return base

    info, stamps = _info_series(ev, call, grid, (*names, *data))
    is_info = _are_info(base, [m for m in names if m.type in _POSITIVE])
    base_group, info_group, n_groups = signatures(base.labels, info.labels, IDENTIFYING, on=True)
    rows_of: list[list[int]] = [[] for _ in range(n_groups)]
    info_of: list[list[int]] = [[] for _ in range(n_groups)]
    for row in np.flatnonzero(~is_info).tolist():
        rows_of[int(base_group[row])].append(row)
    for row, group in enumerate(info_group.tolist()):
        info_of[group].append(row)

    everywhere = np.ones(grid.n_steps, np.bool_)
    pieces = [_Piece(np.flatnonzero(is_info).tolist(), everywhere, {})]
    keeps_unmatched = all(m.matches_empty for m in data)
    for group in range(n_groups):  # A loop over targets, not over series.
        if rows_of[group]:
            ev.check()
            pieces += _pieces(info, stamps, info_of[group], rows_of[group], data, keeps_unmatched=keeps_unmatched)
    return _assembled(base, [piece for piece in pieces if piece.rows])


def _info_series(ev: Evaluation, call: ast.Call, grid: Grid, matchers: Sequence[Matcher]) -> tuple[Frame, Frame]:
    """The info series as of the time that the base is looked at, and when their newest samples were taken."""
    first = next((node for node in ast.walk(call.args[0]) if isinstance(node, ast.VectorSelector)), None)
    selector = ast.VectorSelector(
        "",
        tuple(matchers),
        offset_ms=first.offset_ms if first else 0,
        at_ms=first.at_ms if first else None,
        span=call.span,
    )
    info = instant_vector(ev, selector, grid)
    if info.histograms:
        series = info.labels[min(info.histograms)]
        raise ExecutionError(f"an info metric has float samples, this one has histograms: {series}")
    return info, instant_vector(ev, selector, grid, stamps="sample")


def _are_info(base: Frame, names: list[Matcher]) -> Present:
    """Which base series are info metrics themselves."""
    column = base.labels.column(METRIC_NAME)
    out = np.zeros(base.n_series, np.bool_)
    for code in np.unique(column).tolist():
        if all(m.matches(base.labels.strings[code]) for m in names):
            out |= column == code
    return out


def _pieces(
    info: Frame, stamps: Frame, info_rows: list[int], rows: list[int], data: list[Matcher], *, keeps_unmatched: bool
) -> list[_Piece]:
    """What the base series of one target get: a piece for each combination of info series that are there together."""
    n_steps = info.n_steps
    there = info.present[info_rows] & _newest(info, stamps, info_rows)
    patterns, which = np.unique(there, axis=1, return_inverse=True)
    which = which.ravel()
    out = []
    for i in range(patterns.shape[1] if n_steps else 0):
        matched = [info_rows[j] for j in np.flatnonzero(patterns[:, i]).tolist()]
        if matched or keeps_unmatched:
            out.append(_Piece(rows, which == i, _carried(info, matched, {m.name for m in data})))
    return out


def _newest(info: Frame, stamps: Frame, rows: list[int]) -> Present:
    """Of several series of one info metric the one with the newest sample counts. Raises where two are as new."""
    out = np.ones((len(rows), info.n_steps), np.bool_)
    names = info.labels.column(METRIC_NAME)[rows]
    for name in np.unique(names).tolist():
        same = np.flatnonzero(names == name)
        if len(same) < 2:
            continue
        chosen = [rows[j] for j in same.tolist()]
        times = np.where(info.present[chosen], stamps.values[chosen], -np.inf)
        best = times.max(axis=0)
        newest = (times == best) & np.isfinite(times)
        if (newest.sum(axis=0) > 1).any():
            first, second = (info.labels[row] for row in chosen[:2])
            raise ExecutionError(f"found duplicate series for info metric: existing {first}, new {second}")
        out[same] = newest
    return out


def _carried(info: Frame, rows: list[int], only: set[str]) -> dict[str, str]:
    """The labels that these info series bring. Raises ExecutionError where they contradict each other."""
    out: dict[str, str] = {}
    for row in rows:
        for name, value in info.labels[row]:
            if name == METRIC_NAME or name in IDENTIFYING or (only and name not in only):
                continue
            if out.setdefault(name, value) != value:
                raise ExecutionError(f"conflicting label: {name}")
    return out


def _assembled(base: Frame, pieces: list[_Piece]) -> Frame:
    rows = np.array([row for piece in pieces for row in piece.rows], np.int64)
    steps = np.array([piece.steps for piece in pieces], np.bool_).reshape(len(pieces), base.n_steps)
    of_row = np.repeat(np.arange(len(pieces)), [len(piece.rows) for piece in pieces])
    out = base.take(rows).where(steps[of_row])
    labels = out.labels
    for name in sorted({name for piece in pieces for name in piece.labels}):
        texts = [piece.labels.get(name, "") for piece in pieces]
        strings, codes = extend_strings(labels.strings, used_codes(labels.codes, len(labels.strings)).tolist(), texts)
        own = labels.column(name)
        labels = with_column(labels, name, np.where(own != 0, own, np.array(codes, np.int32)[of_row]), strings)

    return merged(out.with_labels(labels).compacted())


FUNCTIONS: Final = {"info": _info}
