"""The page of our node exporter beside the page of Debian's: same families, types, help, labels and nearby values."""

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request

import pytest

from watchkeeper.exporters.node.host import Filters, Host
from watchkeeper.exporters.node.registry import COLLECTORS, NodeExporter

DEBIAN = "/usr/bin/prometheus-node-exporter"

# Debian 12 has 1.5.0; what we match is 1.12. Each line is a difference, and why it is one.
ONLY_OURS = {
    "node_cpu_online": "since 1.9",
    "node_cpu_isolated": "since 1.4 with the flag, since 1.9 always",
    "node_filesystem_mount_info": "since 1.9",
    "node_softnet_backlog_len": "since 1.6",
    "node_softnet_cpu_collision_total": "since 1.6",
    "node_softnet_flow_limit_count_total": "since 1.6",
    "node_softnet_received_rps_total": "since 1.6",
    "node_kernel_hung_tasks_total": "since 1.10",
    "node_pressure_irq_stalled_seconds_total": "since 1.9",
}
NEW_LABELS = {
    "node_disk_info": {"rotational"},  # Since 1.9.
    "node_network_info": {"adminstate"},  # Since 1.6.
    "node_os_info": set(),
}
EMPTY_LABELS = {"device_error"}  # On all of node_filesystem_* since 1.9; empty, so the series are the same.
NOT_COMPARED = {
    "node_exporter_build_info": "says who built it",
    "node_scrape_collector_duration_seconds": "is a time",
    "node_scrape_collector_success": "compared by test_the_same_collectors_succeed",
}
MOVES = re.compile(
    r"node_(cpu_seconds|context_switches|intr|forks|disk_|network_(receive|transmit)|netstat_|vmstat_|memory_|load|"
    r"sockstat_|softnet_|pressure_|procs_|filefd_alloc|filesystem_(free|avail|files_free)|time_seconds|entropy_avail|"
    r"timex_|udp_queues|arp_|schedstat_|cpu_.*frequency|thermal_zone|nf_conntrack_)"
)


@pytest.fixture(scope="module")
def texts():
    if not os.path.exists(DEBIAN):
        pytest.skip("prometheus-node-exporter is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    filters = Filters()
    flags = [
        "--collector.disable-defaults",
        *(f"--collector.{name}" for name in COLLECTORS if name != "kernel_hung"),
        f"--web.listen-address=127.0.0.1:{port}",
        f"--collector.diskstats.device-exclude={filters.diskstats_device_exclude}",
        f"--collector.filesystem.mount-points-exclude={filters.filesystem_mount_points_exclude}",
        f"--collector.filesystem.fs-types-exclude={filters.filesystem_fs_types_exclude}",
        f"--collector.netstat.fields={filters.netstat_fields}",
        "--collector.netdev.device-exclude=^$",  # Debian's own default leaves lo out.
    ]
    process = subprocess.Popen([DEBIAN, *flags], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    theirs = answer.read().decode()
                break
            except OSError:
                time.sleep(0.05)
        else:
            pytest.fail("prometheus-node-exporter does not answer")
        ours = NodeExporter(Host()).scrape().decode()
    finally:
        process.terminate()
        process.wait()
    return ours, theirs


@pytest.fixture(scope="module")
def pages(texts):
    return parse(texts[0]), parse(texts[1])


def parse(page):
    """{family: (type, help, {labels: value})}"""
    families = {}
    for line in page.splitlines():
        if line.startswith("# HELP "):
            _, _, name, *rest = line.split(" ", 3)
            families[name] = ["", rest[0] if rest else "", {}]
        elif line.startswith("# TYPE "):
            _, _, name, type_ = line.split(" ")
            families[name][0] = type_
        else:
            series, _, value = line.rpartition(" ")
            name, _, labels = series.partition("{")
            pairs = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)
            if name in families:
                kept = tuple(p for p in pairs if not (p[0] in EMPTY_LABELS and not p[1]))
                families[name][2][kept] = float(value)
    return {name: family for name, family in families.items() if name.startswith("node_") and name not in NOT_COMPARED}


@pytest.mark.process
def test_the_same_families_with_type_and_help(pages):
    ours, theirs = pages
    assert len(set(ours) & set(theirs)) > 150
    assert set(ours) - set(theirs) <= set(ONLY_OURS)
    assert set(theirs) - set(ours) == set()
    differences = [
        (name, ours[name][:2], theirs[name][:2])
        for name in theirs
        if name in ours and ours[name][:2] != theirs[name][:2]
    ]
    assert differences == []


@pytest.mark.process
def test_the_same_series_and_values(pages):
    ours, theirs = pages
    differences = []
    for name in sorted(set(ours) & set(theirs)):
        mine = {without(labels, NEW_LABELS.get(name, ())): value for labels, value in ours[name][2].items()}
        other = theirs[name][2]
        if set(mine) != set(other):
            differences.append((name, sorted(set(mine) ^ set(other))))
            continue
        for labels, value in other.items():
            if MOVES.match(name):
                # A share, and a floor: a second of CPU, some thousand packets, 100 MB of memory that others took.
                near = abs(mine[labels] - value) <= max(0.25 * abs(value), 2e8 if "bytes" in name else 5000)
            else:
                near = mine[labels] == value
            if not near:
                differences.append((name, labels, mine[labels], value))
    assert differences == []


def without(labels, names):
    return tuple(pair for pair in labels if pair[0] not in names)


@pytest.mark.process
def test_the_same_collectors_succeed(texts):
    ours, theirs = (
        dict(re.findall(r'node_scrape_collector_success\{collector="(\w+)"\} (\d)', text)) for text in texts
    )
    ours.pop("kernel_hung")  # Debian's is too old to have it.
    assert ours == theirs


@pytest.mark.process
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_says_of_ours_what_it_says_of_theirs(texts):
    """The linter dislikes upstream's own names, such as node_memory_HugePages_Total; it finds nothing else."""
    complaints = [
        set(
            subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True).stdout.split(
                "\n"
            )
        )
        for text in texts
    ]
    assert complaints[0] == complaints[1]
