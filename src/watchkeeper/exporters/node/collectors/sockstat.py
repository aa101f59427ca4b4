"""sockstat: sockets by protocol and state."""

from __future__ import annotations

import resource
from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, single

_PAGE_BYTES: Final = resource.getpagesize()


def collect(host: Host) -> list[Family]:
    """`node_sockstat_<PROTOCOL>_<field>` from /proc/net/sockstat and sockstat6; `mem` counts pages."""
    families: list[Family] = []
    for file in ("net/sockstat", "net/sockstat6"):
        try:
            lines = host.proc(file).splitlines()
        except FileNotFoundError:
            continue  # IPv6 is switched off, or its module not loaded.
        for line in lines:
            protocol, _, rest = line.partition(":")
            words = rest.split()
            for field, text in zip(words[::2], words[1::2], strict=False):
                if protocol == "sockets":
                    help_ = "Number of IPv4 sockets in use."
                    families.append(single("node_sockstat_sockets_used", "gauge", help_, int(text)))
                    continue
                families.append(_state(protocol, field, int(text)))
                if field == "mem":
                    families.append(_state(protocol, "mem_bytes", int(text) * _PAGE_BYTES))
    return families


def _state(protocol: str, field: str, value: int) -> Family:
    help_ = f"Number of {protocol} sockets in state {field}."
    return single(f"node_sockstat_{protocol}_{field}", "gauge", help_, value)
