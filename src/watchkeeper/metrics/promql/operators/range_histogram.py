"""Native histograms in range vectors: window by window, for the few series that have any."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from watchkeeper.core.model.histogram import Histogram, ResetHint
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.model.span import Span
from watchkeeper.core.vector import native_histogram as native
from watchkeeper.core.vector.frame import Frame, Present
from watchkeeper.core.vector.window import EXTENDED
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.operators.histogram import total
from watchkeeper.metrics.promql.operators.select import float_points, hinted
from watchkeeper.metrics.promql.operators.window import RangeVector

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

_CLOSE: Final = 1.1  # An edge nearer than this many average spacings is extrapolated to.


@dataclass(slots=True)
class Window:
    """One window of a series that has histograms: its floats and its histograms, times in ms."""

    step: int
    end_ms: int
    float_times: list[int]
    floats: list[float]
    times: list[int]
    histograms: list[Histogram]

    @property
    def in_order(self) -> list[tuple[int, float | Histogram]]:
        """Both kinds by time."""
        both: list[tuple[int, float | Histogram]] = [
            *zip(self.float_times, self.floats, strict=True),
            *zip(self.times, self.histograms, strict=True),
        ]
        return sorted(both, key=lambda point: point[0])


def windows(
    ev: Evaluation, vector: RangeVector, row: int, before_ms: int = 0, looks_ahead: bool = False
) -> Iterator[Window]:
    """The windows of one series that hold a histogram; longer by `before_ms` at the start, or at both ends."""
    samples = vector.series.histograms[row]
    live = [i for i, value in enumerate(samples.values) if not value.is_stale]
    times = samples.times[live]
    values = [hinted(ev, samples, i) for i in live]
    float_times, floats = float_points(vector.series, row)
    for k, end in enumerate(vector.grid.times.tolist()):
        if k % 64 == 0:
            ev.check()
        edges = [end - vector.range_ms - before_ms, end + before_ms if looks_ahead else end]
        lo, hi = np.searchsorted(times, edges, "right").tolist()
        if hi <= lo:
            continue
        f_lo, f_hi = np.searchsorted(float_times, edges, "right").tolist()
        yield Window(
            k,
            end,
            float_times[f_lo:f_hi].tolist(),
            floats[f_lo:f_hi].tolist(),
            times[lo:hi].tolist(),
            values[lo:hi],
        )


def windows_with_histograms(vector: RangeVector, row: int) -> Present:
    """bool (n_steps,): which windows of a series hold a histogram."""
    samples = vector.series.histograms[row]
    times = samples.times[[i for i, value in enumerate(samples.values) if not value.is_stale]]
    ends = vector.grid.times
    lo = np.searchsorted(times, ends - vector.range_ms, "right")
    out: Present = np.searchsorted(times, ends, "right") > lo
    return out


def metric_of(vector: RangeVector, row: int) -> str:
    """The metric name of one series."""
    return vector.labels.strings[int(vector.labels.column(METRIC_NAME)[row])]


def fold_windows(ev: Evaluation, call: ast.Call, vector: RangeVector, frame: Frame, span: Span) -> None:
    """Put into `frame`, whose floats are done, what a function makes of the windows that hold histograms."""
    for row in vector.series.histograms:
        name = metric_of(vector, row)
        cells = np.full(frame.n_steps, None, np.object_)
        for window in windows(ev, vector, row):
            ev.memory.queryable += len(window.times)
            k = window.step
            result = _folded(ev, call, window, name, span)
            if result is Ellipsis:
                continue  # The floats' result stands.
            frame.present[row, k] = isinstance(result, float)
            if isinstance(result, float):
                frame.values[row, k] = result
            elif isinstance(result, Histogram):
                cells[k] = result
        if any(cell is not None for cell in cells):
            frame.histograms[row] = cells


def _folded(ev: Evaluation, call: ast.Call, window: Window, name: str, span: Span) -> object:
    """A float, a histogram, None for nothing, or Ellipsis where the histograms don't count."""
    match call.name:
        case "count_over_time":
            return float(len(window.floats) + len(window.histograms))
        case "present_over_time":
            return 1.0
        case "last_over_time":
            return window.in_order[-1][1]
        case "first_over_time":
            return window.in_order[0][1]
        case "ts_of_last_over_time":
            return window.in_order[-1][0] / 1000
        case "ts_of_first_over_time":
            return window.in_order[0][0] / 1000
        case "changes":
            return float(sum(_changed(a, b) for a, b in _pairs(window)))
        case "resets":
            return float(sum(_was_reset(a, b) for a, b in _pairs(window)))
        case "sum_over_time" | "avg_over_time":
            if window.floats:
                ev.notes.mixed_floats_histograms(name, span)
                return None
            return total(ev, window.histograms, call, name, average=call.name == "avg_over_time")
        case _:
            if window.floats:
                ev.notes.histogram_ignored_in_range(name, span)
            return Ellipsis


