"""The table of collectors, and the exporter that runs them and writes their page."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from watchkeeper import __version__
from watchkeeper.core.telemetry.family import Family, render
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.exporters.node.collectors import (
    arp,
    conntrack,
    cpu,
    cpufreq,
    diskstats,
    entropy,
    filefd,
    filesystem,
    kernel_hung,
    loadavg,
    meminfo,
    netclass,
    netdev,
    netstat,
    pressure,
    schedstat,
    selinux,
    sockstat,
    softnet,
    stat,
    textfile,
    thermal_zone,
    timex,
    udp_queues,
    uname,
    vmstat,
)
from watchkeeper.exporters.node.collectors import os as os_release
from watchkeeper.exporters.node.collectors import time as clock
from watchkeeper.exporters.node.host import Host, NoDataError

log = get_logger("node exporter")


@dataclass(frozen=True, slots=True)
class Entry:
    """A collector, and whether it runs unless a person says otherwise."""

    collect: Callable[[Host], list[Family]]
    is_default: bool = True


COLLECTORS: Final[dict[str, Entry]] = {
    "arp": Entry(arp.collect),
    "conntrack": Entry(conntrack.collect),
    "cpu": Entry(cpu.collect),
    "cpufreq": Entry(cpufreq.collect),
    "diskstats": Entry(diskstats.collect),
    "entropy": Entry(entropy.collect),
    "filefd": Entry(filefd.collect),
    "filesystem": Entry(filesystem.collect),
    "kernel_hung": Entry(kernel_hung.collect),
    "loadavg": Entry(loadavg.collect),
    "meminfo": Entry(meminfo.collect),
    "netclass": Entry(netclass.collect),
    "netdev": Entry(netdev.collect),
    "netstat": Entry(netstat.collect),
    "os": Entry(os_release.collect),
    "pressure": Entry(pressure.collect),
    "schedstat": Entry(schedstat.collect),
    "selinux": Entry(selinux.collect),
    "sockstat": Entry(sockstat.collect),
    "softnet": Entry(softnet.collect),
    "stat": Entry(stat.collect),
    "textfile": Entry(textfile.collect),
    "thermal_zone": Entry(thermal_zone.collect),
    "time": Entry(clock.collect),
    "timex": Entry(timex.collect),
    "udp_queues": Entry(udp_queues.collect),
    "uname": Entry(uname.collect),
    "vmstat": Entry(vmstat.collect),
}

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


def choose(enable: Iterable[str] = (), disable: Iterable[str] = (), *, defaults: bool = True) -> tuple[str, ...]:
    """The names of the collectors to run, in order.

    enable, disable   names given by a person; `disable` wins
    defaults          False starts from none, as `--collector.disable-defaults`
    raises            ValueError for a name that is not in the table
    """
    enable, disable = set(enable), set(disable)
    for name in sorted(enable | disable):
        if name not in COLLECTORS:
            raise ValueError(f"missing collector: {name}")
    return tuple(
        name
        for name, entry in COLLECTORS.items()
        if name not in disable and (name in enable or (defaults and entry.is_default))
    )


class NodeExporter:
    """Runs collectors over one host, for one caller at a time: collectors remember their last reading."""

    def __init__(self, host: Host | None = None, names: Iterable[str] | None = None) -> None:
        self.host = host or Host()
        self.names = choose() if names is None else tuple(names)
        self._build_info = _build_info()
        self._lock = threading.Lock()

    def collect(self, only: Iterable[str] | None = None) -> list[Family]:
        """The families of all collectors, or of those named in `only`; one that fails costs only itself.

        A second thread waits until the first has them.
        Raises ValueError where `only` names a collector that does not run here.
        """
        names = self.names
        if only is not None:
            names = tuple(only)
            for name in names:
                if name not in self.names:
                    raise ValueError(
                        f"disabled collector: {name}" if name in COLLECTORS else f"missing collector: {name}"
                    )
        with self._lock:
            return self._collect(names)

    def _collect(self, names: Iterable[str]) -> list[Family]:
        families: list[Family] = [self._build_info]
        duration = Family(
            "node_scrape_collector_duration_seconds",
            "gauge",
            "node_exporter: Duration of a collector scrape.",
            ("collector",),
        )
        success = Family(
            "node_scrape_collector_success",
            "gauge",
            "node_exporter: Whether a collector succeeded.",
            ("collector",),
        )
        for name in names:
            start_s = time.perf_counter()
            is_good = False
            try:
                families.extend(COLLECTORS[name].collect(self.host))
                is_good = True
            except NoDataError as error:
                log.debug("collector returned no data", name=name, err=error)
            except Exception as error:  # One collector must not take the page away.
                log.error("collector failed", name=name, err=error)
            duration.add(time.perf_counter() - start_s, name)
            success.add(is_good, name)
        return [*families, duration, success]

    def scrape(self, only: Iterable[str] | None = None, *, openmetrics: bool = False) -> bytes:
        """The page of the exporter, as `/metrics` gives it."""
        return render(self.collect(only), openmetrics=openmetrics)


def _build_info() -> Family:
    info = Family(
        "node_exporter_build_info",
        "gauge",
        "A metric with a constant '1' value labeled by version, revision, branch, goversion from which node_exporter "
        "was built, and the goos and goarch for the build.",
        ("branch", "goarch", "goos", "goversion", "revision", "tags", "version"),
    )
    machine = os.uname().machine
    python = f"python{platform.python_version()}"
    info.add(1, "", _ARCHITECTURES.get(machine, machine), "linux", python, "", "watchkeeper", __version__)
    return info
