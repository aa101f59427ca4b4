"""Numbers with units in field values: `1.5MB` to bytes, `250ms` to seconds, `0.25` as it is.

Whole columns are read by a kernel, which knows the common forms; the few texts that it leaves are read one by one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.duration import DurationError, parse_duration_ms
from watchkeeper.core.model.labels import quote

Floats = npt.NDArray[np.float64]

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
_DURATION_PART: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)")
_BYTE_UNITS: Final = {"": 1, "b": 1} | {
    letter + ending: base**power
    for power, letter in enumerate("kmgtpe", 1)
    for ending, base in (("", 1000), ("b", 1000), ("i", 1024), ("ib", 1024))
}
_BYTES: Final = re.compile(r"([0-9.,]*)(.*)", re.DOTALL)
_DIGITS: Final = r"[0-9]+(?:_[0-9]+)*"
_FLOAT: Final = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEX_FLOAT: Final = re.compile(
    r"[+-]?0[xX](?=_?[0-9a-fA-F]|\.[0-9a-fA-F])[_0-9a-fA-F]*(?:\.[0-9a-fA-F]*)?[pP][+-]?[0-9]+"
)
_SPECIAL: Final = re.compile(r"[+-]?(?:inf|infinity)|nan", re.IGNORECASE)


class UnitError(ValueError):
    """Text that is no number of the notation asked for, in upstream's words."""


def parse_float(text: str) -> float:
    """The number that Go's ParseFloat reads: decimal, hexadecimal, `inf`, `nan`; no space around it.

    Raises UnitError, also for what is too large for 64 bits.
    """
    if _SPECIAL.fullmatch(text):
        return float(text)
    if _FLOAT.fullmatch(text):
        value = float(text)
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


def parse_go_duration_ns(text: str) -> int:
    """Nanoseconds of `1h30m`, `-1.5s`, `0`, as Go's ParseDuration reads them. Raises UnitError."""
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    if not rest:
        raise UnitError(f"time: invalid duration {quote(text)}")
    total_ns = at = 0
    while at < len(rest):
        part = _DURATION_PART.match(rest, at)
        assert part is not None
        whole, fraction, unit = part[1], part[2] or "", part[3]
        if not whole and not fraction:
            raise UnitError(f"time: invalid duration {quote(text)}")
        if not unit:
            raise UnitError(f"time: missing unit in duration {quote(text)}")
        size_ns = _DURATION_UNITS_NS.get(unit)
        if size_ns is None:
            raise UnitError(f"time: unknown unit {quote(unit)} in duration {quote(text)}")
        total_ns += int(whole.lstrip("0")[:21] or "0") * size_ns  # No 64 bits hold more than 20 digits.
        digits = fraction[:18]  # As many as 64 bits hold; more change nothing.
        if digits:
            total_ns += int(float(int(digits)) * (float(size_ns) / float(10 ** len(digits))))
        if total_ns > MAX_NS + (text[0] == "-"):
            raise UnitError(f"time: invalid duration {quote(text)}")
        at = part.end()
    return -total_ns if text[0] == "-" else total_ns


def parse_duration_ns(text: str) -> int:
    """Nanoseconds of a duration in Prometheus's form (`1d`, `2w`), else in Go's. Raises UnitError."""
    try:
        return parse_duration_ms(text) * 1_000_000
    except DurationError:
        return parse_go_duration_ns(text)


def parse_bytes(text: str) -> int:
    """Bytes of `42`, `1.5MB` (1000s), `2 KiB` (1024s), `1,000b`. Raises UnitError."""
    found = _BYTES.fullmatch(text)
    assert found is not None
    number = parse_float(found[1].replace(",", ""))
    unit = found[2].strip().lower()
    size = _BYTE_UNITS.get(unit)
    if size is None:
        raise UnitError(f"unhandled size name: {unit}")
    if number * size >= 1 << 64:
        raise UnitError(f"too large: {text}")
    return int(number * size)


def floats(texts: Texts) -> tuple[Floats, dict[int, str]]:
    """Each text as a number; 0 where it is none, and the error's text of those."""
    numbers, read = line_fields.floats(texts)
    return numbers, _slowly(texts, numbers, read, parse_float)


def seconds(texts: Texts) -> tuple[Floats, dict[int, str]]:
    """Each text's duration in seconds; 0 where it is none, and the error's text of those."""
    durations_ns, read = line_fields.durations(texts)
    numbers = durations_ns / 1e9
    return numbers, _slowly(texts, numbers, read, lambda text: parse_go_duration_ns(text) / 1e9)


def sizes_bytes(texts: Texts) -> tuple[Floats, dict[int, str]]:
    """Each text's size in bytes; 0 where it is none, and the error's text of those."""
    numbers, read = line_fields.sizes(texts)
    return numbers, _slowly(texts, numbers, read, parse_bytes)


def _slowly(
    texts: Texts, numbers: Floats, read: npt.NDArray[np.uint8], parse: Callable[[str], float]
) -> dict[int, str]:
    """Read what the kernel left; the errors of what is no number at all."""
    errors: dict[int, str] = {}
    for i in np.flatnonzero(read == 0).tolist():
        try:
            numbers[i] = parse(texts[i].decode("utf-8", "replace"))
        except UnitError as error:
            errors[i] = str(error)
    return errors