def _pairs(window: Window) -> list[tuple[float | Histogram, float | Histogram]]:
    values = [value for _, value in window.in_order]
    return list(itertools.pairwise(values))


def _changed(a: float | Histogram, b: float | Histogram) -> bool:
    if isinstance(a, Histogram):
        return not (isinstance(b, Histogram) and native.same(a, b))
    return isinstance(b, Histogram) or (a != b and not (a != a and b != b))


def _was_reset(a: float | Histogram, b: float | Histogram) -> bool:
    if isinstance(a, Histogram):
        return not isinstance(b, Histogram) or native.is_reset(b, a)
    return isinstance(b, Histogram) or b < a


# --- rate and its kin ----------------------------------------------------------------------------------------------


def rate_windows(ev: Evaluation, call: ast.Call, vector: RangeVector, frame: Frame, span: Span) -> None:
    """Likewise for rate, increase, delta, irate and idelta."""
    selector = vector.selector
    extended = selector is not None and (selector.anchored or selector.smoothed) and call.name in EXTENDED
    for row in vector.series.histograms:
        name = metric_of(vector, row)
        cells = np.full(frame.n_steps, None, np.object_)
        reach = (ev.settings.lookback_ms, selector.smoothed) if extended and selector is not None else (0, False)
        for window in windows(ev, vector, row, *reach):
            ev.memory.queryable += len(window.times)
            k = window.step
            result: object = None
            if extended:
                result = _between_edges(ev, call, vector, window, name, span)
            elif call.name in ("irate", "idelta"):
                result = _instant_rate(ev, call, window, name, span)
                if result is Ellipsis:
                    continue
            elif window.floats:
                ev.notes.mixed_floats_histograms(name, span)
            elif len(window.histograms) > 1:
                result = _extrapolated(ev, call, window, vector.range_ms, name, span)
            frame.present[row, k] = False
            cells[k] = result
        if any(cell is not None for cell in cells):
            frame.histograms[row] = cells


def _instant_rate(ev: Evaluation, call: ast.Call, window: Window, name: str, span: Span) -> object:
    points = window.in_order[-2:]
    if len(points) < 2:
        return None
    (t0, a), (t1, b) = points
    if not isinstance(a, Histogram) and not isinstance(b, Histogram):
        return Ellipsis
    if not isinstance(a, Histogram) or not isinstance(b, Histogram):
        ev.notes.mixed_floats_histograms(name, span)
        return None
    per_second = call.name == "irate"
    gauges = [h.reset_hint is ResetHint.GAUGE for h in (a, b)]
    if per_second and any(gauges):
        ev.notes.not_a_counter(name, span)
    if not per_second and not all(gauges):
        ev.notes.not_a_gauge(name, span)
    out = b
    if not per_second or not native.is_reset(b, a):
        try:
            step = native.combined(b, a, -1)
        except native.MixedSchemasError:
            ev.notes.mixed_exponential_custom(name, span)
            return None
        if step.reconciled:
            ev.notes.mismatched_custom_buckets("subtraction", span)
        out = step.histogram
    if per_second:
        out = native.divided(out, (t1 - t0) / 1000)
    return native.as_gauge(native.compacted(out))


