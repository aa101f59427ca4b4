"""kernel_hung: tasks the kernel found hanging."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, NoDataError, single


def collect(host: Host) -> list[Family]:
    """`node_kernel_hung_tasks_total`, since Linux 6.13."""
    try:
        count = int(host.proc("sys/kernel/hung_task_detect_count"))
    except FileNotFoundError as error:
        raise NoDataError("this kernel does not count hung tasks") from error
    return [single("node_kernel_hung_tasks_total", "counter", "Total number of hung tasks detected.", count)]
