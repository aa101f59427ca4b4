"""Numbers with units: in queries, and in the values of labels.

Three notations, each with its own rules for what is valid, because upstream leaves each to another library:
durations are Go's (`1h1.5s`), or in queries also Prometheus's (`1d`); sizes are decimal or binary (`1.5MB`, `2KiB`);
plain numbers are what Go's strconv.ParseFloat takes.
"""

from __future__ import annotations

import math
import re
from typing import Final

from watchkeeper.core.model.duration import DurationError, format_duration_ms, parse_duration_ms
from watchkeeper.core.model.labels import quote

MAX_NS: Final = (1 << 63) - 1

_DURATION_UNITS_NS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,  # U+00B5, the micro sign.
    "μs": 1000,  # U+03BC, the Greek letter.
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3600_000_000_000,
}
_DURATION_PART: Final = re.compile(r"([0-9]*)(\.[0-9]*)?([^0-9.]*)")
_BYTE_NUMBER: Final = re.compile(r"[0-9.,]*")
_BYTE_UNITS: Final = {
    "": 1,
    "b": 1,
    **{
        f"{letter}{ending}": base**power
        for power, letter in enumerate("kmgtpe", 1)
        for ending, base in (("", 1000), ("b", 1000), ("i", 1024), ("ib", 1024))
    },
}
_DECIMAL_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_FLOAT: Final = re.compile(
    r"[+-]?(?:(?:[0-9]+(?:_[0-9]+)*(?:\.(?:[0-9]+(?:_[0-9]+)*)?)?|\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+(?:_[0-9]+)*)?)"
)
_HEX_FLOAT: Final = re.compile(
    r"[+-]?0[xX](?=_?[0-9a-fA-F]|\.[0-9a-fA-F])_?[0-9a-fA-F]*(?:_[0-9a-fA-F]+)*(?:\.[0-9a-fA-F]*)?[pP][+-]?[0-9]+"
)
_SPECIAL: Final = re.compile(r"[+-]?(?:inf|infinity)|nan", re.IGNORECASE)


class UnitError(ValueError):
    """Text that is no number of the notation asked for; the text of the error is upstream's."""


def parse_go_duration_ns(text: str) -> int:
    """Nanoseconds of `1h30m`, `-1.5s`, `0`. Raises UnitError."""
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    if not rest:
        raise UnitError(f"time: invalid duration {quote(text)}")
    total_ns = pos = 0
    while pos < len(rest):
        part = _DURATION_PART.match(rest, pos)
        assert part is not None
        whole, fraction, unit = part[1], part[2] or "", part[3]
        if not whole and len(fraction) < 2:
            raise UnitError(f"time: invalid duration {quote(text)}")
        if not unit:
            raise UnitError(f"time: missing unit in duration {quote(text)}")
        size_ns = _DURATION_UNITS_NS.get(unit)
        if size_ns is None:
            raise UnitError(f"time: unknown unit {quote(unit)} in duration {quote(text)}")
        if len(whole) > 20:  # Longer than any number of nanoseconds in 64 bits, unless it is padded with zeros.
            whole = whole.lstrip("0")[:21]
        total_ns += int(whole or "0") * size_ns
        digits = fraction[1:19]  # As many as 64 bits hold; more change nothing.
        if digits:
            total_ns += int(float(int(digits)) * (float(size_ns) / float(10 ** len(digits))))
        if total_ns > MAX_NS + (text[0] == "-"):
            raise UnitError(f"time: invalid duration {quote(text)}")
        pos = part.end()
    return -total_ns if text[0] == "-" else total_ns


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


def parse_bytes(text: str) -> int:
    """Bytes of `42`, `1.5MB` (1000s), `2 KiB` (1024s), `1,000b`. Raises UnitError."""
    found = _BYTE_NUMBER.match(text)
    assert found is not None
    digits = found.group()
    number = parse_float(digits.replace(",", ""))
    unit = text[found.end() :].strip().lower()
    size = _BYTE_UNITS.get(unit)
    if size is None:
        raise UnitError(f"unhandled size name: {unit}")
    total = number * size
    if total >= 1 << 64:
        raise UnitError(f"too large: {text}")
    return int(total)


def parse_float(text: str) -> float:
    """What Go's strconv.ParseFloat makes of a text; it has hexadecimal floats and no surrounding space.

    Raises UnitError, also for a number that is too large for 64 bits.
    """
    if _FLOAT.fullmatch(text):
        value = float(text)
    elif _SPECIAL.fullmatch(text):
        return float(text)
    elif _HEX_FLOAT.fullmatch(text):
        try:
            value = float.fromhex(text.replace("_", ""))
        except OverflowError:
            value = math.inf
    else:
        raise UnitError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax")
    if math.isinf(value):
        raise UnitError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return value


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
