"""A request's JSON body, read strictly: each value has its type, and an error says where it has not."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from watchkeeper.core.model.gotime_parser import TimeError, parse_time
from watchkeeper.web.alertmanager.errors import MISSING, WRONG_TYPE, bad_form
from watchkeeper.web.errors import ApiError

Path: TypeAlias = "tuple[str | int, ...]"

JSON_TYPE: Final = "application/json"
# Longest first: that of RFC 3339 is tried before those without a zone, which are UTC's.
LAYOUTS: Final = (
    "2006-01-02T15:04:05.999999999Z07:00",
    "2006-01-02T15:04:05.999999999Z0700",
    "2006-01-02T15:04:05.999999999",
    "2006-01-02T15:04Z",
    "2006-01-02T15:04",
    "2006-01-02 15:04:05",
)
REMEMBERED: Final = 256  # Texts whose meaning is kept: alerts of one rule share their times and their URL.
GO_ZERO: Final = "0001-01-01T00:00:00"
YEARS: Final = re.compile(r"[0-9]{4}-")
MIN_NS: Final = -(2**63)
MAX_NS: Final = 2**63 - 1
_URI: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|/)[^\x00-\x20\x7f]*")
_KINDS: Final = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


async def read_body(request: web.Request, name: str) -> bytes:
    """A request's body, for `parse_body`. Raises ApiError where there is none, or it is said not to be JSON.

    name   what the body is called in errors
    """
    if not request.body_exists or request.content_length == 0:
        raise bad_form(MISSING, f"{name} in body is required")
    if request.content_type != JSON_TYPE:
        kind = request.content_type
        raise bad_form(415, f'unsupported media type "{kind}", only [{JSON_TYPE}] are allowed')
    return await request.read()


def parse_body(body: bytes, name: str) -> Any:
    """The document; None where it is null. Raises ApiError where it is no JSON.

    What is no UTF-8 and what is half a surrogate pair becomes the replacement character.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        first = error
    text = body.decode("utf-8", "replace")
    try:
        # Rare, and slower by far: takes half pairs, which the other parser refuses.
        return _without_halves(json.loads(text, parse_constant=_no_constant))
    except RecursionError:
        raise _unparsed(name, "it is nested too deeply") from None
    except ValueError:
        raise _unparsed(name, str(first)) from None


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _without_halves(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_without_halves(item) for item in value]
        case dict():
            return {_without_halves(key): _without_halves(item) for key, item in value.items()}
        case _:
            return value


def _unparsed(name: str, problem: str) -> ApiError:
    return bad_form(400, f'parsing {name} body from "" failed, because {problem}')


class Fields:
    """One JSON object of a body, and where it stands."""

    __slots__ = ("_name", "_values", "path")

    def __init__(self, name: str, value: Any, path: Path = ()) -> None:
        """Raises ApiError where the value is no object."""
        self._name = name
        self.path = path
        self._values: dict[str, Any] = self._typed(value, dict, path)

    def texts(self, key: str) -> dict[str, str] | None:
        """An object of texts; None where the key is missing or null."""
        value = self._optional(key, dict)
        if value is None:
            return None
        for inner, item in value.items():
            if type(item) is not str:
                # As in Go, null leaves the empty text.
                if item is not None:
                    self._typed(item, str, (*self.path, key, inner))
                value[inner] = ""
        found: dict[str, str] = value
        return found

    def text(self, key: str) -> str | None:
        """A text; None where the key is missing or null."""
        value: str | None = self._optional(key, str)
        return value

    def flag(self, key: str) -> bool | None:
        """A truth value; None where the key is missing or null."""
        value: bool | None = self._optional(key, bool)
        return value

    def items(self, key: str) -> list[Any] | None:
        """A list; None where the key is missing or null."""
        value: list[Any] | None = self._optional(key, list)
        return value

    def time_ns(self, key: str) -> int | None:
        """A time as ns since the epoch, 0 for the empty text and Go's zero; None where the key is missing or null.

        What 64 bits don't hold becomes the first or the last time that they do.
        """
        text = self.text(key)
        if text is None:
            return None
        time_ns = _time_ns(text)
        if time_ns is not None:
            return time_ns
        example = "2006-01-02T15:04:05Z"
        raise _unparsed(self._name, f'{shown((*self.path, key))}: "{text}" is not a time; write it as {example}')

    def uri(self, key: str) -> str:
        """A URI or an absolute path; empty where there is none. Raises ApiError where it is neither."""
        text = self.text(key)
        if not text:
            return ""
        if not _is_uri(text):
            raise bad_form(WRONG_TYPE, f'{self.place(key)} in body must be of type uri: "{text}"')
        return text

    def require(self, key: str) -> None:
        """Raises ApiError where the key is missing or null."""
        if self._values.get(key) is None:
            raise bad_form(MISSING, f"{self.place(key)} in body is required")

    def place(self, key: str) -> str:
        """The place of a key as upstream's checks write it: `0.labels`."""
        return ".".join(str(part) for part in (*self.path, key))

    def _optional(self, key: str, kind: type) -> Any:
        value = self._values.get(key)
        return None if value is None else self._typed(value, kind, (*self.path, key))

    def _typed(self, value: Any, kind: type, path: Path) -> Any:
        if type(value) is kind:
            return value
        found = _KINDS.get(type(value), "null")
        where = f"{shown(path)}: " if path else ""
        raise _unparsed(self._name, f"{where}it is {_article(found)}, and should be {_article(_KINDS[kind])}")


@lru_cache(maxsize=REMEMBERED)
def _time_ns(text: str) -> int | None:
    """None where it is no time."""
    if not text or text.startswith(GO_ZERO):
        return 0
    if YEARS.match(text):
        for layout in LAYOUTS:
            try:
                time_ns = parse_time(layout, text).unix_ns
            except TimeError:
                continue
            # A silence for ever ends in the year 9999 for some; 2262 is as far.
            return min(max(time_ns, MIN_NS), MAX_NS)
    return None


@lru_cache(maxsize=REMEMBERED)
def _is_uri(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return _URI.fullmatch(text) is not None


def rows(name: str, document: Any) -> list[Any]:
    """The items of a body that is a list; null is an empty one. Raises ApiError."""
    if document is None:
        return []
    if not isinstance(document, list):
        found = _KINDS.get(type(document), "null")
        raise _unparsed(name, f"it is {_article(found)}, and should be an array")
    return document


def shown(path: Path) -> str:
    """`[0].labels.job`."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def _article(kind: str) -> str:
    return kind if kind == "null" else f"an {kind}" if kind[0] in "ao" else f"a {kind}"
