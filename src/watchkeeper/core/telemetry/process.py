"""What a process says of itself: `process_*` as every client library has it, and the names Go programs have.

Dashboards and rules ask for `go_goroutines` as a sign of leaks; here it counts what runs concurrently: the tasks the
composition root can count, or else the threads. `go_threads` counts threads of the operating system.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import threading
from collections.abc import Callable
from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.core.telemetry.metrics import Registry

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = resource.getpagesize()


def register_process_metrics(
    registry: Registry, *, tasks: Callable[[], int] | None = None, procfs: str = "/proc"
) -> None:
    """Add the metrics of this process to a registry.

    tasks   the number of asyncio tasks at this moment; threads are counted where it is None
    """
    boot_s = _boot_time_s(procfs)

    def collect() -> list[Family]:
        with open(f"{procfs}/self/stat", "rb") as file:
            # The name in parentheses may hold anything, so count from its end: the state is field 3.
            fields = file.read().rpartition(b")")[2].split()
        user, system, threads, start = (int(fields[at - 3]) for at in (14, 15, 20, 22))
        virtual_bytes, resident_pages = int(fields[23 - 3]), int(fields[24 - 3])
        soft_fds, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        soft_virtual, _ = resource.getrlimit(resource.RLIMIT_AS)
        counter, gauge = "counter", "gauge"
        return [
            _single(
                "process_cpu_seconds_total",
                counter,
                "Total user and system CPU time spent in seconds.",
                (user + system) / _TICKS_PER_S,
            ),
            _single("process_max_fds", gauge, "Maximum number of open file descriptors.", soft_fds),
            _single(
                "process_open_fds", gauge, "Number of open file descriptors.", len(os.listdir(f"{procfs}/self/fd")) - 1
            ),
            _single(
                "process_resident_memory_bytes", gauge, "Resident memory size in bytes.", resident_pages * _PAGE_BYTES
            ),
            _single(
                "process_start_time_seconds",
                gauge,
                "Start time of the process since unix epoch in seconds.",
                boot_s + start / _TICKS_PER_S,
            ),
            _single("process_virtual_memory_bytes", gauge, "Virtual memory size in bytes.", virtual_bytes),
            _single(
                "process_virtual_memory_max_bytes",
                gauge,
                "Maximum amount of virtual memory available in bytes.",
                2**64 if soft_virtual == resource.RLIM_INFINITY else soft_virtual,
            ),
            _single("go_threads", gauge, "Number of OS threads created.", threads),
            _single(
                "go_goroutines",
                gauge,
                "Number of asyncio tasks that currently exist, under the name Go programs have for the like.",
                tasks() if tasks is not None else threading.active_count(),
            ),
            _PYTHON_INFO,
        ]

    registry.add_collector(collect)


def _single(name: str, type_: str, help_: str, value: float) -> Family:
    family = Family(name, type_, help_)
    family.add(value)
    return family


def _python_info() -> Family:
    info = Family(
        "python_info",
        "gauge",
        "Python platform information",
        ("implementation", "major", "minor", "patchlevel", "version"),
    )
    major, minor, patch = sys.version_info[:3]
    info.add(1, platform.python_implementation(), str(major), str(minor), str(patch), platform.python_version())
    return info


_PYTHON_INFO: Final = _python_info()


def _boot_time_s(procfs: str) -> int:
    try:
        with open(f"{procfs}/stat", "rb") as file:
            for line in file:
                if line.startswith(b"btime "):
                    return int(line.split()[1])
    except OSError:
        pass  # A hidden /proc costs this one metric its zero point, nothing more.
    return 0
