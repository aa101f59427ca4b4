"""Values to text, as Go's fmt package does: `print`, `println`, `printf`.

Source: Go fmt/print.go and format.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from watchkeeper.core.template.values import (
    ANY,
    ValueProblem,
    check_size,
    exposed,
    kind_of,
    sorted_items,
    to_text,
    type_name,
)
from watchkeeper.core.template.verbs import Directive, format_float, format_integer, format_string, pad

MAX_WIDTH: Final = 1_000_000  # Go's own limit of widths and precisions.
MAX_DEPTH: Final = 50  # Of values inside of values.


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
        return pad("<nil>", directive) if value is None else format_string(type_name(value), "s", directive)
    if verb == "p":
        return _bad_verb(value, verb, directive)
    if value is None and depth:  # Inside of others nothing has no verb.
        return f"{ANY}(nil)" if directive.sharp_v else "<nil>"
    if value is None:
        return pad("<nil>", directive) if verb == "v" else f"%!{verb}(<nil>)"
    known = exposed(value)
    if known is not None and known.text is not None and verb in "vsqxX" and not directive.sharp_v:
        return format_string(known.text(value), verb, directive)
    kind = kind_of(value)
    if kind == "bool":
        return pad("true" if value else "false", directive) if verb in "tv" else _bad_verb(value, verb, directive)
    if kind not in ("int", "float64", "string"):
        return _compound(value, verb, directive, depth)
    shown: str | None = None
    if isinstance(value, int):
        shown = format_integer(int(value), verb, directive)
    elif isinstance(value, float):
        shown = format_float(value, verb, directive)
    elif verb in "vsqxX":
        shown = format_string(str(value), verb, directive)
    return _bad_verb(value, verb, directive) if shown is None else shown


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
            return format_string(to_text(value), verb, directive)
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
