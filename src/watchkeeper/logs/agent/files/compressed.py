"""Compressed files: read once from start to end, a line's position being its number."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import bz2
    import gzip

READ_BYTES: Final = 256 << 10
MAX_LINE_BYTES: Final = 16 << 20


def chunks(path: str, format: str) -> Iterator[bytes]:
    """The unpacked bytes, piece by piece. Raises OSError, EOFError and zlib.error where the file is damaged.

    format   gz, bz2, or z for zlib
    """
    match format:
        case "gz":
            import gzip  # Few agents read compressed files.

            with gzip.open(path, "rb") as file:
                yield from _pieces(file)
        case "bz2":
            import bz2

            with bz2.open(path, "rb") as file:
                yield from _pieces(file)
        case _:
            unpacker = zlib.decompressobj()
            with open(path, "rb") as raw:
                while packed := raw.read(READ_BYTES):
                    while packed:
                        piece = unpacker.decompress(packed, READ_BYTES)
                        if piece:
                            yield piece
                        packed = unpacker.unconsumed_tail
            if tail := unpacker.flush():
                yield tail


def _pieces(file: gzip.GzipFile | bz2.BZ2File) -> Iterator[bytes]:
    while piece := file.read(READ_BYTES):
        yield piece


def line_chunks(path: str, format: str) -> Iterator[bytes]:
    """Whole lines without the last newline; the end of the file ends its last line."""
    partial = b""
    for piece in chunks(path, format):
        cut = piece.rfind(b"\n")
        if cut < 0:
            partial += piece
            if len(partial) > MAX_LINE_BYTES:
                yield partial
                partial = b""
            continue
        yield partial + piece[:cut]
        partial = piece[cut + 1 :]
    if partial:
        yield partial
