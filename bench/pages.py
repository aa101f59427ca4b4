"""`python -m bench.pages`: how fast the pages are in Debian's Chromium, and how much they weigh.

One stack over this host with a target of 100,000 series beside it. The home page, cold and warm; a dashboard of 30
panels until the last has drawn; frames a second while 50,000 points are panned; the JavaScript of the first load, of
the home page and of Explore, in the bytes that the browser got; and the page's memory after an hour of refreshes each
5 s, done as fast as they go. Each figure stands beside its target.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.__main__ import progress
from tests.browser.chromium import Chromium, missing
from tests.browser.stack import Stack
from tests.browser.weight import EXPLORE, EXPLORE_KB, EXPLORE_LOGS, FIRST_LOAD_KB, Weights
from tests.processes.running import Exporter, started, wait_for

N_SERIES = 100_000
N_PANELS = 30
SHARDS = 1000
HOUR_OF_REFRESHES = 720
# Milliseconds, frames a second, MB.
HOME_COLD_MS, HOME_WARM_MS, DASHBOARD_MS, PAN_FPS, MEMORY_MB = 1000, 300, 1500, 50, 120
PANEL = "section.panel .u-over"


def metrics() -> bytes:
    """100,000 series in shards of 100."""
    lines = (f'many_total{{shard="{at % SHARDS}",series="{at}"}} {at}' for at in range(N_SERIES))
    return ("# TYPE many_total counter\n" + "\n".join(lines) + "\n").encode()


def _board(title: str, panels: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "schemaVersion": 39, "time": {"from": "now-5m", "to": "now"}, "panels": panels}


def _panel(at: int, expr: str, **size: int) -> dict[str, Any]:
    place = {"x": at % 6 * 4, "y": at // 6 * 7, "w": 4, "h": 7, **size}
    source = {"type": "prometheus", "uid": "prometheus"}
    target = {"refId": "A", "expr": expr, "datasource": source, "legendFormat": "{{series}}"}
    return {"id": at + 1, "type": "timeseries", "title": f"panel {at}", "gridPos": place, "targets": [target]}


def boards() -> dict[str, Any]:
    """The dashboards that are measured, by uid."""
    many = [_panel(at, f'topk(10, many_total{{shard="{at * 7}"}})') for at in range(N_PANELS)]
    return {
        "bench-many": _board("Many panels", many),
        "bench-pan": _board("One panel", [_panel(0, "many_total", w=24, h=16)]),
        "bench-plain": _board("Plain", [_panel(0, "up"), {**_panel(1, "count(up)"), "type": "stat"}]),
    }


def _at_most(value: float, target: float) -> dict[str, Any]:
    return {"is": value, "target": f"<= {target}", "met": value <= target}


def _at_least(value: float, target: float) -> dict[str, Any]:
    return {"is": value, "target": f">= {target}", "met": value >= target}


def weight(chromium: Chromium, url: str, selector: str, target_kb: float, without: set[str], built: float) -> Any:
    """kB of JavaScript that the browser gets for a page, less those of `without`; `built` is what the build says."""
    came = {
        encoding: chromium.do("speed.files", url=url, selector=selector, encoding=encoding)
        for encoding in ("gzip", "br")
    }
    kb = {
        how: {name: size / 1000 for name, size in files.items() if name not in without} for how, files in came.items()
    }
    heaviest = sorted(kb["gzip"].items(), key=lambda item: -item[1])[:6]
    return {
        "gzip_kb": _at_most(round(sum(kb["gzip"].values()), 1), target_kb),
        "by_the_build_kb": built,
        "brotli_kb": round(sum(kb["br"].values()), 1),
        "files": len(kb["gzip"]),
        "heaviest_kb": {name: round(size, 1) for name, size in heaviest},
    }


def weights(chromium: Chromium, url: str) -> dict[str, Any]:
    """Of the first load, the home page, and what Explore takes more."""
    build = Weights.of_build()
    first = build.first_load()
    query = {"refId": "A", "expr": '{job=~".+"}'}
    pane = {"datasource": "loki", "queries": [query], "range": {"from": "now-5m", "to": "now"}}
    logs = f"{url}/explore?schemaVersion=1&panes={quote(json.dumps({'aaa': pane}))}"
    return {
        "first_load": weight(chromium, f"{url}/d/bench-plain/x", PANEL, FIRST_LOAD_KB, set(), build.kb(first)),
        "home": weight(chromium, f"{url}/", PANEL, FIRST_LOAD_KB, set(), build.kb(build.home())),
        "explore_metrics": weight(
            chromium, f"{url}/explore", ".cm-content", EXPLORE_KB, first, build.kb(build.explore(*EXPLORE))
        ),
        "explore_logs": weight(
            chromium, logs, ".cm-content", EXPLORE_KB, first, build.kb(build.explore(*EXPLORE_LOGS))
        ),
    }


def measure(refreshes: int) -> dict[str, Any]:
    """Every figure."""
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as name:
        folder = Path(name)
        exporter = Exporter(metrics())
        stack = Stack(folder / "stack", exporter, boards())
        with started(stack):
            progress(f"waiting for {N_SERIES:,} series")
            wait_for("the series", lambda: stack.metrics.number("count(many_total)") == N_SERIES, 120)
            wait_for("lines", lambda: stack.metrics.number("max(count_over_time(node_load1[5m:15s]))") >= 3, 120)
            chromium = Chromium(folder / "chromium")
            try:
                return _measure(chromium, stack.url, refreshes)
            finally:
                chromium.close()
                exporter.close()


def _measure(chromium: Chromium, url: str, refreshes: int) -> dict[str, Any]:
    progress("home")
    home = chromium.do("speed.home", url=url)
    progress("JavaScript")
    javascript = weights(chromium, url)
    progress("a dashboard of 30 panels")
    many = chromium.do("speed.dashboard", url=f"{url}/d/bench-many/x")
    progress("panning")
    pan = chromium.do("speed.pan", url=f"{url}/d/bench-pan/x")
    progress("an hour of refreshes")
    host = f"{url}/d/watchkeeper-host/host?from=now-5m&to=now&refresh=off"
    memory = chromium.do("speed.memory", timeout_s=1800, url=host, refreshes=refreshes)
    complete, frames = many.pop("complete_ms"), pan.pop("frames_per_s")
    return {
        "home_cold_ms": _at_most(home["cold_ms"], HOME_COLD_MS),
        "home_warm_ms": _at_most(home["warm_ms"], HOME_WARM_MS),
        "dashboard_30_panels": {"complete_ms": _at_most(complete, DASHBOARD_MS), **many, "series_stored": N_SERIES},
        "pan": {"frames_per_s": _at_least(frames, PAN_FPS), **pan},
        "javascript": javascript,
        # What the page's process shares with nobody is what the page costs; the heap is its part.
        "memory": {"process_own_mb": _at_most(memory["after"]["process_own_mb"], MEMORY_MB), **memory},
    }


def main() -> None:
    """Prints JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refreshes", type=int, default=HOUR_OF_REFRESHES)
    options = parser.parse_args()
    if reason := missing():
        raise SystemExit(f"the pages can't be measured: {reason}")
    print(json.dumps(measure(options.refreshes), indent=1))


if __name__ == "__main__":
    main()
