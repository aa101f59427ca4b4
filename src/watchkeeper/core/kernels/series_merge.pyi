"""Merging of the samples of series that several parts hold; used through metrics/tsdb/merge.py."""

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int64]
_Cells = npt.NDArray[np.uint64]
_Part = tuple[_Ints, _Cells, _Ints, _Ints, _Ints, _Ints | None]
"""times, bits of the values, value_lo, value_hi, time_lo, start times: as in `Series`."""

def merge(parts: list[_Part], part: npt.NDArray[np.int32], row: _Ints, offsets: _Ints) -> _Part:
    """The merged series, fresh: series k is made of row[m] of parts[part[m]] for m in offsets[k]:offsets[k + 1].

    Times ascend. At equal times the last member that has a sample there wins. Series made of the same ranges of the
    same axes share one axis again.
    raises   ValueError where a range leaves its part
    """
