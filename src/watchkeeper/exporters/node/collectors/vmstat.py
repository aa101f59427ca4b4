"""vmstat: paging, swapping, faults and kills for want of memory."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, single


def collect(host: Host) -> list[Family]:
    """`node_vmstat_<field>` from /proc/vmstat, of the fields the filter lets through."""
    is_wanted = host.chooser(host.filters.vmstat_fields)
    return [
        single(f"node_vmstat_{field}", "untyped", f"/proc/vmstat information field {field}.", int(text))
        for field, _, text in (line.partition(" ") for line in host.proc("vmstat").splitlines())
        if is_wanted(field)
    ]
