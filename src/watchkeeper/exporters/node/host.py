"""Where the kernel's files of the observed machine are, and what a person chose to see of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from watchkeeper.core.model.regex import compile_re2
from watchkeeper.core.telemetry.family import Family

_READ_BYTES: Final = 65_536


class NoDataError(Exception):
    """This machine has nothing for a collector to say; the collector counts as failed, and no error is logged."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Regular expressions that choose devices and fields; they match anywhere, as upstream's, with its defaults."""

    diskstats_device_exclude: str = r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"
    filesystem_mount_points_exclude: str = (
        r"^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
    )
    filesystem_fs_types_exclude: str = (
        "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|"
        "overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$"
    )
    netdev_device_exclude: str = ""
    netclass_ignored_devices: str = "^$"
    netstat_fields: str = (
        "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
        "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|"
        "Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|"
        "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
    )
    vmstat_fields: str = "^(oom_kill|pgpg|pswp|pg.*fault).*"


@dataclass(slots=True)
class Host:
    """The roots of the observed machine's file systems, the filters, and what collectors keep between scrapes.

    In a container the host's roots are mounted elsewhere: `procfs="/host/proc"`, `rootfs="/host/root"`.
    """

    procfs: str = "/proc"
    sysfs: str = "/sys"
    rootfs: str = "/"
    udev_data: str = "/run/udev/data"
    textfile_directory: str = ""
    filters: Filters = field(default_factory=Filters)
    memory: dict[str, Any] = field(default_factory=dict)
    _choices: dict[str, Callable[[str], bool]] = field(default_factory=dict)

    def proc(self, path: str) -> str:
        """The text of a file under /proc. Raises OSError."""
        return read_text(f"{self.procfs}/{path}")

    def sys(self, path: str) -> str:
        """The text of a file under /sys without the newline at its end. Raises OSError."""
        return read_text(f"{self.sysfs}/{path}").rstrip("\n")

    def sys_or_none(self, path: str) -> str | None:
        """As `sys`; None where the file is not there or the driver refuses to answer."""
        try:
            return self.sys(path)
        except OSError:
            return None

    def sys_list(self, path: str) -> list[str]:
        """The sorted names in a directory under /sys; empty where it is not there."""
        try:
            return sorted(os.listdir(f"{self.sysfs}/{path}"))
        except OSError:
            return []

    def chooser(self, pattern: str) -> Callable[[str], bool]:
        """Whether a name matches a filter; answers are remembered, since the same devices come at every scrape.

        Raises RegexError for a pattern that is none.
        """
        known = self._choices.get(pattern)
        if known is None:
            known = self._choices[pattern] = _remember(pattern)
        return known


def _remember(pattern: str) -> Callable[[str], bool]:
    expression = compile_re2(pattern) if pattern else None
    answers: dict[str, bool] = {}

    def matches(name: str) -> bool:
        answer = answers.get(name)
        if answer is None:
            if len(answers) > 10_000:
                answers.clear()  # Names that never repeat, such as veth devices, must not fill the memory.
            answer = answers[name] = expression is not None and expression.search(name) is not None
        return answer

    return matches


def read_text(path: str) -> str:
    """The whole text of a file the kernel makes up while it is read. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(handle, _READ_BYTES)
        if len(data) > 4000:  # The kernel may hand over such files in pages.
            while more := os.read(handle, _READ_BYTES):
                data += more
    finally:
        os.close(handle)
    return data.decode("utf-8", "surrogateescape")


class Folder:
    """An open directory, for many small files in one place: opening by name alone spares the walk down the path."""

    __slots__ = ("_handle",)

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def read_or_none(self, name: str) -> str | None:
        """The text of a file of less than a page, without the newline at its end; None where it can't be read."""
        try:
            handle = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._handle)
        except OSError:
            return None
        try:
            return os.read(handle, 4096).decode("utf-8", "surrogateescape").rstrip("\n")
        except OSError:
            return None
        finally:
            os.close(handle)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def single(name: str, type_: str, help_: str, value: float) -> Family:
    """A family of one sample without labels."""
    family = Family(name, type_, help_)
    family.add(value)
    return family
