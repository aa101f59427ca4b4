"""The `_created` series of OpenMetrics as start times of the series beside them, instead of series of their own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.wire.exposition import Exposition, LabelPairs

_SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("", "_sum", "_count"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
}
_OWN_LABEL = {"histogram": "le", "gaugehistogram": "le", "summary": "quantile"}
_ORDINARY = -1

Key = tuple[str, frozenset[tuple[str, str]]]


class CreatedSeries:
    """Which series number says when which others began; knows only families that have a `_created` series."""

    def __init__(self) -> None:
        self._group_of = np.empty(0, np.int32)  # By series number; -1 where it has no group.
        self._is_created = np.empty(0, np.bool_)
        self._groups: dict[Key, int] = {}

    def apply(self, exposition: Exposition, types: list[str]) -> None:
        """Take the `_created` samples out of an exposition and set its `created`.

        types  the family type of each series in `exposition.new`
        """
        self._learn(exposition, types)
        if not self._is_created.any():
            return
        n_series = exposition.n_series
        index = np.arange(n_series, dtype=np.int32) if exposition.index is None else exposition.index
        is_created = self._is_created[index]
        start_ms = np.zeros(len(self._groups) + 1, np.int64)  # The last one is for series without a group.
        seconds = exposition.values[is_created]
        seconds = np.where(np.abs(seconds) < 9e15, seconds, 0.0)
        start_ms[self._group_of[index[is_created]]] = (seconds * 1000).astype(np.int64)
        kept = ~is_created
        exposition.index = index[kept]
        exposition.created = start_ms[self._group_of[exposition.index]]
        exposition.values = exposition.values[kept]
        if exposition.times is not None and exposition.timed is not None:
            exposition.times, exposition.timed = exposition.times[kept], exposition.timed[kept]
        exposition.new = [(number, pairs) for number, pairs in exposition.new if not self._is_created[number]]
        exposition.gone = exposition.gone[~self._is_created[exposition.gone]]
        exposition.exemplars = [pair for pair in exposition.exemplars if not self._is_created[pair[0]]]

    def renumber(self, renumbered: npt.NDArray[np.int32]) -> None:
        """Follow a compaction: each old number's new one, or -1."""
        kept = renumbered >= 0
        self._group_of = self._group_of[kept]
        self._is_created = self._is_created[kept]

    def _learn(self, exposition: Exposition, types: list[str]) -> None:
        if not exposition.new:
            return
        more = exposition.n_series - len(self._group_of)
        self._group_of = np.append(self._group_of, np.full(more, _ORDINARY, np.int32))
        self._is_created = np.append(self._is_created, np.zeros(more, np.bool_))
        for (number, pairs), type_ in zip(exposition.new, types, strict=True):
            if type_ not in _SUFFIXES:
                continue
            name = pairs[0][1]
            if name.endswith("_created"):
                self._is_created[number] = True
                self._group_of[number] = self._group(name.removesuffix("_created"), pairs, type_)
                continue
            for suffix in _SUFFIXES[type_]:
                if name.endswith(suffix):
                    self._group_of[number] = self._group(name.removesuffix(suffix), pairs, type_)
        # A group without a `_created` series stays, with start time 0: it may still come.

    def _group(self, family: str, pairs: LabelPairs, type_: str) -> int:
        own = _OWN_LABEL.get(type_)
        key = (family, frozenset(pair for pair in pairs if pair[0] not in (METRIC_NAME, own)))
        return self._groups.setdefault(key, len(self._groups))
