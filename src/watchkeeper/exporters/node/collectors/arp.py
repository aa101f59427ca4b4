"""arp: how many neighbours each network device knows."""

from __future__ import annotations

from collections import Counter

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host


def collect(host: Host) -> list[Family]:
    """`node_arp_entries` from /proc/net/arp, whose sixth column is the device."""
    entries = Family("node_arp_entries", "gauge", "ARP entries by device", ("device",))
    devices = Counter(line.split()[5] for line in host.proc("net/arp").splitlines()[1:] if line.strip())
    for device, count in devices.items():
        entries.add(count, device)
    return [entries]
