"""histogram_quantile, histogram_fraction and what else looks into histograms, classic and native."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from watchkeeper.core.kernels.buckets import histogram as reduce_buckets
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.vector.frame import Frame, Present, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.group import Ints, columns_without, group_by, pick
from watchkeeper.metrics.promql import ast

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

BUCKET_LABEL: Final = "le"


@dataclass(slots=True)
class Classic:
    """The classic histograms of a frame: `labels` without `le`, and their bucket rows in order of bounds."""

    labels: LabelSets
    drop_name: Present | None
    bounds: Values
    order: Ints
    at: Ints
    first: Ints


def classic_histograms(ev: Evaluation, call: ast.Call, frame: Frame, argument: ast.Expr) -> Classic:
    """Bucket series put together; a row without a proper bound gets a warning and is left out."""
    labels = frame.labels
    le = labels.column(BUCKET_LABEL)
    bounds = np.full(frame.n_series, np.nan)
    good = np.zeros(frame.n_series, np.bool_)
    with_floats = frame.present.any(axis=1) if frame.n_series else good
    for code in np.unique(le).tolist():
        rows = (le == code) & with_floats
        text = labels.strings[code]
        bound = _bound(text)
        if bound is not None:
            bounds[rows] = bound
            good |= rows
            continue
        for row in np.flatnonzero(rows).tolist():
            ev.notes.bad_bucket(text, ev.metric_name(frame, row), argument.span)
    rows = np.flatnonzero(good)
    columns = columns_without(labels, [BUCKET_LABEL])
    part = pick(labels, columns, rows)
    first, group = group_by(part, range(len(part.names)))
    order = rows[np.lexsort((bounds[rows], group))]
    at = np.zeros(len(first) + 1, np.int64)
    np.cumsum(np.bincount(group, minlength=len(first)), out=at[1:])
    drops = None if frame.drop_name is None else frame.drop_name[rows[first]]
    return Classic(part.take(first), drops, bounds, order.astype(np.int64), at, rows[first])


def _bound(text: str) -> float | None:
    if not text or text != text.strip() or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _quantile(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    phi = ev.scalar(call.args[0], grid)
    frame = ev.vector(call.args[1], grid)
    _warn_quantiles(ev, phi, call.args[0])
    return _quantiles_of(ev, call, frame, np.ascontiguousarray(phi), call.args[1])


def _warn_quantiles(ev: Evaluation, phi: Values, argument: ast.Expr) -> None:
    for value in dict.fromkeys(phi[~((phi >= 0) & (phi <= 1))].tolist()):
        ev.notes.invalid_quantile(value, argument.span)


def _quantiles_of(ev: Evaluation, call: ast.Call, frame: Frame, phi: Values, argument: ast.Expr) -> Frame:
    classic = classic_histograms(ev, call, frame, argument)
    values, present, forced = reduce_buckets(
        np.ascontiguousarray(frame.values),
        frame.present.view(np.uint8),
        classic.bounds,
        classic.order,
        classic.at,
        phi,
    )
    steps = ev.plan.grid
    for group in np.flatnonzero(forced[:, 0]).tolist():
        count, first, last, low, high, diff = forced[group].tolist()
        name = ev.metric_name(frame, int(classic.first[group]))
        times = tuple(steps.start_ms + int(k) * steps.step_ms for k in (first, last))
        ev.notes.forced_monotonic(name, argument.span, (int(count), times[0], times[1]), (low, high, diff))
    out = Frame(classic.labels, values, present, {}, classic.drop_name)
    return _finished(ev, out)


def _finished(ev: Evaluation, out: Frame) -> Frame:
    """Names dropped; a classic and a native histogram of the same labels can't both be there."""
    return ev.renamed(out.compacted())


def _fraction(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    lower = np.ascontiguousarray(ev.scalar(call.args[0], grid))
    upper = np.ascontiguousarray(ev.scalar(call.args[1], grid))
    frame = ev.vector(call.args[2], grid)
    classic = classic_histograms(ev, call, frame, call.args[2])
    values, present, _ = reduce_buckets(
        np.ascontiguousarray(frame.values),
        frame.present.view(np.uint8),
        classic.bounds,
        classic.order,
        classic.at,
        lower,
        upper,
    )
    return _finished(ev, Frame(classic.labels, values, present, {}, classic.drop_name))


FUNCTIONS: Final = {
    "histogram_quantile": _quantile,
    "histogram_fraction": _fraction,
}
