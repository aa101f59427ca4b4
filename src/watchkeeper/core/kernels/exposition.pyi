"""Text expositions of one target, with layout prediction."""

from typing import Final

import numpy as np
import numpy.typing as npt

TYPE_NAMES: Final[tuple[str, ...]]

class ScanError(ValueError):
    """A body that does not parse; `line` counts from 1."""

    message: str
    line: int

class Layout:
    """What is remembered of one target: its last body, where its lines are, and which series each belongs to.

    Memory: the body, 24 bytes a line, and about 40 bytes a series; of a series that has gone its text too.
    """

    def __init__(self, open_metrics: bool = False) -> None:
        """For Prometheus text, or with `open_metrics` for OpenMetrics text."""

    @property
    def n_series(self) -> int:
        """How many series numbers are given out."""

    @property
    def n_gone(self) -> int:
        """How many of them the last body did not have."""

    @property
    def size_bytes(self) -> int:
        """The memory held, the last body included."""

    def scan(
        self, body: bytes
    ) -> tuple[
        npt.NDArray[np.int32] | None,
        bool,
        npt.NDArray[np.float64],
        npt.NDArray[np.int64] | None,
        list[tuple[int, list[tuple[str, str]], str]],
        npt.NDArray[np.int32] | None,
        int,
        list[tuple[int, list[tuple[str, str]], float, int | None]],
        list[tuple[str, str, str]] | None,
    ]:
        """Parse one body and remember it (the object itself, not a copy), without the GIL.

        returns  index       int32 (n,): the series number of each sample; None where it is 0, 1, … n_series-1
                 repeated    the index is the same as after the last scan
                 values      float64 (n,)
                 times       int64 ms (n,), NO_TIME (the least int64) where a sample has none; None where none has one
                 new         (series number, label pairs, type of the family) of series seen for the first time
                 gone        int32: series of the last body that this one lacks; None where there are none
                 duplicates  samples left out because their series stood in the body before
                 exemplars   (series number, label pairs, value, time in ms or None) where they changed
                 comments    all (HELP | TYPE | UNIT, family, text) lines; None where they are as in the last body
        raises ScanError; the layout is then as it was before
        """

    def compact(self, absent_for: int = 0) -> npt.NDArray[np.int32] | None:
        """Give up series that at least `absent_for` + 1 scans lacked.

        returns  int32 (old n_series,): each old number's new one, -1 where given up; None where nothing was
        """

    def clear(self) -> None:
        """Forget everything."""

def format_float(value: float) -> str:
    """A float as OpenMetrics writes it: Go's shortest %g, with `.0` where it would look like an integer."""

def parse_float(text: bytes) -> float | None:
    """A float as an exposition may have it, None where it may not; every NaN is NORMAL_NAN."""
