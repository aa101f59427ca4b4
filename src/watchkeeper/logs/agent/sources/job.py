"""One scrape config at work: its pipeline, and the way from a source's lines to the outlet."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from watchkeeper.logs.agent.config.scrape import ScrapeConfig
from watchkeeper.logs.agent.entries import TENANT, Entries, LabelSet, Metadata
from watchkeeper.logs.agent.pipeline import Pipeline
from watchkeeper.logs.agent.positions import Mark, Positions
from watchkeeper.logs.agent.send.outlet import Outlet
from watchkeeper.logs.agent.sources.rate import LineRate
from watchkeeper.logs.agent.telemetry import AgentMetrics

if TYPE_CHECKING:
    from watchkeeper.logs.agent.sources.labelling import Group

CLOCK_SET_BACK_NS: Final = 10**9  # Times go on from the last one only so far: servers refuse what is of the future.

_orders = itertools.count(1)


def next_order() -> int:
    """Grows with each mark of this process."""
    return next(_orders)


@dataclass(slots=True)
class Job:
    """What a source needs to hand its lines on."""

    config: ScrapeConfig
    pipeline: Pipeline
    outlet: Outlet
    positions: Positions
    metrics: AgentMetrics
    rate: LineRate | None = None
    clock_ns: Callable[[], int] = time.time_ns
    _last_ns: int = field(default=0)
    _behind: dict[str, tuple[str, str | None]] = field(
        default_factory=dict
    )  # Positions that wait for what a stage holds.

    @property
    def name(self) -> str:
        """The job's name."""
        return self.config.job_name

    def times(self, n: int) -> list[int]:
        """Now, for so many lines: each a nanosecond later, so that equal lines are no duplicates."""
        first = self.clock_ns()
        if first <= self._last_ns < first + CLOCK_SET_BACK_NS:
            first = self._last_ns + 1
        self._last_ns = first + n - 1
        return list(range(first, first + n))

    def handle(
        self,
        labels: LabelSet,
        lines: list[bytes],
        times_ns: list[int] | None = None,
        *,
        metadata: list[Metadata] | None = None,
        key: str = "",
        position: str | None = None,
        beginning: str | None = None,
        at: list[int] | None = None,
    ) -> None:
        """Lines of one origin go through the pipeline to the outlet.

        key        of the position; also names the origin
        position   what is done once these lines are; None where that is nothing to remember
        beginning  of the file that the position belongs to (see Mark)
        at         where each line starts, where the pipeline holds lines back
        """
        if self.rate is not None and lines:
            taken = self.rate.take(len(lines))
            if taken < len(lines):
                self.metrics.rate_dropped.inc(len(lines) - taken)
                lines, metadata = lines[:taken], metadata and metadata[:taken]
                times_ns = times_ns and times_ns[:taken]
        out: list[Entries] = []
        if lines:
            entries = Entries.of(
                labels, lines, times_ns or self.times(len(lines)), metadata=metadata, origin=key, at=at
            )
            out = self.pipeline.run(entries)
        marks = {}
        if position is not None:
            held = self.pipeline.held_from(key) if self.pipeline.holds else None
            if held is None:
                self._behind.pop(key, None)
            else:
                # A cursor has no place of a line: it waits for what is held.
                place = str(held) if position.isdecimal() else None
                self._behind[key], position = (position, beginning), place
            if position is not None:
                marks = {key: Mark(next_order(), position, beginning)}
        self.outlet.put(out, marks)

    async def handle_groups(self, groups: Iterable[Group], *, key: str = "", position: str | None = None) -> None:
        """Entries of several label sets, from an event loop: waits while nothing can be taken.

        The position counts once all of them are done.
        """
        while self.outlet.is_full or self.pipeline.is_full:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(self._handle_all, list(groups), key, position)

    def _handle_all(self, groups: list[Group], key: str, position: str | None) -> None:
        for group in groups:
            self.handle(group.labels, group.lines, group.times_ns, metadata=group.metadata or None, key=key)
        if position is not None:
            self.handle({}, [], key=key, position=position)

    def tick(self) -> None:
        """What stages have held for long enough goes on."""
        if self.pipeline.holds:
            self._put_due(self.pipeline.due(self.clock_ns()))

    def flush(self) -> None:
        """All that is held goes on."""
        self._put_due(self.pipeline.flush())

    def _put_due(self, out: list[Entries]) -> None:
        marks = {}
        for key, (position, beginning) in list(self._behind.items()) if out else ():
            if self.pipeline.held_from(key) is None:
                del self._behind[key]
                marks[key] = Mark(next_order(), position, beginning)
        if out:
            self.outlet.put(out, marks)


def shown_labels(labels: LabelSet) -> LabelSet:
    """The labels of a target that its entries have: hidden ones go, but for the tenant."""
    return {name: value for name, value in labels.items() if not name.startswith("__") or name == TENANT}
