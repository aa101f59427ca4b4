"""schedstat: what the scheduler did on each CPU."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, NoDataError


def collect(host: Host) -> list[Family]:
    """`node_schedstat_*` from the last three columns of /proc/schedstat: nanoseconds, nanoseconds, a count."""
    try:
        lines = host.proc("schedstat").splitlines()
    except FileNotFoundError as error:
        raise NoDataError("schedstat file does not exist") from error
    running = _per_cpu("running_seconds_total", "Number of seconds CPU spent running a process.")
    waiting = _per_cpu("waiting_seconds_total", "Number of seconds spent by processing waiting for this CPU.")
    timeslices = _per_cpu("timeslices_total", "Number of timeslices executed by CPU.")
    for line in lines:
        name, *fields = line.split()
        if name.startswith("cpu") and len(fields) >= 9:
            running.add(int(fields[6]) / 1e9, name[3:])
            waiting.add(int(fields[7]) / 1e9, name[3:])
            timeslices.add(int(fields[8]), name[3:])
    return [running, waiting, timeslices]


def _per_cpu(name: str, help_: str) -> Family:
    return Family(f"node_schedstat_{name}", "counter", help_, ("cpu",))
