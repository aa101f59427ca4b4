"""The bytes of a file → lines in UTF-8."""

from __future__ import annotations

import codecs
from typing import Final

FAILED: Final = b"the requested encoding conversion for this line failed in watchkeeper's agent"


class Lines:
    """Splits what was read into lines, and converts them where the file has another encoding than UTF-8."""

    def __init__(self, encoding: str = "") -> None:
        """`encoding` is empty for bytes that are taken as they are."""
        name = codecs.lookup(encoding).name if encoding else ""
        # With a byte order mark or without, files of this kind are little endian unless they say otherwise.
        self._name = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name)
        self.newline = "\n".encode(self._name) if self._name and self._name != "utf-8" else b"\n"
        self._converts = bool(self._name) and self._name != "utf-8"

    def split(self, data: bytes) -> list[bytes]:
        """The lines of a chunk that does not end with a newline."""
        if not self._converts:
            return data.split(b"\n")
        try:
            text = data.decode(self._name)
        except UnicodeDecodeError:
            return [self._line(line) for line in self._pieces(data)]
        return [line.encode("utf-8", "replace") for line in text.removeprefix("\ufeff").split("\n")]

    def _pieces(self, data: bytes) -> list[bytes]:
        width = len(self.newline)
        pieces, start, at = [], 0, 0
        while (at := data.find(self.newline, at)) >= 0:
            if (at - start) % width:
                at += 1
                continue
            pieces.append(data[start:at])
            at = start = at + width
        return [*pieces, data[start:]]

    def _line(self, line: bytes) -> bytes:
        try:
            return line.decode(self._name).removeprefix("\ufeff").encode()
        except UnicodeError:
            return FAILED


def starts(lines: list[bytes], start: int, newline_bytes: int = 1) -> list[int]:
    """Where each line stands in the file; of converted lines the place is not known better than by the chunk."""
    out: list[int] = []
    for line in lines:
        out.append(start)
        start += len(line) + newline_bytes
    return out
