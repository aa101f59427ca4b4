"""Durations and sizes as queries write them."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.model.duration import DurationError, format_duration_ms, parse_duration_ms
from watchkeeper.core.model.labels import quote
from watchkeeper.logs.lines.units import UnitError, parse_bytes, parse_go_duration_ns

_DECIMAL_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def parse_query_duration_ns(text: str) -> int:
    """Nanoseconds of a duration in a query: Prometheus's form (`1d`, `2w`), else Go's. Raises UnitError."""
    try:
        return parse_duration_ms(text) * 1_000_000
    except (DurationError, ValueError):
        try:
            return parse_go_duration_ns(text)
        except UnitError:
            raise UnitError(f"not a valid duration string: {quote(text)}") from None


def format_duration_ns(duration_ns: int) -> str:
    """The shortest text that `parse_query_duration_ns` reads back: `1h30m`, `1500us`, `7ns`; with a sign."""
    if duration_ns % 1_000_000 == 0:
        return format_duration_ms(duration_ns // 1_000_000)
    return f"{duration_ns // 1000}us" if duration_ns % 1000 == 0 else f"{duration_ns}ns"


def format_bytes(size_bytes: int) -> str:
    """`2.5kB`, `20MB` where that is exact, else plain bytes; `parse_bytes` reads it back."""
    power = 0
    while size_bytes >= 1000 ** (power + 1) and power < len(_DECIMAL_UNITS) - 1:
        power += 1
    if power:
        tenths, rest = divmod(size_bytes * 10, 1000**power)
        if rest == 0 and (tenths < 100 or tenths % 10 == 0):
            number = f"{tenths // 10}.{tenths % 10}" if tenths < 100 else str(tenths // 10)
            text = f"{number}{_DECIMAL_UNITS[power]}"
            if parse_bytes(text) == size_bytes:
                return text
    return f"{size_bytes}B"
