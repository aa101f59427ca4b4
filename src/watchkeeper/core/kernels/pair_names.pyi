"""Names of name-value pairs that are places in one buffer: which are which, and which are no proper names."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]

def find(data: bytes, name_at: Places, name_end: Places, wanted: Sequence[bytes]) -> npt.NDArray[np.int16]:
    """int16 (n_pairs,): for each name `data[name_at[i]:name_end[i]]` its index among the wanted ones, -1 for none.

    Raises ValueError where a place is outside of the buffer, or for more than 32767 wanted names.
    """

def improper(data: bytes, name_at: Places, name_end: Places) -> npt.NDArray[np.uint8]:
    """uint8 (n_pairs,): 1 for each name that is not of the form `[a-zA-Z][a-zA-Z0-9_]*`, nor starts with two
    underscores and goes on with such characters. Raises ValueError as `find`."""
