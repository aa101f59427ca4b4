"""The series notation: `requests{path="/"} 0+10x5 _ stale {{schema:0 count:3 sum:4 buckets:[1 2]}}`.

Used by test scripts and by unit tests of rules. Source of the forms: Prometheus, "Unit testing for rules", Series.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from watchkeeper.core.model.duration import DurationError, parse_duration_ms
from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.model.histogram import Histogram, ResetHint
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import STALE
from watchkeeper.metrics.promql.parser import parse_metric
from watchkeeper.metrics.promql.testlang.histograms import HistogramError, add

MAX_VALUES: Final = 1_000_000  # One line may not ask for more; a typo in `x100000000` should not take all memory.

_NAME: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_NUMBER: Final = r"(?:(?i:inf|nan)|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
_ITEM: Final = re.compile(
    rf"(?:(?P<blank>_)|(?P<value>stale|[+-]?{_NUMBER})(?P<step>[+-]{_NUMBER}(?=x))?)(?:x(?P<times>[0-9]+))?(?=\s|$)"
)
_START_ITEM: Final = re.compile(
    r"(?:(?P<blank>_)|(?P<value>[+-]?[0-9a-z]+?)(?P<step>[+-][0-9a-z]+?(?=x))?)(?:x(?P<times>[0-9]+))?(?=\s|$)"
)
_TIMES: Final = re.compile(r"x([0-9]+)(?=\s|$)")
_FIELD: Final = re.compile(r"\s*([A-Za-z_]+):(\[[^\]]*\]|[^\s\]}]+)\s*")


class SeriesError(QueryError):
    """A line that is not in the notation."""


@dataclass(frozen=True, slots=True)
class SeriesValue:
    """One value: a float or a histogram, or neither where the notation has `_`.

    is_hint_given   whether the histogram's counter reset hint was written, so that it is to be compared
    """

    number: float | None = None
    histogram: Histogram | None = None
    is_hint_given: bool = False


OMITTED: Final = SeriesValue()


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """A label set and its values, one for each step.

    start_offsets_ms   of a line with `@st`: instead of values, when the counter began, as an offset from the sample's
                       time; None for unknown
    """

    labels: Labels
    values: tuple[SeriesValue, ...] = ()
    start_offsets_ms: tuple[int | None, ...] | None = None


def parse_series(text: str) -> SeriesLine:
    """One line of the notation. Raises SeriesError or ParseError."""
    text = text.strip()
    end = _metric_end(text)
    labels = parse_metric(text[:end])
    if text.startswith("@st", end):
        return SeriesLine(labels, start_offsets_ms=_start_offsets(text[end + 3 :]))
    if end < len(text) and not text[end].isspace():
        raise SeriesError(f"unexpected {text[end]!r} after the labels in {text!r}")
    return SeriesLine(labels, parse_values(text[end:]))


def parse_values(text: str) -> tuple[SeriesValue, ...]:
    """The values of a line, written out. Raises SeriesError."""
    values: list[SeriesValue] = []
    pos, end = 0, len(text)
    while True:
        while pos < end and text[pos].isspace():
            pos += 1
        if pos >= end:
            return tuple(values)
        if text.startswith("{{", pos):
            pos, more = _histogram_item(text, pos)
        else:
            item = _ITEM.match(text, pos)
            if item is None:
                raise SeriesError(f"not a value of a series: {text[pos:].split()[0]!r}")
            pos, more = item.end(), _item_values(item)
        values += more
        if len(values) > MAX_VALUES:
            raise SeriesError(f"more than {MAX_VALUES} values in one series")


def _metric_end(text: str) -> int:
    """Where the metric of a line ends: after its name, or after the brace that closes its labels."""
    name = _NAME.match(text)
    pos = name.end() if name else 0
    if text[pos : pos + 1] != "{":
        return pos
    delimiter = ""
    while pos < len(text):
        char = text[pos]
        if delimiter:
            if char == "\\" and delimiter != "`":
                pos += 1
            elif char == delimiter:
                delimiter = ""
        elif char in "\"'`":
            delimiter = char
        elif char == "}":
            return pos + 1
        pos += 1
    return len(text)


def _repetitions(item: re.Match[str]) -> int:
    times = int(item["times"]) if item["times"] is not None and len(item["times"]) < 10 else 0
    if item["times"] is not None and (len(item["times"]) >= 10 or times > MAX_VALUES):
        raise SeriesError(f"more than {MAX_VALUES} values in one series")
    return times


def _item_values(item: re.Match[str]) -> list[SeriesValue]:
    times = _repetitions(item)
    if item["blank"]:
        return [OMITTED] * (times if item["times"] is not None else 1)
    value = STALE if item["value"] == "stale" else float(item["value"])
    if item["step"] is None:
        return [SeriesValue(value)] * (times + 1)
    step = float(item["step"])
    values = [SeriesValue(value)]
    for _ in range(times):
        value += step
        values.append(SeriesValue(value))
    return values


def _start_offsets(text: str) -> tuple[int | None, ...]:
    offsets: list[int | None] = []
    for word in text.split():
        item = _START_ITEM.fullmatch(word)
        if item is None:
            raise SeriesError(f"not a start time of a series: {word!r}")
        times = _repetitions(item)
        if item["blank"]:
            offsets += [None] * (times if item["times"] is not None else 1)
            continue
        first, step = signed_duration_ms(item["value"]), signed_duration_ms(item["step"] or "0")
        offsets += [first + i * step for i in range(times + 1)]
    return tuple(offsets)


def signed_duration_ms(text: str) -> int:
    """Milliseconds of `5m`, `-1h30m` or a bare number of seconds. Raises SeriesError."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    try:
        return sign * parse_duration_ms(rest)
    except DurationError as error:
        try:
            return sign * round(float(rest) * 1000)
        except (ValueError, OverflowError):
            raise SeriesError(str(error)) from None


