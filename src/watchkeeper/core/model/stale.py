"""The NaN bit patterns that mean something: a stale marker, a cell without a sample, and the NaN of arithmetic.

Source of the first and the last: Prometheus model/value. The second is the store's own and never leaves it
and the select operator.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
import numpy.typing as npt

STALE_BITS: Final = 0x7FF0000000000002
NORMAL_NAN_BITS: Final = 0x7FF8000000000001
MISSING_BITS: Final = 0x7FF00000000000A5  # A signalling NaN that no exporter writes: "this row has no sample here".


def _from_bits(bits: int) -> float:
    value: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value


STALE: Final = _from_bits(STALE_BITS)
NORMAL_NAN: Final = _from_bits(NORMAL_NAN_BITS)
MISSING: Final = _from_bits(MISSING_BITS)


def bits_of(value: float) -> int:
    """The 64 bits of a float."""
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    return bits


def is_stale(value: float) -> bool:
    """Whether one value is the stale marker."""
    return value != value and bits_of(value) == STALE_BITS


def stale_mask(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Where an array of any shape holds the stale marker."""
    return np.equal(values.view(np.uint64), np.uint64(STALE_BITS))


def missing_mask(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Where an array of any shape holds no sample."""
    return np.equal(values.view(np.uint64), np.uint64(MISSING_BITS))
