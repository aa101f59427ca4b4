"""netdev: what each network device received and sent."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host


def collect(host: Host) -> list[Family]:
    """`node_network_{receive,transmit}_*_total` from /proc/net/dev, and the packets nobody wanted from /sys."""
    _, header, *lines = host.proc("net/dev").splitlines()
    _, receive, transmit = header.split("|")
    families = [
        _statistic(f"{direction}_{field}")
        for direction, fields in (("receive", receive), ("transmit", transmit))
        for field in fields.split()
    ]
    nohandler = _statistic("receive_nohandler")
    is_excluded = host.chooser(host.filters.netdev_device_exclude)
    for line in lines:
        device, _, numbers = line.rpartition(":")
        device = device.strip()
        if is_excluded(device):
            continue
        for family, text in zip(families, numbers.split(), strict=False):
            family.add(int(text), device)
        unhandled = host.sys_or_none(f"class/net/{device}/statistics/rx_nohandler")
        if unhandled is not None:
            nohandler.add(int(unhandled), device)
    return [*families, nohandler]


def _statistic(name: str) -> Family:
    return Family(f"node_network_{name}_total", "counter", f"Network device statistic {name}.", ("device",))
