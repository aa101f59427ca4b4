"""Whether an answer is the expected one, and in words where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.stale import is_stale
from watchkeeper.core.testlang import almost_equal
from watchkeeper.metrics.promql.printer import format_number
from watchkeeper.metrics.promql.testlang.histograms import Buckets, buckets_of
from watchkeeper.metrics.promql.testlang.series import SeriesValue

Point = float | Histogram


@dataclass(frozen=True, slots=True)
class AnswerSeries:
    """One series of an answer: its values by time in ms."""

    labels: Labels
    points: dict[int, Point]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query answered, in the shape that comparisons need.

    series   of a vector (in its order) or a matrix; else empty
    """

    series: tuple[AnswerSeries, ...] = ()
    scalar: float | None = None
    string: str | None = None
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectedSeries:
    """One series that must be in an answer: its values by time in ms."""

    labels: Labels
    points: dict[int, SeriesValue]


def _buckets_equal(first: Buckets, second: Buckets) -> bool:
    return all(almost_equal(first.get(index, 0.0), second.get(index, 0.0)) for index in first.keys() | second.keys())


def histograms_equal(expected: Histogram, found: Histogram, *, compare_hint: bool) -> bool:
    """Equal in schema, bounds and, nearly, in all counts; how the spans are cut does not matter."""
    return (
        expected.schema == found.schema
        and expected.custom_values == found.custom_values
        and almost_equal(expected.count, found.count)
        and almost_equal(expected.sum, found.sum)
        and almost_equal(expected.zero_threshold, found.zero_threshold)
        and almost_equal(expected.zero_count, found.zero_count)
        and _buckets_equal(
            buckets_of(expected.positive_spans, expected.positive), buckets_of(found.positive_spans, found.positive)
        )
        and _buckets_equal(
            buckets_of(expected.negative_spans, expected.negative), buckets_of(found.negative_spans, found.negative)
        )
        and (not compare_hint or expected.reset_hint is found.reset_hint)
    )


def compare_series(expected: Sequence[ExpectedSeries], found: Sequence[AnswerSeries], *, ordered: bool) -> list[str]:
    """What differs, a line for each thing; empty where nothing does."""
    problems: list[str] = []
    by_labels: dict[Labels, AnswerSeries] = {}
    for series in found:
        if series.labels in by_labels:
            problems.append(f"{_metric(series.labels)} stands twice in the answer")
        by_labels[series.labels] = series
    wanted = [series.labels for series in expected]
    for one in expected:
        answer = by_labels.get(one.labels)
        if answer is None:
            problems.append(f"missing  {_metric(one.labels)} {_points(one.points)}")
        else:
            problems += _compare_points(one, answer)
    known = set(wanted)
    problems += [
        f"surplus  {_metric(series.labels)} {_points(series.points)}" for series in found if series.labels not in known
    ]
    if ordered and not problems and wanted != [series.labels for series in found]:
        problems.append("order    " + " then ".join(_metric(series.labels) for series in found))
    return problems


def _compare_points(expected: ExpectedSeries, found: AnswerSeries) -> list[str]:
    problems: list[str] = []
    for time_ms in sorted(expected.points.keys() | found.points.keys()):
        wanted, got = expected.points.get(time_ms), found.points.get(time_ms)
        if wanted is not None and got is not None and _same(wanted, got):
            continue
        problems.append(
            f"differs  {_metric(expected.labels)} at {time_ms / 1000:g}s: expected {_text(wanted)}, got {_text(got)}"
        )
    return problems


def _same(wanted: SeriesValue, got: Point) -> bool:
    if isinstance(got, Histogram):
        return wanted.histogram is not None and histograms_equal(
            wanted.histogram, got, compare_hint=wanted.is_hint_given
        )
    return wanted.number is not None and almost_equal(wanted.number, got)


def _metric(labels: Labels) -> str:
    name = labels.name
    rest = labels.drop(["__name__"])
    return f"{name}{rest}" if len(rest) or not name else name


def _points(points: dict[int, SeriesValue] | dict[int, Point]) -> str:
    shown = [f"{_text(point)}@{time_ms / 1000:g}s" for time_ms, point in sorted(points.items())]
    return " ".join(shown[:8]) + (f" … {len(shown)} points" if len(shown) > 8 else "")


def _text(value: SeriesValue | Point | None) -> str:
    match value:
        case None:
            return "nothing"
        case SeriesValue(number=number, histogram=histogram):
            inner: Point | None = histogram if histogram is not None else number
            return _text(inner)
        case Histogram():
            return describe_histogram(value)
        case _:
            return "stale" if is_stale(value) else format_number(float(value))


def describe_histogram(histogram: Histogram) -> str:
    """In the series notation, but with bucket numbers: `{{schema:0 count:3 sum:4 buckets:{0:1 1:2}}}`."""
    parts = [
        f"schema:{histogram.schema}",
        f"count:{format_number(histogram.count)}",
        f"sum:{format_number(histogram.sum)}",
    ]
    if histogram.zero_count or histogram.zero_threshold:
        parts.append(f"z_bucket:{format_number(histogram.zero_count)}")
        parts.append(f"z_bucket_w:{format_number(histogram.zero_threshold)}")
    if histogram.custom_values:
        parts.append(f"custom_values:[{' '.join(map(format_number, histogram.custom_values))}]")
    for key, spans, counts in (
        ("buckets", histogram.positive_spans, histogram.positive),
        ("n_buckets", histogram.negative_spans, histogram.negative),
    ):
        buckets = buckets_of(spans, counts)
        if buckets:
            inner = " ".join(f"{index}:{format_number(count)}" for index, count in sorted(buckets.items()))
            parts.append(f"{key}:{{{inner}}}")
    if histogram.reset_hint:
        parts.append(f"counter_reset_hint:{histogram.reset_hint.name.lower()}")
    return "{{" + " ".join(parts) + "}}"
