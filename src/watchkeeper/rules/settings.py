"""What all rules share: options of the process, and settings of the configuration file that a reload may change."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.core.model.labels import EMPTY, Labels
from watchkeeper.rules.links import Link, graph_link


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """Flags; the defaults are upstream's.

    outage_tolerance_ms    how long the server may have been away for an alert's `for` to be restored
    grace_period_ms        how long an alert that was restored still waits, at least; those with a shorter `for` are not
                           restored
    resend_delay_ms        how often Alertmanager is told of an alert again
    max_concurrent_evals   rules that may run beside those that run in their group's turn
    max_quick_groups       groups that may be evaluated at one time; others wait for their turn
    max_slow_groups        beside them, those whose rules took long last time
    """

    outage_tolerance_ms: int = 3_600_000
    grace_period_ms: int = 600_000
    resend_delay_ms: int = 60_000
    max_concurrent_evals: int = 4
    max_quick_groups: int = 4
    max_slow_groups: int = 4

    @property
    def max_threads(self) -> int:
        """The most worker threads that are of any use."""
        return self.max_quick_groups + self.max_slow_groups + self.max_concurrent_evals


@dataclass(frozen=True, slots=True)
class GlobalSettings:
    """Of the configuration's global block: what groups have that say nothing themselves, and what templates see.

    link   the address that an alert has of what gave it
    """

    interval_ms: int = 60_000
    query_offset_ms: int = 0
    external_labels: Labels = EMPTY
    external_url: str = ""
    link: Link = graph_link
