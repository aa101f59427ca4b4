"""Float samples of Prometheus's write-ahead log."""

import numpy as np
import numpy.typing as npt

def decode_samples(
    data: bytes | memoryview,
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Series refs, times in ms and values of a samples record's bytes behind its type.

    Raises ValueError where the bytes are no such record; never reads outside of them.
    Source: Prometheus tsdb/docs/format/wal.md.
    """
