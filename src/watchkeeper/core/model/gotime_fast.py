"""The common layouts of numbers, read by one expression: a fast path of `parse_time`.

A text that the expression does not match is read step by step, which also finds what is wrong with it.
"""

from __future__ import annotations

import calendar
import functools
import re
from typing import Final

from watchkeeper.core.model.gotime import MONTHS, days_of_civil
from watchkeeper.core.model.gotime_layout import Element, Part, take_apart

_FRACTIONS: Final = (Part.FRACTION_ZEROS, Part.FRACTION_NINES)
_FORMS: Final = {
    Part.LONG_YEAR: r"(?P<year>[0-9]{4})",
    Part.ZERO_MONTH: r"(?P<month>0[1-9]|1[0-2])",
    Part.MONTH: "(?P<name>" + "|".join(name[:3] for name in MONTHS) + ")",
    Part.ZERO_DAY: r"(?P<day>0[1-9]|[12][0-9]|3[01])",
    Part.HOUR: r"(?P<hour>[01][0-9]|2[0-3])",
    Part.ZERO_MINUTE: r"(?P<minute>[0-5][0-9])",
    Part.ZERO_SECOND: r"(?P<second>[0-5][0-9])",
    Part.OFFSET: r"(?P<offset>[+-](?:[01][0-9]|2[0-3])[0-5][0-9])",
    Part.OFFSET_COLON: r"(?P<offset>[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])",
    Part.ISO_OFFSET: r"(?P<offset>Z|[+-](?:[01][0-9]|2[0-3])[0-5][0-9])",
    Part.ISO_OFFSET_COLON: r"(?P<offset>Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])",
}
_MONTH_NUMBERS: Final = {name[:3]: number for number, name in enumerate(MONTHS, 1)}
_NEEDED: Final = (Part.LONG_YEAR, Part.HOUR, Part.ZERO_MINUTE)


class FastLayout:
    """One layout as one expression."""

    __slots__ = ("_groups", "_match")

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._match = pattern.fullmatch
        groups = pattern.groupindex
        names = ("year", "month", "name", "day", "hour", "minute", "second", "fraction", "offset")
        self._groups = tuple(groups.get(name, 0) for name in names)

    def read(self, text: str) -> tuple[int, int, int | None] | None:
        """Seconds of the clock as if it were UTC's, nanoseconds, and the offset in seconds, None without one.

        None for a text that is to be read step by step.
        """
        found = self._match(text)
        if found is None:
            return None
        year, month, name, day, hour, minute, second, fraction, offset = self._groups
        number = int(found[month]) if month else _MONTH_NUMBERS[found[name]]
        days = _days(int(found[year]), number, int(found[day]))
        if days is None:
            return None
        seconds = days * 86_400 + int(found[hour]) * 3600 + int(found[minute]) * 60
        if second:
            seconds += int(found[second])
        digits = found[fraction] if fraction else None
        nanoseconds = int(digits[:9].ljust(9, "0")) if digits else 0
        if not offset:
            return seconds, nanoseconds, None
        shown = found[offset]
        if shown == "Z":
            return seconds, nanoseconds, 0
        shift = int(shown[1:3]) * 3600 + int(shown[-2:]) * 60
        return seconds, nanoseconds, -shift if shown[0] == "-" else shift


@functools.lru_cache(maxsize=4096)
def _days(year: int, month: int, day: int) -> int | None:
    """Days since 1970, None where the month has no such day."""
    length = 29 if month == 2 and calendar.isleap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return days_of_civil(year, month, day) if day <= length else None


@functools.lru_cache(maxsize=256)
def fast_layout(layout: str) -> FastLayout | None:
    """The layout as one expression, where it is made of a full date and a time in numbers."""
    elements = take_apart(layout)
    parts = [element.part for element in elements]
    dated = Part.ZERO_DAY in parts and (Part.ZERO_MONTH in parts) != (Part.MONTH in parts)
    counted = [part for part in parts if part is not None and part not in _FRACTIONS]
    if not dated or any(part not in parts for part in _NEEDED) or len(set(counted)) != len(counted):
        return None
    out: list[str] = []
    for i, element in enumerate(elements):
        out.append(re.escape(element.prefix).replace("\\ ", " ").replace(" ", " +"))
        if element.part is None:
            break
        form = _form(element.part, element, elements[i + 1], i and elements[i - 1].part is Part.ZERO_SECOND)
        if form is None:
            return None
        out.append(form)
    text = "".join(out)
    if text.count("?P<fraction>") > 1 or "  " in layout or text.count("?P<offset>") > 1:
        return None
    return FastLayout(re.compile(text))


def _form(part: Part, element: Element, following: Element, behind_second: bool | int) -> str | None:
    if part in _FRACTIONS:
        if not behind_second or element.prefix:
            return None
        digits = f"[.,](?P<fraction>[0-9]{{{element.n_digits}}})"
        return digits if part is Part.FRACTION_ZEROS else r"(?:[.,](?P<fraction>[0-9]+))?+"
    form = _FORMS.get(part)
    if form is not None and part is Part.ZERO_SECOND and not (following.prefix == "" and following.part in _FRACTIONS):
        form += r"(?:[.,](?P<fraction>[0-9]+))?+"  # As Go reads a fraction that the layout does not have.
    return form
