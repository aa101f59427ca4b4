"""Selectors: from the store's series to frames and to the samples that windows are taken from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from watchkeeper.core.model.histogram import Histogram, HistogramSamples, ResetHint
from watchkeeper.core.model.stale import MISSING_BITS, STALE_BITS, missing_mask, stale_mask
from watchkeeper.core.vector.frame import Frame, HistogramRow
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.native_histogram import MixedSchemasError, between, is_reset
from watchkeeper.core.vector.window import Ints, Samples, align, reduce_extended
from watchkeeper.metrics.interface import Series
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.plan import read_range

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation


def samples_of(series: Series, *, starts: bool = False) -> Samples:
    """The float arrays of a select, with the counters' start times if wanted."""
    return Samples(
        series.times,
        series.values,
        series.value_lo,
        series.value_hi,
        series.time_lo,
        series.start_times if starts else None,
    )


def instant_vector(
    ev: Evaluation, node: ast.VectorSelector, grid: Grid, *, stamps: Literal["", "sample", "start"] = ""
) -> Frame:
    """The newest sample of each series within the lookback, at each step.

    stamps  instead of the value: when the sample was taken, or when its counter began (0 unknown), in seconds
    """
    lookback_ms = ev.settings.lookback_ms
    moved = grid.moved(node.offset_ms, node.at_ms)
    start_ms, end_ms = read_range(node, grid, lookback_ms, lookback_ms)
    series = ev.select(node, start_ms, end_ms, newest=grid.n_steps == 1 and not node.smoothed and stamps != "start")
    ev.memory.reserve(len(series.labels), grid.n_steps)
    if node.smoothed and not stamps:
        values, present, counted = reduce_extended(
            "value", samples_of(series), moved, 0, lookback_ms, ev.check, smoothed=True
        )
    else:
        samples = samples_of(series) if stamps != "start" else _start_samples(series)
        values, present, counted = align(samples, moved, lookback_ms, ev.check, stamps=stamps == "sample")
    ev.memory.queryable += counted
    frame = Frame(series.labels, values, present)
    for row, histograms in series.histograms.items():
        if stamps == "start":
            break  # Histograms are kept without start times.
        if node.smoothed and not stamps:
            _smooth_histograms(ev, frame, row, histograms, series, moved, node)
        else:
            _align_histograms(ev, frame, row, histograms, series, moved, lookback_ms, stamps=bool(stamps))
    return frame.compacted()


def _start_samples(series: Series) -> Samples:
    """Start times in seconds in place of the values; markers stay what they are."""
    starts = np.zeros(len(series.values)) if series.start_times is None else series.start_times / 1000
    markers = missing_mask(series.values) | stale_mask(series.values)
    return replace(samples_of(series), values=np.where(markers, series.values, starts))


def float_times(series: Series, row: int) -> Ints:
    """The times of one series' float samples and stale markers, ascending."""
    lo, hi = int(series.value_lo[row]), int(series.value_hi[row])
    at = int(series.time_lo[row])
    bits = series.values[lo:hi].view(np.uint64)
    out: Ints = series.times[at : at + hi - lo][bits != np.uint64(MISSING_BITS)]
    return out


def float_points(series: Series, row: int) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Times and values of one series' float samples, without markers."""
    lo, hi = int(series.value_lo[row]), int(series.value_hi[row])
    at = int(series.time_lo[row])
    values = series.values[lo:hi]
    bits = values.view(np.uint64)
    kept = (bits != np.uint64(MISSING_BITS)) & (bits != np.uint64(STALE_BITS))
    return series.times[at : at + hi - lo][kept], values[kept]


def hinted(ev: Evaluation, samples: HistogramSamples, i: int) -> Histogram:
    """One sample, with what is known of a reset between it and the one before."""
    value = samples.values[i]
    if value.reset_hint is not ResetHint.UNKNOWN or i == 0:
        return value
    before = samples.values[i - 1]
    if before.is_stale:
        return value
    was_reset = is_reset(value, before)
    # Upstream tells a reset only to what asks for nothing but counts and sums.
    if was_reset or before.reset_hint is ResetHint.GAUGE:
        return replace(value, reset_hint=ResetHint.RESET) if was_reset and ev.histogram_stats else value
    return replace(value, reset_hint=ResetHint.NOT_RESET)


def _smooth_histograms(
    ev: Evaluation,
    frame: Frame,
    row: int,
    samples: HistogramSamples,
    series: Series,
    grid: Grid,
    node: ast.VectorSelector,
) -> None:
    """Put a series' histograms, moved towards the next ones, into its row."""
    lookback_ms = ev.settings.lookback_ms
    live = [i for i, value in enumerate(samples.values) if not value.is_stale]
    times = samples.times[live]
    floats, _ = float_points(series, row)
    name = ev.metric_name(frame, row)
    cells: HistogramRow = np.full(grid.n_steps, None, np.object_)
    for k, now in enumerate(grid.times.tolist()):
        lo, at, hi = np.searchsorted(times, [now - lookback_ms, now, now + lookback_ms], "right").tolist()
        if hi <= lo:
            continue
        f_lo, f_hi = np.searchsorted(floats, [now - lookback_ms, now + lookback_ms], "right").tolist()
        if f_hi > f_lo:
            ev.notes.mixed_floats_histograms(name, node.span)
            frame.present[row, k] = False
            continue
        if at <= lo:
            continue
        value = samples.values[live[at - 1]]
        if at < hi and times[at - 1] < now:
            share = float(now - times[at - 1]) / float(times[at] - times[at - 1])
            try:
                value = between(value, samples.values[live[at]], share, counter=True)
            except MixedSchemasError:
                ev.notes.mixed_exponential_custom(name, node.span)
                continue
        cells[k] = value
    if any(cell is not None for cell in cells):
        frame.histograms[row] = cells


def _align_histograms(
    ev: Evaluation,
    frame: Frame,
    row: int,
    samples: HistogramSamples,
    series: Series,
    grid: Grid,
    lookback_ms: int,
    *,
    stamps: bool,
) -> None:
    """Put a series' histograms into its row, where they are newer than its floats."""
    times = grid.times
    newest = np.searchsorted(samples.times, times, "right") - 1
    floats = float_times(series, row)
    newest_float = np.searchsorted(floats, times, "right") - 1
    cells: HistogramRow = np.full(grid.n_steps, None, np.object_)
    for k in range(grid.n_steps):
        j = int(newest[k])
        if j < 0 or samples.times[j] <= times[k] - lookback_ms:
            continue
        f = int(newest_float[k])
        if f >= 0 and floats[f] > samples.times[j]:
            continue
        value = samples.values[j]
        frame.present[row, k] = False
        if value.is_stale:
            continue
        if stamps:
            frame.present[row, k] = True
            frame.values[row, k] = float(samples.times[j]) / 1000
        else:
            cells[k] = hinted(ev, samples, j)
    if not stamps and any(cell is not None for cell in cells):
        frame.histograms[row] = cells
