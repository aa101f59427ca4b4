"""Floats as Go's strconv and fmt write them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

LARGE_EXPONENT: Final = 6  # Powers of ten from here on are written with an exponent.


def format_plain(value: float) -> str:
    """Go's `FormatFloat(v, 'f', -1, 64)`: as many digits as needed, no exponent; `+Inf`, `NaN`."""
    special = _special(value)
    if special:
        return special
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def format_shortest(value: float) -> str:
    """Go's `%v`: as few digits as needed, with an exponent below -4 and from 6 on (`1e+06`, `1e-05`)."""
    special = _special(value)
    if special:
        return special
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    _, digits, power = Decimal(repr(value)).as_tuple()
    assert isinstance(power, int)
    exponent = len(digits) + power - 1
    return format_plain(value) if -4 <= exponent < LARGE_EXPONENT else format_exponent(value)


def format_exponent(value: float) -> str:
    """Go's `FormatFloat(v, 'e', -1, 64)`: as few digits as needed, always with an exponent (`1e+00`, `2.5e-01`)."""
    special = _special(value)
    if special:
        return special
    sign, digits, power = Decimal(repr(value)).as_tuple()
    assert isinstance(power, int)
    exponent = len(digits) + power - 1 if value else 0
    text = "".join(map(str, digits)).rstrip("0") or "0"
    mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return ""
