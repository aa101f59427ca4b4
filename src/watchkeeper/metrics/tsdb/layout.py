"""The names of a block's files, their magic numbers, and how they reach the disk whole.

docs/formats/block.md draws what is in them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

META_FILE: Final = "meta.json"
INDEX_FILE: Final = "index"
CHUNKS_FILE: Final = "chunks"
TOMBSTONES_FILE: Final = "tombstones"
BLOCK_FILES: Final = (META_FILE, INDEX_FILE, CHUNKS_FILE, TOMBSTONES_FILE)

TEMPORARY_SUFFIX: Final = ".tmp-for-creation"  # A folder that a crash left behind half written; upstream's name.
CORRUPT_SUFFIX: Final = ".corrupt"

INDEX_MAGIC: Final = b"WKINDEX1"
CHUNKS_MAGIC: Final = b"WKCHUNK1"
TOMBSTONES_MAGIC: Final = b"WKTOMBS1"
FORMAT_VERSION: Final = 1

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_ULID_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ulid(now_ms: int) -> str:
    """A fresh name that sorts by time: 48 bits of milliseconds and 80 random ones, in Crockford's base 32."""
    number = (now_ms & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_ULID_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def is_block_name(name: str) -> bool:
    """Whether a folder's name is a block's."""
    return _ULID.fullmatch(name) is not None


def write_durably(path: Path, data: bytes) -> None:
    """Writes a new file and waits until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
