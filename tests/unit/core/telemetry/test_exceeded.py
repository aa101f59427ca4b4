"""Limits are counted by their names."""

from __future__ import annotations

from watchkeeper.core.model.errors import ExecutionError, LimitExceeded
from watchkeeper.core.telemetry.exceeded import ExceededLimits
from watchkeeper.core.telemetry.metrics import Registry


def test_each_limit_has_its_count_in_all_parts() -> None:
    registry = Registry()
    one, other = ExceededLimits(registry), ExceededLimits(registry)
    one.note(LimitExceeded("too many", "query.max-samples"))
    other.note(LimitExceeded("too many", "query.max-samples"))
    other.note(LimitExceeded("too long"))
    one.note(ExecutionError("wrong"))
    one.note(ValueError("wrong"))
    lines = registry.exposition().decode().splitlines()
    assert [line for line in lines if line.startswith("watchkeeper_limits")] == [
        'watchkeeper_limits_exceeded_total{limit="other"} 1',
        'watchkeeper_limits_exceeded_total{limit="query.max-samples"} 2',
    ]
