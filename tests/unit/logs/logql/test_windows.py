"""Windows, their edges, and the intervals between."""

from __future__ import annotations

import numpy as np
import pytest

from watchkeeper.logs.logql.windows import Steps, Windows


@pytest.mark.parametrize(
    ("step", "n", "range_", "offset"),
    [(10, 5, 10, 0), (10, 5, 30, 0), (10, 5, 4, 0), (10, 5, 25, 3), (7, 6, 10, -5), (1, 1, 50, 0), (3, 4, 12, 1)],
)
def test_every_window_is_made_of_whole_intervals(step: int, n: int, range_: int, offset: int) -> None:
    windows = Windows(Steps(100, step, n), range_, offset)
    times = np.arange(windows.lo_ns + 1, windows.hi_ns + 1, dtype=np.int64)
    intervals = windows.intervals(times)
    assert [windows.interval(time) for time in times.tolist()] == intervals.tolist()
    by_interval: dict[int, set[int]] = {}
    in_some: dict[int, bool] = {}
    for time, interval in zip(times.tolist(), intervals.tolist(), strict=True):
        assert windows.edges[interval - 1] < time <= windows.edges[interval]
        within = {k for k in range(n) if 100 + k * step - offset - range_ < time <= 100 + k * step - offset}
        assert by_interval.setdefault(interval, within) == within
        in_some[interval] = bool(within)
    assert windows.covered(intervals).tolist() == [in_some[interval] for interval in intervals.tolist()]
    assert windows.gaps == (not all(in_some.values()))
    assert not windows.is_covered(0)
    assert not windows.is_covered(windows.interval(windows.hi_ns + 1))


def test_steps_reach_the_end() -> None:
    assert Steps.of(0, 30, 10).times_ns.tolist() == [0, 10, 20, 30]
    assert Steps.of(0, 29, 10).times_ns.tolist() == [0, 10, 20]
    assert Steps.of(10, 0, 10).n_steps == 0


def test_the_grid_counts_from_where_windows_begin() -> None:
    windows = Windows(Steps(1_000, 10, 3), 50, 5)
    assert (windows.grid.start_ms, windows.grid.step_ms, windows.grid.n_steps) == (50, 10, 3)
