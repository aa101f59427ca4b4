"""Every script of this folder holds, in all its forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.logs.logql.engine import Engine
from watchkeeper.logs.logql.testlang.runner import run_script

FOLDER = Path(__file__).parent
SCRIPTS = sorted(FOLDER.glob("*.logtest"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(2)
    yield engine
    engine.close()


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_script(path: Path, engine: Engine) -> None:
    results = run_script(path.read_text(encoding="utf-8"), engine)
    assert results
    failed = [result for result in results if not result.passed]
    assert not failed, "\n".join(
        f"{path.name}:{result.line}: {result.query}\n    " + "\n    ".join(result.problems) for result in failed
    )
