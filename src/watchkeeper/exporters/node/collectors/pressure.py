"""pressure: how long work had to wait for CPU, memory, disks and interrupts (PSI)."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, NoDataError, single

_TOTALS: Final = (
    ("cpu", "some", "cpu_waiting", "Total time in seconds that processes have waited for CPU time"),
    ("io", "some", "io_waiting", "Total time in seconds that processes have waited due to IO congestion"),
    ("io", "full", "io_stalled", "Total time in seconds no process could make progress due to IO congestion"),
    ("memory", "some", "memory_waiting", "Total time in seconds that processes have waited for memory"),
    (
        "memory",
        "full",
        "memory_stalled",
        "Total time in seconds no process could make progress due to memory congestion",
    ),
    ("irq", "full", "irq_stalled", "Total time in seconds no process could make progress due to IRQ congestion"),
)


def collect(host: Host) -> list[Family]:
    """`node_pressure_*_seconds_total` from /proc/pressure, which counts microseconds."""
    texts: dict[str, str] = {}
    families: list[Family] = []
    for resource, share, name, help_ in _TOTALS:
        if resource not in texts:
            try:
                texts[resource] = host.proc(f"pressure/{resource}")
            except OSError:  # Not built in, or switched off by `psi=0`: reading says EOPNOTSUPP.
                texts[resource] = ""
        for line in texts[resource].splitlines():
            if line.startswith(share):
                seconds = int(line.rpartition("total=")[2]) / 1000.0 / 1000.0
                families.append(single(f"node_pressure_{name}_seconds_total", "counter", help_, seconds))
    if not families:
        raise NoDataError("this kernel does not report pressure")
    return families
