"""Every script of this folder holds, in all its forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.logs.logql.engine import Engine
from watchkeeper.logs.logql.testlang.runner import run_script

FOLDER = Path(__file__).parent
SCRIPTS = sorted(FOLDER.glob("*.logtest"))
PENDING = {
    line for line in (FOLDER / "pending.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
}
"""Cases that are known not to hold yet; one that holds must leave the list."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(2)
    yield engine
    engine.close()


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_script(path: Path, engine: Engine) -> None:
    results = run_script(path.read_text(encoding="utf-8"), engine)
    assert results
    failed = {f"{path.name}:{result.query}": result for result in results if not result.passed}
    unexpected = [result for name, result in failed.items() if name not in PENDING]
    assert not unexpected, "\n".join(
        f"{path.name}:{result.line}: {result.query}\n    " + "\n    ".join(result.problems) for result in unexpected
    )
    holding = {name for name in PENDING if name.startswith(f"{path.name}:")} - failed.keys()
    assert not holding, f"these hold now and must leave pending.txt: {sorted(holding)}"
