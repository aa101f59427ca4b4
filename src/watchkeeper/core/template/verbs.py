"""Single texts and numbers as the verbs of Go's fmt write them.

Source: Go fmt/format.go.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.go_float import format_shortest
from watchkeeper.core.model.labels import quote
from watchkeeper.core.template.values import to_bytes

_NOT_RAW: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f`\ufeff\udc80-\udcff]")
_RAW_BYTES: Final = re.compile("[\udc80-\udcff]")
_SURROGATE: Final = 0xDC00


@dataclass(slots=True)
class Directive:
    """The flags, width and precision of one verb; -1 where there is none."""

    plus: bool = False
    minus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    plus_v: bool = False  # `%+v`: with the names of fields.
    sharp_v: bool = False  # `%#v`: as Go code.
    width: int = -1
    precision: int = -1


# --- strings -------------------------------------------------------------------------------------------------------


def format_string(text: str, verb: str, directive: Directive) -> str:
    """A text by one of the verbs v, s, q, x, X."""
    if verb in "xX":
        return pad(_hexadecimal(text, verb, directive), directive)
    if directive.precision >= 0:
        text = text[: directive.precision]
    if verb == "q" or directive.sharp_v:
        return pad(_quoted(text, directive), directive)
    return pad(text, directive)


def _quoted(text: str, directive: Directive) -> str:
    if directive.sharp and not _NOT_RAW.search(text):
        return f"`{text}`"
    quoted = quote(text)
    if _RAW_BYTES.search(text):
        parts = [f"\\x{ord(c) - _SURROGATE:02x}" if _RAW_BYTES.match(c) else quote(c)[1:-1] for c in text]
        quoted = f'"{"".join(parts)}"'
    if directive.plus:
        quoted = "".join(char if char.isascii() else _escaped(char) for char in quoted)
    return quoted


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _hexadecimal(text: str, verb: str, directive: Directive) -> str:
    data = to_bytes(text)
    if directive.precision >= 0:
        data = data[: directive.precision]
    pairs = [f"{byte:02x}" for byte in data]
    prefix = "0x" if directive.sharp else ""
    if directive.space:
        out = " ".join(prefix + pair for pair in pairs)
    else:
        out = prefix + "".join(pairs) if pairs else ""
    return out.upper() if verb == "X" else out


def pad(text: str, directive: Directive) -> str:
    """To the width; zeros only before numbers and, as Go does, before texts too."""
    if directive.width <= len(text):
        return text
    if directive.minus:
        return text.ljust(directive.width)
    return text.rjust(directive.width, "0" if directive.zero else " ")


# --- numbers -------------------------------------------------------------------------------------------------------

_BASES: Final = {"d": "d", "v": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES: Final = {"b": "0b", "o": "0", "O": "0o", "x": "0x", "X": "0X"}


def format_integer(number: int, verb: str, directive: Directive) -> str | None:
    """A whole number; None for a verb that does not fit one."""
    if verb in _BASES:
        digits = format(abs(number), _BASES[verb])
        if directive.precision >= 0:
            digits = "" if directive.precision == 0 and number == 0 else digits.rjust(directive.precision, "0")
        prefix = _PREFIXES.get(verb, "") if directive.sharp or verb == "O" else ""
        sign = "-" if number < 0 else "+" if directive.plus else " " if directive.space else ""
        if directive.zero and directive.precision < 0 and not directive.minus:
            digits = digits.rjust(directive.width - len(sign), "0")  # The prefix does not count.
        if verb == "o" and prefix and digits.startswith("0"):
            prefix = ""
        if verb == "O" and directive.sharp and not digits.startswith("0"):
            prefix += "0"
        return _pad_blank(sign + prefix + digits, directive)
    if verb == "c":
        return pad(_character(number), directive)
    if verb == "q":
        char = _character(number)
        return pad(_quoted_character(char, directive), directive)
    if verb == "U":
        shown = f"U+{number % (1 << 64):0{max(4, directive.precision)}X}"
        char = _character(number)
        if directive.sharp and char.isprintable():
            shown += f" '{char}'"
        return _pad_blank(shown, directive)
    return None


def _character(number: int) -> str:
    if 0 <= number <= 0x10FFFF and not 0xD800 <= number < 0xE000:
        return chr(number)
    return "\ufffd"


def _quoted_character(char: str, directive: Directive) -> str:
    inner = "\\'" if char == "'" else '"' if char == '"' else quote(char)[1:-1]
    if directive.plus:
        inner = "".join(part if part.isascii() else _escaped(part) for part in inner)
    return f"'{inner}'"


def _pad_blank(text: str, directive: Directive) -> str:
    if directive.width <= len(text):
        return text
    return text.ljust(directive.width) if directive.minus else text.rjust(directive.width)


def format_float(number: float, verb: str, directive: Directive) -> str | None:
    """A float; None for a verb that does not fit one."""
    if verb not in "vgGeEfFbxX":
        return None
    if verb == "b":
        mantissa, exponent = math.frexp(number)
        text = f"{int(mantissa * (1 << 53))}p{exponent - 53:+d}"
    elif math.isnan(number) or math.isinf(number):
        text = format_shortest(number)
    elif verb in "xX":
        text = _hexadecimal_float(number, directive.precision)
        text = text.upper() if verb == "X" else text
    else:
        text = _digits(number, verb, directive)
    if text[0] in "+-":
        sign, text = text[0], text[1:]
    else:
        sign = "+"
    is_number = math.isfinite(number)
    if sign == "+" and not directive.plus:
        # `+Inf` keeps its sign in `%v` and `%g`, as all verbs do with the plus flag.
        sign = " " if directive.space else ("+" if math.isinf(number) else "")
    if math.isnan(number) and not directive.plus:
        sign = " " if directive.space else ""
    if directive.zero and not directive.minus and is_number:
        text = text.rjust(directive.width - len(sign), "0")
    return _pad_blank(sign + text, directive)


def _digits(number: float, verb: str, directive: Directive) -> str:
    precision = directive.precision
    if verb in "eEfF":
        flag = "#" if directive.sharp else ""
        return format(number, f"{flag}.{6 if precision < 0 else precision}{verb}")
    if precision < 0 and not directive.sharp:
        text = format_shortest(number)
    elif precision < 0:
        text = format_shortest(number)
        if len(text.lstrip("-").partition("e")[0].replace(".", "")) < 6:
            text = format(number, "#.6g")
    else:
        # Go keeps an integer's digits without exponent where there are fewer than the precision says, as C does.
        text = format(number, f"{'#' if directive.sharp else ''}.{precision or 1}g")
    return text.upper() if verb == "G" else text


def _hexadecimal_float(number: float, precision: int) -> str:
    """`0x1.8p+01`: as many digits behind the point as are needed, or as the precision says, rounded to even."""
    mantissa, exponent = math.frexp(abs(number))
    sign = "-" if math.copysign(1, number) < 0 else ""
    digits = int(mantissa * (1 << 53))  # One bit, then 13 hexadecimal digits.
    exponent -= 1
    if number == 0:
        exponent = 0
    width = 13
    if 0 <= precision < width:
        cut = 4 * (width - precision)
        down, rest = divmod(digits, 1 << cut)
        half = 1 << (cut - 1)
        digits = down + (rest > half or (rest == half and down & 1))
        width = precision
        if digits >= 2 << (4 * width):
            digits >>= 1
            exponent += 1
    behind = f"{digits & ((1 << 4 * width) - 1):0{width}x}" if width else ""
    behind = behind.rstrip("0") if precision < 0 else behind.ljust(precision, "0")
    lead = digits >> (4 * width)
    return f"{sign}0x{lead}{'.' if behind else ''}{behind}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
