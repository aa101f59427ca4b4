"""diskstats: what block devices read, wrote, discarded and flushed, and how long it took."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, read_text

_SECTOR_BYTES: Final = 512  # Always, whatever the device's own sectors are.
_MS: Final = 1.0 / 1000.0
_COLUMNS: Final = (
    ("reads_completed_total", "counter", 1, "The total number of reads completed successfully."),
    ("reads_merged_total", "counter", 1, "The total number of reads merged."),
    ("read_bytes_total", "counter", _SECTOR_BYTES, "The total number of bytes read successfully."),
    ("read_time_seconds_total", "counter", _MS, "The total number of seconds spent by all reads."),
    ("writes_completed_total", "counter", 1, "The total number of writes completed successfully."),
    ("writes_merged_total", "counter", 1, "The number of writes merged."),
    ("written_bytes_total", "counter", _SECTOR_BYTES, "The total number of bytes written successfully."),
    ("write_time_seconds_total", "counter", _MS, "This is the total number of seconds spent by all writes."),
    ("io_now", "gauge", 1, "The number of I/Os currently in progress."),
    ("io_time_seconds_total", "counter", _MS, "Total seconds spent doing I/Os."),
    ("io_time_weighted_seconds_total", "counter", _MS, "The weighted # of seconds spent doing I/Os."),
    ("discards_completed_total", "counter", 1, "The total number of discards completed successfully."),
    ("discards_merged_total", "counter", 1, "The total number of discards merged."),
    ("discarded_sectors_total", "counter", 1, "The total number of sectors discarded successfully."),
    ("discard_time_seconds_total", "counter", _MS, "This is the total number of seconds spent by all discards."),
    ("flush_requests_total", "counter", 1, "The total number of flush requests completed successfully"),
    (
        "flush_requests_time_seconds_total",
        "counter",
        _MS,
        "This is the total number of seconds spent by all flush requests.",
    ),
)
_ATA: Final = (
    ("write_cache", "ID_ATA_WRITE_CACHE", "ATA disk has a write cache."),
    ("write_cache_enabled", "ID_ATA_WRITE_CACHE_ENABLED", "ATA disk has its write cache enabled."),
    ("rotation_rate_rpm", "ID_ATA_ROTATION_RATE_RPM", "ATA disk rotation rate in RPMs (0 for SSDs)."),
)


def collect(host: Host) -> list[Family]:
    """`node_disk_*` from /proc/diskstats, with the names and serial numbers udev knows."""
    columns = [Family(f"node_disk_{name}", type_, help_, ("device",)) for name, type_, _, help_ in _COLUMNS]
    info = Family(
        "node_disk_info",
        "gauge",
        "Info of /sys/block/<block_device>.",
        ("device", "major", "minor", "model", "path", "revision", "rotational", "serial", "wwn"),
    )
    filesystem = Family(
        "node_disk_filesystem_info",
        "gauge",
        "Info about disk filesystem.",
        ("device", "type", "usage", "uuid", "version"),
    )
    mapper = Family(
        "node_disk_device_mapper_info",
        "gauge",
        "Info about disk device mapper.",
        ("device", "lv_layer", "lv_name", "name", "uuid", "vg_name"),
    )
    ata = [Family(f"node_disk_ata_{name}", "gauge", help_, ("device",)) for name, _, help_ in _ATA]
    is_excluded = host.chooser(host.filters.diskstats_device_exclude)
    for line in host.proc("diskstats").splitlines():
        major, minor, device, *fields = line.split()
        if is_excluded(device):
            continue
        udev = _udev(host, major, minor)
        info.add(
            1,
            device,
            major,
            minor,
            udev.get("ID_MODEL", ""),
            udev.get("ID_PATH", ""),
            udev.get("ID_REVISION", ""),
            host.sys_or_none(f"block/{device}/queue/rotational") or "",
            udev.get("SCSI_IDENT_SERIAL") or udev.get("ID_SERIAL_SHORT") or udev.get("ID_SERIAL", ""),
            udev.get("ID_WWN", ""),
        )
        # Kernels before 4.18 have no discards, before 5.5 no flushes: the rest is simply not there.
        for family, (_, _, factor, _), text in zip(columns, _COLUMNS, fields, strict=False):
            family.add(int(text) * factor, device)
        if udev.get("ID_FS_TYPE"):
            filesystem.add(1, device, *(udev.get(f"ID_FS_{key}", "") for key in ("TYPE", "USAGE", "UUID", "VERSION")))
        if udev.get("DM_NAME"):
            keys = ("DM_LV_LAYER", "DM_LV_NAME", "DM_NAME", "DM_UUID", "DM_VG_NAME")
            mapper.add(1, device, *(udev.get(key, "") for key in keys))
        if udev.get("ID_ATA"):
            for family, (_, key, _) in zip(ata, _ATA, strict=True):
                if udev.get(key, "").isdigit():
                    family.add(int(udev[key]), device)
    return [*columns, info, filesystem, mapper, *ata]


def _udev(host: Host, major: str, minor: str) -> dict[str, str]:
    try:
        text = read_text(f"{host.udev_data}/b{major}:{minor}")
    except OSError:
        return {}
    return dict(line[2:].partition("=")[::2] for line in text.splitlines() if line.startswith("E:"))
