"""What the flags of the cluster say; the defaults are upstream's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_LISTEN: Final = "0.0.0.0:9094"


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """A cluster is there only where a listen address or a peer is given.

    listen_address         --cluster.listen-address: host:port; where only peers are given, all addresses, port 9094
    advertise_address      --cluster.advertise-address: host:port at which the others reach this instance
    peers                  --cluster.peer: host:port of each of the others; an instance's own address does no harm
    peer_timeout_s         --cluster.peer-timeout: what each instance leaves to each one before it
    gossip_interval_s      --cluster.gossip-interval: how long changes are collected before they are sent
    push_pull_interval_s   --cluster.pushpull-interval: between exchanges of everything
    settle_timeout_s       --cluster.settle-timeout: how long a start waits for the others at most
    reconnect_interval_s   --cluster.reconnect-interval: between attempts to reach a lost one
    reconnect_timeout_s    --cluster.reconnect-timeout: after this a lost one is forgotten
    probe_interval_s       --cluster.probe-interval: between signs of life
    probe_timeout_s        --cluster.probe-timeout: how long an answer may take
    label                  --cluster.label: messages of other labels are refused
    name                   this instance's name; a new one for each start where empty
    """

    listen_address: str = ""
    advertise_address: str = ""
    peers: tuple[str, ...] = ()
    peer_timeout_s: float = 15.0
    gossip_interval_s: float = 0.2
    push_pull_interval_s: float = 60.0
    settle_timeout_s: float = 60.0
    reconnect_interval_s: float = 10.0
    reconnect_timeout_s: float = 6 * 3600.0
    probe_interval_s: float = 1.0
    probe_timeout_s: float = 2.0
    label: str = ""
    name: str = ""

    @property
    def is_enabled(self) -> bool:
        """Whether there is a cluster."""
        return bool(self.listen_address or self.peers)

    @property
    def listens_at(self) -> str:
        """host:port to listen at."""
        return self.listen_address or DEFAULT_LISTEN


def host_and_port(address: str) -> tuple[str, int]:
    """The parts of `host:port`, `[v6]:port` or `:port`. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(f"not an address, host:port: {address!r}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host or any(char.isspace() or char in "/?#@\\" for char in host):
        raise ValueError(f"not an address, host:port: {address!r}")
    return host, int(port)
