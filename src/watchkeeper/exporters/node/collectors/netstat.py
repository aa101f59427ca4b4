"""netstat: counters of the network protocols."""

from __future__ import annotations

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, single


def collect(host: Host) -> list[Family]:
    """`node_netstat_<Protocol>_<Field>` from /proc/net/{netstat,snmp,snmp6}, of the fields the filter lets through."""
    families: list[Family] = []
    for file in ("net/netstat", "net/snmp"):
        # Lines come in pairs: the names, then the values.
        lines = iter(host.proc(file).splitlines())
        for names, values in zip(lines, lines, strict=False):
            texts = values.split()
            families.extend(_statistic(name, float(texts[at])) for at, name in _wanted(host, names))
    is_wanted = host.chooser(host.filters.netstat_fields)
    for line in _snmp6(host).splitlines():
        protocol, six, rest = line.partition("6")
        field, _, text = rest.partition(" ")
        if six and is_wanted(f"{protocol}6_{field}"):
            families.append(_statistic(f"{protocol}6_{field}", float(text)))
    return families


def _wanted(host: Host, names: str) -> list[tuple[int, str]]:
    """The places and names of the wanted fields in a line of names; such a line is the same at every scrape."""
    known: dict[str, list[tuple[int, str]]] = host.memory.setdefault("netstat fields", {})
    wanted = known.get(names)
    if wanted is None:
        is_wanted = host.chooser(host.filters.netstat_fields)
        protocol, *fields = names.split()
        full_names = [protocol.replace(":", "_") + field for field in fields]
        wanted = known[names] = [(at, name) for at, name in enumerate(full_names, 1) if is_wanted(name)]
    return wanted


def _statistic(name: str, value: float) -> Family:
    return single(f"node_netstat_{name}", "untyped", f"Statistic {name.replace('_', '')}.", value)


def _snmp6(host: Host) -> str:
    try:
        return host.proc("net/snmp6")
    except FileNotFoundError:
        return ""  # IPv6 is switched off.
