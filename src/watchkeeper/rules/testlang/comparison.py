"""Whether what came of a test is what was expected, and the difference line by line where not.

Numbers are the same only where they are exactly so, as upstream has it, or neighbours where the file says
`fuzzy_compare`. An expected NaN is met by any NaN.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchkeeper.core.model.go_float import format_shortest
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.stale import is_stale
from watchkeeper.core.vector.native_histogram import same
from watchkeeper.metrics.promql.testlang.comparison import describe_histogram


@dataclass(frozen=True, slots=True)
class FiringAlert:
    """An alert by what tests compare."""

    labels: Labels
    annotations: Labels


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: of an answer, or an expected one, of which a histogram's reset hint may not count."""

    labels: Labels
    value: float
    histogram: Histogram | None = None
    is_hint_given: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected and what came, each as lines in the same order."""

    expected: tuple[str, ...]
    got: tuple[str, ...]

    def lines(self) -> list[str]:
        """Both as one text: `-` what is missing, `+` what should not be there, a space before what is right."""
        matcher = difflib.SequenceMatcher(None, self.expected, self.got, autojunk=False)
        out: list[str] = []
        for tag, lo, hi, got_lo, got_hi in matcher.get_opcodes():
            if tag == "equal":
                out += [f"  {line}" for line in self.expected[lo:hi]]
            else:
                out += [f"- {line}" for line in self.expected[lo:hi]]
                out += [f"+ {line}" for line in self.got[got_lo:got_hi]]
        return out


def compare_alerts(expected: Iterable[FiringAlert], got: Iterable[FiringAlert]) -> Difference | None:
    """None where both have the same alerts, in any order and as often."""
    wanted, found = list(expected), list(got)
    if Counter(wanted) == Counter(found):
        return None
    return Difference(_alert_lines(wanted), _alert_lines(found))


def _alert_lines(alerts: Sequence[FiringAlert]) -> tuple[str, ...]:
    lines: list[str] = []
    for alert in sorted(alerts, key=lambda alert: (alert.labels.pairs, alert.annotations.pairs)):
        lines.append(f"{alert.labels}")
        lines += [f"    {name}: {_one_line(value)}" for name, value in alert.annotations]
    return tuple(lines) or ("no alert",)


def _one_line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def compare_samples(expected: Iterable[Sample], got: Iterable[Sample], *, fuzzy: bool) -> Difference | None:
    """None where both have the same samples, in any order."""
    wanted = sorted(expected, key=lambda sample: sample.labels.pairs)
    found = sorted(got, key=lambda sample: sample.labels.pairs)
    if len(wanted) == len(found) and all(
        _is_same(one, other, fuzzy=fuzzy) for one, other in zip(wanted, found, strict=True)
    ):
        return None
    return Difference(_sample_lines(wanted), _sample_lines(found))


def _is_same(wanted: Sample, got: Sample, *, fuzzy: bool) -> bool:
    if wanted.labels != got.labels or (wanted.histogram is None) != (got.histogram is None):
        return False
    if wanted.histogram is not None and got.histogram is not None:
        hints_differ = wanted.is_hint_given and wanted.histogram.reset_hint is not got.histogram.reset_hint
        return not hints_differ and same(wanted.histogram, got.histogram)
    return _is_same_number(wanted.value, got.value, fuzzy=fuzzy)


def _is_same_number(wanted: float, got: float, *, fuzzy: bool) -> bool:
    if wanted == got or (math.isnan(wanted) and math.isnan(got)):
        return True
    return fuzzy and got in (math.nextafter(wanted, math.inf), math.nextafter(wanted, -math.inf))


def _sample_lines(samples: Sequence[Sample]) -> tuple[str, ...]:
    return tuple(f"{metric_text(sample.labels)} {value_text(sample)}" for sample in samples) or ("no sample",)


def metric_text(labels: Labels) -> str:
    """`up{job="node"}`."""
    rest = labels.drop([METRIC_NAME])
    return f"{labels.name}{rest}" if len(rest) or not labels.name else labels.name


def value_text(sample: Sample) -> str:
    """A number with all its digits, `stale`, or a histogram in the series notation."""
    if sample.histogram is not None:
        return describe_histogram(sample.histogram)
    return "stale" if is_stale(sample.value) else format_shortest(sample.value)
