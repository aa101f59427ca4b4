"""Parameters of /api/v1: the form of a POST merged with the URL, times, durations, limits, matchers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aiohttp import web

from watchkeeper.core.model.duration import DurationError, parse_duration_ms
from watchkeeper.core.model.errors import ParseError
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.metrics.promql.parser import parse_selector
from watchkeeper.web.errors import bad_data, bad_parameter

# What upstream writes for "no bound": the edges of its 64-bit nanoseconds.
MIN_TIME_TEXT: Final = "-292273086-05-16T16:47:06Z"
MAX_TIME_TEXT: Final = "292277025-08-18T07:12:54.999999999Z"
MIN_TIME_MS: Final = -(2**62)
MAX_TIME_MS: Final = 2**62
MAX_SECONDS: Final = 2**63 / 1e9

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
)


class Params:
    """The parameters of one request: those of the body come before those of the URL."""

    __slots__ = ("_values", "url")

    def __init__(self, values: Sequence[tuple[str, str]], url: Sequence[tuple[str, str]]) -> None:
        self._values = [*values, *url]
        self.url = list(url)

    @classmethod
    async def of(cls, request: web.Request) -> Params:
        """Reads the form where the request has one."""
        form: list[tuple[str, str]] = []
        if request.method == "POST" and request.content_type in (
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ):
            posted = await request.post()
            form = [(name, value) for name, value in posted.items() if isinstance(value, str)]
        return cls(form, list(request.query.items()))

    def get(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return next((value for key, value in self._values if key == name), default)

    def all(self, name: str) -> list[str]:
        """All values of a parameter."""
        return [value for key, value in self._values if key == name]

    def time_ms(self, name: str, default_ms: int | None = None) -> int:
        """A time in ms; raises the upstream error where it is missing (without a default) or not a time."""
        text = self.get(name)
        if not text and default_ms is not None:
            return default_ms
        try:
            return parse_time_ms(text)
        except ValueError as error:
            raise bad_parameter(name, error) from None

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
            limit = int(text)
        except ValueError:
            raise bad_parameter(name, f'strconv.Atoi: parsing "{text}": invalid syntax') from None
        if limit < 0:
            raise bad_parameter(name, "limit must be non-negative")
        return limit

    def matcher_sets(self, name: str = "match[]") -> list[list[Matcher]]:
        """Each `match[]` as matchers; each must hold one that an absent label does not pass."""
        sets = []
        for text in self.all(name):
            try:
                matchers = parse_selector(text)
            except ParseError as error:
                raise bad_parameter(name, error) from None
            if all(matcher.matches_empty for matcher in matchers):
                raise bad_data("match[] must contain at least one non-empty matcher")
            sets.append(list(matchers))
        return sets


def parse_time_ms(text: str) -> int:
    """Unix seconds or RFC 3339, to the millisecond. Raises ValueError with upstream's words."""
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        if math.isfinite(seconds) and "_" not in text:
            if abs(seconds) > MAX_SECONDS:
                return MAX_TIME_MS if seconds > 0 else MIN_TIME_MS
            return round(seconds * 1000)
    match = _RFC3339.fullmatch(text)
    if match:
        day, clock, fraction, zone = match.groups()
        try:
            whole = datetime.fromisoformat(f"{day}T{clock}{zone.upper().replace('Z', '+00:00')}")
        except ValueError:
            pass
        else:
            return int(whole.timestamp()) * 1000 + int(float(fraction or 0) * 1000)
    if text == MIN_TIME_TEXT:
        return MIN_TIME_MS
    if text == MAX_TIME_TEXT:
        return MAX_TIME_MS
    raise ValueError(f'cannot parse "{text}" to a valid timestamp')


def parse_duration_or_seconds_ms(text: str) -> int:
    """Seconds or a duration. Raises ValueError with upstream's words."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            return parse_duration_ms(text)
        except DurationError:
            raise ValueError(f'cannot parse "{text}" to a valid duration') from None
    if not math.isfinite(seconds) or abs(seconds) > MAX_SECONDS:
        raise ValueError(f'cannot parse "{text}" to a valid duration. It overflows int64')
    return int(seconds * 1000)
