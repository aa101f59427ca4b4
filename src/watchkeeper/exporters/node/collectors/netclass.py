"""netclass: what kind of thing each network device is, and whether its cable is in."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Folder, Host

_IFF_UP: Final = 1
_BYTES_PER_MBIT: Final = 1000 * 1000 // 8
_PROPERTIES: Final = (
    ("addr_assign_type", "address_assign_type", "gauge"),
    ("carrier", "carrier", "gauge"),
    ("carrier_changes", "carrier_changes_total", "counter"),
    ("carrier_up_count", "carrier_up_changes_total", "counter"),
    ("carrier_down_count", "carrier_down_changes_total", "counter"),
    ("dev_id", "device_id", "gauge"),
    ("dormant", "dormant", "gauge"),
    ("flags", "flags", "gauge"),
    ("ifindex", "iface_id", "gauge"),
    ("iflink", "iface_link", "gauge"),
    ("link_mode", "iface_link_mode", "gauge"),
    ("mtu", "mtu_bytes", "gauge"),
    ("name_assign_type", "name_assign_type", "gauge"),
    ("netdev_group", "net_dev_group", "gauge"),
    ("speed", "speed_bytes", "gauge"),
    ("tx_queue_len", "transmit_queue_length", "gauge"),
    ("type", "protocol_type", "gauge"),
)


def collect(host: Host) -> list[Family]:
    """`node_network_*` properties from /sys/class/net; what a driver refuses to say is left out."""
    families = [
        Family(f"node_network_{name}", type_, f"Network device property: {name}", ("device",))
        for _, name, type_ in _PROPERTIES
    ]
    up = Family("node_network_up", "gauge", "Value is 1 if operstate is 'up', 0 otherwise.", ("device",))
    info = Family(
        "node_network_info",
        "gauge",
        "Non-numeric data from /sys/class/net/<iface>, value is always 1.",
        ("address", "adminstate", "broadcast", "device", "duplex", "ifalias", "operstate"),
    )
    is_ignored = host.chooser(host.filters.netclass_ignored_devices)
    for device in host.sys_list("class/net"):
        if is_ignored(device):
            continue
        try:
            folder = Folder(f"{host.sysfs}/class/net/{device}")
        except OSError:
            continue  # The device went away, or is no device: `bonding_masters` is a file among them.
        with folder:
            for family, (file, _, _) in zip(families, _PROPERTIES, strict=True):
                text = folder.read_or_none(file)
                if text:
                    value = int(text, 0)
                    family.add(value * _BYTES_PER_MBIT if file == "speed" else value, device)
            state = folder.read_or_none("operstate") or ""
            up.add(state == "up", device)
            info.add(
                1,
                folder.read_or_none("address") or "",
                "up" if int(folder.read_or_none("flags") or "0", 0) & _IFF_UP else "down",
                folder.read_or_none("broadcast") or "",
                device,
                folder.read_or_none("duplex") or "",
                folder.read_or_none("ifalias") or "",
                state,
            )
    return [*families, up, info]
