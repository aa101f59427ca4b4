"""Parameters of /loki/api/v1: ranges, steps, limits, directions. Times are ns since the epoch."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiohttp import web

from watchkeeper.core.model.duration import DurationError, parse_duration_ms
from watchkeeper.core.model.labels import quote
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.form import read_form
from watchkeeper.web.params import INTEGER, NUMBER, parse_int, parse_rfc3339_ns

if TYPE_CHECKING:
    from watchkeeper.web.loki.backend import Backend

NS: Final = 1_000_000_000
MS: Final = 1_000_000
HOUR_NS: Final = 3600 * NS
DEFAULT_LIMIT: Final = 100
DEFAULT_SINCE_NS: Final = HOUR_NS
MAX_POINTS: Final = 11_000
MAX_INT64: Final = 2**63 - 1
MIN_NS: Final = -(2**62)
MAX_NS: Final = 2**62
MAX_INT32: Final = 2**32 - 1

_GO_DURATION: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNIT_NS: Final = {"ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": MS, "s": NS, "m": 60 * NS, "h": HOUR_NS}


@dataclass(frozen=True, slots=True)
class Range:
    """What a range query asks for besides the query itself."""

    start_ns: int
    end_ns: int
    step_ns: int
    limit: int
    forward: bool
    interval_ns: int


class Params:
    """The parameters of one request: those of the body come before those of the URL."""

    __slots__ = ("_values", "now_ns")

    def __init__(self, values: Sequence[tuple[str, str]], now_ns: int) -> None:
        self._values = values
        self.now_ns = now_ns

    @classmethod
    async def of(cls, request: web.Request, backend: Backend) -> Params:
        """Reads the form where the request has one. Raises ApiError where that does not arrive in time."""
        try:
            async with asyncio.timeout(backend.settings.read_timeout_s):
                form = await read_form(request)
        except TimeoutError:
            raise ApiError(408, "timeout", "the request body did not arrive in time") from None
        return cls([*form, *request.query.items()], backend.now_ns())

    def get(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return next((value for key, value in self._values if key == name), default)

    def all(self, *names: str) -> list[str]:
        """All values of the parameters with these names."""
        return [value for key, value in self._values if key in names]

    def time_ns(self, name: str, default_ns: int) -> int:
        """A time, not so far away that a day more or less would leave 64 bits. Raises ApiError where it is none."""
        text = self.get(name)
        if not text:
            return default_ns
        try:
            return max(MIN_NS, min(parse_time_ns(text), MAX_NS))
        except ValueError as error:
            raise bad_data(f"could not parse '{name}' parameter: {error}") from None

    def bounds(self) -> tuple[int, int]:
        """Start and end: an end that is left out is now, a start lies `since` (an hour) before the end or now."""
        since_ns = DEFAULT_SINCE_NS
        if text := self.get("since"):
            try:
                since_ns = parse_duration_ms(text) * MS
            except DurationError as error:
                raise bad_data(f"could not parse 'since' parameter: {error}") from None
        end_ns = self.time_ns("end", self.now_ns)
        start_ns = self.time_ns("start", max(MIN_NS, min(end_ns, self.now_ns) - since_ns))
        return start_ns, end_ns

    def limit(self, *names: str, default: int = DEFAULT_LIMIT) -> int:
        """A count of lines or series, of the first name that is given; more than 0."""
        text = next((value for name in names or ("limit",) if (value := self.get(name))), "")
        limit = self._integer(text) if text else default
        if limit <= 0:
            raise bad_data("limit must be a positive value")
        return min(limit, MAX_INT32)

    def integer(self, name: str, default: int) -> int:
        """A whole number."""
        text = self.get(name)
        return self._integer(text) if text else default

    def forward(self) -> bool:
        """Whether the oldest lines come first."""
        text = self.get("direction")
        match text.upper():
            case "" | "BACKWARD":
                return False
            case "FORWARD":
                return True
        raise bad_data(f"invalid direction '{text}'")

    def step_ns(self, start_ns: int, end_ns: int) -> int:
        """The step, by default a 250th of the range in whole seconds."""
        text = self.get("step")
        if not text:
            return max((end_ns - start_ns) // NS // 250, 1) * NS
        return _parse_step_ns(text)

    def range(self) -> Range:
        """All of a range query. Raises ApiError with upstream's texts."""
        start_ns, end_ns = self.bounds()
        if end_ns <= start_ns:
            raise bad_data("end timestamp must not be before or equal to start time")
        limit = self.limit()
        forward = self.forward()
        step_ns = self.step_ns(start_ns, end_ns)
        if step_ns <= 0:
            raise bad_data("zero or negative query resolution step widths are not accepted. Try a positive integer")
        if (end_ns - start_ns) // step_ns > MAX_POINTS:
            raise bad_data(
                "exceeded maximum resolution of 11,000 points per time series. "
                "Try increasing the value of the step parameter"
            )
        interval_ns = _parse_step_ns(text) if (text := self.get("interval")) else 0
        if interval_ns < 0:
            raise bad_data("interval must be >= 0")
        # Upstream carries steps as milliseconds.
        return Range(start_ns, end_ns, max(step_ns // MS, 1) * MS, limit, forward, interval_ns)

    @staticmethod
    def _integer(text: str) -> int:
        try:
            return parse_int(text)
        except ValueError as error:
            raise bad_data(str(error)) from None


def parse_time_ns(text: str) -> int:
    """Seconds with a point (to the millisecond), whole seconds of up to ten characters, else ns, or RFC 3339.

    Raises ValueError with upstream's words.
    """
    if "." in text and NUMBER.fullmatch(text):
        seconds = float(text)
        if abs(seconds) < MAX_INT64 / NS:
            return round(seconds * 1000) * MS
    if INTEGER.fullmatch(text):
        number = int(text) if len(text) <= 20 else MAX_INT64 + 1
        if not -MAX_INT64 - 1 <= number <= MAX_INT64:
            raise ValueError(f"strconv.ParseInt: parsing {quote(text)}: value out of range")
        return number * NS if len(text) <= 10 else number
    if (ns := parse_rfc3339_ns(text)) is not None:
        return max(-MAX_INT64 - 1, min(ns, MAX_INT64))
    raise ValueError(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax")


def parse_go_duration_ns(text: str) -> int:
    """A duration as Go's time.ParseDuration reads it, with a sign where it has one. Raises ValueError."""
    rest = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    at, total = 0, 0.0
    while match := _GO_DURATION.match(rest, at):
        total += float(match[1]) * _UNIT_NS[match[2]]
        at = match.end()
    if rest == "0":
        return 0
    if not at or at != len(rest) or total > MAX_INT64:
        raise ValueError(f"time: invalid duration {quote(text)}")
    return -round(total) if text.startswith("-") else round(total)


def rfc3339(ns: int) -> str:
    """A time in UTC with as many decimals as it has."""
    moment = datetime.fromtimestamp(ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{ns % NS:09d}".rstrip("0")
    return f"{moment}.{fraction}Z" if fraction else f"{moment}Z"


def _parse_step_ns(text: str) -> int:
    if NUMBER.fullmatch(text):
        seconds = float(text)
        if not math.isfinite(seconds) or abs(seconds) * NS > MAX_INT64:
            raise bad_data(f"cannot parse {quote(text)} to a valid duration. It overflows int64")
        return int(seconds * NS)
    try:
        return parse_duration_ms(text) * MS
    except DurationError:
        raise bad_data(f"cannot parse {quote(text)} to a valid duration") from None
