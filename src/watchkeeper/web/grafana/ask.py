"""One request: who asks, its path, its query, and its JSON body, each value of its kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.dashboards.roles import Identity
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.answers import BAD_REQUEST

MAX_NUMBER: Final = 2**53
MAX_TEXT: Final = 1 << 20


class Ask:
    """A request, as endpoints read it. Methods raise ApiError with status 400 where a value is not of its kind."""

    __slots__ = ("_again", "identity", "request")

    def __init__(
        self, request: web.Request, identity: Identity, again: Callable[[], Awaitable[Identity]] | None = None
    ) -> None:
        """again   tells anew who asks, for answers that take long; raises ApiError where they may not any more"""
        self.request = request
        self.identity = identity
        self._again = again

    async def is_still_theirs(self) -> bool:
        """Whether the one who asked may still ask, and is what they were."""
        if self._again is None:
            return True
        try:
            now = await self._again()
        except ApiError:
            return False
        was = self.identity
        return (now.kind, now.id, now.role, now.is_admin) == (was.kind, was.id, was.role, was.is_admin)

    def part(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def number_part(self, name: str, what: str = "id") -> int:
        """A part of the path that is a number."""
        return _number(self.part(name), f"{what} is invalid")

    def text(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        return self.request.query.get(name, default)

    def texts(self, name: str) -> list[str]:
        """All values of a parameter."""
        return self.request.query.getall(name, [])

    def number(self, name: str, default: int | None = None) -> int | None:
        """A parameter that is a number; the default where it is missing or empty."""
        text = self.text(name)
        return _number(text, f"{name} is not a number") if text else default

    def flag(self, name: str) -> bool:
        """Whether a parameter says yes."""
        return self.text(name).lower() in ("true", "1", "t", "yes")

    def limit(self, default: int, most: int, name: str = "limit") -> int:
        """How many are wanted, at least 1 and at most `most`."""
        found = self.number(name, default)
        return min(max(1, found or default), most)

    def page(self) -> int:
        """From 1 on."""
        return max(1, self.number("page", 1) or 1)

    async def document(self) -> Any:
        """The JSON body; None where there is none."""
        body = await body_of(self.request)
        if not body.strip():
            return None
        try:
            return orjson.loads(body)
        except (orjson.JSONDecodeError, RecursionError) as error:
            raise bad_data(f"{BAD_REQUEST}: the body is not JSON: {error}") from None

    async def fields(self) -> Fields:
        """The JSON body, which is an object; an empty one where there is no body."""
        document = await self.document()
        return Fields({} if document is None else document)


async def body_of(request: web.Request) -> bytes:
    """The whole body. Raises ApiError with status 400 where it is not packed as its Content-Encoding says."""
    try:
        return await request.read()
    except web.RequestPayloadError as error:
        request.content.feed_eof()  # Nobody reads on.
        raise bad_data(f"{BAD_REQUEST}: the body can't be read: {str(error).rpartition(chr(10))[2].strip()}") from None


class Fields:
    """A JSON object. A key that is missing or null is its default; one of another kind raises ApiError."""

    __slots__ = ("values",)

    def __init__(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise bad_data(f"{BAD_REQUEST}: the body is no JSON object")
        self.values: dict[str, Any] = value

    def has(self, key: str) -> bool:
        """Whether a key is there, and not null."""
        return self.values.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise _wrong(key, "a text")
        return value

    def number(self, key: str, default: int = 0) -> int:
        """A whole number; a text that holds one will do."""
        value = self.values.get(key)
        if value is None or value == "":
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) and len(value) < 20 and value.strip().lstrip("+-").isascii():
            try:
                value = int(value)
            except ValueError:
                raise _wrong(key, "a whole number") from None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_NUMBER:
            raise _wrong(key, "a whole number")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """A truth value."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise _wrong(key, "true or false")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts."""
        value = self.items(key)
        if not all(isinstance(item, str) and len(item) <= MAX_TEXT for item in value):
            raise _wrong(key, "a list of texts")
        return value

    def items(self, key: str) -> list[Any]:
        """A list."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise _wrong(key, "a list")
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        """An object."""
        value = self.values.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _wrong(key, "an object")
        return value


def _wrong(key: str, wanted: str) -> ApiError:
    return bad_data(f"{BAD_REQUEST}: {key} should be {wanted}")


def _number(text: str, problem: str) -> int:
    try:
        value = int(text) if len(text) <= 20 and text.isascii() else MAX_NUMBER + 1
    except ValueError:
        raise bad_data(problem) from None
    if abs(value) > MAX_NUMBER:
        raise bad_data(problem)
    return value
