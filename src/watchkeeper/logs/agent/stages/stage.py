"""What all stages share: how one is run, and what it may use of the process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeGuard

from watchkeeper.core.telemetry.metrics import Counter, Registry
from watchkeeper.logs.agent.entries import Entries, LabelSet

RowTest = Callable[[Entries], Sequence[bool]]
"""Which entries a selector with filters takes."""

Matcher = Callable[[str], RowTest]
"""Compiles the text of a LogQL selector with line filters. Raises ValueError where it is none."""


def no_matcher(text: str) -> RowTest:
    """Raises ValueError: whoever builds the pipeline has no LogQL."""
    raise ValueError(f"selectors can't be read here: {text}")


@dataclass(slots=True)
class StageContext:
    """What stages use of their process.

    matcher    compiles the selector of `match`
    clock_ns   the time
    """

    registry: Registry
    job: str = ""
    matcher: Matcher = no_matcher
    clock_ns: Callable[[], int] = time.time_ns
    dropped: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.dropped = self.registry.counter(
            "logentry_dropped_lines_total",
            "A count of all log lines dropped as a result of a pipeline stage",
            ("reason",),
        )

    def drop(self, reason: str, n_lines: int) -> None:
        """Counts lines that a stage dropped."""
        if n_lines:
            self.dropped.labels(reason).inc(n_lines)


class Stage(Protocol):
    """One stage. It may change what it is given, and returns what goes on."""

    def run(self, entries: Entries) -> Entries:
        """The entries behind this stage."""
        ...


class HoldingStage(Stage, Protocol):
    """A stage that keeps lines back until it has seen what follows them."""

    def due(self, now_ns: int) -> list[Entries]:
        """What has been held for long enough; everything where `now_ns` is FOREVER_NS."""
        ...

    def held_from(self, origin: str) -> int | None:
        """Where in an origin the first line starts that is held; None where none is."""
        ...


FOREVER_NS = 2**63 - 1


def is_holding(stage: Stage) -> TypeGuard[HoldingStage]:
    """Whether a stage keeps lines back."""
    return hasattr(stage, "held_from")


def label_key(labels: LabelSet) -> tuple[tuple[str, str], ...]:
    """A label set as a key."""
    return tuple(sorted(labels.items()))
