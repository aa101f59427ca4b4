"""kernels.window agrees with its plain twin, for every reduction, with missing and stale cells and shared axes."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import window as oracle
from watchkeeper.core.kernels import window as kernel
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.window import Samples, align, reduce_extended, reduce_windows

ARITHMETIC = ("sum", "avg", "stddev", "stdvar", "deriv", "predict_linear", "mad", "quantile", "smoothing")
SPECIAL = [oracle.MISSING_BITS, oracle.STALE_BITS, 0x7FF8000000000001, 0x7FF0000000000000, 0xFFF0000000000000]
numbers = st.one_of(
    st.integers(-50, 200).map(float),
    st.floats(-1e6, 1e6, allow_nan=False),
).map(lambda x: struct.unpack("<Q", struct.pack("<d", x))[0])
cells = st.one_of(numbers, numbers, numbers, st.sampled_from(SPECIAL))


@st.composite
def many_series(draw: st.DrawFn) -> tuple[Samples, list[list[tuple[int, int]]]]:
    axis = sorted(draw(st.sets(st.integers(-60, 600), min_size=1, max_size=25)))
    times = np.array([t * 1000 for t in axis], np.int64)
    rows = []
    lo, hi, time_lo, values = [], [], [], []
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(axis) - 1))
        n = draw(st.integers(0, len(axis) - start))
        row = draw(st.lists(cells, min_size=n, max_size=n))
        rows.append([(int(times[start + i]), raw) for i, raw in enumerate(row)])
        lo.append(len(values))
        values += row
        hi.append(len(values))
        time_lo.append(start)
    array = np.array(values, np.uint64).view(np.float64)
    return Samples(times, array, *(np.array(part, np.int64) for part in (lo, hi, time_lo))), rows


grids = st.builds(
    Grid, st.integers(-100, 500).map(lambda s: s * 1000), st.sampled_from([0, 1, 5000, 33_000]), st.integers(1, 12)
)


def same(a: float, b: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-7)


def nothing() -> None:
    pass


@given(many_series(), grids, st.integers(1, 200_000))
@settings(max_examples=80, deadline=None)
def test_align(series: tuple[Samples, list[list[tuple[int, int]]]], grid: Grid, lookback: int) -> None:
    samples, rows = series
    values, present, counted = align(samples, grid, lookback, nothing)
    stamps, _, _ = align(samples, grid, lookback, nothing, stamps=True)
    assert counted == present.sum()
    for i, row in enumerate(rows):
        for k, now in enumerate(grid.times.tolist()):
            wanted = oracle.newest(row, now, lookback)
            assert bool(present[i, k]) == (wanted is not None)
            if wanted is not None:
                assert same(values[i, k], wanted[0])
                assert stamps[i, k] == wanted[1]


@pytest.mark.parametrize("op", kernel.OPS)
@given(many_series(), grids, st.integers(1000, 300_000), st.floats(-0.2, 1.2), st.floats(0.01, 0.99))
@settings(max_examples=12, deadline=None)
def test_reduce(
    op: str, series: tuple[Samples, list[list[tuple[int, int]]]], grid: Grid, length: int, p1: float, p2: float
) -> None:
    samples, rows = series
    evaluated = Grid(grid.start_ms + 7000, grid.step_ms, grid.n_steps)
    n = grid.n_steps
    values, present, counted = reduce_windows(
        op, samples, grid, length, nothing, evaluated=evaluated, p1=np.full(n, p1), p2=np.full(n, p2)
    )
    total = 0
    for i, row in enumerate(rows):
        for k, now in enumerate(grid.times.tolist()):
            window = oracle.inside(row, now, length)
            total += len(window)
            wanted = oracle.reduce(op, window, now, length, int(evaluated.times[k]), p1, p2)
            assert bool(present[i, k]) == (wanted is not None)
            if wanted is None:
                continue
            if op in (
                "sum",
                "avg",
                "stddev",
                "stdvar",
                "deriv",
                "predict_linear",
                "mad",
                "quantile",
                "smoothing",
            ) and not all(math.isfinite(v) for _, v in window):
                # Infinities meet in another order: only whether the result is a number is told by both.
                assert not math.isfinite(values[i, k]) or op in ("mad", "quantile")
                continue
            assert same(values[i, k], wanted), (window, now)
    assert counted == total


def test_arrays_that_do_not_fit_are_refused() -> None:
    times, values = np.zeros(3, np.int64), np.zeros(3)
    good = np.array([0], np.int64), np.array([3], np.int64), np.array([0], np.int64)
    out, present = np.zeros((1, 2)), np.zeros((1, 2), np.uint8)
    for bad in (
        (np.array([0], np.int64), np.array([4], np.int64), good[2]),
        (np.array([-1], np.int64), *good[1:]),
        (*good[:2], np.array([1], np.int64)),
        (np.array([3], np.int64), np.array([0], np.int64), good[2]),
    ):
        with pytest.raises(ValueError, match="outside of its arrays"):
            kernel.align(times, values, *bad, 0, 1, 0, 1, 5, out, present)
        with pytest.raises(ValueError, match="outside of its arrays"):
            kernel.window("sum", times, values, *bad, 0, 1, 0, 1, 5, 0, 1, out, present)
    with pytest.raises(ValueError, match="does not fit|do not fit"):
        kernel.align(times, values, *good, 0, 2, 0, 1, 5, out, present)
    with pytest.raises(ValueError, match="not in tuple"):
        kernel.window("median", times, values, *good, 0, 1, 0, 1, 5, 0, 1, out, present)


def test_an_overflowing_average_goes_on_as_a_running_mean() -> None:
    values = np.array([1.7e308, 1.7e308, 1.7e308])
    times = np.array([1000, 2000, 3000], np.int64)
    one = np.array([0], np.int64)
    samples = Samples(times, values, one, np.array([3], np.int64), one)
    found, _, _ = reduce_windows("avg", samples, Grid.instant(3000), 5000, nothing)
    assert found[0, 0] == pytest.approx(1.7e308)
    found, _, _ = reduce_windows("sum", samples, Grid.instant(3000), 5000, nothing)
    assert found[0, 0] == math.inf


def test_small_values_survive_beside_large_ones() -> None:
    values = np.array([1.0, 1e100, 1.0, -1e100])
    times = np.arange(1, 5, dtype=np.int64)
    one = np.array([0], np.int64)
    samples = Samples(times, values, one, np.array([4], np.int64), one)
    found, _, _ = reduce_windows("sum", samples, Grid.instant(4), 10, nothing)
    assert found[0, 0] == 2.0


@pytest.mark.parametrize("op", kernel.EXTENDED)
@given(many_series(), grids, st.integers(1000, 200_000), st.integers(1000, 200_000), st.booleans())
@settings(max_examples=25, deadline=None)
def test_extended(
    op: str,
    series: tuple[Samples, list[list[tuple[int, int]]]],
    grid: Grid,
    length: int,
    lookback: int,
    smoothed: bool,
) -> None:
    samples, rows = series
    length, smoothed = (0, True) if op == "value" else (length, smoothed)
    values, present, _ = reduce_extended(op, samples, grid, length, lookback, nothing, smoothed=smoothed)
    for i, row in enumerate(rows):
        for k, now in enumerate(grid.times.tolist()):
            wanted = oracle.extended(op, smoothed, row, now, length, lookback)
            assert bool(present[i, k]) == (wanted is not None)
            if wanted is not None:
                assert same(values[i, k], wanted), (row, now)


@pytest.mark.parametrize("op", ["rate", "increase", "irate", "resets"])
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9), st.integers(-60, 10)), min_size=1, max_size=12),
    grids,
    st.integers(1000, 300_000),
)
@settings(max_examples=60, deadline=None)
def test_start_times(op: str, steps: list[tuple[int, int, int]], grid: Grid, length: int) -> None:
    times = np.cumsum([gap for gap, _, _ in steps]).astype(np.int64) * 1000
    values = np.array([float(value) for _, value, _ in steps])
    # 10 stands for an unknown start.
    starts = np.array(
        [0 if ago == 10 else t + ago * 1000 for t, (_, _, ago) in zip(times, steps, strict=True)], np.int64
    )
    one = np.array([0], np.int64)
    samples = Samples(times, values, one, np.array([len(steps)], np.int64), one, starts)
    found, present, _ = reduce_windows(op, samples, grid, length, nothing)
    rows = list(zip(times.tolist(), values.tolist(), starts.tolist(), strict=True))
    for k, now in enumerate(grid.times.tolist()):
        wanted = oracle.with_starts(op, [row for row in rows if now - length < row[0] <= now], now, length)
        assert bool(present[0, k]) == (wanted is not None)
        if wanted is not None:
            assert same(found[0, k], wanted)
