"""Functions of one value at a time, and those that turn scalars to vectors and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.vector.frame import Frame, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

Array = npt.NDArray[np.float64]


def _sgn(x: Array) -> Array:
    return np.where(x == 0, x, np.sign(x))


_PLAIN: Final[dict[str, Callable[[Array], Array]]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "sgn": _sgn,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "cos": np.cos,
    "cosh": np.cosh,
    "sin": np.sin,
    "sinh": np.sinh,
    "tan": np.tan,
    "tanh": np.tanh,
    "deg": lambda x: x * 180 / math.pi,
    "rad": lambda x: x * math.pi / 180,
}


def mapped(ev: Evaluation, frame: Frame, function: Callable[[Array], Array]) -> Frame:
    """A function of each float; histograms fall away, and so does the name."""
    ev.memory.reserve(frame.n_series, frame.n_steps)
    frame = frame.floats_only().compacted() if frame.histograms else frame
    return ev.renamed(replace(frame, values=function(frame.values), lease=None))


def _plain(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    return mapped(ev, ev.vector(call.args[0], grid), _PLAIN[call.name])


def _round(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    # A multiplication by the inverse, as upstream has it, so that results agree to the last bit.
    inverse = 1 / ev.scalar(call.args[1], grid) if len(call.args) > 1 else np.ones(grid.n_steps)
    return mapped(ev, ev.vector(call.args[0], grid), lambda x: np.floor(x * inverse + 0.5) / inverse)


def _clamp(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    frame = ev.vector(call.args[0], grid)
    low = ev.scalar(call.args[1], grid)
    high = ev.scalar(call.args[2], grid)
    frame = frame.where(np.broadcast_to(~(high < low), frame.present.shape)).compacted()
    return mapped(ev, frame, lambda x: np.maximum(low, np.minimum(high, x)))


def _clamp_min(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    low = ev.scalar(call.args[1], grid)
    return mapped(ev, ev.vector(call.args[0], grid), lambda x: np.maximum(low, x))


def _clamp_max(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    high = ev.scalar(call.args[1], grid)
    return mapped(ev, ev.vector(call.args[0], grid), lambda x: np.minimum(high, x))


def _pi(ev: Evaluation, call: ast.Call, grid: Grid) -> Values:
    return np.full(grid.n_steps, math.pi)


def _scalar(ev: Evaluation, call: ast.Call, grid: Grid) -> Values:
    """The value of the only float, or NaN where there is none or more than one."""
    frame = ev.vector(call.args[0], grid)
    out = np.full(grid.n_steps, np.nan)
    if frame.n_series:
        alone = frame.present.sum(axis=0) == 1
        row = frame.present.argmax(axis=0)
        out[alone] = frame.values[row, np.arange(grid.n_steps)][alone]
    return out


def _vector(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    return Frame.single(ev.scalar(call.args[0], grid))


def _min_of(ev: Evaluation, call: ast.Call, grid: Grid) -> Values:
    return np.minimum(ev.scalar(call.args[0], grid), ev.scalar(call.args[1], grid))


def _max_of(ev: Evaluation, call: ast.Call, grid: Grid) -> Values:
    return np.maximum(ev.scalar(call.args[0], grid), ev.scalar(call.args[1], grid))


FUNCTIONS: Final[dict[str, Callable[[Evaluation, ast.Call, Grid], Frame | Values]]] = {
    **dict.fromkeys(_PLAIN, _plain),
    "round": _round,
    "clamp": _clamp,
    "clamp_min": _clamp_min,
    "clamp_max": _clamp_max,
    "pi": _pi,
    "scalar": _scalar,
    "vector": _vector,
    "min_of": _min_of,
    "max_of": _max_of,
}
