"""What the built pages weigh: the files that a page takes, by the build's manifest, as they go over the wire."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tests.browser.chromium import BUILT

MANIFEST: Final = BUILT / ".vite/manifest.json"
BUILTIN: Final = BUILT.parents[2] / "dashboards/builtin"
HOME: Final = BUILTIN / "watchkeeper-host.json"

# Budgets, kB of gzip.
FIRST_LOAD_KB: Final = 130.0  # Of the home page too, though it has gauges and links.
EXPLORE_KB: Final = 190.0

ENTRY: Final = "index.html"
# Files of many parts, by the panels that are in them: see GROUPS of ui/vite.config.ts.
DASHBOARD: Final = "dashboard"
GROUPED: Final = dict.fromkeys(("timeseries", "stat", "graph", "singlestat", "row"), DASHBOARD)
FIRST_ROWS: Final = 28  # Rows of the grid that are in view or near, in a window 900 px high; each has 38 px.
# What a person takes who asks something in Explore, in either language.
EXPLORE: Final = ("src/views/explore/Explore.svelte", "editor", "src/editor/promql.ts")
EXPLORE_LOGS: Final = (
    *("src/views/explore/Explore.svelte", "editor", "src/editor/logql.ts"),
    *("src/views/explore/LogResult.svelte", "src/query/loki_query.ts"),
)


class Weights:
    """Of one build."""

    def __init__(self, manifest: dict[str, dict[str, Any]], assets: Path = BUILT) -> None:
        self._manifest = manifest
        self._folder = assets
        self._by_name = {chunk.get("name", ""): key for key, chunk in manifest.items() if "src" not in chunk}

    @classmethod
    def of_build(cls) -> Weights:
        """Of the pages that this checkout has built."""
        return cls(json.loads(MANIFEST.read_text()))

    def files(self, *roots: str) -> set[str]:
        """JavaScript that is fetched with `roots`: sources fetched alone, or names of shared files."""
        open_, found = [self._key(root) for root in roots], set[str]()
        seen = set[str]()
        while open_:
            if (key := open_.pop()) in seen:
                continue
            seen.add(key)
            found.add(self._manifest[key]["file"])
            open_ += self._manifest[key].get("imports", [])
        return found

    def _key(self, root: str) -> str:
        if root in self._manifest:
            return root
        name = Path(root).stem if root.startswith("src/") else root
        if name not in self._by_name:
            raise LookupError(f"the build has no file of {root}")
        return self._by_name[name]

    def bytes_of(self, file: str) -> int:
        """Compressed by gzip; a file that is too small for that is sent as it is."""
        packed = self._folder / f"{file}.gz"
        return (packed if packed.exists() else self._folder / file).stat().st_size

    def kb(self, files: Iterable[str]) -> float:
        """Of all together."""
        return round(sum(map(self.bytes_of, files)) / 1000, 1)

    def heaviest(self, files: Iterable[str], most: int = 8) -> dict[str, float]:
        """kB by file, the heaviest first."""
        return {file: self.kb([file]) for file in sorted(files, key=self.bytes_of, reverse=True)[:most]}

    def first_load(self) -> set[str]:
        """Shell and the page of a dashboard with time series and stats."""
        return self.files(ENTRY, DASHBOARD)

    def home(self) -> set[str]:
        """What `/` shows as we ship it, before anybody scrolls."""
        board = json.loads(HOME.read_text())
        types = {panel["type"] for panel in board["panels"] if panel["gridPos"]["y"] < FIRST_ROWS}
        panels = {GROUPED.get(name, f"src/panels/{name}/Panel.svelte") for name in types}
        links = ["src/views/dashboard/DashboardLinks.svelte"] if board.get("links") else []
        return self.files(ENTRY, DASHBOARD, *panels, *links)

    def explore(self, *roots: str) -> set[str]:
        """What Explore takes more than the first load."""
        return self.files(*roots) - self.first_load()
