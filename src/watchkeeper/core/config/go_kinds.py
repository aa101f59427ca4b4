"""The kinds of values as Go programs write them: durations down to nanoseconds, sizes with or without a unit, times."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from typing import Any, Final

from watchkeeper.core.config.decode import Place
from watchkeeper.core.config.document import MappingNode, ScalarNode, SequenceNode, is_null, shortened, type_name
from watchkeeper.core.config.kinds import Anything
from watchkeeper.core.config.schema import Invalid, Kind
from watchkeeper.core.config.secret import HIDDEN

SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS
HOUR_NS: Final = 60 * MINUTE_NS
DAY_NS: Final = 24 * HOUR_NS

_UNITS_NS: Final = {
    "y": 365 * DAY_NS,
    "w": 7 * DAY_NS,
    "d": DAY_NS,
    "h": HOUR_NS,
    "m": MINUTE_NS,
    "s": SECOND_NS,
    "ms": 1_000_000,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ns": 1,
}
_SHOWN_UNITS: Final = ("w", "d", "h", "m", "s", "ms", "us", "ns")
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ms|us|µs|μs|ns|[ywdhms])")
_BYTES: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(?:([KMGTPE])(?:i?B)?|B)?", re.IGNORECASE)
_POWERS: Final = {letter: 1024**power for power, letter in enumerate("KMGTPE", 1)}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FRACTION: Final = re.compile(r"(\.[0-9]+)")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECRET_KEY: Final = re.compile(
    r"passw|secret|token$|credential|authorization|api_key|account_key|private|service_account$"
)


def parse_duration_ns(text: str) -> int:
    """Nanoseconds of `1h30m`, `1.5s`, `250us`, `2w`, `-1s`, `0`. Raises ValueError."""
    digits = text.removeprefix("-").removeprefix("+")
    total, position = Fraction(0), 0
    while position < len(digits) and (match := _PART.match(digits, position)):
        total += Fraction(match[1].rstrip(".") or "0") * _UNITS_NS[match[2]]
        position = match.end()
    if digits != "0" and (position == 0 or position < len(digits)):
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", digits):
            raise ValueError(
                f'not a valid duration: "{shortened(text)}" has no unit, write {shortened(text)}s for seconds'
            )
        raise ValueError(
            f'not a valid duration: "{shortened(text)}", expected a number and a unit, such as 30s or 1h30m'
        )
    if total >= 2**63:
        raise ValueError(f'duration out of range: "{shortened(text)}"')
    return -int(total) if text.startswith("-") else int(total)


def format_duration_ns(value: int) -> str:
    """The shortest form: `1h30m`, `1w`, `1500ms` as `1s500ms`, `0s`; weeks only where nothing is left over."""
    if value == 0:
        return "0s"
    out, left = "-" if value < 0 else "", abs(value)
    for unit in _SHOWN_UNITS:
        size = _UNITS_NS[unit]
        if unit == "w" and left % size:
            continue
        count, left = divmod(left, size)
        if count:
            out += f"{count}{unit}"
    return out


class Nanoseconds(Kind[int]):
    """`1h30m`, `1.5s`, `1w`, as nanoseconds. With `negative`, values below zero (and a bare `-1`) are taken too."""

    label = "duration"
    placeholder = 0

    def __init__(self, *, positive: bool = False, negative: bool = False) -> None:
        self.positive = positive
        self.negative = negative

    def read(self, at: Place) -> int:
        text = at.scalar("a duration")
        if self.negative and text == "-1":
            return -1
        try:
            value = parse_duration_ns(text)
        except ValueError as error:
            raise Invalid(str(error)) from None
        if value < 0 and not self.negative:
            raise Invalid("must not be negative")
        if self.positive and value == 0:
            raise Invalid("must be longer than 0s")
        return value

    def write(self, value: int) -> str:
        return "-1" if value == -1 else format_duration_ns(value)


class Bytes(Kind[int]):
    """`256KB`, `1.5MiB`, `1048576`: bytes; all units count in steps of 1024, as upstream's do."""

    label = "size"

    def read(self, at: Place) -> int:
        text = at.scalar("a size")
        match = _BYTES.fullmatch(text)
        if match is None:
            raise Invalid(f'not a valid size: "{shortened(text)}", expected a number and a unit, such as 256KB')
        total = Fraction(match[1].rstrip(".") or "0") * _POWERS.get((match[2] or "").upper(), 1)
        if total >= 2**63:
            raise Invalid(f'size out of range: "{shortened(text)}"')
        return int(total)

    def write(self, value: int) -> Any:
        for letter, unit in reversed(_POWERS.items()):
            if value and value % unit == 0:
                return f"{value // unit}{letter}B"
        return value


