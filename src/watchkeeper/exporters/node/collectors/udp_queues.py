"""udp_queues: bytes that wait in the queues of UDP sockets."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, NoDataError


def collect(host: Host) -> list[Family]:
    """`node_udp_queues` from /proc/net/udp and udp6, whose fifth column is `tx:rx` in hexadecimal."""
    queues = Family(
        "node_udp_queues",
        "gauge",
        "Number of allocated memory in the kernel for UDP datagrams in bytes.",
        ("ip", "queue"),
    )
    for file, ip in (("net/udp", "v4"), ("net/udp6", "v6")):
        try:
            lines = host.proc(file).splitlines()[1:]
        except FileNotFoundError:
            continue
        pairs = [line.split()[4].partition(":") for line in lines if line.strip()]
        queues.add(sum(int(sent, 16) for sent, _, _ in pairs), ip, "tx")
        queues.add(sum(int(received, 16) for _, _, received in pairs), ip, "rx")
    if not queues.samples:
        raise NoDataError("there is no UDP")
    return [queues]
