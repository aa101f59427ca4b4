"""Which series passed which matchers, for questions that come again: those of rules and of dashboards that refresh."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.metrics.tsdb.wal import Refs

MAX_SELECTIONS: Final = 1 << 15
MAX_NAMES: Final = 1 << 17  # Metrics whose new series are counted apart.
MAX_CELLS: Final = 8_000_000  # Label values in all answers that are kept: 32 MB.


class SeriesChanges:
    """Counts how series come and go, so that an answer can tell whether it still holds.

    It is told after the change. Who looks up an answer asks for the count before: what a change between adds to the
    answer, or not, makes it old.
    """

    __slots__ = ("_by_name", "_last", "_of_all")

    def __init__(self) -> None:
        self._last = 0
        self._of_all = 0
        self._by_name: dict[str, int] = {}

    def came(self, names: Iterable[str]) -> None:
        """Series of these metrics are new."""
        self._last += 1
        for name in names:
            self._by_name[name] = self._last
        if len(self._by_name) > MAX_NAMES:
            self.went()

    def went(self) -> None:
        """Series went away, or were renumbered: no answer holds."""
        self._last += 1
        self._of_all = self._last
        self._by_name = {}

    def seen_by(self, matchers: Sequence[Matcher]) -> int:
        """A number that is another after each change that these matchers may see."""
        for matcher in matchers:
            if matcher.name == METRIC_NAME and matcher.type is MatchType.EQUAL and matcher.value:
                # In this order: where all is forgotten meanwhile, the number is too small, never too new.
                of_name = self._by_name.get(matcher.value, 0)
                return max(self._of_all, of_name)
        return self._last


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
