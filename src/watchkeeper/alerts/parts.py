"""A configuration as the manager needs it: routes, integrations, rules and intervals, free of how they were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from watchkeeper.alerts.inhibit import InhibitRule
from watchkeeper.alerts.integrations.table import INTEGRATIONS
from watchkeeper.alerts.options import MINUTE_NS

if TYPE_CHECKING:
    from watchkeeper.alerts.config.alertmanager_yml import AlertmanagerYml
    from watchkeeper.alerts.route import RouteTree
    from watchkeeper.alerts.time_interval import TimeInterval


@dataclass(frozen=True, slots=True)
class IntegrationPart:
    """One integration before its notifier is made.

    kind    as metrics call it: `webhook`
    index   its place among those of its kind in the receiver
    """

    kind: str
    index: int
    send_resolved: bool
    section: Any


@dataclass(frozen=True, slots=True)
class Parts:
    """All that one configuration says of routing and notifying. Receivers are in the file's order."""

    tree: RouteTree
    receivers: Mapping[str, Sequence[IntegrationPart]]
    rules: Sequence[InhibitRule] = ()
    intervals: Mapping[str, TimeInterval] = field(default_factory=dict)
    resolve_timeout_ns: int = 5 * MINUTE_NS


def parts_of(config: AlertmanagerYml) -> Parts:
    """The parts of a file that was checked."""
    from watchkeeper.alerts.route import RouteTree

    return Parts(
        RouteTree.of(config.route),
        {
            receiver.name: [
                IntegrationPart(INTEGRATIONS.get(kind, kind), index, section.send_resolved, section)
                for kind, index, section in receiver.integrations
            ]
            for receiver in config.receivers
        },
        [InhibitRule(rule.sources, rule.targets, tuple(rule.equal), rule.name) for rule in config.inhibit_rules],
        config.intervals,
        config.global_.resolve_timeout_ns,
    )
