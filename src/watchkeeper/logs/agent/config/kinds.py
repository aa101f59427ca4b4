"""Kinds of values that Promtail's YAML has and Prometheus's has not: Go's durations and sizes."""

from __future__ import annotations

import re
from typing import Any, Final

from watchkeeper.core.config.decode import Place
from watchkeeper.core.config.document import shortened
from watchkeeper.core.config.kinds import Text
from watchkeeper.core.config.schema import Invalid, Kind

_UNITS_NS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
    "w": 7 * 86_400 * 10**9,
    "y": 365 * 86_400 * 10**9,
}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w|y)")
_MAX_NS: Final = 2**63 - 1


def parse_duration_ns(text: str) -> int:
    """Nanoseconds of `1h30m`, `1.5s`, `250us`, `1d`, `0`, a sign before it or not. Raises ValueError."""
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, at = 0, 0
    while at < len(rest):
        match = _PART.match(rest, at)
        if match is None:
            break
        whole, _, fraction = match[1].partition(".")
        unit = _UNITS_NS[match[2]]
        total += int(whole or "0") * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
        at = match.end()
    if not rest or at < len(rest) or total > _MAX_NS:
        raise ValueError(f'not a valid duration: "{shortened(text)}", expected such as 1m30s or 500ms')
    return sign * total


def format_duration_ns(duration_ns: int) -> str:
    """As Go writes it: `1h0m0s`, `1.5s`, `250ms`, `0s`."""
    left = abs(duration_ns)
    sign = "-" if duration_ns < 0 else ""
    if left == 0:
        return "0s"
    if left < 10**9:
        unit, size = next((unit, size) for unit, size in (("ms", 10**6), ("µs", 1000), ("ns", 1)) if left >= size)
        return f"{sign}{_decimal(left, size)}{unit}"
    minutes, rest = divmod(left, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    out = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{out}{_decimal(rest, 10**9)}s"


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    return f"{whole}.{str(rest).rjust(len(str(size)) - 1, '0')}".rstrip("0").rstrip(".") if rest else str(whole)


class GoDuration(Kind[int]):
    """A duration as Go reads it, in nanoseconds."""

    label = "duration"

    def __init__(self, *, minimum_ns: int = 0) -> None:
        self.minimum_ns = minimum_ns

    def read(self, at: Place) -> int:
        """Raises Invalid for what is no duration, or is shorter than it may be."""
        try:
            value = parse_duration_ns(at.scalar("a duration"))
        except ValueError as error:
            raise Invalid(str(error)) from None
        if value < self.minimum_ns:
            raise Invalid(f"must be {format_duration_ns(self.minimum_ns)} or longer")
        return value

    def write(self, value: int) -> str:
        """Go's form."""
        return format_duration_ns(value)


_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([kmgtpe]?)(i?)(b?)", re.IGNORECASE)


class ByteSize(Kind[int]):
    """`1048576`, `1MB`, `64KiB`, as bytes; every unit counts in steps of 1024."""

    label = "size"

    def read(self, at: Place) -> int:
        """Raises Invalid for what is no size."""
        text = at.scalar("a size")
        match = _SIZE.fullmatch(text)
        if match is None:
            raise Invalid(f'not a valid size: "{shortened(text)}", expected a number of bytes, or such as 1MB')
        power = " kmgtpe".index(match[2].lower() or " ")
        return int(float(match[1]) * 1024**power)

    def write(self, value: int) -> Any:
        """A number of bytes."""
        return value


class TextOrMore(Kind[tuple[str, ...]]):
    """One text, or a list of texts."""

    label = "text, or list of text"

    def read(self, at: Place) -> tuple[str, ...]:
        """Raises Invalid for a mapping."""
        from watchkeeper.core.config.document import ScalarNode
        from watchkeeper.core.config.kinds import ListOf

        if isinstance(at.node, ScalarNode):
            return (at.node.value,)
        return ListOf(Text()).read(at)

    def write(self, value: tuple[str, ...]) -> Any:
        """As short as it was given."""
        return value[0] if len(value) == 1 else list(value)
