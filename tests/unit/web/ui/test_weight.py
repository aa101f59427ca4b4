"""The pages stay light: what is fetched before a person sees something has a budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.weight import EXPLORE, EXPLORE_KB, EXPLORE_LOGS, FIRST_LOAD_KB, MANIFEST, Weights


@pytest.fixture(scope="module")
def weights() -> Weights:
    if not MANIFEST.exists():
        pytest.skip("the pages are not built: make setup")
    return Weights.of_build()


def test_the_first_load(weights: Weights) -> None:
    files = weights.first_load()
    assert weights.kb(files) <= FIRST_LOAD_KB, weights.heaviest(files)


def test_home(weights: Weights) -> None:
    files = weights.home()
    assert weights.kb(files) <= FIRST_LOAD_KB, weights.heaviest(files)


@pytest.mark.parametrize("roots", [EXPLORE, EXPLORE_LOGS], ids=["metrics", "logs"])
def test_explore(weights: Weights, roots: tuple[str, ...]) -> None:
    files = weights.explore(*roots)
    assert weights.kb(files) <= EXPLORE_KB, weights.heaviest(files)


def test_what_is_imported_counts_once_and_what_is_fetched_later_does_not(tmp_path: Path) -> None:
    for name, size in (("index", 100), ("dashboard", 2000), ("shared", 300), ("later", 9000)):
        (tmp_path / f"{name}.js.gz").write_bytes(bytes(size))
    manifest = {
        "index.html": {"file": "index.js", "src": "index.html", "imports": ["_shared.js"]},
        "_dashboard.js": {"file": "dashboard.js", "name": "dashboard", "imports": ["index.html", "_shared.js"]},
        "_shared.js": {"file": "shared.js", "name": "shared", "imports": ["_dashboard.js"]},
        "src/later.ts": {"file": "later.js", "src": "src/later.ts", "imports": ["_shared.js"]},
    }
    weights = Weights(manifest, tmp_path)
    first = weights.first_load()
    assert first == {"index.js", "dashboard.js", "shared.js"}
    assert weights.kb(first) == 2.4
    assert weights.explore("src/later.ts") == {"later.js"}
    assert weights.heaviest(first, 1) == {"dashboard.js": 2.0}
    with pytest.raises(LookupError, match=r"src/gone\.ts"):
        weights.files("src/gone.ts")
