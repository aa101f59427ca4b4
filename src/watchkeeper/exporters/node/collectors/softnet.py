"""softnet: how each CPU coped with arriving packets."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host

_CPU_COLUMN: Final = 12
_COLUMNS: Final = (
    (0, "processed_total", "counter", "Number of processed packets"),
    (1, "dropped_total", "counter", "Number of dropped packets"),
    (2, "times_squeezed_total", "counter", "Number of times processing packets ran out of quota"),
    (
        8,
        "cpu_collision_total",
        "counter",
        "Number of collision occur while obtaining device lock while transmitting",
    ),
    (9, "received_rps_total", "counter", "Number of times cpu woken up received_rps"),
    (10, "flow_limit_count_total", "counter", "Number of times flow limit has been reached"),
    (11, "backlog_len", "gauge", "Softnet backlog status"),
)


def collect(host: Host) -> list[Family]:
    """`node_softnet_*` from /proc/net/softnet_stat: hexadecimal, a line for each CPU; old kernels have fewer."""
    families = [Family(f"node_softnet_{name}", type_, help_, ("cpu",)) for _, name, type_, help_ in _COLUMNS]
    for at, line in enumerate(host.proc("net/softnet_stat").splitlines()):
        fields = [int(field, 16) for field in line.split()]
        cpu = str(fields[_CPU_COLUMN] if len(fields) > _CPU_COLUMN else at)
        for family, (column, _, _, _) in zip(families, _COLUMNS, strict=True):
            if column < len(fields):
                family.add(fields[column], cpu)
    return families
