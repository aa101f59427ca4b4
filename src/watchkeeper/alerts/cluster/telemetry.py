"""The cluster's metrics, with upstream's names."""

from __future__ import annotations

from watchkeeper.alerts.cluster.members import Members
from watchkeeper.core.telemetry.metrics import Registry


class ClusterMetrics:
    """Made once for a process; all but `enabled` stay at 0 where there is no cluster."""

    def __init__(self, registry: Registry) -> None:
        counter, gauge = registry.counter, registry.gauge
        self.enabled = gauge("alertmanager_cluster_enabled", "Indicates whether the clustering is enabled or not.")
        self.members = gauge("alertmanager_cluster_members", "Number indicating current number of members in cluster.")
        self.failed = gauge(
            "alertmanager_cluster_failed_peers", "Number indicating the current number of failed peers in the cluster."
        )
        self.health = gauge(
            "alertmanager_cluster_health_score",
            "Health score of the cluster. Lower values are better and zero means 'totally healthy'.",
        )
        self.position = gauge(
            "alertmanager_peer_position",
            "Position the Alertmanager instance believes it's in. The position determines a peer's behavior in the "
            "cluster.",
        )
        self.joined = counter(
            "alertmanager_cluster_peers_joined_total", "A counter of the number of peers that joined."
        )
        self.left = counter("alertmanager_cluster_peers_left_total", "A counter of the number of peers that left.")
        self.updated = counter(
            "alertmanager_cluster_peers_update_total", "A counter of the number of peers that updated metadata."
        )
        self.reconnections = counter(
            "alertmanager_cluster_reconnections_total", "A counter of the number of reconnections."
        )
        self.reconnections_failed = counter(
            "alertmanager_cluster_reconnections_failed_total",
            "A counter of the number of failed cluster peer reconnection attempts.",
        )
        self.sent = counter(
            "alertmanager_cluster_messages_sent_total", "Total number of cluster messages sent.", ("msg_type",)
        )
        self.sent_bytes = counter(
            "alertmanager_cluster_messages_sent_size_total", "Total size of cluster messages sent.", ("msg_type",)
        )
        self.received = counter(
            "alertmanager_cluster_messages_received_total", "Total number of cluster messages received.", ("msg_type",)
        )
        self.received_bytes = counter(
            "alertmanager_cluster_messages_received_size_total",
            "Total size of cluster messages received.",
            ("msg_type",),
        )
        self.alive = counter(
            "alertmanager_cluster_alive_messages_total", "Total number of received alive messages.", ("peer",)
        )
        self.info = gauge(
            "alertmanager_cluster_peer_info", "A metric with a constant '1' value labeled by peer name.", ("peer",)
        )
        self.queued = gauge("alertmanager_cluster_messages_queued", "Number of cluster messages which are queued.")
        self.pruned = counter("alertmanager_cluster_messages_pruned_total", "Total number of cluster messages pruned.")
        self.joins = counter(
            "alertmanager_cluster_refresh_join_total",
            "A counter of the number of cluster peer joins by refreshing the peers' addresses.",
        )
        self.joins_failed = counter(
            "alertmanager_cluster_refresh_join_failed_total",
            "A counter of the number of failed cluster peer joins by refreshing the peers' addresses.",
        )
        self.refused = counter(
            "watchkeeper_alerts_cluster_messages_refused_total", "Bodies that were not messages of this cluster."
        )
        for metric in (self.sent, self.sent_bytes, self.received, self.received_bytes):
            for kind in ("full_state", "update"):
                metric.labels(kind)
        self.propagated = {
            kind: counter(
                f"alertmanager_{kind}_gossip_messages_propagated_total",
                f"Number of received gossip messages that have been further gossiped, of {kind}.",
            )
            for kind in ("silences", "nflog")
        }

    def follow(self, members: Members) -> None:
        """Show what is known of members from now on."""
        self.members.set_function(lambda: len(members.alive) + 1)
        self.failed.set_function(lambda: len(members.lost))
        for counter, name in ((self.joined, "joined"), (self.left, "left"), (self.updated, "updated")):
            counter.set_function(lambda name=name: getattr(members, name))  # type: ignore[misc]

    def merged(self, silences: int, told: int) -> None:
        """Count what was taken over from others."""
        self.propagated["silences"].inc(silences)
        self.propagated["nflog"].inc(told)
