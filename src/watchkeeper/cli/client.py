"""A small client of the HTTP API for the command line: one question, one answer, no more imports than that needs."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from watchkeeper import __version__
from watchkeeper.core.model.errors import WatchkeeperError


class ClientError(WatchkeeperError):
    """The server is not there, or answers something that is no answer."""


class ApiError(WatchkeeperError):
    """The server's own error: `kind` is its `errorType`, such as bad_data."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said: `data` as it came, and the notes beside it."""

    data: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)


def ask(
    base_url: str,
    path: str,
    params: Mapping[str, str],
    timeout_s: float,
    *,
    api: str = "Prometheus",
    org_id: str | None = None,
) -> Answer:
    """The answer to one form POST to `path` (such as `/api/v1/query`) below `base_url`.

    api      whose answers they are: Prometheus explains its errors in JSON, Loki in plain text
    org_id   the tenant that is asked for, where there are several

    Raises ApiError for an error the server explains, and ClientError where there is no server, no answer in time, or
    another thing than this API.
    """
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if org_id:
        headers["X-Scope-OrgID"] = org_id
    said = exchange(base_url, "POST", path, timeout_s, body=urlencode(params).encode(), headers=headers)
    if api == "Loki" and said.status >= 400 and said.content_type == "text/plain":
        raise ApiError(said.reason, said.body.decode("utf-8", "replace").strip())
    return _decode(said, api)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as it came. `url` is what was asked, without user and password."""

    url: str
    status: int
    reason: str
    content_type: str
    body: bytes


def exchange(
    base_url: str,
    method: str,
    path: str,
    timeout_s: float,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Said:
    """The answer to one request to `path` below `base_url`. Raises ClientError where there is none in time."""
    parts = server_parts(base_url)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    try:
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
        try:
            sent = {"Accept": "application/json", **own_headers(parts), **(headers or {})}
            connection.request(method, parts.path.rstrip("/") + path, body, sent)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
    except TimeoutError:
        raise ClientError(f"no answer from {shown} within {timeout_s:g} s") from None
    except ConnectionRefusedError:
        raise ClientError(f"no watchkeeper at {shown}; start it with: watchkeeper up") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ClientError(f"can't talk to {shown}: {error or type(error).__name__}") from None
    type_ = response.headers.get_content_type()
    return Said(shown + path, response.status, response.reason, type_, content)


def server_parts(base_url: str) -> SplitResult:
    """A server's URL in its parts; `http://` where it names no scheme. Raises ClientError where it is none."""
    parts = urlsplit(base_url if "://" in base_url else f"http://{base_url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ClientError(f"not a URL of a server: {base_url}; it should look like http://127.0.0.1:9090")
    return parts


def own_headers(parts: SplitResult) -> dict[str, str]:
    """Who asks, with the user and password that the URL holds."""
    headers = {"User-Agent": f"watchkeeper/{__version__}"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return headers


def _decode(said: Said, api: str) -> Answer:
    try:
        document = json.loads(said.body)
        if document["status"] == "success":
            data = document["data"]
            return Answer(data, document.get("warnings") or [], document.get("infos") or [])
        raise ApiError(str(document["errorType"]), str(document["error"]))
    except (ValueError, KeyError, TypeError):
        raise not_the_api(said, api) from None


def not_the_api(said: Said, api: str) -> ClientError:
    """Something else than this API answered."""
    text = said.body[:200].decode("utf-8", "replace").strip()
    words = f": {text.splitlines()[0]}" if text and not text.startswith("<") else ""
    return ClientError(f"{said.url} answered {said.status} {said.reason}, which is not the {api} API{words}")
