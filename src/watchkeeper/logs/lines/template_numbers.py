"""Template functions over numbers, as sprig has them: whatever comes is made a number first, 0 where it is none.

Source: sprig numeric.go, with the casts of spf13/cast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

import orjson

from watchkeeper.core.model.go_float import format_shortest
from watchkeeper.core.template.values import ValueProblem, exposed, is_true
from watchkeeper.logs.lines.units import UnitError, parse_bytes, parse_float, parse_go_duration_ns

_MIN_INT: Final = -(1 << 63)
_MAX_INT: Final = (1 << 63) - 1
_EXACT: Final = Context(prec=800)  # Sums and products of any two float64 are exact.
_PLACES: Final = Decimal(1).scaleb(-16)  # Digits that a quotient is rounded to.
_MAX_EXPONENT: Final = 330


def to_int(value: object) -> int:
    """A whole number; texts in Go's notation (`0x1f`, `010` is 8), fractions cut off."""
    match value:
        case int():
            return int(value)
        case float():
            return _cut(value)
        case str():
            return _parse_int(value)
        case _:
            return 0


def _cut(value: float) -> int:
    if not math.isfinite(value) or not _MIN_INT <= value <= _MAX_INT:
        return _MIN_INT
    return int(value)


def _parse_int(text: str) -> int:
    whole, point, fraction = text.partition(".")
    if point and not fraction.strip("0"):
        text = whole
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits or not digits.isascii() or digits != digits.strip():
        return 0
    try:
        is_octal = len(digits) > 1 and digits[0] == "0" and digits.isdecimal()
        number = int(digits, 8) if is_octal else int(digits, 0)
    except ValueError:
        return 0
    number = -number if text[0] == "-" else number
    return number if _MIN_INT <= number <= _MAX_INT else 0


def to_float64(value: object) -> float:
    """A number."""
    match value:
        case int() | float():
            return float(value)
        case str():
            try:
                return parse_float(value)
            except UnitError:
                return 0.0
        case _:
            return 0.0


def add(*values: object) -> int:
    """The sum of whole numbers."""
    return sum(map(to_int, values))


def sub(lhs: object, rhs: object) -> int:
    """The difference of whole numbers."""
    return to_int(lhs) - to_int(rhs)


def mul(first: object, *values: object) -> int:
    """The product of whole numbers."""
    out = to_int(first)
    for value in values:
        out = _wrapped(out * to_int(value))
    return out


def _wrapped(number: int) -> int:
    """As 64 bits hold it."""
    return (number - _MIN_INT) % (1 << 64) + _MIN_INT


def div(lhs: object, rhs: object) -> int:
    """The whole quotient of whole numbers, towards zero."""
    dividend, divisor = to_int(lhs), to_int(rhs)
    if divisor == 0:
        raise ValueProblem("runtime error: integer divide by zero")
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def mod(lhs: object, rhs: object) -> int:
    """What the quotient leaves, with the sign of the dividend."""
    dividend, divisor = to_int(lhs), to_int(rhs)
    if divisor == 0:
        raise ValueProblem("runtime error: integer divide by zero")
    return int(math.copysign(1, dividend)) * (abs(dividend) % abs(divisor))


# --- decimals ------------------------------------------------------------------------------------------------------


def _decimal(value: object) -> Decimal:
    number = to_float64(value)
    if not math.isfinite(number):
        raise ValueProblem(f"Cannot create a Decimal from {format_shortest(number)}")
    return Decimal(repr(number))


def _to_float(number: Decimal) -> float:
    if number and number.adjusted() > _MAX_EXPONENT:
        return math.inf if number > 0 else -math.inf
    return float(number)


def addf(*values: object) -> float:
    """The sum, in decimals: 0.1 + 0.2 is 0.3."""
    out = Decimal(0)
    for value in values:
        out = _EXACT.add(out, _decimal(value))
    return _to_float(out)


def subf(first: object, *values: object) -> float:
    """The first less the others, in decimals."""
    out = _decimal(first)
    for value in values:
        out = _EXACT.subtract(out, _decimal(value))
    return _to_float(out)


def mulf(first: object, *values: object) -> float:
    """The product, in decimals."""
    out = _decimal(first)
    for value in values:
        out = _EXACT.multiply(out, _decimal(value))
    return _to_float(out)


def divf(first: object, *values: object) -> float:
    """The first divided by the others, each quotient to 16 places."""
    out = _decimal(first)
    for value in values:
        divisor = _decimal(value)
        if divisor == 0:
            raise ValueProblem("decimal division by 0")
        out = _EXACT.divide(out, divisor).quantize(_PLACES, rounding=ROUND_HALF_UP, context=_EXACT)
    return _to_float(out)


def max_(first: object, *values: object) -> int:
    """The largest of whole numbers."""
    return max(map(to_int, (first, *values)))


def min_(first: object, *values: object) -> int:
    """The smallest of whole numbers."""
    return min(map(to_int, (first, *values)))


def maxf(first: object, *values: object) -> float:
    """The largest number; NaN where there is one."""
    return _extreme((first, *values), max)


def minf(first: object, *values: object) -> float:
    """The smallest number; NaN where there is one."""
    return _extreme((first, *values), min)


def _extreme(values: Sequence[object], choose: Any) -> float:
    numbers = list(map(to_float64, values))
    return math.nan if any(map(math.isnan, numbers)) else float(choose(numbers))


def ceil(value: object) -> float:
    """The next whole number up."""
    number = to_float64(value)
    return float(math.ceil(number)) if math.isfinite(number) else number


def floor(value: object) -> float:
    """The next whole number down."""
    number = to_float64(value)
    return float(math.floor(number)) if math.isfinite(number) else number


def round_(value: object, places: int, *up_from: float) -> float:
    """To so many places; fractions from `up_from` (0.5) go up."""
    threshold = up_from[0] if up_from else 0.5
    try:
        power = math.pow(10, places)
        shifted = power * to_float64(value)
        fraction = math.modf(shifted)[0]
        whole = math.ceil(shifted) if fraction >= threshold else math.floor(shifted)
        return whole / power
    except (OverflowError, ValueError, ZeroDivisionError):
        return math.nan


# --- units, JSON, defaults -----------------------------------------------------------------------------------------


def bytes_(text: str) -> float:
    """Bytes of `1.5MB`."""
    try:
        return float(parse_bytes(text))
    except UnitError as error:
        raise ValueProblem(str(error)) from None


def duration(text: str) -> float:
    """Seconds of `1m30s`."""
    try:
        return parse_go_duration_ns(text) / 1e9
    except UnitError as error:
        raise ValueProblem(str(error)) from None


def from_json(text: str) -> Any:
    """The value of a JSON text; nil for what is none. All numbers are float64."""
    try:
        return _as_go(orjson.loads(text.encode("utf-8", "surrogateescape")))
    except (orjson.JSONDecodeError, RecursionError):
        return None


def _as_go(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_go(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_go(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def default(otherwise: object, *given: object) -> object:
    """What is given, unless it is the zero of its type or nothing."""
    if not given or not is_true(given[0]) or _is_zero(given[0]):
        return otherwise
    return given[0]


def _is_zero(value: object) -> bool:
    known = exposed(value)
    return known is not None and known.kind == "int" and not value
