"""`python -m bench.pages`: how fast the pages are in Debian's Chromium, and how much they weigh.

One stack over this host with a target of 100,000 series beside it. The home page, cold and warm; a dashboard of 30
panels until the last has drawn; frames a second while 50,000 points are panned; the compressed JavaScript of the first
load and of Explore; and the page's memory after an hour of refreshes each 5 s, done as fast as they go.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from bench.__main__ import progress
from tests.browser.chromium import BUILT, Chromium, missing
from tests.browser.stack import Stack
from tests.processes.running import Exporter, started, wait_for

N_SERIES = 100_000
N_PANELS = 30
SHARDS = 1000
HOUR_OF_REFRESHES = 720
PANEL_FILE = re.compile(r"(Panel|StatePanel)-")  # Fetched by the types that a dashboard has.


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
    }


def weight_kb(files: list[str]) -> dict[str, Any]:
    """Of built files, as they go over the wire: by both compressions, and which weigh most."""
    sizes = {how: {name: _size(name, how) for name in files} for how in ("gz", "br")}
    heaviest = sorted(sizes["gz"].items(), key=lambda item: -item[1])[:8]
    return {
        "gzip_kb": round(sum(sizes["gz"].values()) / 1000, 1),
        "brotli_kb": round(sum(sizes["br"].values()) / 1000, 1),
        "files": len(files),
        "heaviest_kb": {name: round(size / 1000, 1) for name, size in heaviest},
    }


def _size(name: str, how: str) -> int:
    """Small files are not compressed."""
    packed = BUILT / "assets" / f"{name}.{how}"
    return (packed if packed.exists() else BUILT / "assets" / name).stat().st_size


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
    dashboard = chromium.do("speed.files", url=f"{url}/d/watchkeeper-host/host", selector="section.panel .u-over")
    explore = chromium.do("speed.files", url=f"{url}/explore", selector=".cm-content")
    progress("a dashboard of 30 panels")
    many = chromium.do("speed.dashboard", url=f"{url}/d/bench-many/x")
    progress("panning")
    pan = chromium.do("speed.pan", url=f"{url}/d/bench-pan/x")
    progress("an hour of refreshes")
    host = f"{url}/d/watchkeeper-host/host?from=now-5m&to=now&refresh=off"
    memory = chromium.do("speed.memory", timeout_s=1800, url=host, refreshes=refreshes)
    return {
        "home": home,
        "dashboard_30_panels": {**many, "series_stored": N_SERIES},
        "pan": pan,
        "first_load_js": weight_kb([name for name in dashboard if not PANEL_FILE.match(name)]),
        "its_panels_js": weight_kb([name for name in dashboard if PANEL_FILE.match(name)]),
        "explore_js": weight_kb([name for name in explore if name not in set(dashboard)]),
        "memory": memory,
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
