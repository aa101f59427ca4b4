"""filefd: open files of the whole machine."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, single


def collect(host: Host) -> list[Family]:
    """`node_filefd_*` from /proc/sys/fs/file-nr, whose second number has meant nothing since Linux 2.6."""
    allocated, _, maximum = host.proc("sys/fs/file-nr").split()
    return [
        single("node_filefd_allocated", "gauge", "File descriptor statistics: allocated.", int(allocated)),
        single("node_filefd_maximum", "gauge", "File descriptor statistics: maximum.", int(maximum)),
    ]
