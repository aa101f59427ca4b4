"""How often named limits ended what somebody asked for."""

from __future__ import annotations

from watchkeeper.core.model.errors import LimitExceeded
from watchkeeper.core.telemetry.metrics import Registry


class ExceededLimits:
    """One counter for all parts of a process that share a registry."""

    def __init__(self, registry: Registry) -> None:
        self._counter = registry.counter(
            "watchkeeper_limits_exceeded_total",
            "Requests and rules that a limit ended, by the name of the limit.",
            ("limit",),
        )

    def note(self, error: BaseException) -> None:
        """Counts an error where it is a limit's; any other is none of its business."""
        if isinstance(error, LimitExceeded):
            self._counter.labels(error.limit or "other").inc()
