"""Forms: what a POST carries in its body as parameters."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from watchkeeper.web.errors import bad_data

MAX_FORM_BYTES: Final = 10 << 20  # As much as upstream reads of a form.


async def read_form(request: web.Request) -> list[tuple[str, str]]:
    """The pairs of the request's form; none where it has no form. Raises ApiError where it is too large."""
    if request.method not in ("POST", "PUT"):
        return []
    if request.content_type == "application/x-www-form-urlencoded":
        return parse_form(await _limited_body(request))
    if request.content_type == "multipart/form-data":
        posted = await request.post()
        return [(name, value) for name, value in posted.items() if isinstance(value, str)]
    return []


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """The pairs of a form; bytes that are no UTF-8 become the replacement character."""
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


async def _limited_body(request: web.Request) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_chunked(1 << 16):
        body += piece
        if len(body) > MAX_FORM_BYTES:
            raise bad_data(f"error parsing form values: request body too large; the limit is {MAX_FORM_BYTES} bytes")
    return bytes(body)
