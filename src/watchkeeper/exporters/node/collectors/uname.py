"""uname: what the kernel is called."""

from __future__ import annotations

import os

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host


def collect(host: Host) -> list[Family]:
    """`node_uname_info`, of this kernel; the domain name, which Python's uname leaves out, comes from /proc."""
    names = os.uname()
    try:
        domain = host.proc("sys/kernel/domainname").strip()
    except OSError:
        domain = "(none)"
    info = Family(
        "node_uname_info",
        "gauge",
        "Labeled system information as provided by the uname system call.",
        ("domainname", "machine", "nodename", "release", "sysname", "version"),
    )
    info.add(1, domain, names.machine, names.nodename, names.release, names.sysname, names.version)
    return [info]
