"""entropy: how much randomness the kernel has gathered."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, single


def collect(host: Host) -> list[Family]:
    """`node_entropy_*` from /proc/sys/kernel/random."""
    available = int(host.proc("sys/kernel/random/entropy_avail"))
    pool = int(host.proc("sys/kernel/random/poolsize"))
    return [
        single("node_entropy_available_bits", "gauge", "Bits of available entropy.", available),
        single("node_entropy_pool_size_bits", "gauge", "Bits of entropy pool.", pool),
    ]
