"""cpu: seconds each CPU spent in each mode, throttling, and which CPUs are online or isolated."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host

_TICKS_PER_S: Final = 100  # USER_HZ: fixed on Linux for every architecture we meet.
_MODES: Final = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_IDLE: Final = 3
_HOTPLUG_TICKS: Final = 3 * _TICKS_PER_S  # An idle time that falls further says the CPU was taken out and put back.


def collect(host: Host) -> list[Family]:
    """`node_cpu_*` from /proc/stat and /sys/devices/system/cpu."""
    seconds = Family("node_cpu_seconds_total", "counter", "Seconds the CPUs spent in each mode.", ("cpu", "mode"))
    guest = Family(
        "node_cpu_guest_seconds_total",
        "counter",
        "Seconds the CPUs spent in guests (VMs) for each mode.",
        ("cpu", "mode"),
    )
    last: dict[str, list[int]] = host.memory.setdefault("cpu", {})
    for line in host.proc("stat").splitlines():
        if not line.startswith("cpu"):
            break  # The lines of the CPUs come first.
        name, *fields = line.split()
        cpu = name[3:]
        if not cpu:
            continue
        ticks = last[cpu] = _never_back(last.get(cpu), [int(field) for field in fields])
        for mode, count in zip(_MODES, ticks, strict=False):
            seconds.add(count / _TICKS_PER_S, cpu, mode)
        for mode, count in zip(("user", "nice"), ticks[8:10], strict=False):
            guest.add(count / _TICKS_PER_S, cpu, mode)
    return [seconds, guest, *_throttles(host), *_lists(host)]


def _never_back(before: list[int] | None, now: list[int]) -> list[int]:
    # The kernel's idle and iowait can fall a little, which would look like a reset and so like a huge rate.
    if before is None or len(before) != len(now) or now[_IDLE] < before[_IDLE] - _HOTPLUG_TICKS:
        return now
    return [max(pair) for pair in zip(before, now, strict=True)]


def _throttles(host: Host) -> list[Family]:
    core = Family(
        "node_cpu_core_throttles_total",
        "counter",
        "Number of times this CPU core has been throttled.",
        ("core", "package"),
    )
    package = Family(
        "node_cpu_package_throttles_total",
        "counter",
        "Number of times this CPU package has been throttled.",
        ("package",),
    )
    cores: dict[tuple[str, str], str] | None = host.memory.get("cpu topology")
    if cores is None:
        cores = host.memory["cpu topology"] = _topology(host)
    packages: set[str] = set()
    for (package_id, core_id), cpu in cores.items():
        count = host.sys_or_none(f"devices/system/cpu/{cpu}/thermal_throttle/core_throttle_count")
        if count is not None:
            core.add(int(count), core_id, package_id)
        if package_id not in packages:
            packages.add(package_id)
            count = host.sys_or_none(f"devices/system/cpu/{cpu}/thermal_throttle/package_throttle_count")
            if count is not None:
                package.add(int(count), package_id)
    return [core, package]


def _topology(host: Host) -> dict[tuple[str, str], str]:
    """One CPU for each (package, core) that counts throttles; threads of a core share its counter."""
    cores: dict[tuple[str, str], str] = {}
    for cpu in host.sys_list("devices/system/cpu"):
        if cpu[:3] != "cpu" or not cpu[3:].isdigit():
            continue
        folder = f"devices/system/cpu/{cpu}"
        if host.sys_or_none(f"{folder}/thermal_throttle/core_throttle_count") is None:
            continue
        package_id = host.sys_or_none(f"{folder}/topology/physical_package_id")
        core_id = host.sys_or_none(f"{folder}/topology/core_id")
        if package_id is not None and core_id is not None:
            cores.setdefault((package_id, core_id), cpu)
    return cores


def _lists(host: Host) -> list[Family]:
    online = Family("node_cpu_online", "gauge", "CPUs that are online and being scheduled.", ("cpu",))
    isolated = Family(
        "node_cpu_isolated",
        "gauge",
        "Whether each core is isolated, information from /sys/devices/system/cpu/isolated.",
        ("cpu",),
    )
    working = cpu_list(host.sys_or_none("devices/system/cpu/online") or "")
    for cpu in cpu_list(host.sys_or_none("devices/system/cpu/present") or ""):
        online.add(cpu in working, str(cpu))
    for cpu in cpu_list(host.sys_or_none("devices/system/cpu/isolated") or ""):
        isolated.add(1, str(cpu))
    return [online, isolated]


def cpu_list(text: str) -> list[int]:
    """The numbers in the kernel's list form, `0-3,8`."""
    numbers: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        if low.strip():
            numbers.extend(range(int(low), int(high or low) + 1))
    return numbers
