"""What the flags of the alerts part say; the defaults are upstream's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from watchkeeper.alerts.cluster.options import ClusterOptions

SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS
HOUR_NS: Final = 60 * MINUTE_NS


@dataclass(frozen=True, slots=True)
class AlertOptions:
    """Settings that hold for the life of the process. 0 means no limit, where a limit is meant.

    retention_ns            --data.retention: how long silences that have ended and notification log entries are kept
    maintenance_ns          --data.maintenance-interval: between collections of what has expired and compactions
    gc_ns                   --alerts.gc-interval: between removals of resolved alerts
    per_alertname_limit     --alerts.per-alertname-limit: unresolved alerts of one alertname
    start_delay_ns          --dispatch.start-delay: from start until the first group may be notified
    group_maintenance_ns    --dispatch.maintenance-interval: between removals of empty groups
    max_silences            --silences.max-silences: silences in the store, expired ones too
    max_silence_bytes       --silences.max-silence-size-bytes: one silence
    max_silence_matchers    --silences.max-matchers: matchers of one silence; each alert may have to pass all of them
    resolve_timeout_ns      until a configuration is applied: how long an alert without an end fires
    restart_grace_ns        the most that an alert is given, after a restart, for its sender to speak of it again
    stop_grace_s            how long attempts under way may take when the configuration changes or the process ends
    external_url            what links in notifications start with
    cluster                 the other instances; None where this one is alone
    """

    retention_ns: int = 120 * HOUR_NS
    maintenance_ns: int = 15 * MINUTE_NS
    gc_ns: int = 30 * MINUTE_NS
    per_alertname_limit: int = 0
    start_delay_ns: int = 0
    group_maintenance_ns: int = 30 * SECOND_NS
    max_silences: int = 0
    max_silence_bytes: int = 0
    max_silence_matchers: int = 1000
    resolve_timeout_ns: int = 5 * MINUTE_NS
    restart_grace_ns: int = 5 * MINUTE_NS
    stop_grace_s: float = 10.0
    external_url: str = ""
    cluster: ClusterOptions | None = None
