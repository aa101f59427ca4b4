"""Metric families as values, and their text: the exposition format 0.0.4 and OpenMetrics 1.0."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias

Sample: TypeAlias = tuple[str, tuple[str, ...], tuple[str, ...], float]
"""Suffix of the name (`_sum`), label names, label values, value."""

_ORDERED_TYPES: Final = ("histogram", "summary")  # Their samples come in the one right order.
_EXACT_INT: Final = 2**53  # Above this an int may have no float64 of its own; Go prints the nearest one.


class Family:
    """One metric family on its way out: a name, a type, a help text and samples in the order they were added.

    Samples hold their label values as strings in the order of `label_names`. A family is written sorted by label
    values, with labels sorted by name, as Go's client does.
    """

    __slots__ = ("help", "label_names", "name", "samples", "type")

    def __init__(self, name: str, type_: str, help_: str, label_names: tuple[str, ...] = ()) -> None:
        self.name = name
        self.type = type_
        self.help = help_
        self.label_names = label_names
        self.samples: list[Sample] = []

    def add(self, value: float, *label_values: str) -> None:
        """Append one sample of the plain name."""
        self.samples.append(("", self.label_names, label_values, value))

    def __repr__(self) -> str:
        return f"Family({self.name!r}, {self.type!r}, {len(self.samples)} samples)"


def format_value(value: float) -> str:
    """A number as Go's strconv.FormatFloat(v, 'g', -1, 64): `928760`, `1.795476761e+09`, `0.25`, `+Inf`, `NaN`."""
    if type(value) is int:
        if -1_000_000 < value < 1_000_000:
            return str(value)
        if -_EXACT_INT <= value <= _EXACT_INT:
            sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
            return sign + _scientific(digits, len(digits) - 1)
    if isinstance(value, bool):
        return "1" if value else "0"
    text = repr(float(value))
    if "e" in text:
        return text  # Python and Go agree: shortest digits, a sign, two digits of exponent at least.
    if text.endswith(".0"):
        text = text[:-2]
    if len(text) < 7:
        return _SPECIAL.get(text, text)  # Too short to reach a million or to fall below 0.0001.
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text)
    whole, _, fraction = digits.partition(".")
    if len(whole) > 6:
        return sign + _scientific(whole + fraction, len(whole) - 1)
    return text


_SPECIAL: Final = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}


def _scientific(digits: str, exponent: int) -> str:
    digits = digits.rstrip("0")
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{mantissa}e+{exponent:02d}"


def _format_openmetrics(value: float) -> str:
    text = format_value(value)
    return text if "." in text or "e" in text or "n" in text or "N" in text else text + ".0"


def escape_label(value: str) -> str:
    """A label value with backslash, newline and quote escaped."""
    if '"' in value or "\\" in value or "\n" in value:
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return value


def escape_help(text: str, *, quotes: bool = False) -> str:
    """A help text with backslash and newline escaped, and with `quotes` (OpenMetrics) the double quote too."""
    if "\\" in text or "\n" in text:
        text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def render(families: Iterable[Family], *, openmetrics: bool = False) -> bytes:
    """The exposition text of families, sorted by name; a family without samples is left out.

    Where two families have one name, the samples of both stand under the head of the first.
    """
    by_name: dict[str, list[Family]] = {}
    for family in families:
        if family.samples:
            by_name.setdefault(family.name, []).append(family)
    lines: list[str] = []
    for name in sorted(by_name):
        group = by_name[name]
        first = group[0]
        samples = first.samples if len(group) == 1 else [sample for family in group for sample in family.samples]
        if len(samples) > 1 and first.type not in _ORDERED_TYPES:
            samples = sorted(samples, key=_label_values)
        if openmetrics:
            _render_openmetrics(first, samples, lines)
        else:
            lines.append(f"# HELP {name} {escape_help(first.help)}\n# TYPE {name} {first.type}")
            _render_samples(name, samples, lines)
    if openmetrics:
        lines.append("# EOF")
    return ("\n".join(lines) + "\n").encode("utf-8", "replace") if lines else b""


def _render_samples(name: str, samples: list[Sample], lines: list[str]) -> None:
    names: tuple[str, ...] | None = None
    order: list[tuple[int, str]] = []
    for suffix, label_names, values, value in samples:
        if not label_names:
            lines.append(f"{name}{suffix} {format_value(value)}")
            continue
        if label_names is not names:
            names = label_names
            order = _label_order(label_names)
        if len(order) == 1:
            labels = f'{order[0][1]}{escape_label(values[0])}"'
        else:
            labels = ",".join([f'{label}{escape_label(values[at])}"' for at, label in order])
        lines.append(f"{name}{suffix}{{{labels}}} {format_value(value)}")


@lru_cache(maxsize=256)
def _label_order(label_names: tuple[str, ...]) -> list[tuple[int, str]]:
    # `le` and `quantile` stand last, as in Go's text encoder.
    ranked = sorted(range(len(label_names)), key=lambda at: (label_names[at] in ("le", "quantile"), label_names[at]))
    return [(at, f'{label_names[at]}="') for at in ranked]


def _label_values(sample: Sample) -> tuple[str, ...]:
    return sample[2]


def _render_openmetrics(family: Family, samples: list[Sample], lines: list[str]) -> None:
    is_counter = family.type == "counter"
    name = family.name.removesuffix("_total") if is_counter else family.name
    type_ = "unknown" if family.type == "untyped" else family.type
    lines.append(f"# HELP {name} {escape_help(family.help, quotes=True)}\n# TYPE {name} {type_}")
    for suffix, label_names, values, value in samples:
        full_name = name + ("_total" if is_counter else suffix)
        text = _format_openmetrics(value)
        if not label_names:
            lines.append(f"{full_name} {text}")
            continue
        labels = ",".join(
            f'{label}{_openmetrics_bound(values[at]) if label in _BOUNDS else escape_label(values[at])}"'
            for at, label in _label_order(label_names)
        )
        lines.append(f"{full_name}{{{labels}}} {text}")


_BOUNDS: Final = ('le="', 'quantile="')


def _openmetrics_bound(text: str) -> str:
    return _format_openmetrics(float(text))
