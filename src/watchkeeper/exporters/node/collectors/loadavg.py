"""loadavg: how many tasks were running or waiting, averaged."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, single


def collect(host: Host) -> list[Family]:
    """`node_load1`, `node_load5`, `node_load15` from /proc/loadavg."""
    averages = host.proc("loadavg").split()
    return [
        single(f"node_load{minutes}", "gauge", f"{minutes}m load average.", float(text))
        for minutes, text in zip((1, 5, 15), averages, strict=False)
    ]
