"""`python -m bench.rules`: 10,000 rules over the simulated targets, by watchkeeper and then by Prometheus.

Each server scrapes the same targets, first without rules and then, after a reload, with them: the difference of the
CPU seconds is what evaluation costs. 100 groups of 100 rules, half of them recording; most groups look at one
instance, as rules made for each service do, the others at all of them.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bench.__main__ import config_text, progress, scraped
from bench.peers import Peer, installed

N_GROUPS: Final = 100
N_RULES: Final = 100

COUNTERS: Final = (
    "process_cpu_seconds_total", "go_memstats_alloc_bytes_total", "go_gc_duration_seconds_count",
    "vm_http_requests_total", "vm_http_request_errors_total", "vm_cache_requests_total", "vm_cache_misses_total",
    "vm_rows_inserted_total", "vm_log_messages_total", "node_cpu_seconds_total", "node_network_receive_bytes_total",
    "node_network_transmit_packets_total", "node_disk_io_time_seconds_total", "node_context_switches_total",
)  # fmt: skip
GAUGES: Final = (
    "process_resident_memory_bytes", "process_open_fds", "go_goroutines", "go_memstats_heap_inuse_bytes",
    "vm_cache_size_bytes", "vm_cache_entries", "vm_parts", "node_memory_MemFree_bytes",
    "node_filesystem_avail_bytes", "node_load1", "node_scrape_collector_success", "node_network_up",
)  # fmt: skip
# Name of the record, or of the alert with its `for`; %(c)s and %(g)s are metrics, %(m)s the matchers with a comma.
RECORDS: Final = (
    ("%(c)s:rate2m", "rate(%(c)s{%(m)sjob='bench'}[2m])"),
    ("%(c)s:sum_rate2m", "sum by (instance) (rate(%(c)s{%(m)sjob='bench'}[2m]))"),
    ("%(g)s:max", "max by (instance, job) (%(g)s{%(m)sjob='bench'})"),
    ("%(g)s:avg5m", "avg_over_time(%(g)s{%(m)sjob='bench'}[5m])"),
    (
        "%(g)s:ratio",
        "sum by (instance) (%(g)s{%(m)sjob='bench'}) / on (instance) process_resident_memory_bytes{%(m)sjob='bench'}",
    ),
)
ALERTS: Final = (
    ("HighRate", "rate(%(c)s{%(m)sjob='bench'}[2m]) > 1e12", "5m"),
    ("TooMany", "%(g)s{%(m)sjob='bench'} > 1e15", "10m"),
    ("Down", "up{%(m)sjob='bench'} == 0", "1m"),
    ("Grows", "sum by (instance) (increase(%(c)s{%(m)sjob='bench'}[5m])) > 1e13 and on (instance) up == 1", "5m"),
    ("Recorded", "%(c)s:sum_rate2m{%(m)sjob='bench'} > 1e12", "5m"),
)
FIRING: Final = ("Some", "process_open_fds{%(m)sjob='bench'} > 0", "30s")


def rule_file(group: int, instance: str, interval: str) -> str:
    """One group of rules; for all instances where `instance` is empty."""
    matcher = f"instance='{instance}'," if instance else ""
    lines = [f"groups:\n- name: bench{group}\n  interval: {interval}\n  rules:\n"]
    for i, (counter, gauge) in enumerate(_pairs(N_RULES // 2)):
        words = {"c": counter, "g": gauge, "m": matcher}
        name, expr = RECORDS[i % len(RECORDS)]
        lines.append(f"  - record: bench:{name % words}\n    expr: {expr % words}\n    labels: {{group: g{group}}}\n")
        name, expr, for_ = FIRING if i == 0 else ALERTS[i % len(ALERTS)]
        expr = expr.replace("%(c)s:sum_rate2m", "bench:%(c)s:sum_rate2m") % words
        lines.append(
            f"  - alert: Bench{name}{i}\n    expr: {expr}\n    for: {for_}\n"
            f"    labels: {{severity: page, group: g{group}}}\n"
            "    annotations: {summary: 'on {{ $labels.instance }}', description: 'it is {{ $value | humanize }}'}\n"
        )
    return "".join(lines)


def _pairs(n: int) -> Iterator[tuple[str, str]]:
    for i in range(n):
        yield COUNTERS[(i // 5) % len(COUNTERS)], GAUGES[(i // 5) % len(GAUGES)]


def write_rules(folder: Path, arguments: argparse.Namespace) -> None:
    """The files that both servers read."""
    folder.mkdir(exist_ok=True)
    for i in range(N_GROUPS):
        wide = i >= N_GROUPS - arguments.wide
        instance = "" if wide else f"127.0.0.1:{arguments.first_port + i % arguments.targets}"
        (folder / f"{i:03}.yml").write_text(rule_file(i, instance, arguments.rule_interval))


@dataclass(slots=True)
class Figures:
    """CPU seconds in each `seconds`, and what the server says of its rules."""

    idle_cpu_s: float = 0
    rules_cpu_s: float = 0
    rules: int = 0
    failures: int = 0
    missed: int = 0
    samples: int = 0
    evaluation_s: float = 0

    @property
    def evaluation_cpu_s(self) -> float:
        """What the rules cost."""
        return self.rules_cpu_s - self.idle_cpu_s


def measure(peer: Peer, arguments: argparse.Namespace, work: Path) -> Figures:
    """Runs one server through both phases."""
    config = work / f"{peer.name}.yml"
    plain = config_text(arguments.targets, arguments.first_port, arguments.interval)
    config.write_text(plain)
    command = [
        sys.executable, "-m", "bench.simulator", "--targets", str(arguments.targets),
        "--first-port", str(arguments.first_port),
    ]  # fmt: skip
    simulator = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert simulator.stdout is not None
    progress(f"{peer.name}: {simulator.stdout.readline().decode().strip()}")
    figures = Figures()
    try:
        peer.start(work, config)
        time.sleep(arguments.warm_up)
        progress(f"{peer.name}: {scraped(peer):.0f} samples a scrape; without rules for {arguments.seconds} s")
        before = peer.cpu_s
        time.sleep(arguments.seconds)
        figures.idle_cpu_s = peer.cpu_s - before
        config.write_text(f"{plain}rule_files: ['{work}/rules/*.yml']\n")
        assert peer.process is not None
        peer.process.send_signal(signal.SIGHUP)
        progress(f"{peer.name}: warming up with rules")
        time.sleep(arguments.warm_up)
        before, took = peer.cpu_s, _metric(peer, "prometheus_rule_group_duration_seconds_sum")
        progress(f"{peer.name}: with rules for {arguments.seconds} s")
        time.sleep(arguments.seconds)
        figures.rules_cpu_s = peer.cpu_s - before
        figures.evaluation_s = _metric(peer, "prometheus_rule_group_duration_seconds_sum") - took
        figures.rules = int(_metric(peer, "prometheus_rule_group_rules"))
        figures.failures = int(_metric(peer, "prometheus_rule_evaluation_failures_total"))
        figures.missed = int(_metric(peer, "prometheus_rule_group_iterations_missed_total"))
        figures.samples = int(_metric(peer, "prometheus_rule_group_last_evaluation_samples"))
    finally:
        peer.stop()
        simulator.kill()
        simulator.wait()
    return figures


def _metric(peer: Peer, name: str) -> float:
    """The sum of one metric on the server's own page."""
    lines = peer.get("/metrics").decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.partition("{")[0].partition(" ")[0] == name)


