"""Go's reference layouts (`2006-01-02 15:04:05.000 MST`) taken apart.

Source: Go time/format.go, nextStdChunk.
"""

from __future__ import annotations

import enum
import functools
import re
from dataclasses import dataclass
from typing import Final


class Part(enum.Enum):
    """What an element of a layout stands for; the value is its spelling in a layout."""

    LONG_MONTH = "January"
    MONTH = "Jan"
    NUMBER_MONTH = "1"
    ZERO_MONTH = "01"
    LONG_WEEKDAY = "Monday"
    WEEKDAY = "Mon"
    DAY = "2"
    UNDER_DAY = "_2"
    ZERO_DAY = "02"
    UNDER_YEAR_DAY = "__2"
    ZERO_YEAR_DAY = "002"
    HOUR = "15"
    HOUR_12 = "3"
    ZERO_HOUR_12 = "03"
    MINUTE = "4"
    ZERO_MINUTE = "04"
    SECOND = "5"
    ZERO_SECOND = "05"
    LONG_YEAR = "2006"
    YEAR = "06"
    PM = "PM"
    LOWER_PM = "pm"
    ZONE_NAME = "MST"
    OFFSET = "-0700"
    OFFSET_COLON = "-07:00"
    OFFSET_SHORT = "-07"
    OFFSET_SECONDS = "-070000"
    OFFSET_COLON_SECONDS = "-07:00:00"
    ISO_OFFSET = "Z0700"
    ISO_OFFSET_COLON = "Z07:00"
    ISO_OFFSET_SHORT = "Z07"
    ISO_OFFSET_SECONDS = "Z070000"
    ISO_OFFSET_COLON_SECONDS = "Z07:00:00"
    FRACTION_ZEROS = ".000"  # As many digits as written.
    FRACTION_NINES = ".999"  # Without zeros at the end.


@dataclass(frozen=True, slots=True)
class Element:
    """The literal text up to a part of a layout, and the part; None at the layout's end.

    text      the part as the layout has it
    n_digits  of a fraction of a second
    """

    prefix: str
    part: Part | None = None
    text: str = ""
    n_digits: int = 0


_FRACTIONS: Final = (Part.FRACTION_ZEROS, Part.FRACTION_NINES)
_PARTS: Final = {part.value: part for part in Part if part not in _FRACTIONS}
# Longer spellings come first. A month or weekday is none where a small letter follows (`Janet`).
_FORM: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|__2|_2(?!006)|2|3|4|5|PM|pm"
    r"|[-Z](?:070000|07:00:00|0700|07:00|07)|[.,](?:0+|9+)(?![0-9])"
)


@functools.lru_cache(maxsize=256)
def take_apart(layout: str) -> tuple[Element, ...]:
    """The elements of a layout in order; the last has no part."""
    elements: list[Element] = []
    pos = 0
    for found in _FORM.finditer(layout):
        text = found.group()
        prefix = layout[pos : found.start()]
        if text[0] in ".,":
            part = Part.FRACTION_ZEROS if text[1] == "0" else Part.FRACTION_NINES
            elements.append(Element(prefix, part, text, len(text) - 1))
        else:
            elements.append(Element(prefix, _PARTS[text], text))
        pos = found.end()
    return (*elements, Element(layout[pos:]))
