"""Every script of this folder holds, in all its forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.metrics.promql.testlang.engine_adapter import EngineAdapter
from watchkeeper.metrics.promql.testlang.runner import run_script

SCRIPTS = sorted(Path(__file__).parent.glob("*.test"))


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_script(path: Path) -> None:
    results = run_script(path.read_text(encoding="utf-8"), EngineAdapter())
    assert results
    failed = [result for result in results if not result.passed]
    assert not failed, "\n".join(
        f"{path.name}:{result.line}: {result.query}\n    " + "\n    ".join(result.problems) for result in failed
    )
