"""Memory that was freed goes back to the system: the allocator keeps it otherwise, for what may never come."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final


def _find() -> Callable[[int], int] | None:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # Another C library than glibc.
        return None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    found: Callable[[int], int] = trim
    return found


_TRIM: Final = _find()


def give_back() -> None:
    """Give freed memory back to the system; some milliseconds, without the interpreter's lock."""
    if _TRIM is not None:
        _TRIM(0)
