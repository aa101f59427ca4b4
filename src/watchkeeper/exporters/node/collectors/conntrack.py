"""conntrack: the size and the work of the connection tracking table."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, NoDataError, single

_STATS: Final = (
    ("found", "Number of searched entries which were successful."),
    ("invalid", "Number of packets seen which can not be tracked."),
    ("ignore", "Number of packets seen which are already connected to a conntrack entry."),
    ("insert", "Number of entries inserted into the list."),
    ("insert_failed", "Number of entries for which list insertion was attempted but failed."),
    ("drop", "Number of packets dropped due to conntrack failure."),
    (
        "early_drop",
        "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.",
    ),
    ("search_restart", "Number of conntrack table lookups which had to be restarted due to hashtable resizes."),
)


def collect(host: Host) -> list[Family]:
    """`node_nf_conntrack_*`; the counts of /proc/net/stat/nf_conntrack are hexadecimal, one line for each CPU."""
    try:
        entries = int(host.proc("sys/net/netfilter/nf_conntrack_count"))
        limit = int(host.proc("sys/net/netfilter/nf_conntrack_max"))
        lines = host.proc("net/stat/nf_conntrack").splitlines()
    except FileNotFoundError as error:
        raise NoDataError("conntrack is not loaded") from error
    columns = lines[0].split()
    rows = [[int(cell, 16) for cell in line.split()] for line in lines[1:]]
    families = [
        single(
            "node_nf_conntrack_entries",
            "gauge",
            "Number of currently allocated flow entries for connection tracking.",
            entries,
        ),
        single("node_nf_conntrack_entries_limit", "gauge", "Maximum size of connection tracking table.", limit),
    ]
    for name, help_ in _STATS:
        # Newer kernels call the fifth column clashres and keep ignore for compatibility.
        if name in columns:
            at = columns.index(name)
            total = sum(row[at] for row in rows if at < len(row))
            families.append(single(f"node_nf_conntrack_stat_{name}", "gauge", help_, total))
    return families
