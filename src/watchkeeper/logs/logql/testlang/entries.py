"""Entries of a script: `10s "line" trace="x"`, one or a row of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import MatchType
from watchkeeper.core.model.quoted import QuotedError, read_quoted
from watchkeeper.logs.lines.units import UnitError
from watchkeeper.logs.logql.errors import LogQLParseError
from watchkeeper.logs.logql.parser import parse_selector
from watchkeeper.logs.logql.units import parse_query_duration_ns

_TIME: Final = re.compile(r"(-?[0-9a-zµ.]+?)(?:\+([0-9a-zµ.]+?)x([0-9]+))?(?=\s|$)")
_PAIR: Final = re.compile(r"\s+([A-Za-z_][A-Za-z0-9_.]*)=(?=[\"`])")
_COUNTER: Final = "{i}"


class EntryError(ValueError):
    """Text that is no entry, time or label set."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line at one time. Metadata in the order written."""

    time_ns: int
    line: bytes
    metadata: tuple[tuple[str, str], ...] = ()


def parse_time_ns(text: str) -> int:
    """Nanoseconds of `90s`, `-1m`, `0`. Raises EntryError."""
    negative = text.startswith("-")
    try:
        time_ns = parse_query_duration_ns(text.removeprefix("-"))
    except UnitError as error:
        raise EntryError(str(error)) from None
    return -time_ns if negative else time_ns


def parse_label_set(text: str) -> Labels:
    """The labels of `{a="b", c="d"}`. Raises EntryError."""
    try:
        matchers = parse_selector(text)
    except LogQLParseError as error:
        raise EntryError(f"{text}: {error}") from None
    if any(matcher.type is not MatchType.EQUAL for matcher in matchers):
        raise EntryError(f"{text}: not a label set")
    return Labels((matcher.name, matcher.value) for matcher in matchers)


def parse_entries(text: str) -> list[Entry]:
    """The entries of one line of a script: `0s+10sx3 "tick {i}"` is four, `{i}` their numbers. Raises EntryError."""
    found = _TIME.match(text)
    if found is None:
        raise EntryError(f"no entry: {text}")
    start_ns = parse_time_ns(found[1])
    step_ns = parse_time_ns(found[2]) if found[2] else 0
    count = int(found[3]) + 1 if found[3] else 1
    line, rest = _quoted(text[found.end() :].lstrip())
    metadata: list[tuple[str, str]] = []
    while rest.strip():
        pair = _PAIR.match(rest)
        if pair is None:
            raise EntryError(f"not structured metadata: {rest.strip()}")
        value, rest = _quoted(rest[pair.end() :])
        metadata.append((pair[1], value))
    return [
        Entry(
            start_ns + i * step_ns,
            _numbered(line, i).encode("utf-8", "surrogateescape"),
            tuple((name, _numbered(value, i)) for name, value in metadata),
        )
        for i in range(count)
    ]


def _numbered(text: str, number: int) -> str:
    return text.replace(_COUNTER, str(number))


def _quoted(text: str) -> tuple[str, str]:
    """The value of the quoted string that a text starts with, and the rest of the text."""
    if text[:1] not in ('"', "`") or not text:
        raise EntryError(f"a quoted string is missing: {text}")
    try:
        end, data = read_quoted(text, 0)
    except QuotedError as error:
        raise EntryError(f"{error}: {text}") from None
    return data.decode("utf-8", "surrogateescape"), text[end:]
