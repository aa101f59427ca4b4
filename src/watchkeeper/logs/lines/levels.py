"""Levels of log lines: which fields hold one, and what their values mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Texts

UNKNOWN: Final = "unknown"
LEVEL_FIELDS: Final = tuple(name.decode() for name in line_fields.LEVEL_FIELDS)
"""Names of fields and labels that hold a level where `log_level_fields` names none, the more trusted ones first."""

LEVEL_WORDS: Final[Mapping[str, str]] = {
    word: level
    for level, words in {
        "trace": ("trace", "trc"),
        "debug": ("debug", "dbg"),
        "info": ("info", "inf", "information"),
        "warn": ("warn", "wrn", "warning"),
        "error": ("error", "err"),
        "critical": ("critical",),
        "fatal": ("fatal",),
    }.items()
    for word in words
}
"""What each word for a level means; words are compared without regard to case."""

_SEVERITIES: Final = ("trace", "debug", "info", "warn", "error", "fatal")  # Four of OpenTelemetry's numbers each.


def level_of(text: str) -> str | None:
    """The level that a word names (`WRN` is warn), or None."""
    return LEVEL_WORDS.get(text.lower())


def level_of_severity(number: int) -> str:
    """The level of OpenTelemetry's severity number; `unknown` for 0 and for what is none."""
    if number > 4 * len(_SEVERITIES) or number == 0:
        return UNKNOWN
    return _SEVERITIES[max(number - 1, 0) // 4]


def levels_of_lines(lines: Texts, fields: Sequence[str] = LEVEL_FIELDS) -> npt.NDArray[np.uint8]:
    """Index into `line_block.LEVELS` of each line's level, `unknown` where it shows none.

    A JSON line's level is that of the first field of these names in the object or those directly inside of it, a
    logfmt line's of the most trusted name. Where that says nothing, the first level word with bounds around it counts.
    """
    return line_fields.levels(lines, tuple(field.encode() for field in fields))
