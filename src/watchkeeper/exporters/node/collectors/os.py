"""os: the name and version of the operating system."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime
from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host, NoDataError, read_text, single

_FILES: Final = ("/etc/os-release", "/usr/lib/os-release")
_LABELS: Final = (
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
)


def collect(host: Host) -> list[Family]:
    """`node_os_info`, `node_os_version` and the end of support, from os-release(5)."""
    release = _release(host)
    info = Family(
        "node_os_info",
        "gauge",
        "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, name, "
        "pretty_name, variant, variant_id, version, version_codename, version_id.",
        _LABELS,
    )
    info.add(1, *(release.get(label.upper(), "") for label in _LABELS))
    version = Family(
        "node_os_version",
        "gauge",
        "Metric containing the major.minor part of the OS version.",
        ("id", "id_like", "name"),
    )
    number = _major_minor(release.get("VERSION_ID", ""))
    if number > 0:
        version.add(number, release.get("ID", ""), release.get("ID_LIKE", ""), release.get("NAME", ""))
    families = [info, version]
    try:
        end = datetime.strptime(release.get("SUPPORT_END", ""), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return families
    help_ = "Metric containing the end-of-life date timestamp of the OS."
    return [*families, single("node_os_support_end_timestamp_seconds", "gauge", help_, end.timestamp())]


def _release(host: Host) -> dict[str, str]:
    for file in _FILES:
        path = host.rootfs.rstrip("/") + file
        try:
            changed_ns = os.stat(path).st_mtime_ns
            known: tuple[str, int, dict[str, str]] | None = host.memory.get("os release")
            if known is not None and known[:2] == (path, changed_ns):
                return known[2]
            text = read_text(path)
        except OSError:
            continue
        release: dict[str, str] = {}
        for line in text.splitlines():
            key, equals, value = line.partition("=")
            if equals and not key.startswith("#"):
                try:
                    release[key] = "".join(shlex.split(value))
                except ValueError:
                    release[key] = value.strip("\"'")
        host.memory["os release"] = path, changed_ns, release
        return release
    raise NoDataError("there is no os-release file")


def _major_minor(version: str) -> float:
    whole, _, rest = version.partition(".")
    fraction = rest.partition(".")[0]
    try:
        return float(f"{whole}.{fraction or 0}")
    except ValueError:
        return 0.0
