"""filesystem: size, free space and inodes of mounted file systems.

A network file system whose server is gone hangs in statvfs, and no signal ends that. So those are asked in a thread
of their own, and one that does not answer in time is marked and left alone until its thread comes back.
"""

from __future__ import annotations

import os
import threading
from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.exporters.node.host import Host

_LABELS: Final = ("device", "device_error", "fstype", "mountpoint")
_MAY_HANG: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "afs", "glusterfs", "lustre")
_PATIENCE_S: Final = 5.0  # Upstream's mount timeout.


def collect(host: Host) -> list[Family]:
    """`node_filesystem_*` from the mounts of process 1, or of our own where those are hidden."""
    size, free, avail, files, files_free, readonly, device_error = (
        Family(f"node_filesystem_{name}", "gauge", help_, _LABELS)
        for name, help_ in (
            ("size_bytes", "Filesystem size in bytes."),
            ("free_bytes", "Filesystem free space in bytes."),
            ("avail_bytes", "Filesystem space available to non-root users in bytes."),
            ("files", "Filesystem total file nodes."),
            ("files_free", "Filesystem total free file nodes."),
            ("readonly", "Filesystem read-only status."),
            ("device_error", "Whether an error occurred while getting statistics for the given device."),
        )
    )
    mount_info = Family(
        "node_filesystem_mount_info",
        "gauge",
        "Filesystem mount information.",
        ("device", "major", "minor", "mountpoint"),
    )
    mount_is_excluded = host.chooser(host.filters.filesystem_mount_points_exclude)
    type_is_excluded = host.chooser(host.filters.filesystem_fs_types_exclude)
    seen: set[tuple[str, str, str]] = set()
    for line in _mounts(host).splitlines():
        left, _, right = line.partition(" - ")
        _, _, numbers, _, mount_point, options, *_ = left.split(" ")
        type_, source, super_options = [*right.split(" ", 2), "", ""][:3]
        mount_point = _unescape(_below_root(host.rootfs, mount_point))
        source = _unescape(source)
        if mount_is_excluded(mount_point) or type_is_excluded(type_) or (source, type_, mount_point) in seen:
            continue
        seen.add((source, type_, mount_point))
        answer = _stat(host, type_, mount_point)
        labels = (source, answer if isinstance(answer, str) else "", type_, mount_point)
        readonly.add("ro" in options.split(",") or "ro" in super_options.split(","), *labels)
        device_error.add(isinstance(answer, str), *labels)
        if isinstance(answer, str):
            continue
        size.add(answer.f_blocks * answer.f_frsize, *labels)
        free.add(answer.f_bfree * answer.f_frsize, *labels)
        avail.add(answer.f_bavail * answer.f_frsize, *labels)
        files.add(answer.f_files, *labels)
        files_free.add(answer.f_ffree, *labels)
        major, _, minor = numbers.partition(":")
        mount_info.add(1, source, major, minor, mount_point)
    return [size, free, avail, files, files_free, readonly, device_error, mount_info]


def _mounts(host: Host) -> str:
    try:
        return host.proc("1/mountinfo")
    except OSError:
        return host.proc("self/mountinfo")


def _below_root(rootfs: str, mount_point: str) -> str:
    if rootfs == "/" or not (mount_point == rootfs or mount_point.startswith(rootfs + "/")):
        return mount_point
    return mount_point[len(rootfs) :] or "/"


def _unescape(text: str) -> str:
    # The kernel writes space, tab, newline and backslash in octal.
    if "\\" not in text:
        return text
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")


def _stat(host: Host, type_: str, mount_point: str) -> os.statvfs_result | str:
    """What the file system says, or why it says nothing."""
    path = mount_point if host.rootfs == "/" else host.rootfs.rstrip("/") + mount_point
    if type_ not in _MAY_HANG and not type_.startswith("fuse."):
        return _ask(path)
    stuck: dict[str, threading.Thread] = host.memory.setdefault("stuck mounts", {})
    if path in stuck:
        if stuck[path].is_alive():
            return "mountpoint timeout"
        del stuck[path]
    answers: list[os.statvfs_result | str] = []
    thread = threading.Thread(target=lambda: answers.append(_ask(path)), name="statvfs", daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    if answers:
        return answers[0]
    stuck[path] = thread
    return "mountpoint timeout"


def _ask(path: str) -> os.statvfs_result | str:
    try:
        return os.statvfs(path)
    except OSError as error:
        return (error.strerror or str(error)).lower()
