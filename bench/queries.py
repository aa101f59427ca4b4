"""The queries that are timed: what dashboards and rules ask, over all series of the simulated targets."""

from __future__ import annotations

import statistics
import time
from typing import Final

from bench.peers import Peer

# Name, expression, and over how long and in which steps it is asked; no step asks for one instant.
QUERIES: Final[tuple[tuple[str, str, int, int], ...]] = (
    ("instant selector", "process_resident_memory_bytes", 0, 0),
    ("instant sum by", "sum by (job) (go_goroutines)", 0, 0),
    ("instant count of all", 'count by (__name__) ({__name__=~"go_.+"})', 0, 0),
    ("instant regex", '{__name__=~"vm_.*_total",instance=~".*(1|2|3)$"}', 0, 0),
    ("rate sum", "sum(rate(process_cpu_seconds_total[30s]))", 100, 1),
    ("rate by cpu mode", "sum by (instance, mode) (rate(node_cpu_seconds_total[30s]))", 100, 1),
    ("sum by name", 'sum by (__name__) ({__name__=~"vm_.+_total"})', 100, 5),
    ("avg over time", "avg_over_time(go_memstats_alloc_bytes[1m])", 100, 2),
    ("max over time", "max by (instance) (max_over_time(node_memory_MemFree_bytes[1m]))", 100, 2),
    (
        "ratio join",
        "sum by (instance) (rate(node_network_receive_bytes_total[30s])) / on (instance) node_memory_MemTotal_bytes",
        100,
        1,
    ),
    (
        "histogram quantile",
        "histogram_quantile(0.9, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[1m])))",
        100,
        2,
    ),
    ("topk", "topk(5, rate(vm_cache_requests_total[30s]))", 100, 2),
    ("subquery", "max_over_time(sum(rate(go_gc_duration_seconds_count[30s]))[1m:5s])", 100, 5),
)


def timed(peer: Peer, repeats: int = 9) -> dict[str, tuple[float, int]]:
    """By name: the median of the milliseconds until the whole answer is there, and how many series it has.

    Asked at the present time, as dashboards and rules do.
    """
    results = {}
    for name, expression, seconds, step_s in QUERIES:
        times_ms, n_series = [], 0
        for _ in range(repeats):
            start_s = time.perf_counter()
            if step_s:
                end_s = time.time()
                data = peer.query("query_range", query=expression, start=end_s - seconds, end=end_s, step=step_s)
            else:
                data = peer.query("query", query=expression)
            times_ms.append((time.perf_counter() - start_s) * 1000)
            n_series = len(data["result"])
        results[name] = statistics.median(times_ms), n_series
    return results
