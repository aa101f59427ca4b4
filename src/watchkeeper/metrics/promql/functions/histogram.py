"""histogram_quantile, histogram_fraction and what else looks into histograms, classic and native."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from watchkeeper.core.kernels.buckets import histogram as reduce_buckets
from watchkeeper.core.kernels.number_text import format_general
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.vector import native_histogram as native
from watchkeeper.core.vector.frame import Frame, Present, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.group import (
    Ints,
    columns_without,
    extend_strings,
    group_by,
    pick,
    stacked,
    with_column,
)
from watchkeeper.core.vector.join import below
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
    return _finished(ev, _quantiles_of(ev, call, frame, np.ascontiguousarray(phi), call.args[1]))


def _quantiles(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    """Several quantiles at once, each under its own value of a label."""
    frame = ev.vector(call.args[0], grid)
    name = ev.string(call.args[1])
    out = Frame.empty(grid.n_steps)
    for argument in call.args[2:]:
        phi = ev.scalar(argument, grid)
        _warn_quantiles(ev, phi, argument)
        part = _finished(ev, _quantiles_of(ev, call, frame, np.ascontiguousarray(phi), call.args[0]))
        text = format_quantile(float(phi[0]) if len(phi) else math.nan)
        strings, codes = extend_strings(part.labels.strings, range(len(part.labels.strings)), [text])
        labels = with_column(part.labels, name, np.full(part.n_series, codes[0], np.int32), strings)
        out = below(out, part.with_labels(labels))
    return out


def format_quantile(value: float) -> str:
    """A quantile as a label value: whole numbers with a decimal, as in the text format."""
    text = format_general(value)
    return text if any(char in text for char in ".eNI") else text + ".0"


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

    def of(h: Histogram, k: int, name: str) -> float:
        value, note = native.quantile(h, float(phi[k]))
        if note:
            ev.notes.quantile_nan(name, argument.span, result_is_nan=note == "nan")
        return value

    out = Frame(classic.labels, values, present, {}, classic.drop_name)
    return _with_native(ev, frame, out, argument, of)


def _with_native(
    ev: Evaluation, frame: Frame, out: Frame, argument: ast.Expr, of: Callable[[Histogram, int, str], float]
) -> Frame:
    """The classic results with the native ones below; where both kinds have the same labels neither is shown."""
    if not frame.histograms:
        return out
    part = mapped_histograms(ev, frame, of)
    if not out.n_series or not part.n_series:
        return below(out, part)
    both = stacked(out.labels, part.labels)
    _, group = group_by(both, range(len(both.names)))
    rows_of: dict[int, int] = {int(g): row for row, g in enumerate(group[: out.n_series].tolist())}
    for row, g in enumerate(group[out.n_series :].tolist()):
        other = rows_of.get(g)
        if other is None:
            continue
        clash = out.present[other] & part.present[row]
        if clash.any():
            ev.notes.mixed_classic_native(ev.metric_name(part, row), argument.span)
            out.present[other] &= ~clash
            part.present[row] &= ~clash
    return below(out, part)


def mapped_histograms(ev: Evaluation, frame: Frame, of: Callable[[Histogram, int, str], float]) -> Frame:
    """A float for each histogram; what is no histogram falls away."""
    rows = np.array(sorted(frame.histograms), np.int64)
    values = np.zeros((len(rows), frame.n_steps))
    present = np.zeros(values.shape, np.bool_)
    for i, row in enumerate(rows.tolist()):
        name = ev.metric_name(frame, row)
        ev.check()
        for k, cell in enumerate(frame.histograms[row]):
            if cell is not None:
                values[i, k] = of(cell, k, name)
                present[i, k] = True
    drops = None if frame.drop_name is None else frame.drop_name[rows]
    return Frame(frame.labels.take(rows), values, present, {}, drops)


def _finished(ev: Evaluation, out: Frame) -> Frame:
    """Empty rows and names dropped."""
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

    def of(h: Histogram, k: int, name: str) -> float:
        if math.isnan(h.sum) and not math.isnan(lower[k]) and not math.isnan(upper[k]):
            ev.notes.fraction_nan(name, call.args[2].span)
        return native.fraction_between(h, float(lower[k]), float(upper[k]))

    out = Frame(classic.labels, values, present, {}, classic.drop_name)
    return _finished(ev, _with_native(ev, frame, out, call.args[2], of))


def _average(h: Histogram) -> float:
    if h.count:
        return h.sum / h.count
    return math.nan if h.sum == 0 or math.isnan(h.sum) else math.copysign(math.inf, h.sum)


_PARTS: Final[dict[str, Callable[[Histogram], float]]] = {
    "histogram_count": lambda h: h.count,
    "histogram_sum": lambda h: h.sum,
    "histogram_avg": _average,
    "histogram_stdvar": native.variance,
    "histogram_stddev": lambda h: math.sqrt(native.variance(h)),
}

_OF_STATS: Final = ("histogram_count", "histogram_sum", "histogram_avg")


def _part(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    part = _PARTS[call.name]
    outer, ev.histogram_stats = ev.histogram_stats, call.name in _OF_STATS
    frame = ev.vector(call.args[0], grid)
    ev.histogram_stats = outer
    return _finished(ev, mapped_histograms(ev, frame, lambda h, _k, _name: part(h)))


FUNCTIONS: Final = {
    "histogram_quantile": _quantile,
    "histogram_quantiles": _quantiles,
    "histogram_fraction": _fraction,
    **dict.fromkeys(_PARTS, _part),
}
