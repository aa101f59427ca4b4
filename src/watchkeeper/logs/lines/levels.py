"""Levels of log lines: which fields hold one, and what their values mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from watchkeeper.core.kernels import line_fields

UNKNOWN: Final = "unknown"
LEVEL_FIELDS: Final = tuple(name.decode() for name in line_fields.LEVEL_FIELDS)
"""Names of fields and labels that hold a level where `log_level_fields` names none, the more trusted ones first."""

JSON_DEPTH: Final = 2
"""In how many objects around it a field of JSON counts where `log_level_from_json_max_depth` says nothing."""

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
