"""Dashboards to open: fixtures of our own, and those that others wrote where they are beside the repository."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any, Final

CORPUS: Final = Path(__file__).parents[3] / "shared/corpus/dashboards"
SCRAPES: Final = CORPUS.parent / "scrapes"
FIXTURES: Final = Path(__file__).parent / "boards"
BUILTIN: Final = Path(__file__).parents[2] / "src/watchkeeper/dashboards/builtin"


def corpus_boards() -> dict[str, Any]:
    """By uids of ours: some of them share theirs."""
    return {_uid(f"corpus-{path.stem}"): json.loads(path.read_text()) for path in sorted(CORPUS.glob("*.json"))}


def _uid(name: str) -> str:
    """Of at most 40 characters."""
    return name if len(name) <= 40 else f"{name[:31]}-{zlib.crc32(name.encode()):08x}"


def fixture_boards() -> dict[str, Any]:
    """With everything that dashboards of others carry along, from old formats to leftovers of an export."""
    return {f"fixture-{path.stem}": json.loads(path.read_text()) for path in sorted(FIXTURES.glob("*.json"))}


def kubernetes_boards() -> dict[str, Any]:
    """Those of ours that no test has live data for: their uids are their files' names."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(BUILTIN.glob("watchkeeper-k8s-*.json"))}