def _extrapolated(
    ev: Evaluation, call: ast.Call, window: Window, range_ms: int, name: str, span: Span
) -> Histogram | None:
    """The rule of the window kernel, for histograms: the difference of the ends, stretched to the window's edges."""
    counter = call.name != "delta"
    difference = _difference(ev, window.histograms, name, span, counter=counter)
    if difference is None:
        return None
    first, last = window.times[0], window.times[-1]
    sampled = (last - first) / 1000
    spacing = sampled / (len(window.times) - 1)
    to_start = (first - (window.end_ms - range_ms)) / 1000
    to_end = (window.end_ms - last) / 1000
    if to_start >= spacing * _CLOSE:
        to_start = spacing / 2
    if counter and difference.count > 0 and window.histograms[0].count >= 0:
        to_start = min(to_start, sampled * (window.histograms[0].count / difference.count))
    if to_end >= spacing * _CLOSE:
        to_end = spacing / 2
    factor = (sampled + to_start + to_end) / sampled
    if call.name == "rate":
        factor /= range_ms / 1000
    return native.scaled(difference, factor)


def _between_edges(
    ev: Evaluation, call: ast.Call, vector: RangeVector, window: Window, name: str, span: Span
) -> Histogram | None:
    """The kernel's rule for anchored and smoothed ranges: the difference between the values at the edges."""
    if window.floats:
        ev.notes.mixed_floats_histograms(name, span)
        return None
    selector = vector.selector
    smoothed = selector is not None and selector.smoothed
    times, points = window.times, window.histograms
    start, end = window.end_ms - vector.range_ms, window.end_ms
    last = len(times) - 1
    first = max(0, bisect.bisect_right(times, start, 0, last) - 1)
    if smoothed:
        last = bisect.bisect_left(times, end, 0, last)
    if times[last] <= start or times[first] > end:
        return None
    counter = call.name != "delta"
    gauges = [h.reset_hint is ResetHint.GAUGE for h in points[first : last + 1]]
    if counter and any(gauges):
        ev.notes.not_a_counter(name, span)
    if not counter and not (gauges[0] and gauges[-1]):
        ev.notes.not_a_gauge(name, span)
    left, right = points[first], points[last]
    cuts_left = smoothed and times[first] < start
    try:
        if cuts_left:
            share = (start - times[first]) / (times[first + 1] - times[first])
            left = native.between(left, points[first + 1], share, counter=counter)
        if smoothed and last > 0 and times[last] > end:
            share = (end - times[last - 1]) / (times[last] - times[last - 1])
            right = native.between(points[last - 1], right, share, counter=counter)
        out = native.combined(right, left, -1).histogram
        if counter:
            # What lies between an interpolated left edge and its next sample is in the edge's value already.
            for i in range(first + 2 if cuts_left else first + 1, last + 1):
                if native.is_reset(points[i], points[i - 1]):
                    out = native.combined(out, points[i - 1]).histogram
    except native.MixedSchemasError:
        ev.notes.mixed_exponential_custom(name, span)
        return None
    if call.name == "rate":
        out = native.divided(out, vector.range_ms / 1000)
    return native.as_gauge(native.compacted(out))


def _difference(ev: Evaluation, row: list[Histogram], name: str, span: Span, *, counter: bool) -> Histogram | None:
    """The last less the first, with what counter resets lost put back; None where the buckets don't go together."""
    hints = [h.reset_hint is ResetHint.GAUGE for h in row]
    if counter and any(hints):
        ev.notes.not_a_counter(name, span)
    if not counter and not (hints[0] and hints[-1]):
        ev.notes.not_a_gauge(name, span)
    first = row[0]
    if counter and native.is_reset(row[1], first):
        # Nothing of the first is left after the reset: its layout must not matter either.
        first = Histogram(
            schema=row[1].schema, custom_values=row[1].custom_values, zero_threshold=row[1].zero_threshold
        )
    others = row[1:] if counter else row[-1:]
    if any(h.is_custom != first.is_custom for h in others):
        ev.notes.mixed_exponential_custom(name, span)
        return None
    out = row[-1]
    if not out.is_custom and counter:
        out = native.to_schema(out, min(h.schema for h in (first, *others)))
    reconciled = False
    step = native.combined(out, first, -1)
    out, reconciled = step.histogram, step.reconciled
    if counter:
        before = first
        for h in row[1:]:
            if native.is_reset(h, before):
                step = native.combined(out, before)
                out, reconciled = step.histogram, reconciled or step.reconciled
            before = h
    if reconciled:
        ev.notes.mismatched_custom_buckets("subtraction", span)
    return native.as_gauge(native.compacted(out))
