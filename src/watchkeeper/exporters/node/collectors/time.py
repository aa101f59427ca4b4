"""time: the clock, its zone and its source."""

from __future__ import annotations

import time

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, single


def collect(host: Host) -> list[Family]:
    """`node_time_*`; the clock itself is what is measured here."""
    now_s = time.time()
    local = time.localtime(now_s)
    zone = Family("node_time_zone_offset_seconds", "gauge", "System time zone offset in seconds.", ("time_zone",))
    zone.add(local.tm_gmtoff, local.tm_zone)
    folder = "devices/system/clocksource"
    labels = ("clocksource", "device")
    available = Family(
        "node_time_clocksource_available_info",
        "gauge",
        "Available clocksources read from '/sys/devices/system/clocksource'.",
        labels,
    )
    current = Family(
        "node_time_clocksource_current_info",
        "gauge",
        "Current clocksource read from '/sys/devices/system/clocksource'.",
        labels,
    )
    for name in host.sys_list(folder):
        if name.startswith("clocksource"):
            device = name[11:]
            for source in (host.sys_or_none(f"{folder}/{name}/available_clocksource") or "").split():
                available.add(1, source, device)
            source = (host.sys_or_none(f"{folder}/{name}/current_clocksource") or "").strip()
            if source:
                current.add(1, source, device)
    seconds = single("node_time_seconds", "gauge", "System time in seconds since epoch (1970).", now_s)
    return [seconds, zone, available, current]
