"""Answers in the form that Grafana's clients read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.web.errors import ApiError

LAST_MS: Final = 253_402_300_799_000
BAD_REQUEST: Final = "bad request data"


def answer(document: Any, status: int = 200) -> web.Response:
    """JSON."""
    return web.Response(body=orjson.dumps(document), status=status, content_type="application/json")


def message(text: str, code: int = 200, /, **more: Any) -> web.Response:
    """`{"message": text}`, with what else there is to say."""
    return answer({"message": text, **more}, code)


def failure(error: ApiError) -> web.Response:
    """An error; its type is told where it is a state that programs know."""
    # Half a surrogate pair, as a URL may carry one, has no UTF-8.
    text = error.message.encode("utf-8", "replace").decode()
    more = {"status": error.type} if "-" in error.type else {}
    return message(text, error.status, **more)


def time_text(time_ms: int) -> str:
    """RFC 3339 to the second; the zero of Go's clock where there is no time."""
    if time_ms <= 0:
        return "0001-01-01T00:00:00Z"
    return f"{datetime.fromtimestamp(min(time_ms, LAST_MS) // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def age_text(time_ms: int, now_ms: int) -> str:
    """How long ago that was: `5m`, `3d`; `?` where it never was."""
    if time_ms <= 0:
        return "?"
    minutes = max(0, now_ms - time_ms) // 60_000
    for size, unit in ((525_600, "y"), (43_200, "M"), (1440, "d"), (60, "h"), (1, "m")):
        if minutes >= size:
            return f"{minutes // size}{unit}"
    return "< 1 minute"
