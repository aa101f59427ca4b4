"""The body of a push: read within bounds, unpacked within bounds."""

from __future__ import annotations

import asyncio
import re
import threading
from dataclasses import dataclass, field
from typing import Final

import cramjam
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.wire import snappy
from watchkeeper.core.wire.protobuf import read_varint
from watchkeeper.web.errors import ApiError, bad_data

JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"
TOO_LARGE: Final = "request body too large"
PIECE_BYTES: Final = 1 << 18
BUDGET_BYTES: Final = 1 << 29  # Of all bodies that are being read and stored at a time.
SMALL_BYTES: Final = 1 << 16  # Bodies up to this size are not counted.

_MEDIA_TYPE: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+|[A-Za-z0-9-]+")
_PARAMETER: Final = re.compile(r"\s*;\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+=(?:\"[^\"]*\"|[^;\"\s]+)|\s*;\s*$")


@dataclass(slots=True)
class Budget:
    """Bytes of bodies that are in memory; together they stay within a bound."""

    limit_bytes: int = BUDGET_BYTES
    used_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, n_bytes: int) -> None:
        """Counts bytes. Raises ApiError where there is no room: senders try again."""
        with self._lock:
            if self.used_bytes + n_bytes <= self.limit_bytes:
                self.used_bytes += n_bytes
                return
        raise ApiError(
            503, "busy", f"too much is being pushed at a time: bodies take more than {self.limit_bytes} bytes"
        )

    def give_back(self, n_bytes: int) -> None:
        """They are gone."""
        with self._lock:
            self.used_bytes -= n_bytes


class Body:
    """The bytes of one request; `with` gives their room back."""

    __slots__ = ("_budget", "_counted", "data")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._counted = 0
        self.data = b""

    async def read(self, request: web.Request, max_bytes: int, timeout_s: float) -> bytes:
        """All of it. gzip and deflate are unpacked on the way. Raises ApiError.

        max_bytes   of what came, and of what it unpacks to
        """
        if (request.content_length or 0) > max_bytes:
            raise ApiError(413, "too_large", TOO_LARGE)
        first = b""
        rest = bytearray()
        total = 0
        try:
            async with asyncio.timeout(timeout_s):
                async for piece in request.content.iter_chunked(PIECE_BYTES):
                    total += len(piece)
                    if total > max_bytes:
                        raise ApiError(413, "too_large", TOO_LARGE)
                    if total > SMALL_BYTES:
                        self._budget.take(total - self._counted)
                        self._counted = total
                    # One growing buffer: many pieces would leave holes in memory when they go.
                    if total == len(piece):
                        first = piece
                    else:
                        rest += piece
        except TimeoutError:
            raise ApiError(408, "timeout", "the request body did not arrive in time") from None
        except HttpProcessingError as error:
            raise bad_data(_told(error.message, request)) from None
        except web.RequestPayloadError as error:
            raise bad_data(_told(str(error), request)) from None
        self.data = b"".join((first, rest)) if rest else first
        return self.data

    def unsnapped(self, max_bytes: int) -> bytes:
        """What the body holds as a snappy block. Raises ApiError: 413 for more than `max_bytes`, 400 for what is none.

        Its size counts as the body's does, before there is anything of that size.
        """
        try:
            size, _ = read_varint(self.data, 0)
            if size > max_bytes:
                raise ApiError(413, "too_large", TOO_LARGE)
            if size > SMALL_BYTES:
                self._budget.take(size)
                self._counted += size
            return snappy.decompress(self.data, max_bytes)
        except WireError as error:
            raise bad_data(str(error) if str(error).startswith("snappy") else "snappy: corrupt input") from None

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_: object) -> None:
        self.data = b""
        self._budget.give_back(self._counted)


def media_type(header: str) -> str:
    """The type without its parameters, in small letters; an absent header is protobuf. Raises ApiError."""
    if not header.strip():
        return PROTOBUF
    match = _MEDIA_TYPE.match(header.strip())
    if match is None:
        raise bad_data("mime: no media type")
    rest = header.strip()[match.end() :]
    while rest.strip():
        parameter = _PARAMETER.match(rest)
        if parameter is None or not parameter.end():
            raise bad_data("mime: invalid media parameter")
        rest = rest[parameter.end() :]
    return match[0].lower()


def unpacked_lz4(body: bytes, max_bytes: int) -> bytes:
    """What an LZ4 frame holds. Raises ApiError."""
    # A byte stands for 255 at most.
    room = bytearray(min(max_bytes, 255 * len(body) + 1024) + 1)
    try:
        size = cramjam.lz4.decompress_into(body, room)
    except cramjam.DecompressionError as error:
        if "whole buffer" in str(error):
            raise ApiError(413, "too_large", TOO_LARGE) from None
        raise bad_data("lz4: corrupt input") from None
    if size > max_bytes:
        raise ApiError(413, "too_large", TOO_LARGE)
    return bytes(memoryview(room)[:size])


def _told(message: str, request: web.Request) -> str:
    encoding = request.headers.get("Content-Encoding", "")
    return f"{encoding}: invalid header or data" if encoding else f"can't read the request body: {message}"
