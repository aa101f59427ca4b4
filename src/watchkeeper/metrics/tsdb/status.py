"""Figures of cardinality: what status/tsdb answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest
from typing import Any

from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.metrics.tsdb.head import Head

Counts = list[tuple[str, int]]
"""(name, count), the largest count first."""


@dataclass(frozen=True, slots=True)
class TsdbStatus:
    """The head's figures; `min_time_ms` and `max_time_ms` are the extreme int64 while it is empty."""

    num_series: int
    num_label_pairs: int
    chunk_count: int
    min_time_ms: int
    max_time_ms: int
    series_by_metric: Counts
    values_by_label: Counts
    memory_by_label: Counts
    series_by_pair: Counts

    def as_json(self) -> dict[str, Any]:
        """As the API answers."""
        return {
            "headStats": {
                "numSeries": self.num_series,
                "numLabelPairs": self.num_label_pairs,
                "chunkCount": self.chunk_count,
                "minTime": self.min_time_ms,
                "maxTime": self.max_time_ms,
            },
            "seriesCountByMetricName": _rows(self.series_by_metric),
            "labelValueCountByLabelName": _rows(self.values_by_label),
            "memoryInBytesByLabelName": _rows(self.memory_by_label),
            "seriesCountByLabelValuePair": _rows(self.series_by_pair),
        }


def status_of(head: Head, limit: int) -> TsdbStatus:
    """The figures now, at most `limit` entries in each list."""
    with head.table_kept() as table:
        labels = table.cardinality()
        pairs = nlargest(limit, ((count, number, name) for name, _, _, counts in labels for count, number in counts))
        metrics = nlargest(limit, (pair for name, _, _, counts in labels if name == METRIC_NAME for pair in counts))
        return TsdbStatus(
            table.n_series,
            table.n_pairs,
            chunk_count(head),
            head.min_time_ms,
            head.max_time_ms,
            _sorted((table.pair_value(number), count) for count, number in metrics),
            _sorted(nlargest(limit, [(name, n) for name, n, _, _ in labels], key=_count)),
            _sorted(nlargest(limit, ((name, size) for name, _, size, _ in labels), key=_count)),
            _sorted((f"{name}={table.pair_value(number)}", count) for count, number, name in pairs),
        )


def chunk_count(head: Head) -> int:
    """Sealed columns and open ones."""
    total = 0
    with head.lock:
        for source in head.sources.values():
            total += sum(len(part.refs) for part in source.layout.parts)
        total += sum(len(chunk.refs) for chunk in head.ragged.chunks)
    return total


def _count(item: tuple[str, int]) -> int:
    return item[1]


def _sorted(items: Iterable[tuple[str, int]]) -> Counts:
    return sorted(items, key=lambda item: (-item[1], item[0]))


def _rows(counts: Counts) -> list[dict[str, Any]]:
    return [{"name": name, "value": count} for name, count in counts]
