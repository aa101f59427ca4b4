"""The windows of a range aggregation, and the intervals between their edges.

Whatever can be folded (counts, sums, smallest, largest, first, last) is folded for each interval between two
neighbouring edges; since no edge lies inside of an interval, every window is made of whole ones. A window is
(end - range, end].
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.vector.grid import Grid
from watchkeeper.logs.interface import Times

Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Steps:
    """The times a metric query is evaluated at."""

    start_ns: int
    step_ns: int
    n_steps: int

    @classmethod
    def of(cls, start_ns: int, end_ns: int, step_ns: int) -> Steps:
        """From start to end, both included where the step meets the end."""
        return cls(start_ns, step_ns, (end_ns - start_ns) // step_ns + 1 if end_ns >= start_ns else 0)

    @property
    def times_ns(self) -> Times:
        """int64 ns (n_steps,), fresh."""
        return np.int64(self.start_ns) + np.arange(self.n_steps, dtype=np.int64) * np.int64(self.step_ns)


class Windows:
    """All windows of one range aggregation.

    lo_ns, hi_ns  entries of (lo_ns, hi_ns] may be in one
    edges         int64 ns, ascending; interval i is (edges[i - 1], edges[i]], so interval 0 is none
    gaps          whether some intervals are in no window
    """

    __slots__ = ("_covered", "_edges", "_uniform_ns", "edges", "gaps", "hi_ns", "lo_ns", "range_ns", "steps")

    def __init__(self, steps: Steps, range_ns: int, offset_ns: int) -> None:
        self.steps = Steps(steps.start_ns - offset_ns, steps.step_ns, steps.n_steps)
        self.range_ns = range_ns
        ends = self.steps.times_ns
        begins = ends - range_ns
        self.lo_ns = int(begins[0])
        self.hi_ns = int(ends[-1])
        self.edges: Ints = np.unique(np.concatenate([begins, ends]))
        self._edges: list[int] = self.edges.tolist()
        self._uniform_ns = 0
        if len(self.edges) > 1:
            widths = np.diff(self.edges)
            if bool((widths == widths[0]).all()):
                self._uniform_ns = int(widths[0])
        opened = np.zeros(len(self.edges) + 1, np.int64)
        np.add.at(opened, np.searchsorted(self.edges, begins) + 1, 1)
        np.subtract.at(opened, np.searchsorted(self.edges, ends) + 1, 1)
        self._covered = np.cumsum(opened)[:-1] > 0
        self.gaps = not bool(self._covered[1:].all())

    def intervals(self, times: Times) -> Ints:
        """The interval of each time, all of them in (lo_ns, hi_ns]."""
        if self._uniform_ns:
            return (times - (self.lo_ns + 1)) // self._uniform_ns + 1
        return np.searchsorted(self.edges, times, "left")

    def interval(self, time_ns: int) -> int:
        """The interval of one time; 0 or beyond the last where it is in none."""
        return bisect_left(self._edges, time_ns)

    def covered(self, intervals: Ints) -> npt.NDArray[np.bool_]:
        """Which of them are in a window."""
        return self._covered[intervals]

    def is_covered(self, interval: int) -> bool:
        """Whether one is."""
        return 0 < interval < len(self.edges) and bool(self._covered[interval])

    @property
    def grid(self) -> Grid:
        """The windows' ends, counted from lo_ns: so nanoseconds keep their precision as floats too."""
        return Grid(self.steps.start_ns - self.lo_ns, self.steps.step_ns, self.steps.n_steps)
