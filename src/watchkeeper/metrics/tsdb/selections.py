"""Which series passed which matchers, for questions that come again: those of rules and of dashboards that refresh."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.metrics.tsdb.wal import Refs

MAX_SELECTIONS: Final = 1 << 15
MAX_CELLS: Final = 8_000_000  # Label values in all answers that are kept: 32 MB.


class _Known(NamedTuple):
    version: int
    refs: Refs
    labels: LabelSets


class Selections:
    """The newest answers, each good for one state of the series. Not for several threads at once.

    The same label sets come back as the very same object, so that what was worked out of them can be kept too.
    """

    __slots__ = ("_cells", "_known")

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Matcher, ...], _Known] = OrderedDict()
        self._cells = 0

    def get(self, matchers: Sequence[Matcher], version: int) -> tuple[Refs, LabelSets] | None:
        """The refs and the label sets of this question at this state of the series, or None."""
        key = tuple(matchers)
        known = self._known.get(key)
        if known is None:
            return None
        if known.version != version:
            self._forget(key)
            return None
        self._known.move_to_end(key)
        return known.refs, known.labels

    def put(self, matchers: Sequence[Matcher], version: int, refs: Refs, labels: LabelSets) -> None:
        """Remember an answer; the oldest ones make room. One that would fill the room alone is not kept."""
        if _cells(labels) > MAX_CELLS // 4:
            return
        key = tuple(matchers)
        if key in self._known:
            self._forget(key)
        self._known[key] = _Known(version, refs, labels)
        self._cells += _cells(labels)
        while len(self._known) > MAX_SELECTIONS or self._cells > MAX_CELLS:
            _, oldest = self._known.popitem(last=False)
            self._cells -= _cells(oldest.labels)

    def _forget(self, key: tuple[Matcher, ...]) -> None:
        self._cells -= _cells(self._known.pop(key).labels)


def _cells(labels: LabelSets) -> int:
    """What is counted of an answer: its codes and its strings."""
    return labels.codes.size + 16 * len(labels.strings) + 64
