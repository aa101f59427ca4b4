"""64-bit hashes of label sets; use them through core/index/label_hash.py."""

import numpy as np
import numpy.typing as npt

_Hashes = npt.NDArray[np.uint64]

def hash_texts(texts: list[str]) -> _Hashes:
    """uint64 (n,): the hash of each text's UTF-8."""

def hash_canonical(buffer: bytes, offsets: npt.NDArray[np.int64]) -> _Hashes:
    """uint64 (n,): the hash of each label set `buffer[offsets[i]:offsets[i + 1]]`, written `name 0xff value 0xff`…

    raises   ValueError where the offsets leave the buffer
    """

def hash_codes(codes: npt.NDArray[np.int32], names: _Hashes, values: _Hashes) -> _Hashes:
    """uint64 (n,): the hash of each row; `names` by column, `values` by code, code 0 is an absent label.

    raises   ValueError where a code has no value
    """

def fnv1a_pairs(pairs: tuple[tuple[str, str], ...]) -> int:
    """The 64-bit FNV-1a hash of `name 0xff value 0xff`…, in the order of the pairs."""
