"""meminfo: where the memory is."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, single


def collect(host: Host) -> list[Family]:
    """`node_memory_<Field>_bytes` for each line of /proc/meminfo; fields without a unit are counts of huge pages."""
    families: list[Family] = []
    for line in host.proc("meminfo").splitlines():
        key, _, rest = line.partition(":")
        parts = rest.split()
        if not parts:
            continue
        value = int(parts[0])
        field = key.replace("(", "_").replace(")", "")
        if len(parts) > 1:
            value *= 1024
            field += "_bytes"
        type_ = "counter" if field.endswith("_total") else "gauge"
        families.append(single(f"node_memory_{field}", type_, f"Memory information field {field}.", value))
    return families