def table(results: dict[str, Figures], seconds: int) -> str:
    """Figures side by side, with the ratio of ours to the peer's."""
    ours = results.get("watchkeeper")
    out = [f"{'':<34}" + "".join(f"{name:>22}" for name in results)]
    for title, values in (
        (f"CPU s in {seconds} s, without rules", [one.idle_cpu_s for one in results.values()]),
        (f"CPU s in {seconds} s, with rules", [one.rules_cpu_s for one in results.values()]),
        ("CPU s of the rules", [one.evaluation_cpu_s for one in results.values()]),
        ("seconds in group evaluations", [one.evaluation_s for one in results.values()]),
    ):
        out.append(f"{title:<34}" + "".join(f"{value:>22.2f}" for value in values))
    out += [
        f"{title:<34}" + "".join(f"{getattr(one, title):>22}" for one in results.values())
        for title in ("rules", "failures", "missed", "samples")
    ]
    for name, one in results.items():
        if ours is not None and one is not ours and one.evaluation_cpu_s > 0:
            out.append(f"watchkeeper's rules to {name}'s: {ours.evaluation_cpu_s / one.evaluation_cpu_s:.2f}x")
    return "\n".join(out)


def main() -> None:
    """Reads the options, measures both, prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.rules", description=__doc__)
    parser.add_argument("--targets", type=int, default=110)
    parser.add_argument("--first-port", type=int, default=23000)
    parser.add_argument("--interval", default="15s", help="of scrapes")
    parser.add_argument("--rule-interval", default="30s")
    parser.add_argument("--wide", type=int, default=10, help="groups over all instances")
    parser.add_argument("--warm-up", type=int, default=75)
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--only", help="names of servers, with commas", default="")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    wanted = {name for name in arguments.only.split(",") if name}
    results = {}
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        work = Path(folder)
        write_rules(work / "rules", arguments)
        for peer in installed(24090):
            if peer.name in ("watchkeeper", "prometheus") and (not wanted or peer.name in wanted):
                results[peer.name] = measure(peer, arguments, work)
    print(table(results, arguments.seconds))
    if arguments.json:
        arguments.json.write_text(json.dumps({name: asdict(figures) for name, figures in results.items()}, indent=1))


if __name__ == "__main__":
    main()
