"""stat: interrupts, context switches, forks, boot time, running and blocked processes."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, single

_LINES: Final = {
    "intr": ("node_intr_total", "counter", "Total number of interrupts serviced."),
    "ctxt": ("node_context_switches_total", "counter", "Total number of context switches."),
    "processes": ("node_forks_total", "counter", "Total number of forks."),
    "btime": ("node_boot_time_seconds", "gauge", "Node boot time, in unixtime."),
    "procs_running": ("node_procs_running", "gauge", "Number of processes in runnable state."),
    "procs_blocked": (
        "node_procs_blocked",
        "gauge",
        "Number of processes blocked waiting for I/O to complete.",
    ),
}


def collect(host: Host) -> list[Family]:
    """The lines of /proc/stat that are not about single CPUs; of `intr` the first number is the total."""
    families: list[Family] = []
    for line in host.proc("stat").splitlines():
        key, _, rest = line.partition(" ")
        if key in _LINES:
            families.append(single(*_LINES[key], int(rest.split(" ", 1)[0])))
    return families
