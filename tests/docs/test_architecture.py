"""ARCHITECTURE.md names only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "watchkeeper"
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
NAMED = sorted(
    {name for name in re.findall(r"`([\w./-]+)`", TEXT) if "/" in name or re.search(r"\.(py|pyx|toml)$", name)}
)


def exists(name: str) -> bool:
    """Whether a path of the page stands in the repository, in the package, or beside the modules of a walk."""
    return any(
        (base / name).exists()
        for base in (ROOT, PACKAGE, PACKAGE / "metrics" / "scrape", PACKAGE / "app", PACKAGE / "web", ROOT / "tests")
    ) or bool(list(PACKAGE.rglob(name)))


def test_the_page_names_paths() -> None:
    assert len(NAMED) > 20


@pytest.mark.parametrize("name", NAMED)
def test_path_exists(name: str) -> None:
    assert exists(name), f"ARCHITECTURE.md names {name}, which does not exist"
