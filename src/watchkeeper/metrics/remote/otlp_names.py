"""Names of OpenTelemetry → names of Prometheus.

Source of units and rules: Prometheus otlptranslator, and OpenTelemetry's specification of compatibility.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

UNITS: Final = {
    "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds",
    "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes",
    "TiBy": "tibibytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
    "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius",
    "Hz": "hertz", "1": "", "%": "percent",
}  # fmt: skip
PER_UNITS: Final = {
    "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
}  # fmt: skip

_SEPARATORS: Final = re.compile(r"[^a-zA-Z0-9:]+")
_NOT_IN_METRIC: Final = re.compile(r"[^a-zA-Z0-9:_]+")
_NOT_IN_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")


@dataclass(frozen=True, slots=True)
class Namer:
    """How names are made: `escapes` what is not of the old alphabet, `adds_suffixes` for unit and type.

    `key_prefix` puts `key` before a label that begins with one underscore; `keeps_underscores` where several follow
    each other in a label.
    """

    escapes: bool = True
    adds_suffixes: bool = True
    key_prefix: bool = True
    keeps_underscores: bool = True

    def metric(self, name: str, unit: str, *, is_counter: bool = False, is_gauge: bool = False) -> str:
        """The name of a metric; empty where nothing is left of it."""
        if not self.escapes:
            return self._with_suffixes(name, unit, is_counter, is_gauge) if self.adds_suffixes else name
        if self.adds_suffixes:
            made = _normalized(name, unit, is_counter, is_gauge)
        else:
            made = "_".join(part for part in _NOT_IN_METRIC.split(name) if part)
        if made[:1].isdigit():
            made = "_" + made
        return made if made == name or made.strip("_") else ""

    def label(self, name: str) -> str:
        """The name of a label; empty where nothing is left of it."""
        if not name or not self.escapes:
            return name
        made = _NOT_IN_LABEL.sub("_", name)
        if not self.keeps_underscores:
            made = re.sub("__+", "_", made)
        if made[0].isdigit():
            made = "key_" + made
        elif self.key_prefix and made.startswith("_") and not made.startswith("__"):
            made = "key" + made
        return made if made == name or made.strip("_") else ""

    @staticmethod
    def _with_suffixes(name: str, unit: str, is_counter: bool, is_gauge: bool) -> str:
        ends: list[str] = []
        for wanted, end in ((unit == "1" and is_gauge, "ratio"), (is_counter, "total")):
            if wanted:
                name = _without_end(name, end)
                ends.insert(0, end)
        main, per = _unit_words(unit)
        if per:
            name = _without_end(name, per)
            ends.insert(0, per)
        if main and not name.endswith(main):
            name += "_" + main
        return "_".join([name, *ends])


def _normalized(name: str, unit: str, is_counter: bool, is_gauge: bool) -> str:
    parts = [part for part in _SEPARATORS.split(name) if part]
    main, per = (_SEPARATORS.sub("_", word).strip("_") for word in _unit_words(unit))
    if main and main not in parts:
        parts.append(main)
    if per and per != "per" and per not in parts:
        parts.append(per)
    if is_counter:
        parts = [part for part in parts if part != "total"] + ["total"]
    if unit == "1" and is_gauge:
        # For gauges alone: many counters of things are wrongly said to be of unit 1.
        parts = [part for part in parts if part != "ratio"] + ["ratio"]
    return "_".join(parts)


def _unit_words(unit: str) -> tuple[str, str]:
    """(`bytes`, `per_second`) of `By/s`; what stands in braces is a remark, not a unit."""
    main, _, per = unit.partition("/")
    main, per = main.strip(), per.strip()
    main_word = "" if "{" in main or "}" in main else UNITS.get(main, main)
    per_word = "" if not per or "{" in per or "}" in per else "per_" + PER_UNITS.get(per, per)
    return main_word, per_word


def _without_end(name: str, end: str) -> str:
    return name[: -len(end) - 1] if name.endswith(end) and len(name) > len(end) + 1 else name
