"""All limits of one tenant: `limits_config`, and each entry of `overrides`. Names and defaults are upstream's."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import DAY_NS, SECOND_NS, Accepted, Nanoseconds
from watchkeeper.core.config.kinds import Boolean, Choice, Integer, ListOf, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.store.limits_query import QueryLimits
from watchkeeper.logs.store.limits_selector import Selector

DELETION_MODES: Final = ("disabled", "filter-only", "filter-and-delete")


@section
class RetentionStream:
    """How long streams of a selector are kept, where no other of a higher priority has them too."""

    selector: tuple[Matcher, ...] = setting(Selector())
    priority: int = setting(Integer(-(2**31)), default=0, show=True)
    period_ns: int = setting(Nanoseconds(positive=True), key="period")

    def checked(self, at: SectionPlace) -> RetentionStream:
        """Reports periods that upstream refuses."""
        if 0 < self.period_ns < DAY_NS:
            at.report("period", "retention period must be >= 24h")
        return self

    def matches(self, labels: Labels) -> bool:
        """Whether a stream of these labels is one of the selector's."""
        return all(matcher.matches(labels.get(matcher.name)) for matcher in self.selector)


@section
class Limits(QueryLimits):
    """Every limit. Sizes are bytes, durations nanoseconds (`…_ns`), times nanoseconds since 1970; 0 is no limit."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "unordered_writes": "removed upstream and without effect: entries are taken in any order within retention",
        "allow_deletes": "removed upstream; use deletion_mode",
        "enforce_metric_name": "removed upstream and without effect: streams have no metric name",
        "per_tenant_override_config": "removed upstream; use runtime_config.file",
        "per_tenant_override_period": "removed upstream; use runtime_config.period",
        "max_entries_limit": "there is no such key; use max_entries_limit_per_query",
        "max_line_size_bytes": "there is no such key; use max_line_size",
        "ingestion_rate": "there is no such key; use ingestion_rate_mb",
        "ingestion_burst_size": "there is no such key; use ingestion_burst_size_mb",
        "ruler_evaluation_delay_duration": "removed upstream and without effect",
        "retention_enabled": "stands elsewhere; use compactor.retention_enabled",
        "chunk_retain_period": "stands elsewhere; use ingester.chunk_retain_period",
        "max_look_back_period": "removed upstream; use max_query_lookback",
    }

    ruler_max_rules_per_rule_group: int = setting(Integer(), default=0)
    ruler_max_rule_groups_per_tenant: int = setting(Integer(), default=0)
    ruler_tenant_shard_size: int = setting(Integer(), default=0)
    ruler_enable_wal_replay: bool = setting(Boolean(), default=True, show=True)
    ruler_remote_write_disabled: bool = setting(Boolean(), default=False)
    ruler_remote_write_url: Any = setting(Accepted(), default=None)
    ruler_remote_write_timeout_ns: int = setting(Nanoseconds(), key="ruler_remote_write_timeout", default=0)
    ruler_remote_write_headers: Any = setting(Accepted(), default=None)
    ruler_remote_write_relabel_configs: Any = setting(Accepted(), default=None)
    ruler_remote_write_queue_capacity: int = setting(Integer(), default=0)
    ruler_remote_write_queue_min_shards: int = setting(Integer(), default=0)
    ruler_remote_write_queue_max_shards: int = setting(Integer(), default=0)
    ruler_remote_write_queue_max_samples_per_send: int = setting(Integer(), default=0)
    ruler_remote_write_queue_batch_send_deadline_ns: int = setting(
        Nanoseconds(), key="ruler_remote_write_queue_batch_send_deadline", default=0
    )
    ruler_remote_write_queue_min_backoff_ns: int = setting(
        Nanoseconds(), key="ruler_remote_write_queue_min_backoff", default=0
    )
    ruler_remote_write_queue_max_backoff_ns: int = setting(
        Nanoseconds(), key="ruler_remote_write_queue_max_backoff", default=0
    )
    ruler_remote_write_queue_retry_on_ratelimit: bool = setting(Boolean(), default=False)
    ruler_remote_write_sigv4_config: Any = setting(Accepted(), default=None)
    ruler_remote_write_config: Any = setting(Accepted(), default=None)
    ruler_remote_evaluation_timeout_ns: int = setting(Nanoseconds(), key="ruler_remote_evaluation_timeout", default=0)
    ruler_remote_evaluation_max_response_size: int = setting(Integer(), default=0)
    ruler_alertmanager_config: Any = setting(Accepted(), default=None)
    deletion_mode: str = setting(Choice(*DELETION_MODES), default="filter-and-delete", show=True)
    compactor_deletion_enabled: bool = setting(Boolean(), default=False)
    retention_period_ns: int = setting(Nanoseconds(), key="retention_period", default=0, show=True)
    retention_stream: tuple[RetentionStream, ...] = setting(ListOf(Nested(RetentionStream)), default=())

    def checked(self, at: SectionPlace) -> Limits:
        """Reports a retention that upstream refuses, and a burst that no push could use."""
        if 0 < self.retention_period_ns < DAY_NS:
            at.report("retention_period", "retention period must be >= 24h")
        if self.ingestion_rate_mb > 0 and self.ingestion_burst_size_mb == 0:
            at.report("ingestion_burst_size_mb", "must not be 0: nothing could be ingested at all")
        if 0 < self.out_of_order_cutoff_ns < SECOND_NS:
            at.report("out_of_order_cutoff", "must be at least 1s, or 0 to take entries in any order")
        return self

    def retention_ns(self, labels: Labels) -> int:
        """How long entries of a stream are kept; 0 is forever.

        Of the rules that match, the highest priority counts, and of those of one priority the shortest period.
        """
        matching = [(-rule.priority, rule.period_ns) for rule in self.retention_stream if rule.matches(labels)]
        return min(matching)[1] if matching else self.retention_period_ns


DEFAULTS: Final = Limits()
"""Upstream's defaults."""