class Moment(Kind[int]):
    """An RFC 3339 time or a date, as nanoseconds since 1970; `0` is no time at all."""

    label = "time"

    def read(self, at: Place) -> int:
        text = at.scalar("a time")
        if text == "0":
            return 0
        try:
            return parse_time_ns(text)
        except ValueError:
            raise Invalid(
                f'not a valid time: "{shortened(text)}", expected a form such as 2026-11-28T10:00:00Z'
            ) from None

    def write(self, value: int) -> str:
        return format_time_ns(value) if value else "0"


class Day(Kind[str]):
    """A date, `2024-04-01`."""

    label = "date"
    placeholder = "1970-01-01"

    def read(self, at: Place) -> str:
        text = at.scalar("a date")
        try:
            if not _DAY.fullmatch(text):
                raise ValueError
            dt.date.fromisoformat(text)
        except ValueError:
            raise Invalid(f'not a valid date: "{shortened(text)}", expected a form such as 2024-04-01') from None
        return text


class Words(Kind[tuple[str, ...]]):
    """A list of texts, or one text with commas between them."""

    label = "list of text"

    def read(self, at: Place) -> tuple[str, ...]:
        if isinstance(at.node, ScalarNode):
            return tuple(word for word in (part.strip() for part in at.node.value.split(",")) if word)
        if not isinstance(at.node, SequenceNode):
            raise Invalid(f"expected a list, found {type_name(at.node)}")
        found: list[str] = []
        for i, node in enumerate(at.node.items):
            place = at.item(i, node)
            if is_null(node) or not isinstance(node, ScalarNode):
                place.report(f"expected text, found {type_name(node)}")
            else:
                found.append(node.value)
        return tuple(found)

    def write(self, value: tuple[str, ...]) -> Any:
        return list(value)


class Accepted(Kind[Any]):
    """A block of any shape that has no effect here. Secrets in it are hidden where it is shown."""

    label = "accepted, without effect"

    def read(self, at: Place) -> Any:
        return _without_secrets(Anything().read(at))


class AcceptedBlock(Accepted):
    """The same, which must be a mapping."""

    def read(self, at: Place) -> Any:
        if not isinstance(at.node, MappingNode):
            raise Invalid(f"expected a mapping, found {type_name(at.node)}")
        return super().read(at)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: HIDDEN if item and isinstance(item, str) and _SECRET_KEY.search(key) else _without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value


def parse_time_ns(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time, or of a date's first moment in UTC. Raises ValueError."""
    fraction = _FRACTION.search(text)
    digits = fraction[1][1:10].ljust(9, "0") if fraction else "0"
    moment = dt.datetime.fromisoformat(_FRACTION.sub("", text, count=1))
    if moment.tzinfo is None:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment - _EPOCH) // dt.timedelta(seconds=1) * SECOND_NS + int(digits)


def format_time_ns(value: int) -> str:
    """`2026-11-28T10:00:00Z`, with a fraction where there is one."""
    seconds, left = divmod(value, SECOND_NS)
    text = (_EPOCH + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{left:09d}".rstrip("0") if left else "") + "Z"
