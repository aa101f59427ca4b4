"""Head and blocks read as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.model.label_sets import LabelSets, unified
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.tsdb.block import Block
from watchkeeper.metrics.tsdb.blocks import Blocks
from watchkeeper.metrics.tsdb.head import Head
from watchkeeper.metrics.tsdb.merge import merge_series

T = TypeVar("T")


class StoreQuerier:
    """A `Querier` over a head and blocks. The head is read first: a block that is cut meanwhile is then seen too."""

    def __init__(self, head: Head, blocks: Blocks) -> None:
        self._head = head
        self._blocks = blocks

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, budget: Budget, *, newest: bool = False
    ) -> Series:
        """All samples from start to end (both included) of the series that pass all matchers."""
        parts: list[Series] = []
        if self._uses_head(start_ms, end_ms):
            parts.append(self._head.select(matchers, start_ms, end_ms, budget, newest=newest))
        older = self._of_blocks(start_ms, end_ms, lambda block: block.select(matchers, start_ms, end_ms, budget))
        return merge_series([*older, *parts])

    def series(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> LabelSets:
        """The series that pass any of the sets and may have samples in the range, each once."""
        parts = [self._head.series(matcher_sets, start_ms, end_ms)] if self._uses_head(start_ms, end_ms) else []
        parts += self._of_blocks(start_ms, end_ms, lambda block: block.series(matcher_sets, start_ms, end_ms))
        if len(parts) == 1:
            return parts[0]
        labels, _ = unified(parts)
        return labels.take(labels.distinct()[0])

    def label_names(self, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> list[str]:
        """Sorted names of labels; without matcher sets, of all series."""
        parts = [self._head.label_names(matcher_sets, start_ms, end_ms)] if self._uses_head(start_ms, end_ms) else []
        parts += self._of_blocks(start_ms, end_ms, lambda block: block.label_names(matcher_sets, start_ms, end_ms))
        return sorted({name for part in parts for name in part})

    def label_values(
        self, name: str, matcher_sets: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> list[str]:
        """Sorted values of one label; without matcher sets, of all series."""
        parts = []
        if self._uses_head(start_ms, end_ms):
            parts.append(self._head.label_values(name, matcher_sets, start_ms, end_ms))
        parts += self._of_blocks(
            start_ms, end_ms, lambda block: block.label_values(name, matcher_sets, start_ms, end_ms)
        )
        return sorted({value for part in parts for value in part})

    def _uses_head(self, start_ms: int, end_ms: int) -> bool:
        return self._head.overlaps(start_ms, end_ms)

    def _of_blocks(self, start_ms: int, end_ms: int, ask: Callable[[Block], T]) -> list[T]:
        out = []
        for block in self._blocks.current:
            meta = block.meta
            if meta.min_time_ms > end_ms or meta.max_time_ms <= start_ms:
                continue
            try:
                out.append(ask(block))
            except CorruptionError as error:
                self._blocks.set_aside(block, error)
        return out
