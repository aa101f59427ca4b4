"""The one map from exceptions to HTTP statuses and bodies, for each API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model import errors


@dataclass(slots=True, unsafe_hash=True)  # Not frozen: what passes it on sets its traceback.
class ApiError(Exception):
    """What an answer says when it can't say what was asked: status, upstream's error type, and the text."""

    status: int
    type: str
    message: str

    def __str__(self) -> str:
        return self.message


def bad_data(message: str) -> ApiError:
    """The request itself is wrong."""
    return ApiError(400, "bad_data", message)


def bad_parameter(name: str, message: object) -> ApiError:
    """One parameter of the request is wrong."""
    return bad_data(f'invalid parameter "{name}": {message}')


def _to_any(error: BaseException) -> ApiError:
    """The answer where an API has none of its own to an exception."""
    match error:
        case ApiError():
            return error
        case errors.NotFoundError():
            return ApiError(404, "not_found", str(error))
        case errors.UnavailableError():
            return ApiError(503, "unavailable", str(error))
        case OSError():
            return ApiError(500, "unavailable", errors.describe_os_error(error))
        case _:
            return ApiError(500, "internal", f"{type(error).__name__}: {error}")


def to_prometheus(error: BaseException) -> ApiError:
    """The answer of /api/v1 to any exception. Source of types and statuses: Prometheus web/api/v1."""
    match error:
        case errors.ParseError():
            return bad_data(str(error))
        case errors.QueryTimeout():
            return ApiError(503, "timeout", str(error))
        case errors.QueryCanceled():
            return ApiError(499, "canceled", str(error))
        case errors.QueryError():
            return ApiError(422, "execution", str(error))
        case errors.WireError() | errors.AppendError():
            return bad_data(str(error))
        case errors.UnavailableError():
            # Upstream has no status of its own for this type, and clients know it so.
            return ApiError(500, "unavailable", str(error))
        case _:
            return _to_any(error)


TIMED_OUT: Final = (
    "request timed out, decrease the duration of the request or add more label matchers (prefer exact match over "
    "regex match) to reduce the amount of data processed"
)
CANCELED: Final = "the request was cancelled by the client"


def to_loki(error: BaseException) -> ApiError:
    """The answer of /loki/api/v1 to any exception: there only status and text count. Source: reference §1.3."""
    from watchkeeper.logs.interface import PushError

    match error:
        case PushError():
            return ApiError(error.status, "push", str(error))
        case errors.QueryTimeout() | TimeoutError():
            return ApiError(504, "timeout", TIMED_OUT)
        case errors.QueryCanceled():
            return ApiError(499, "canceled", CANCELED)
        case errors.QueryError() | errors.WireError():
            return bad_data(str(error))
        case _:
            return _to_any(error)


def to_alertmanager(error: BaseException) -> ApiError:
    """The answer of Alertmanager's API to any exception: there only status and text count. Source: reference §5.3."""
    return _to_any(error)


def to_grafana(error: BaseException) -> ApiError:
    """The answer of Grafana's API to any exception: status and text; the type is the state that its body names."""
    from watchkeeper.dashboards.database import DatabaseError
    from watchkeeper.dashboards.errors import Conflict, Refused

    match error:
        case Conflict():
            return ApiError(412 if error.status else 409, error.status, str(error))
        case Refused():
            return ApiError(400, error.status, str(error))
        case errors.ConfigError():
            return bad_data(str(error))
        case DatabaseError() | errors.UnavailableError():
            return ApiError(500, "unavailable", str(error))
        case _:
            return _to_any(error)