# --- histograms ----------------------------------------------------------------------------------------------------

_HINTS: Final = {
    "unknown": ResetHint.UNKNOWN,
    "reset": ResetHint.RESET,
    "not_reset": ResetHint.NOT_RESET,
    "gauge": ResetHint.GAUGE,
}
_KEYS: Final = frozenset(
    (
        "schema",
        "sum",
        "count",
        "z_bucket",
        "z_bucket_w",
        "custom_values",
        "buckets",
        "offset",
        "n_buckets",
        "n_offset",
        "counter_reset_hint",
    )
)


def _histogram_item(text: str, pos: int) -> tuple[int, list[SeriesValue]]:
    """The histograms of `{{…}}`, `{{…}}x3`, `{{…}}+{{…}}x3`, and where they end."""
    pos, base = _histogram(text, pos)
    if text[pos : pos + 1] in ("+", "-") and text.startswith("{{", pos + 1):
        sign = 1 if text[pos] == "+" else -1
        pos, increment = _histogram(text, pos + 1)
        times = _TIMES.match(text, pos)
        if times is None:
            raise SeriesError("missing number of repetitions after a histogram's increment")
        assert base.histogram is not None
        assert increment.histogram is not None
        values, current = [replace(base, is_hint_given=increment.is_hint_given)], base.histogram
        for _ in range(min(int(times[1][:10]), MAX_VALUES)):
            try:
                current = add(current, increment.histogram, sign)
            except HistogramError as error:
                raise SeriesError(f"error combining histograms: {error}") from None
            values.append(SeriesValue(histogram=current, is_hint_given=increment.is_hint_given))
        return times.end(), values
    times = _TIMES.match(text, pos)
    if times is not None:
        return times.end(), [base] * (min(int(times[1][:10]), MAX_VALUES) + 1)
    if pos < len(text) and not text[pos].isspace():
        raise SeriesError(f"unexpected {text[pos]!r} after a histogram")
    return pos, [base]


def _histogram(text: str, pos: int) -> tuple[int, SeriesValue]:
    end = text.find("}}", pos)
    if end < 0:
        raise SeriesError("a histogram that does not end in }}")
    return end + 2, parse_histogram(text[pos + 2 : end])


def parse_histogram(text: str) -> SeriesValue:
    """The histogram that stands between `{{` and `}}`. Raises SeriesError."""
    fields: dict[str, str] = {}
    pos = 0
    text = text.strip()
    while pos < len(text):
        found = _FIELD.match(text, pos)
        if found is None or found[1].lower() not in _KEYS:
            raise SeriesError(f"bad histogram descriptor found: {text[pos:].split()[0]!r}")
        if found[1].lower() in fields:
            raise SeriesError(f'duplicate key "{found[1]}" in histogram')
        fields[found[1].lower()] = found[2]
        pos = found.end()
    hint = fields.get("counter_reset_hint", "unknown").lower()
    if hint not in _HINTS:
        raise SeriesError(f"unknown counter_reset_hint: {hint!r}")
    try:
        positive, negative = _numbers(fields.get("buckets")), _numbers(fields.get("n_buckets"))
        histogram = Histogram(
            schema=int(fields.get("schema", "0")),
            count=float(fields.get("count", "0")),
            sum=float(fields.get("sum", "0")),
            zero_threshold=float(fields.get("z_bucket_w", "0")),
            zero_count=float(fields.get("z_bucket", "0")),
            positive_spans=((int(fields.get("offset", "0")), len(positive)),) if positive else (),
            positive=positive,
            negative_spans=((int(fields.get("n_offset", "0")), len(negative)),) if negative else (),
            negative=negative,
            custom_values=_numbers(fields.get("custom_values")),
            reset_hint=_HINTS[hint],
        )
    except ValueError as error:
        raise SeriesError(f"not a histogram: {error}") from None
    return SeriesValue(histogram=histogram, is_hint_given="counter_reset_hint" in fields)


def _numbers(text: str | None) -> tuple[float, ...]:
    return () if text is None else tuple(float(word) for word in text.strip("[]").split())
