"""The rules' own metrics, under upstream's names."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.exceeded import ExceededLimits
from watchkeeper.core.telemetry.metrics import Counter, Gauge, Metric, Registry

PREFIX: Final = "prometheus_rule_"
_GROUP = ("rule_group",)
_GROUP_QUANTILES = (0.01, 0.05, 0.5, 0.9, 0.99)


class RuleMetrics:
    """Counters of all groups; those with a label have a child for each group's key, `file;name`."""

    def __init__(self, registry: Registry, prefix: str = PREFIX) -> None:
        """`prefix` begins the names: managers of one process that are told apart have different ones."""
        self.exceeded = ExceededLimits(registry)
        self.evaluation_duration = registry.summary(
            prefix + "evaluation_duration_seconds", "The duration for a rule to execute."
        )
        self.group_duration = registry.summary(
            prefix + "group_duration_seconds", "The duration of rule group evaluations.", _GROUP_QUANTILES
        )
        self.iterations_missed = registry.counter(
            prefix + "group_iterations_missed_total",
            "The total number of rule group evaluations missed due to slow rule group evaluation.",
            _GROUP,
        )
        self.iterations = registry.counter(
            prefix + "group_iterations_total",
            "The total number of scheduled rule group evaluations, whether executed or missed.",
            _GROUP,
        )
        self.evaluations = registry.counter(
            prefix + "evaluations_total", "The total number of rule evaluations.", _GROUP
        )
        self.failures = registry.counter(
            prefix + "evaluation_failures_total", "The total number of rule evaluation failures.", _GROUP
        )
        self.last_evaluation = registry.gauge(
            prefix + "group_last_evaluation_timestamp_seconds",
            "The timestamp of the last rule group evaluation in seconds.",
            _GROUP,
        )
        self.last_duration = registry.gauge(
            prefix + "group_last_duration_seconds", "The duration of the last rule group evaluation.", _GROUP
        )
        self.last_rule_duration_sum = registry.gauge(
            prefix + "group_last_rule_duration_sum_seconds",
            "The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency. This "
            "should be higher than the group duration if rules are evaluated concurrently.",
            _GROUP,
        )
        self.last_restore_duration = registry.gauge(
            prefix + "group_last_restore_duration_seconds",
            "The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.",
            _GROUP,
        )
        self.interval = registry.gauge(prefix + "group_interval_seconds", "The interval of a rule group.", _GROUP)
        self.rules = registry.gauge(prefix + "group_rules", "The number of rules.", _GROUP)
        self.samples = registry.gauge(
            prefix + "group_last_evaluation_samples",
            "The number of samples returned during the last rule group evaluation.",
            _GROUP,
        )

    @property
    def _of_groups(self) -> tuple[Metric, ...]:
        return (
            self.iterations_missed,
            self.iterations,
            self.evaluations,
            self.failures,
            self.last_evaluation,
            self.last_duration,
            self.last_rule_duration_sum,
            self.last_restore_duration,
            self.interval,
            self.rules,
            self.samples,
        )

    def of(self, key: str) -> GroupMetrics:
        """The children of one group."""
        return GroupMetrics(self, key)

    def forget(self, key: str) -> None:
        """The group has gone."""
        for metric in self._of_groups:
            metric.remove(key)


class GroupMetrics:
    """The children of one group's key; each stands at 0 before the first evaluation, as rates need it."""

    def __init__(self, metrics: RuleMetrics, key: str) -> None:
        self.exceeded = metrics.exceeded
        self.evaluation_duration = metrics.evaluation_duration
        self.group_duration = metrics.group_duration
        self.iterations_missed: Counter = metrics.iterations_missed.labels(key)
        self.iterations: Counter = metrics.iterations.labels(key)
        self.evaluations: Counter = metrics.evaluations.labels(key)
        self.failures: Counter = metrics.failures.labels(key)
        self.last_evaluation: Gauge = metrics.last_evaluation.labels(key)
        self.last_duration: Gauge = metrics.last_duration.labels(key)
        self.last_rule_duration_sum: Gauge = metrics.last_rule_duration_sum.labels(key)
        self.last_restore_duration: Gauge = metrics.last_restore_duration.labels(key)
        self.interval: Gauge = metrics.interval.labels(key)
        self.rules: Gauge = metrics.rules.labels(key)
        self.samples: Gauge = metrics.samples.labels(key)
