"""Remote-write requests: bytes to columns, and columns to bytes. See `core/wire/remote.py` for the protocol."""

import numpy as np
import numpy.typing as npt

def decode(
    data: bytes, version: int
) -> (
    tuple[
        bytes,
        npt.NDArray[np.int64],
        npt.NDArray[np.uint8],
        npt.NDArray[np.int32],
        npt.NDArray[np.int64],
        npt.NDArray[np.float64],
        npt.NDArray[np.int64] | None,
        list[tuple[int, int, int, int]],
        list[tuple[int, int]],
    ]
    | None
):
    """An uncompressed request of version 1 or 2; None where the bytes are no such message.

    Returns the canonical label bytes and their offsets (n_series + 1,), uint8 whether each set names a series, then
    for each sample its series, time (ms), value and start time (ms, or None where none is given), then (kind, series,
    lo, hi) of each exemplar (0), histogram (1) and metadata (2) message inside `data`, then (lo, hi) of each symbol.
    """

def encode(
    labels: bytes,
    offsets: npt.NDArray[np.int64],
    sample_lo: npt.NDArray[np.int64],
    times: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
) -> bytes:
    """The series of a version-1 request: set i has samples `sample_lo[i]` to `sample_lo[i + 1]`."""
