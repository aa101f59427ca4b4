"""Pushes of log entries, as Loki's protobuf has them: bytes to places in them, and arrays to bytes."""

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]

Pairs = tuple[Places, Places, Places, Places, Places]
"""Structured metadata: pair_lo (n + 1,): entry i has pairs pair_lo[i] to pair_lo[i + 1]; then name_at, name_end,
value_at and value_end (n_pairs,)."""

def decode(body: bytes) -> tuple[list[bytes], Places, Places, Places, Places, Pairs | None]:
    """The entries of an uncompressed PushRequest; lines and metadata are places in `body`, never copied.

    Returns label texts of the streams; entry_lo int64 (n_streams + 1,): stream i has entries entry_lo[i] to
    entry_lo[i + 1]; times int64 ns (n,), those that int64 can't hold as the nearest it can; line_at and line_end
    int64 (n,); metadata, or None where no entry has any. Raises ValueError where the bytes are no such message.
    """

def encode(
    labels: list[bytes],
    entry_lo: Places,
    times_ns: Places,
    data: bytes,
    line_at: Places,
    line_end: Places,
    pairs: Pairs | None = None,
) -> bytes:
    """The PushRequest of these entries, not compressed; arguments as `decode` returns them.

    Raises ValueError where places lie outside of `data` or arrays do not fit each other.
    """
