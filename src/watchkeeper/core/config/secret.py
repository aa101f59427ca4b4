"""Values that must not be shown: secrets, and URLs that may hold a password."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

HIDDEN: Final = "<secret>"


class Secret:
    """A text that shows as `<secret>` wherever it is printed; `reveal` is the only way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return HIDDEN if self._text else "''"

    __str__ = __repr__

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> str:
        raise TypeError("a secret can't be pickled")


class Url:
    """A URL; shown with its password as `xxxxx`, the form that Go's `URL.Redacted` gives."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The URL with its password."""
        return self._text

    @property
    def redacted(self) -> str:
        """The URL as it may be shown."""
        parts = urlsplit(self._text)
        userinfo, at, host = parts.netloc.rpartition("@")
        user, colon, _ = userinfo.partition(":")
        if not at or not colon:
            return self._text
        return urlunsplit(parts._replace(netloc=f"{user}:xxxxx@{host}"))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Url) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return self.redacted

    def __repr__(self) -> str:
        return f"Url({self.redacted!r})"
