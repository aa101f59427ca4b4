"""`make bench`: watchkeeper, Prometheus and VictoriaMetrics scrape the same targets, one after the other.

For each: CPU seconds per million samples, resident memory, bytes per sample on disk, query medians, and how long a
restart after kill -9 takes; then each as a ratio of watchkeeper's figure to the peer's (below 1 is better).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.peers import Peer, installed
from bench.queries import timed

# Every scrape reports how many samples it stored; a lost scrape takes its report with it.
COUNT_ALL = 'sum(sum_over_time(scrape_samples_post_metric_relabeling{job="bench"}[1h]))'


@dataclass(slots=True)
class Figures:
    """What was measured of one peer."""

    cpu_s_per_million: float = 0
    resident_mb: float = 0
    resident_all_mb: float = 0
    bytes_per_sample: float = 0
    ready_after_kill_s: float = 0
    lost_samples: int = 0
    samples: int = 0
    queries_ms: dict[str, float] = field(default_factory=dict)
    query_series: dict[str, int] = field(default_factory=dict)


def config_text(n_targets: int, first_port: int, interval: str) -> str:
    """One job over all simulated targets, in every peer's language."""
    targets = ", ".join(f"'127.0.0.1:{first_port + i}'" for i in range(n_targets))
    return (
        f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}\n"
        f"scrape_configs: [{{job_name: bench, static_configs: [{{targets: [{targets}]}}]}}]\n"
    )


def measure(peer: Peer, arguments: argparse.Namespace, work: Path) -> Figures:
    """Runs one peer through all phases."""
    config = work / "prometheus.yml"
    config.write_text(config_text(arguments.targets, arguments.first_port, arguments.interval))
    command = [
        sys.executable, "-m", "bench.simulator", "--targets", str(arguments.targets),
        "--first-port", str(arguments.first_port),
    ]  # fmt: skip
    simulator = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert simulator.stdout is not None
    told = simulator.stdout.readline().decode().strip()
    progress(f"{peer.name}: {told}")
    figures = Figures()
    try:
        progress(f"{peer.name}: ready after {peer.start(work, config):.2f} s; warming up")
        time.sleep(arguments.warm_up)
        scraped_before, cpu_before, clock = scraped(peer), peer.cpu_s, time.perf_counter()
        progress(f"{peer.name}: scraping for {arguments.seconds} s")
        time.sleep(arguments.seconds)
        cpu_s, elapsed_s = peer.cpu_s - cpu_before, time.perf_counter() - clock
        per_scrape = (scraped_before + scraped(peer)) / 2
        figures.cpu_s_per_million = cpu_s / (per_scrape * elapsed_s / seconds(arguments.interval)) * 1e6
        figures.resident_mb = peer.resident_bytes / 2**20
        figures.resident_all_mb = peer.resident_all_bytes / 2**20
        progress(f"{peer.name}: queries")
        for name, (median_ms, n_series) in timed(peer).items():
            figures.queries_ms[name] = median_ms
            figures.query_series[name] = n_series
        simulator.kill()
        time.sleep(2)
        before_s = time.time()
        before = count_all(peer, before_s)
        peer.kill()
        figures.ready_after_kill_s = peer.start(work, config)
        after = count_all(peer, before_s)
        figures.lost_samples, figures.samples = before - after, after
        progress(f"{peer.name}: weighing what is on disk")
        figures.bytes_per_sample = peer.compacted_bytes() / after
    finally:
        peer.stop()
        simulator.kill()
    return figures


def scraped(peer: Peer) -> float:
    """Samples of one round of scrapes, as the peer counts them."""
    return float(peer.query("query", query="sum(scrape_samples_scraped)")["result"][0]["value"][1])


def count_all(peer: Peer, at_s: float) -> int:
    """All samples of the targets in the last hour."""
    return int(float(peer.query("query", query=COUNT_ALL, time=at_s)["result"][0]["value"][1]))


def seconds(interval: str) -> float:
    """Seconds of `500ms`, `1s`, `15s`."""
    return float(interval[:-2]) / 1000 if interval.endswith("ms") else float(interval.removesuffix("s"))


def progress(text: str) -> None:
    """One line on the terminal, at once."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def table(results: dict[str, Figures]) -> str:
    """Figures, and behind each peer's the ratio of ours to it."""
    ours = results["watchkeeper"]
    names = list(results)
    rows: list[tuple[str, list[float]]] = [
        ("CPU s / million samples", [f.cpu_s_per_million for f in results.values()]),
        ("resident MB (own)", [f.resident_mb for f in results.values()]),
        ("resident MB (with file pages)", [f.resident_all_mb for f in results.values()]),
        ("bytes / sample on disk", [f.bytes_per_sample for f in results.values()]),
        ("ready after kill -9, s", [f.ready_after_kill_s for f in results.values()]),
        ("samples lost by kill -9", [float(f.lost_samples) for f in results.values()]),
    ]
    rows += [(f"{query}, ms", [f.queries_ms[query] for f in results.values()]) for query in ours.queries_ms]
    out = [f"{'':<32}" + "".join(f"{name:>24}" for name in names)]
    for title, values in rows:
        cells = [f"{values[0]:.3f}"]
        cells += [f"{value:.3f}  ({values[0] / value:5.2f}x)" if value else f"{value:.3f}" for value in values[1:]]
        out.append(f"{title:<32}" + "".join(f"{cell:>24}" for cell in cells))
    out.append(f"{'samples':<32}" + "".join(f"{f.samples:>24}" for f in results.values()))
    for query in ours.queries_ms:
        counts = {f.query_series[query] for f in results.values()}
        if len(counts) > 1:
            told = ", ".join(f"{name} {figures.query_series[query]}" for name, figures in results.items())
            out.append(f"series in the answer of {query!r} differ: {told}")
    return "\n".join(out)


def main() -> None:
    """Reads the options, measures each peer, prints the table and writes it as JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--targets", type=int, default=110)
    parser.add_argument("--first-port", type=int, default=21000)
    parser.add_argument("--interval", default="1s")
    parser.add_argument("--warm-up", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--only", help="names of peers, with commas", default="")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    wanted = {name for name in arguments.only.split(",") if name}
    results = {}
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        for peer in installed():
            if not wanted or peer.name in wanted:
                results[peer.name] = measure(peer, arguments, Path(folder))
    if "watchkeeper" in results:
        print(table(results))
    if arguments.json:
        arguments.json.write_text(json.dumps({name: asdict(figures) for name, figures in results.items()}, indent=1))


if __name__ == "__main__":
    main()
