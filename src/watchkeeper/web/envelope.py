"""The JSON envelope of /api/v1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.web.errors import ApiError

MAX_ANNOTATIONS: Final = 10  # Of each kind; the rest is counted in one more line.


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer.

    data        anything JSON can hold, or bytes that already are JSON
    """

    data: Any = None
    warnings: Sequence[str] = ()
    infos: Sequence[str] = ()


def success(reply: Reply) -> web.Response:
    """200 with the envelope; 204 where there is nothing to say."""
    if reply.data is None:
        return web.Response(status=204)
    data = reply.data if isinstance(reply.data, bytes) else orjson.dumps(reply.data)
    parts = [b'{"status":"success","data":', data]
    for name, texts in (("warnings", reply.warnings), ("infos", reply.infos)):
        if texts:
            parts += [b',"%s":' % name.encode(), orjson.dumps(_capped(texts, name))]
    parts.append(b"}")
    return json_response(b"".join(parts))


def failure(error: ApiError) -> web.Response:
    """The error form of the envelope."""
    body = {"status": "error", "errorType": error.type, "error": error.message}
    return json_response(orjson.dumps(body), error.status)


def json_response(body: bytes, status: int = 200) -> web.Response:
    """A JSON answer from ready bytes."""
    return web.Response(body=body, status=status, content_type="application/json")


def _capped(texts: Sequence[str], kind: str) -> list[str]:
    if len(texts) <= MAX_ANNOTATIONS:
        return list(texts)
    left = len(texts) - MAX_ANNOTATIONS
    noun = {"warnings": "warning", "infos": "info"}[kind]
    return [*texts[:MAX_ANNOTATIONS], f"{left} more {noun} annotations omitted"]
