"""Series as dicts of plain values: what a store must answer, computed one sample at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from watchkeeper.core.model.histogram import Histogram, HistogramSamples, ResetHint
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import MISSING_BITS, STALE_BITS
from watchkeeper.metrics.interface import Series

Model = dict[Labels, dict[int, tuple[int, int]]]
"""By series and time in ms: the bits of the value, and the start time."""
Histograms = dict[Labels, dict[int, tuple[object, ...]]]


def as_model(series: Series) -> Model:
    """Every sample of a Series that is there."""
    model: Model = {}
    for i, labels in enumerate(series.labels):
        assert labels not in model, "a series stands twice"
        lo, hi, at = int(series.value_lo[i]), int(series.value_hi[i]), int(series.time_lo[i])
        times = series.times[at : at + hi - lo]
        assert len(times) == hi - lo
        assert (np.diff(times) > 0).all()
        bits = series.values[lo:hi].view(np.uint64)
        starts = series.start_times[lo:hi] if series.start_times is not None else np.zeros(hi - lo, np.int64)
        model[labels] = {
            time: (value, start)
            for time, value, start in zip(times.tolist(), bits.tolist(), starts.tolist(), strict=True)
            if value != MISSING_BITS
        }
    return model


def histogram_model(series: Series) -> Histograms:
    """Every histogram sample, as comparable tuples."""
    return {
        series.labels[row]: {
            time: comparable(value) for time, value in zip(samples.times.tolist(), samples.values, strict=True)
        }
        for row, samples in series.histograms.items()
        if len(samples.times)
    }


def comparable(h: Histogram) -> tuple[object, ...]:
    """All fields of a histogram; floats by their bits."""
    floats = np.array([h.count, h.sum, h.zero_threshold, h.zero_count, *h.positive, *h.negative, *h.custom_values])
    return (
        h.schema,
        h.positive_spans,
        h.negative_spans,
        len(h.positive),
        len(h.custom_values),
        h.reset_hint,
        h.is_float,
        floats.tobytes(),
    )


def chosen(model: Model, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Model:
    """What a select answers: series without a sample in the range are left out."""
    out: Model = {}
    for labels, samples in model.items():
        if all(matcher.matches(labels.get(matcher.name)) for matcher in matchers):
            found = {time: sample for time, sample in samples.items() if start_ms <= time <= end_ms}
            if found:
                out[labels] = found
    return out


def deleted(model: Model, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Model:
    """What is left after a delete."""
    gone = chosen(model, matchers, start_ms, end_ms)
    return {
        labels: {time: sample for time, sample in samples.items() if time not in gone.get(labels, {})}
        for labels, samples in model.items()
    }


def matchers() -> st.SearchStrategy[list[Matcher]]:
    """Matchers over the labels that `series` makes."""
    values = st.sampled_from(["", "a", "b", "up", "node_cpu", "zz", "1", "2"])
    regexes = st.sampled_from(["", "a|b", ".*", ".+", "u.", "node.*", "[0-9]", "(1|)", "up", "zz|1", "a|2|"])
    names = st.sampled_from(["__name__", "job", "instance", "nope"])
    plain = st.builds(Matcher, names, st.sampled_from([MatchType.EQUAL, MatchType.NOT_EQUAL]), values)
    regex = st.builds(Matcher, names, st.sampled_from([MatchType.REGEX, MatchType.NOT_REGEX]), regexes)
    return st.lists(plain | regex, max_size=3)


BASE_MS = 1_700_000_000_000
LABELS = st.fixed_dictionaries(
    {"__name__": st.sampled_from(["up", "node_cpu", "a", "http_requests_total"])},
    optional={"job": st.sampled_from(["a", "b"]), "instance": st.sampled_from(["1", "2", "3", "ü\x00"])},
)


@st.composite
def series(draw: st.DrawFn, *, with_histograms: bool = True, min_ms: int = 0, max_ms: int = 400) -> Series:
    """Some series, sorted by labels, over a few shared axes, with holes, markers, start times and histograms.

    Times are BASE_MS plus min_ms to max_ms.
    """
    label_sets = sorted({Labels.of(row) for row in draw(st.lists(LABELS, max_size=9))}, key=metric_major_key)
    n = len(label_sets)
    axes, at = [], [0]
    for _ in range(draw(st.integers(1, 3))):
        times = draw(st.sets(st.integers(min_ms, max_ms - 1), max_size=12))
        axes.append(np.array(sorted(times), np.int64) + BASE_MS)
        at.append(at[-1] + len(times))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    lo, hi, first, values = [], [], [], []
    total = 0
    for _ in range(n):
        axis = draw(st.integers(0, len(axes) - 1))
        begin = draw(st.integers(0, len(axes[axis])))
        end = draw(st.integers(begin, len(axes[axis])))
        if draw(st.booleans()):
            begin, end = 0, len(axes[axis])
        column = rng.choice([rng.normal(size=end - begin), np.cumsum(rng.integers(0, 9, end - begin))])
        bits = np.array(column, np.float64).view(np.uint64)
        bits[rng.random(len(bits)) < 0.1] = STALE_BITS
        bits[rng.random(len(bits)) < draw(st.sampled_from([0, 0.3, 1.0]))] = MISSING_BITS
        values.append(bits)
        lo.append(total)
        total += len(bits)
        hi.append(total)
        first.append(at[axis] + begin)
    starts = rng.integers(0, 3, total) * 1000 if draw(st.booleans()) else None
    histograms = {}
    if with_histograms and n and draw(st.booleans()):
        for row in draw(st.sets(st.integers(0, n - 1), max_size=2)):
            times = sorted(draw(st.sets(st.integers(min_ms, max_ms - 1), min_size=1, max_size=4)))
            histograms[row] = HistogramSamples(np.array(times, np.int64) + BASE_MS, [draw(histogram()) for _ in times])
    return Series(
        LabelSets.of(label_sets),
        np.concatenate([np.zeros(0, np.int64), *axes]),
        np.concatenate([np.zeros(0, np.uint64), *values]).view(np.float64),
        np.array(lo, np.int64),
        np.array(hi, np.int64),
        np.array(first, np.int64),
        histograms,
        starts,
    )


def metric_major_key(labels: Labels) -> tuple[str, Labels]:
    return labels.name, labels


@st.composite
def histogram(draw: st.DrawFn) -> Histogram:
    counts = st.lists(st.floats(allow_nan=False), max_size=3).map(tuple)
    spans = st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 3)), max_size=2).map(tuple)
    return Histogram(
        draw(st.integers(-4, 8)),
        draw(st.floats()),
        draw(st.floats()),
        draw(st.floats(allow_nan=False)),
        draw(st.floats(allow_nan=False)),
        draw(spans),
        draw(counts),
        draw(spans),
        draw(counts),
        draw(counts),
        draw(st.sampled_from(ResetHint)),
        draw(st.booleans()),
    )
