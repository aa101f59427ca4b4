"""The time of evaluation, of samples, and the parts of a date in UTC."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.vector.frame import Frame, Values
from watchkeeper.core.vector.grid import Grid
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.functions.math import mapped
from watchkeeper.metrics.promql.operators.select import instant_vector

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation

Seconds = npt.NDArray[np.int64]
_LATEST_S: Final = 10.0**14  # Some 3 million years: beyond it dates mean nothing, and int64 arithmetic stays safe.


def _days(seconds: Seconds) -> Seconds:
    return seconds // 86_400


def _civil(seconds: Seconds) -> tuple[Seconds, Seconds, Seconds]:
    """Year, month and day of the month, by counting in 400-year eras that begin on 1 March."""
    z = _days(seconds) + 719_468
    era = z // 146_097
    day_of_era = z - era * 146_097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = np.where(shifted_month < 10, shifted_month + 3, shifted_month - 9)
    year = year_of_era + era * 400 + (month <= 2)
    return year, month, day


def _is_leap(year: Seconds) -> npt.NDArray[np.bool_]:
    leap: npt.NDArray[np.bool_] = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return leap


_MONTH_DAYS: Final = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS_BEFORE: Final = (0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def _days_in_month(seconds: Seconds) -> Seconds:
    year, month, _ = _civil(seconds)
    out: Seconds = np.array(_MONTH_DAYS, np.int64)[month] + (_is_leap(year) & (month == 2))
    return out


def _day_of_year(seconds: Seconds) -> Seconds:
    year, month, day = _civil(seconds)
    out: Seconds = np.array(_DAYS_BEFORE, np.int64)[month] + day + (_is_leap(year) & (month > 2))
    return out


_PARTS: Final[dict[str, Callable[[Seconds], Seconds]]] = {
    "minute": lambda s: s // 60 % 60,
    "hour": lambda s: s // 3600 % 24,
    "day_of_week": lambda s: (_days(s) + 4) % 7,
    "day_of_month": lambda s: _civil(s)[2],
    "day_of_year": _day_of_year,
    "days_in_month": _days_in_month,
    "month": lambda s: _civil(s)[1],
    "year": lambda s: _civil(s)[0],
}


def _part(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    part = _PARTS[call.name]

    def of(x: Values) -> Values:
        seconds = np.clip(np.nan_to_num(x, nan=0.0), -_LATEST_S, _LATEST_S).astype(np.int64)
        return part(seconds).astype(np.float64)

    if not call.args:
        return Frame.single(of(grid.times / 1000))
    return mapped(ev, ev.vector(call.args[0], grid), of)


def _time(ev: Evaluation, call: ast.Call, grid: Grid) -> Values:
    out: Values = grid.times / 1000
    return out


def _timestamp(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    """The time of the sample itself where the argument is a selector, else the time of evaluation."""
    argument = ast.unwrap_parens(call.args[0])
    if isinstance(argument, ast.VectorSelector):
        return ev.renamed(instant_vector(ev, argument, grid, stamps="sample"))
    frame = ev.vector(argument, grid)
    times = np.ascontiguousarray(np.broadcast_to(grid.times / 1000, frame.values.shape))
    return ev.renamed(Frame(frame.labels, times, frame.occupied().copy(), {}, frame.drop_name))


def _start_timestamp(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    """When the newest sample's counter began, for samples that say so."""
    argument = ast.unwrap_parens(call.args[0])
    if not isinstance(argument, ast.VectorSelector):
        return Frame.empty(grid.n_steps)
    frame = instant_vector(ev, argument, grid, stamps="start")
    return ev.renamed(frame.where(frame.values != 0).compacted())


def _start(ev: Evaluation, call: ast.Call, grid: Grid) -> Values:
    return np.full(grid.n_steps, ev.plan.grid.start_ms / 1000)


def _end(ev: Evaluation, call: ast.Call, grid: Grid) -> Values:
    return np.full(grid.n_steps, ev.plan.grid.end_ms / 1000)


def _step(ev: Evaluation, call: ast.Call, grid: Grid) -> Values:
    return np.full(grid.n_steps, ev.plan.grid.step_ms / 1000 if ev.is_range else 0.0)


def _range(ev: Evaluation, call: ast.Call, grid: Grid) -> Values:
    return np.full(grid.n_steps, (ev.plan.grid.end_ms - ev.plan.grid.start_ms) / 1000)


FUNCTIONS: Final[dict[str, Callable[[Evaluation, ast.Call, Grid], Frame | Values]]] = {
    **dict.fromkeys(_PARTS, _part),
    "time": _time,
    "timestamp": _timestamp,
    "start_timestamp": _start_timestamp,
    "start": _start,
    "end": _end,
    "step": _step,
    "range": _range,
}
