"""Protobuf expositions of one target."""

from typing import Final

import numpy as np
import numpy.typing as npt

TYPE_NAMES: Final[tuple[str, ...]]

_Pairs = list[tuple[str, str]]
_Spans = tuple[tuple[int, int], ...]
_Floats = tuple[float, ...]

class ScanError(ValueError):
    """A body that does not parse."""

class Layout:
    """What is remembered of one target: the keys of its series and their order in the last body."""

    def __init__(self, native_histograms: bool = True, always_classic: bool = False) -> None:
        """With `native_histograms` off only classic buckets are taken; with `always_classic` both are."""

    @property
    def n_series(self) -> int:
        """How many series numbers are given out."""

    @property
    def n_gone(self) -> int:
        """How many of them the last body did not have."""

    @property
    def size_bytes(self) -> int:
        """The memory held."""

    def scan(
        self, body: bytes
    ) -> tuple[
        npt.NDArray[np.int32] | None,
        bool,
        npt.NDArray[np.float64],
        npt.NDArray[np.int64] | None,
        npt.NDArray[np.int64] | None,
        list[tuple[int, _Pairs]],
        npt.NDArray[np.int32] | None,
        int,
        list[tuple[int, _Pairs, float, int | None]],
        list[tuple[str, str, str, str]] | None,
        list[
            tuple[int, int | None, int, int, float, float, float, float, _Spans, _Floats, _Spans, _Floats, bool, bool]
        ],
    ]:
        """Parse one body, without the GIL.

        returns  index, repeated, values, times: as in `exposition.Layout.scan`, of the float samples
                 created     int64 ms (n,), 0 where unknown; None where no sample has one
                 new, gone, duplicates, exemplars: as there; of native histograms too
                 families    (name, type, help, unit) of all families; None where they are as in the last body
                 histograms  (series number, time or None, created, schema, count, sum, zero threshold, zero count,
                             positive spans, positive counts, negative spans, negative counts, is gauge, is float)
        raises ScanError; the layout is then as it was before
        """

    def compact(self, absent_for: int = 0) -> npt.NDArray[np.int32] | None:
        """Give up series that at least `absent_for` + 1 scans lacked; see `exposition.Layout.compact`."""

    def clear(self) -> None:
        """Forget everything."""
