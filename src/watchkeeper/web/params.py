"""Parameters of /api/v1: the form of a POST merged with the URL, times, durations, limits, matchers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aiohttp import web

from watchkeeper.core.model.duration import DurationError, parse_duration_ms
from watchkeeper.core.model.errors import ParseError
from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.regex_weight import RegexWeight
from watchkeeper.metrics.promql.parser import parse_selector
from watchkeeper.web.errors import bad_data, bad_parameter
from watchkeeper.web.form import read_form

# What upstream writes for "no bound": the edges of its 64-bit nanoseconds.
MIN_TIME_TEXT: Final = "-292273086-05-16T16:47:06Z"
MAX_TIME_TEXT: Final = "292277025-08-18T07:12:54.999999999Z"
MIN_TIME_MS: Final = -(2**62)
MAX_TIME_MS: Final = 2**62
MAX_SECONDS: Final = 2**63 / 1e9

MAX_INT: Final = 2**63 - 1

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)([.,]\d+)?(Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
INTEGER: Final = re.compile(r"[+-]?\d+", re.ASCII)


class Params:
    """The parameters of one request: those of the body come before those of the URL."""

    __slots__ = ("_values", "url")

    def __init__(self, values: Sequence[tuple[str, str]], url: Sequence[tuple[str, str]]) -> None:
        self._values = [*values, *url]
        self.url = list(url)

    @classmethod
    async def of(cls, request: web.Request) -> Params:
        """Reads the form where the request has one."""
        return cls(await read_form(request), list(request.query.items()))

    def get(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return next((value for key, value in self._values if key == name), default)

    def all(self, name: str) -> list[str]:
        """All values of a parameter."""
        return [value for key, value in self._values if key == name]

    def of_url(self, name: str) -> str:
        """The first value of a parameter that only the URL may carry."""
        return next((value for key, value in self.url if key == name), "")

    def time_ms(self, name: str, default_ms: int | None = None) -> int:
        """A time in ms; raises the upstream error where it is missing (without a default) or not a time."""
        text = self.get(name)
        if not text and default_ms is not None:
            return default_ms
        try:
            return parse_time_ms(text)
        except ValueError as error:
            # Upstream says more of a time that may be left out than of one that must be there.
            said = error if default_ms is None else f"invalid time value for '{name}': {error}"
            raise bad_parameter(name, said) from None

    def duration_ms(self, name: str, default_ms: int | None = None) -> int:
        """A duration in ms, of seconds (`15`, `0.5`) or upstream's form (`15s`)."""
        text = self.get(name)
        if not text and default_ms is not None:
            return default_ms
        try:
            return parse_duration_or_seconds_ms(text)
        except ValueError as error:
            raise bad_parameter(name, error) from None

    def limit(self, name: str = "limit") -> int:
        """A count; 0 where there is none."""
        text = self.get(name)
        if not text:
            return 0
        try:
            limit = parse_int(text)
        except ValueError as error:
            raise bad_parameter(name, error) from None
        if limit < 0:
            raise bad_parameter(name, "limit must be non-negative")
        return limit

    def matcher_sets(self, name: str = "match[]", *, named: bool = False) -> list[list[Matcher]]:
        """Each `match[]` as matchers; each must hold one that an absent label does not pass.

        named   the error names the parameter (some of upstream's endpoints do, others do not)
        """
        sets, weight = [], RegexWeight()
        try:
            for text in self.all(name):
                matchers = parse_selector(text, weight)
                if all(matcher.matches_empty for matcher in matchers):
                    raise ValueError("match[] must contain at least one non-empty matcher")
                sets.append(list(matchers))
        except (ParseError, ValueError) as error:
            raise (bad_parameter(name, error) if named else bad_data(str(error))) from None
        return sets


def parse_int(text: str) -> int:
    """A whole number. Raises ValueError with upstream's words."""
    if not INTEGER.fullmatch(text):
        raise ValueError(f"strconv.Atoi: parsing {quote(text)}: invalid syntax")
    number = int(text) if len(text) <= 20 else MAX_INT + 1
    if not -MAX_INT - 1 <= number <= MAX_INT:
        raise ValueError(f"strconv.Atoi: parsing {quote(text)}: value out of range")
    return number


def parse_bool(text: str) -> bool:
    """A truth value. Raises ValueError with upstream's words."""
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise ValueError(f"strconv.ParseBool: parsing {quote(text)}: invalid syntax")


def parse_time_ms(text: str) -> int:
    """Unix seconds or RFC 3339, to the millisecond. Raises ValueError with upstream's words."""
    if NUMBER.fullmatch(text):
        seconds = float(text)
        if abs(seconds) > MAX_SECONDS:
            return MAX_TIME_MS if seconds > 0 else MIN_TIME_MS
        return round(seconds * 1000)
    if (ns := parse_rfc3339_ns(text)) is not None:
        return ns // 1_000_000
    if text == MIN_TIME_TEXT:
        return MIN_TIME_MS
    if text == MAX_TIME_TEXT:
        return MAX_TIME_MS
    raise ValueError(f"cannot parse {quote(text)} to a valid timestamp")


def parse_rfc3339_ns(text: str) -> int | None:
    """A time of RFC 3339 as ns since the epoch, however many bits that takes; None for a text that is none."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}{zone.replace('Z', '+00:00')}")
    except ValueError:
        return None
    return int(whole.timestamp()) * 1_000_000_000 + int((fraction or "")[1:10].ljust(9, "0"))


def parse_duration_or_seconds_ms(text: str) -> int:
    """Seconds or a duration. Raises ValueError with upstream's words."""
    if not NUMBER.fullmatch(text):
        try:
            return parse_duration_ms(text)
        except DurationError:
            raise ValueError(f"cannot parse {quote(text)} to a valid duration") from None
    seconds = float(text)
    if abs(seconds) > MAX_SECONDS:
        raise ValueError(f"cannot parse {quote(text)} to a valid duration. It overflows int64")
    return int(seconds * 1000)
