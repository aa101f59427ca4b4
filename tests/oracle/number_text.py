"""The plain twin of kernels.number_text, on Python's own shortest digits."""

import json
import math
from decimal import Decimal


def special(x: float) -> str | None:
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "+Inf" if x > 0 else "-Inf"
    return None


def exponent_form(x: float) -> str:
    sign, digits, exponent = Decimal(repr(x)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    power = exponent + len(text) - 1
    body = text[0] + ("." + text[1:] if len(text) > 1 else "")
    return f"{'-' if sign else ''}{body}e{'-' if power < 0 else '+'}{abs(power):02d}"


def format_plain(x: float) -> str:
    if text := special(x):
        return text
    if x == 0:
        return "-0" if math.copysign(1, x) < 0 else "0"
    return format(Decimal(repr(x)).normalize(), "f")


def format_float(x: float) -> str:
    if text := special(x):
        return text
    if x != 0 and (abs(x) < 1e-6 or abs(x) >= 1e21):
        return exponent_form(x)
    return format_plain(x)


def format_general(x: float) -> str:
    if text := special(x):
        return text
    if x == 0:
        return format_plain(x)
    power = Decimal(repr(x)).normalize().adjusted()
    return exponent_form(x) if power < -4 or power >= 21 else format_plain(x)


def format_time(time_ms: int) -> str:
    sign, time_ms = ("-", -time_ms) if time_ms < 0 else ("", time_ms)
    seconds, rest = divmod(time_ms, 1000)
    return f"{sign}{seconds}.{rest:03d}" if rest else f"{sign}{seconds}"


def result(series: list[tuple[dict[str, str], list[tuple[int, float]]]], single: bool) -> object:
    """What the JSON of a vector or matrix decodes to."""
    out = []
    for labels, points in series:
        pairs = [[json.loads(format_time(time)), format_float(value)] for time, value in points]
        entry: dict[str, object] = {"metric": labels}
        if pairs:
            entry["value" if single else "values"] = pairs[0] if single else pairs
        out.append(entry)
    return out
