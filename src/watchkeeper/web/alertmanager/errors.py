"""The two forms of an error: a JSON string where a handler says no, an object with a code where the request has not the
form that the API describes."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from watchkeeper.web.alertmanager.answer_json import answer
from watchkeeper.web.errors import ApiError

# Codes of upstream's checks of requests, which are answered with 422. Below 600 a code is the status itself.
WRONG_TYPE: Final = 601
MISSING: Final = 602
TOO_FEW: Final = 612
FORM: Final = "form "


def refused(status: int, message: str) -> ApiError:
    """A handler's no: the text is the whole body."""
    return ApiError(status, "refused", message)


def bad_form(code: int, message: str) -> ApiError:
    """A request that has not the form that the API describes."""
    return ApiError(code if code < 600 else 422, f"{FORM}{code}", message)


def error_response(error: ApiError) -> web.Response:
    """The answer; an error without a text has no body."""
    # Half a surrogate pair, as a request may quote one, has no UTF-8.
    text = error.message.encode("utf-8", "replace").decode()
    if error.type.startswith(FORM):
        return answer({"code": int(error.type.removeprefix(FORM)), "message": text}, error.status, end=b"")
    return answer(text, error.status) if text else web.Response(status=error.status)
