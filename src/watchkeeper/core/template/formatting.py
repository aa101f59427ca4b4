"""Values to text, as Go's fmt package does: `print`, `println`, `printf`.

Source: Go fmt/print.go and format.go.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.go_float import format_shortest
from watchkeeper.core.model.labels import quote
from watchkeeper.core.template.values import (
    ANY,
    ValueProblem,
    check_size,
    exposed,
    kind_of,
    sorted_items,
    to_bytes,
    to_text,
    type_name,
)

MAX_WIDTH: Final = 1_000_000  # Go's own limit of widths and precisions.
MAX_DEPTH: Final = 50  # Of values inside of values.

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


_PLAIN: Final = Directive()


def sprint(args: Sequence[object]) -> str:
    """Go's Sprint: a space between two where neither is a string."""
    out: list[str] = []
    for i, value in enumerate(args):
        if i > 0 and not isinstance(value, str) and not isinstance(args[i - 1], str):
            out.append(" ")
        out.append(show(value))
    return "".join(out)


def sprintln(args: Sequence[object]) -> str:
    """Go's Sprintln: a space between all, and a line's end."""
    return " ".join(map(show, args)) + "\n"


def show(value: object) -> str:
    """A value as `%v` writes it."""
    return _value(value, "v", _PLAIN, 0)


def sprintf(form: str, args: Sequence[object]) -> str:
    """Go's Sprintf."""
    return _Printf(form, args).run()


class _Printf:
    """One format with its arguments."""

    def __init__(self, form: str, args: Sequence[object]) -> None:
        self.form = form
        self.args = args
        self.pos = 0
        self.next_arg = 0
        self.reordered = False
        self.good_index = True
        self.out: list[str] = []
        self.size = 0

    def run(self) -> str:
        form = self.form
        while True:
            start = form.find("%", self.pos)
            if start < 0:
                self.out.append(form[self.pos :])
                break
            self.out.append(form[self.pos : start])
            self.pos = start + 1
            self.good_index = True
            self._directive()
        if not self.reordered and self.next_arg < len(self.args):
            rest = (
                "<nil>" if value is None else f"{type_name(value)}={show(value)}"
                for value in self.args[self.next_arg :]
            )
            self.out.append(f"%!(EXTRA {', '.join(rest)})")
        return "".join(self.out)

    def _directive(self) -> None:
        form = self.form
        directive = Directive()
        while (char := form[self.pos : self.pos + 1]) and char in "+-# 0":
            if char == "+":
                directive.plus = True
            elif char == "-":
                directive.minus = True
                directive.zero = False  # Zeros are never put to the right.
            elif char == "#":
                directive.sharp = True
            elif char == " ":
                directive.space = True
            else:
                directive.zero = not directive.minus
            self.pos += 1
        after_index = self._argument_index()
        if form[self.pos : self.pos + 1] == "*":
            self.pos += 1
            width = self._star("%!(BADWIDTH)")
            if width is not None:
                if width < 0:
                    width, directive.minus, directive.zero = -width, True, False
                directive.width = width
            after_index = False
        else:
            directive.width = self._number()
            if after_index and directive.width >= 0:
                self.good_index = False  # `%[3]2d`
        if form[self.pos : self.pos + 1] == ".":
            self.pos += 1
            if after_index:
                self.good_index = False  # `%[3].2d`
            after_index = self._argument_index()
            if form[self.pos : self.pos + 1] == "*":
                self.pos += 1
                precision = self._star("%!(BADPREC)")
                if precision is not None and precision < 0:
                    self.out.append("%!(BADPREC)")
                    precision = None
                directive.precision = -1 if precision is None else precision
                after_index = False
            else:
                directive.precision = max(self._number(), 0)
        if not after_index:
            self._argument_index()
        self._verb(directive)

    def _verb(self, directive: Directive) -> None:
        verb = self.form[self.pos : self.pos + 1]
        if not verb:
            self.out.append("%!(NOVERB)")
            return
        self.pos += 1
        if verb == "%":
            self.out.append("%")
        elif not self.good_index:
            self.out.append(f"%!{verb}(BADINDEX)")
        elif self.next_arg >= len(self.args):
            self.out.append(f"%!{verb}(MISSING)")
        else:
            value = self.args[self.next_arg]
            self.next_arg += 1
            if verb == "v":
                directive.sharp_v, directive.sharp = directive.sharp, False
                directive.plus_v, directive.plus = directive.plus, False
            shown = _value(value, verb, directive, 0)
            self.size += len(shown)
            check_size(self.size)
            self.out.append(shown)

    def _number(self) -> int:
        start = self.pos
        while self.form[self.pos : self.pos + 1] in tuple("0123456789"):
            self.pos += 1
        digits = self.form[start : self.pos]
        if not digits:
            return -1
        return int(digits) if len(digits) < 9 and int(digits) <= MAX_WIDTH else -1

    def _argument_index(self) -> bool:
        """`[3]`: which argument is next. Whether there was one."""
        if self.form[self.pos : self.pos + 1] != "[":
            return False
        self.reordered = True
        end = self.form.find("]", self.pos)
        digits = self.form[self.pos + 1 : end] if end >= 0 else ""
        self.pos = end + 1 if end >= 0 else self.pos + 1
        if digits.isdecimal() and len(digits) < 9 and 1 <= int(digits) <= len(self.args):
            self.next_arg = int(digits) - 1
            return True
        self.good_index = False
        return digits != ""

    def _star(self, problem: str) -> int | None:
        """The next argument as a width or precision."""
        if self.next_arg < len(self.args):
            value = self.args[self.next_arg]
            self.next_arg += 1
            if isinstance(value, int) and not isinstance(value, bool) and -MAX_WIDTH <= value <= MAX_WIDTH:
                return value
        self.out.append(problem)
        return None


