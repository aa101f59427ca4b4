"""The bytes of a container's log as Docker's API sends them: frames of two streams, or of a terminal as they are."""

from __future__ import annotations

from typing import Final

STREAMS: Final = {0: "stdin", 1: "stdout", 2: "stderr"}
HEADER_BYTES: Final = 8
MAX_LINE_BYTES: Final = 256 << 10  # A longer line is handed on in pieces, as upstream does.


class Frames:
    """Takes bytes apart into lines."""

    def __init__(self, *, is_tty: bool) -> None:
        self._is_tty = is_tty
        self._data = b""
        self._partial: dict[str, bytes] = {}

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """(stream, line) of the lines that are whole now. Raises ValueError where a frame is none."""
        out: list[tuple[str, bytes]] = []
        if self._is_tty:
            self._add("stdout", data, out)
            return out
        self._data += data
        at = 0
        while len(self._data) - at >= HEADER_BYTES:
            kind = self._data[at]
            if kind not in STREAMS or self._data[at + 1 : at + 4] != b"\0\0\0":
                raise ValueError("not a frame of Docker's log stream")
            size = int.from_bytes(self._data[at + 4 : at + 8], "big")
            end = at + HEADER_BYTES + size
            if len(self._data) < end:
                break
            self._add(STREAMS[kind], self._data[at + HEADER_BYTES : end], out)
            at = end
        self._data = self._data[at:]
        return out

    def _add(self, stream: str, data: bytes, out: list[tuple[str, bytes]]) -> None:
        *whole, rest = (self._partial.get(stream, b"") + data).split(b"\n")
        out += [(stream, line) for line in whole]
        if len(rest) > MAX_LINE_BYTES:
            out.append((stream, rest))
            rest = b""
        self._partial[stream] = rest

    def rest(self) -> list[tuple[str, bytes]]:
        """The last lines, which have no end."""
        left = [(stream, line) for stream, line in self._partial.items() if line]
        self._partial = {}
        return left
