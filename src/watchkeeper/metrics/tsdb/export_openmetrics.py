"""Stored samples as OpenMetrics text: by metric, within it by day, within that by series."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from watchkeeper.core.kernels.number_text import format_float
from watchkeeper.core.model.labels import METRIC_NAME, Labels, is_legacy_name
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import missing_mask, stale_mask
from watchkeeper.metrics.interface import Budget, Querier, Series

WINDOW_MS: Final = 24 * 3600 * 1000  # What is held at once of one metric.
PIECE_LINES: Final = 10_000
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(slots=True)
class ExportReport:
    """What an export wrote, and what the text form has no place for."""

    series: int = 0
    samples: int = 0
    histograms_left_out: int = 0
    markers_left_out: int = 0


def export_openmetrics(
    querier: Querier,
    matcher_sets: Sequence[Sequence[Matcher]],
    start_ms: int,
    end_ms: int,
    report: ExportReport,
    *,
    progress: Callable[[ExportReport], None] = lambda _: None,
) -> Iterator[bytes]:
    """Pieces of the text of all samples from start to end (both included) of the series that pass any of the sets.

    Without sets, of all series. Staleness markers and native histograms are counted in `report`, not written.
    """
    for name in querier.label_values(METRIC_NAME, matcher_sets, start_ms, end_ms):
        named = Matcher(METRIC_NAME, MatchType.EQUAL, name)
        seen: set[str] = set()
        for window_ms in _windows(querier, matcher_sets, named, start_ms, end_ms):
            last_ms = min(window_ms + WINDOW_MS - 1, end_ms)
            written: set[str] = set()
            for matchers in matcher_sets or ((),):
                found = querier.select([named, *matchers], max(window_ms, start_ms), last_ms, Budget())
                yield from _text(found, written, report)
            seen |= written
        report.series += len(seen)
        progress(report)
    yield b"# EOF\n"


def _windows(
    querier: Querier, matcher_sets: Sequence[Sequence[Matcher]], named: Matcher, start_ms: int, end_ms: int
) -> list[int]:
    """The starts of the windows that may have samples. Found by halves, so that a wide range costs little."""
    sets = [[named, *matchers] for matchers in matcher_sets] or [[named]]
    first, last = start_ms // WINDOW_MS, end_ms // WINDOW_MS
    found: list[int] = []
    stack = [(first, last)]
    while stack:
        lo, hi = stack.pop()
        if not len(querier.series(sets, max(lo * WINDOW_MS, start_ms), min((hi + 1) * WINDOW_MS - 1, end_ms))):
            continue
        if lo == hi:
            found.append(lo * WINDOW_MS)
        else:
            middle = (lo + hi) // 2
            stack += [(middle + 1, hi), (lo, middle)]
    return found


def _text(found: Series, written: set[str], report: ExportReport) -> Iterator[bytes]:
    out: list[str] = []
    for i in found.labels.sort_order().tolist():
        labels = series_text(found.labels[i])
        if labels in written:
            continue
        lo, hi, at = int(found.value_lo[i]), int(found.value_hi[i]), int(found.time_lo[i])
        values = np.ascontiguousarray(found.values[lo:hi])
        markers = stale_mask(values)
        kept = ~(missing_mask(values) | markers)
        report.markers_left_out += int(markers.sum())
        if i in found.histograms:
            report.histograms_left_out += len(found.histograms[i].values)
        if not kept.any():
            continue
        written.add(labels)
        times = found.times[at : at + hi - lo][kept].tolist()
        report.samples += len(times)
        # A loop over samples: text for people, where the time goes into the digits anyway.
        out += [
            f"{labels} {format_float(value)} {_seconds(time_ms)}\n"
            for time_ms, value in zip(times, values[kept].tolist(), strict=True)
        ]
        if len(out) >= PIECE_LINES:
            yield "".join(out).encode("utf-8", "replace")
            out = []
    if out:
        yield "".join(out).encode("utf-8", "replace")


def series_text(labels: Labels) -> str:
    """A series as OpenMetrics writes it; names with other characters than the legacy ones are quoted."""
    name = labels.name
    plain = is_legacy_name(name, colon=True)
    parts = [] if plain or not name else [f'"{name.translate(_ESCAPES)}"']
    for label, value in labels:
        if label != METRIC_NAME:
            shown = label if is_legacy_name(label) else f'"{label.translate(_ESCAPES)}"'
            parts.append(f'{shown}="{value.translate(_ESCAPES)}"')
    braces = "{" + ",".join(parts) + "}" if parts else ""
    return f"{name}{braces}" if plain else braces


def _seconds(time_ms: int) -> str:
    whole, rest = divmod(abs(time_ms), 1000)
    return f"{'-' if time_ms < 0 else ''}{whole}.{rest:03d}" if rest else f"{'-' if time_ms < 0 else ''}{whole}"