def _value(value: object, verb: str, directive: Directive, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise ValueProblem(f"value is nested too deeply, the limit is {MAX_DEPTH} levels")
    if verb == "T":
        return _pad("<nil>", directive) if value is None else _string(type_name(value), "s", directive)
    if verb == "p":
        return _bad_verb(value, verb, directive)
    if value is None and depth:  # Inside of others nothing has no verb.
        return f"{ANY}(nil)" if directive.sharp_v else "<nil>"
    if value is None:
        return _pad("<nil>", directive) if verb == "v" else f"%!{verb}(<nil>)"
    known = exposed(value)
    if known is not None and known.text is not None and verb in "vsqxX" and not directive.sharp_v:
        return _string(known.text(value), verb, directive)
    kind = kind_of(value)
    if kind == "bool":
        return _pad("true" if value else "false", directive) if verb in "tv" else _bad_verb(value, verb, directive)
    if kind == "int":
        assert isinstance(value, int)
        return _integer(int(value), value, verb, directive)
    if kind == "float64":
        assert isinstance(value, float)
        return _float(value, verb, directive)
    if kind == "string":
        text = str(value)
        return _string(text, verb, directive) if verb in "vsqxX" else _bad_verb(value, verb, directive)
    return _compound(value, verb, directive, depth)


def _compound(value: object, verb: str, directive: Directive, depth: int) -> str:
    """Maps, slices and structs: each part by the same verb."""
    inner = depth + 1
    if isinstance(value, Mapping):
        items = sorted_items(value)
        if directive.sharp_v:
            parts = (f"{_value(k, verb, directive, inner)}:{_value(v, verb, directive, inner)}" for k, v in items)
            return f"{type_name(value)}{{{', '.join(parts)}}}"
        parts = (f"{_value(k, verb, directive, inner)}:{_value(v, verb, directive, inner)}" for k, v in items)
        return f"map[{' '.join(parts)}]"
    if isinstance(value, bytes):
        if verb in "sqxX":
            return _string(to_text(value), verb, directive)
        value = list(value)
    if isinstance(value, Sequence):
        parts = (_value(item, verb, directive, inner) for item in value)
        if directive.sharp_v:
            return f"{type_name(value)}{{{', '.join(parts)}}}"
        return f"[{' '.join(parts)}]"
    known = exposed(value)
    if known is None:
        return _bad_verb(value, verb, directive)
    named = directive.plus_v or directive.sharp_v
    parts = (
        f"{name}:{_value(get(value), verb, directive, inner)}" if named else _value(get(value), verb, directive, inner)
        for name, get in known.fields.items()
    )
    if directive.sharp_v:
        return f"{known.name}{{{', '.join(parts)}}}"
    return f"{{{' '.join(parts)}}}"


def _bad_verb(value: object, verb: str, directive: Directive) -> str:
    """What stands for a value that the verb does not fit; its flags do count."""
    if value is None:
        return f"%!{verb}(<nil>)"
    return f"%!{verb}({type_name(value)}={_value(value, 'v', directive, 1)})"


# --- strings -------------------------------------------------------------------------------------------------------


def _string(text: str, verb: str, directive: Directive) -> str:
    if verb in "xX":
        return _pad(_hexadecimal(text, verb, directive), directive)
    if directive.precision >= 0:
        text = text[: directive.precision]
    if verb == "q" or directive.sharp_v:
        return _pad(_quoted(text, directive), directive)
    return _pad(text, directive)


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


def _pad(text: str, directive: Directive) -> str:
    """To the width; zeros only before numbers and, as Go does, before texts too."""
    if directive.width <= len(text):
        return text
    if directive.minus:
        return text.ljust(directive.width)
    return text.rjust(directive.width, "0" if directive.zero else " ")


# --- numbers -------------------------------------------------------------------------------------------------------

_BASES: Final = {"d": "d", "v": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES: Final = {"b": "0b", "o": "0", "O": "0o", "x": "0x", "X": "0X"}


def _integer(number: int, value: object, verb: str, directive: Directive) -> str:
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
        return _pad(_character(number), directive)
    if verb == "q":
        char = _character(number)
        return _pad(_quoted_character(char, directive), directive)
    if verb == "U":
        shown = f"U+{number % (1 << 64):0{max(4, directive.precision)}X}"
        char = _character(number)
        if directive.sharp and char.isprintable():
            shown += f" '{char}'"
        return _pad_blank(shown, directive)
    return _bad_verb(value, verb, directive)


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


def _float(number: float, verb: str, directive: Directive) -> str:
    if verb not in "vgGeEfFbxX":
        return _bad_verb(number, verb, directive)
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
