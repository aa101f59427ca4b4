"""What the metrics part of a process gives to rules of its other parts."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.metrics.interface import Appender, Querier
from watchkeeper.rules.interface import Notify


@dataclass(frozen=True, slots=True)
class MetricsWay:
    """The metrics part of this process, for rules of other parts.

    appender   takes what rules record
    querier    knows what the state of alerts was before a restart
    send       takes alerts, where the ruler's own settings name no Alertmanager
    """

    appender: Appender
    querier: Querier
    send: Notify
