"""sort and its kin: they order an instant answer, and do nothing to the answer over a range."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.group import sort_order
from watchkeeper.metrics.promql import ast

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

_NUMBERS: Final = re.compile(r"([0-9]+)")


def _by_value(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    frame = ev.vector(call.args[0], grid)
    frame = frame.floats_only().compacted() if frame.histograms else frame
    if ev.is_range:
        ev.notes.sort_in_range(call.span)
        return frame
    if frame.n_steps != 1:
        return frame
    values = frame.values[:, 0]
    key = -values if call.name == "sort_desc" else values
    return frame.take(np.lexsort((key, np.isnan(values))))


def _by_label(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    frame = ev.vector(call.args[0], grid)
    if ev.is_range:
        ev.notes.sort_in_range(call.span)
        return frame
    names = [ev.string(argument) for argument in call.args[1:]]
    # Equal in all the named labels: the whole label set decides.
    keys = [sort_rank(frame)]
    for name in reversed(names):
        column = frame.labels.column(name)
        used = np.unique(column)
        texts = [frame.labels.strings[code] for code in used.tolist()]
        rank = np.zeros(len(frame.labels.strings), np.int64)
        rank[used[sorted(range(len(texts)), key=lambda i: natural_key(texts[i]))]] = np.arange(len(texts))
        keys.append(rank[column])
    order = np.lexsort(keys) if frame.n_series else np.zeros(0, np.intp)
    return frame.take(order[::-1] if call.name == "sort_by_label_desc" else order)


def sort_rank(frame: Frame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Each row's place in the order of all label sets."""
    order = sort_order(frame.labels)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Digits compare as numbers, so that `node10` comes after `node9`."""
    return tuple(
        (0, int(part), part) if part.isdigit() else (1, 0, part) for part in _NUMBERS.split(text) if part != ""
    )


FUNCTIONS: Final = {
    "sort": _by_value,
    "sort_desc": _by_value,
    "sort_by_label": _by_label,
    "sort_by_label_desc": _by_label,
}
