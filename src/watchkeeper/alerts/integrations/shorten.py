"""Texts cut to what a service takes, with `…` where something is missing."""

from __future__ import annotations

from typing import Final

MARK: Final = "…"
_MARK_BYTES: Final = len(MARK.encode())


def shorten_runes(text: str, limit: int) -> tuple[str, bool]:
    """At most `limit` characters, and whether any were left out."""
    if len(text) <= limit:
        return text, False
    return (text[:limit] if limit <= 3 else text[: limit - 1] + MARK), True


def shorten_bytes(text: str, limit: int) -> tuple[str, bool]:
    """At most `limit` bytes of UTF-8, no character cut in two, and whether anything was left out."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text, False
    if limit < _MARK_BYTES:
        return "<" * limit, True
    return data[: limit - _MARK_BYTES].decode("utf-8", "ignore") + MARK, True
