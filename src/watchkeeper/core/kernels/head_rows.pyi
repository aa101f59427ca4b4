"""Rows of a source as bytes, and the joining of pieces of series.

A row's bytes hold the cells that differ from the row before (a *key* row: from a row of 0.0), see docs/formats/wal.md.
"""

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Columns = npt.NDArray[np.int32]

def encode_row(prev: _Floats, row: _Floats, key: bool, sequence: int) -> bytes:
    """The bytes of `row` after `prev` (which may be shorter). `sequence` counts the rows since the key row, which is 0."""

def row_header(body: bytes | memoryview) -> tuple[bool, int, int]:
    """Whether the row is a key row, its number of columns, its sequence. Raises ValueError on other bytes."""

def apply_row(body: bytes | memoryview, row: _Floats) -> None:
    """Turn the row before, in place, into this one; `row` must be as wide, MISSING where the row before had no column.

    raises   ValueError on other bytes; `row` is then undefined
    """

def gather_runs(
    runs: list[list[bytes]],
    n_rows: _Ints,
    skip: _Ints,
    column_lo: _Ints,
    columns: _Columns,
    out: _Floats,
    out_at: _Ints,
) -> None:
    """Of run r, write rows skip[r] to n_rows[r] (the first row of all a key row) of some columns.

    columns  those of run r are columns[column_lo[r]:column_lo[r + 1]], ascending, none twice
    out      cell t of column c of run r goes to out[out_at[c] + t - skip[r]]; MISSING where a row has no such column
    raises   ValueError on bytes that are not rows, IndexError without room
    """

def last_row(bodies: list[bytes], n_rows: int) -> _Floats:
    """The cells of row `n_rows - 1`, fresh."""

def join_pieces(
    piece_series: _Columns,
    time_lo: _Ints,
    value_lo: _Ints,
    lengths: _Ints,
    n_series: int,
    times: _Ints,
    values: _Floats,
    starts: _Ints | None,
) -> tuple[_Ints, _Floats, _Ints | None, _Ints]:
    """Series from pieces: piece k is `lengths[k]` cells of series `piece_series[k]` (ascending) at those places.

    Of two cells of one series at one time the earlier piece's counts, MISSING ones aside.
    returns  times, values, starts (the given ones, followed by those of series of several pieces), and int64
             (3, n_series): time_lo, value_lo and value_hi of each series
    """
