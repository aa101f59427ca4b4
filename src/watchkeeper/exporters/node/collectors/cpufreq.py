"""cpufreq: the frequency of each CPU thread, as the hardware and as the governor says."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host

_FREQUENCIES: Final = (
    ("cpuinfo_cur_freq", "node_cpu_frequency_hertz", "Current CPU thread frequency in hertz."),
    ("cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "Minimum CPU thread frequency in hertz."),
    ("cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "Maximum CPU thread frequency in hertz."),
    ("scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "Current scaled CPU thread frequency in hertz."),
    ("scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "Minimum scaled CPU thread frequency in hertz."),
    ("scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "Maximum scaled CPU thread frequency in hertz."),
)


def collect(host: Host) -> list[Family]:
    """`node_cpu_frequency_*` and `node_cpu_scaling_*`; the files hold kHz."""
    families = [Family(name, "gauge", help_, ("cpu",)) for _, name, help_ in _FREQUENCIES]
    governor = Family(
        "node_cpu_scaling_governor", "gauge", "Current enabled CPU frequency governor.", ("cpu", "governor")
    )
    for name in host.sys_list("devices/system/cpu"):
        cpu = name[3:]
        folder = f"devices/system/cpu/{name}/cpufreq"
        if name[:3] != "cpu" or not cpu.isdigit() or not host.sys_list(folder):
            continue
        for family, (file, _, _) in zip(families, _FREQUENCIES, strict=True):
            text = host.sys_or_none(f"{folder}/{file}")
            if text and text.isdigit():
                family.add(int(text) * 1000, cpu)
        current = host.sys_or_none(f"{folder}/scaling_governor")
        for choice in (host.sys_or_none(f"{folder}/scaling_available_governors") or "").split():
            governor.add(choice == current, cpu, choice)
    return [*families, governor]
