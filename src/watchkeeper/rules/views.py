"""What the API shows of groups, rules and alerts: plain values, made in one moment, that nothing changes any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from watchkeeper.core.model.labels import Labels
from watchkeeper.rules.files.loaded import Pairs, RuleKind

AlertState: TypeAlias = Literal["pending", "firing", "inactive", "unknown"]
Health: TypeAlias = Literal["unknown", "ok", "err"]


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert that is pending or firing. Times are ms since the epoch.

    fired_ms               when it began to fire; None while it is pending
    keep_firing_since_ms   since when only keep_firing_for holds it; None where its expression does
    """

    labels: Labels
    annotations: Labels
    state: AlertState
    active_ms: int
    value: float
    fired_ms: int | None = None
    keep_firing_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule and how its last evaluation went.

    query               the expression, printed
    labels, annotations as the file has them, not expanded; the group's labels are among the labels
    state               of an alert: its alerts' worst, `unknown` before the first evaluation; None of a recording rule
    alerts              in order of their labels
    evaluation_s        how long the last evaluation took
    last_evaluation_s   when it began, in seconds since the epoch; None before the first
    """

    kind: RuleKind
    name: str
    query: str
    labels: Pairs
    health: Health
    last_error: str
    evaluation_s: float
    last_evaluation_s: float | None
    for_ms: int = 0
    keep_firing_for_ms: int = 0
    annotations: Pairs = ()
    state: AlertState | None = None
    alerts: tuple[AlertView, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class GroupView:
    """One group with the settings that hold for it."""

    file: str
    name: str
    interval_ms: int
    limit: int
    query_offset_ms: int
    rules: tuple[RuleView, ...]
    evaluation_s: float
    last_evaluation_s: float | None

    @property
    def key(self) -> str:
        """`file;name`, by which metrics and pages know it."""
        return f"{self.file};{self.name}"
