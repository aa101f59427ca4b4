"""Columns of float64 or int64 to raw (not yet compressed) bytes and back, exactly."""

import numpy as np
import numpy.typing as npt

_Cells = npt.NDArray[np.uint64]
_Ints = npt.NDArray[np.int64]

def encode(cells: _Cells, offsets: _Ints, ints: bool) -> bytes:
    """The raw bytes of the columns `cells[offsets[i]:offsets[i+1]]`.

    cells    uint64: the bits of float64 values, or with `ints` of int64 values
    raises   ValueError where the offsets leave the cells, or a limit of the format is passed
    """

class Group:
    """Raw bytes whose directory has been read. One thread at a time."""

    def __init__(self, raw: bytes) -> None:
        """Raises ValueError on bytes that `encode` did not write (as far as their structure shows it)."""

    def __len__(self) -> int:
        """The number of columns."""

    @property
    def lengths(self) -> _Ints:
        """int64: the cells of each column; fresh."""

    def decode_into(self, columns: _Ints, lo: _Ints, hi: _Ints, out_at: _Ints, out: _Cells, ints: bool) -> None:
        """Writes cells [lo[i], hi[i]) of column columns[i] to out[out_at[i]:].

        raises   ValueError where a column, a range or the room in `out` does not exist, or the type differs
        """

def decode_few(
    groups: list[Group],
    columns: npt.NDArray[np.int64],
    lo: npt.NDArray[np.int64],
    hi: npt.NDArray[np.int64],
    out_at: npt.NDArray[np.int64],
    out: npt.NDArray[np.uint64],
) -> None:
    """Write cells [lo[i], hi[i]) of float64 column columns[i] of groups[i] to out[out_at[i]:].

    Holds the GIL, so groups may be shared between threads; for a few columns each of many groups.
    raises   ValueError where anything is outside
    """
