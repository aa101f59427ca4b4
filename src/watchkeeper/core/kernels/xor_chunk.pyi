"""Prometheus's XOR chunks: float samples to bytes and back."""

import numpy as np
import numpy.typing as npt

def encode(times: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> bytes:
    """One chunk of up to 65535 samples in ascending time, int64 ms and float64."""

def decode(data: bytes | memoryview) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Times in ms and values. Raises ValueError where the bytes are no chunk; never reads outside of them."""
