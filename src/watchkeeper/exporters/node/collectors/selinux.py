"""selinux: whether SELinux is on, and whether it enforces."""

from __future__ import annotations

import os

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, read_text, single


def collect(host: Host) -> list[Family]:
    """`node_selinux_*`; only `enabled` where it is off."""
    is_enabled = os.path.exists(f"{host.sysfs}/fs/selinux/enforce")
    families = [single("node_selinux_enabled", "gauge", "SELinux is enabled, 1 is true, 0 is false", is_enabled)]
    if is_enabled:
        current = int(host.sys("fs/selinux/enforce"))
        families.append(single("node_selinux_current_mode", "gauge", "Current SELinux enforcement mode", current))
        configured = _configured_mode(host)
        help_ = "Configured SELinux enforcement mode"
        families.append(single("node_selinux_config_mode", "gauge", help_, configured))
    return families


def _configured_mode(host: Host) -> int:
    try:
        text = read_text(host.rootfs.rstrip("/") + "/etc/selinux/config")
    except OSError:
        return -1
    modes = {"enforcing": 1, "permissive": 0}
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "SELINUX":
            return modes.get(value.strip(), -1)
    return -1
