"""thermal_zone: temperatures, and how hard cooling devices work."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host


def collect(host: Host) -> list[Family]:
    """`node_thermal_zone_temp` and `node_cooling_device_*` from /sys/class/thermal, which holds m°C."""
    temperature = Family("node_thermal_zone_temp", "gauge", "Zone temperature in Celsius", ("type", "zone"))
    current = _cooling("cur_state", "Current throttle state of the cooling device")
    maximum = _cooling("max_state", "Maximum throttle state of the cooling device")
    for name in host.sys_list("class/thermal"):
        folder = f"class/thermal/{name}"
        type_ = host.sys_or_none(f"{folder}/type") or ""
        if name.startswith("thermal_zone"):
            _add(temperature, host.sys_or_none(f"{folder}/temp"), 1000.0, type_, name[12:])
        elif name.startswith("cooling_device"):
            _add(current, host.sys_or_none(f"{folder}/cur_state"), 1, name[14:], type_)
            _add(maximum, host.sys_or_none(f"{folder}/max_state"), 1, name[14:], type_)
    return [temperature, current, maximum]


def _cooling(name: str, help_: str) -> Family:
    return Family(f"node_cooling_device_{name}", "gauge", help_, ("name", "type"))


def _add(family: Family, text: str | None, divisor: float, *labels: str) -> None:
    if text:  # A zone that is switched off refuses to be read.
        family.add(int(text) / divisor, *labels)
