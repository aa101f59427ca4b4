"""Several parts' series made one: how a select reads head and blocks together, and how blocks are compacted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from watchkeeper.core.index.label_hash import hash_label_sets
from watchkeeper.core.kernels.series_merge import merge
from watchkeeper.core.model.histogram import HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets, unified
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.metrics.interface import Series

Ints = npt.NDArray[np.int64]


def merge_series(parts: Sequence[Series]) -> Series:
    """One Series of all parts: equal label sets become one series, with its samples in time order.

    At equal times the later part's sample wins. Series are in order of first appearance; a single part that is not
    empty is returned as it is. Time axes that parts share stay shared.
    """
    filled = [part for part in parts if len(part.labels)]
    if not filled:
        return parts[0] if parts else _empty()
    if len(filled) == 1:
        return filled[0]
    labels, _ = unified([part.labels for part in filled])
    first, group = _groups(labels)
    n_rows = [len(part.labels) for part in filled]
    # Members of one series next to each other, in the order of the parts.
    order = np.argsort(group, kind="stable")
    offsets = np.zeros(len(first) + 1, np.int64)
    np.cumsum(np.bincount(group, minlength=len(first)), out=offsets[1:])
    part_of = np.repeat(np.arange(len(filled), dtype=np.int32), n_rows)
    row_of = np.concatenate([np.arange(n) for n in n_rows])
    times, cells, value_lo, value_hi, time_lo, starts = merge(
        [
            (
                np.ascontiguousarray(part.times),
                np.ascontiguousarray(part.values).view(np.uint64),
                np.ascontiguousarray(part.value_lo),
                np.ascontiguousarray(part.value_hi),
                np.ascontiguousarray(part.time_lo),
                part.start_times,
            )
            for part in filled
        ],
        part_of[order],
        row_of[order],
        offsets,
    )
    histograms: dict[int, HistogramSamples] = {}
    before = 0
    for part, n in zip(filled, n_rows, strict=True):
        for row, samples in part.histograms.items():
            number = int(group[before + row])
            known = histograms.get(number)
            histograms[number] = samples if known is None else _merged_histograms(known, samples)
        before += n
    return Series(labels.take(first), times, cells.view(np.float64), value_lo, value_hi, time_lo, histograms, starts)


def metric_major_order(label_sets: LabelSets) -> Ints:
    """Row numbers in the order of a block: by metric name, then by the other labels' values in order of their names.

    An absent label comes before any value. The order of a subset is the one its rows have in the whole.
    """
    codes = label_sets.codes
    used = np.zeros(max(len(label_sets.strings), 1), np.bool_)
    used[codes.ravel()] = True
    used[0] = False
    numbers = np.flatnonzero(used).tolist()
    numbers.sort(key=label_sets.strings.__getitem__)
    rank = np.zeros(len(used), np.int32)
    rank[numbers] = np.arange(1, len(numbers) + 1)
    # The last key of lexsort counts most.
    names = sorted(
        range(len(label_sets.names)), key=lambda i: (label_sets.names[i] != METRIC_NAME, label_sets.names[i])
    )
    keys = [rank[codes[:, i]] for i in reversed(names)]
    return np.lexsort(keys).astype(np.int64) if keys else np.arange(len(label_sets))


def _groups(labels: LabelSets) -> tuple[Ints, Ints]:
    """The first row of each group of equal sets, in order of first appearance, and each row's group."""
    _, first, group = np.unique(hash_label_sets(labels), return_index=True, return_inverse=True)
    if not np.array_equal(labels.codes[first[group]], labels.codes):
        # Two different sets of one hash: compare all of them.
        return labels.distinct()
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[group]


def _merged_histograms(earlier: HistogramSamples, later: HistogramSamples) -> HistogramSamples:
    by_time = dict(zip(earlier.times.tolist(), earlier.values, strict=True))
    by_time.update(zip(later.times.tolist(), later.values, strict=True))
    times = sorted(by_time)
    return HistogramSamples(np.array(times, np.int64), [by_time[time] for time in times])


def _empty() -> Series:
    none = np.zeros(0, np.int64)
    return Series(LabelSets.of([]), none, np.zeros(0), none, none, none)
