"""The published conformance scripts, where they lie beside the repository, against the list of cases known not to hold.

A case that newly fails is an error; so is one on the list that now holds: `make golden` rewrites the list.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from watchkeeper.metrics.promql.testlang.engine_adapter import EngineAdapter
from watchkeeper.metrics.promql.testlang.runner import run_script

CONFORMANCE = Path(__file__).parents[4] / "shared" / "conformance" / "promql"
EXPECTED = Path(__file__).parent / "conformance_expected.json"
SCRIPTS = sorted(CONFORMANCE.glob("*.test"))


@pytest.mark.skipif(not SCRIPTS, reason="no conformance scripts beside the repository")
def test_conformance() -> None:
    failing: dict[str, list[str]] = {}
    problems: dict[str, str] = {}
    for path in SCRIPTS:
        for result in run_script(path.read_text(encoding="utf-8"), EngineAdapter()):
            if not result.passed:
                key = f"{result.line}: {result.query}"
                failing.setdefault(path.name, []).append(key)
                problems[f"{path.name}:{key}"] = "; ".join(result.problems)
    if os.environ.get("WATCHKEEPER_GOLDEN"):
        EXPECTED.write_text(json.dumps(failing, indent=1) + "\n", encoding="utf-8")
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    known = {f"{name}:{key}" for name, keys in expected.items() for key in keys}
    new = [f"{key}\n    {text}" for key, text in problems.items() if key not in known]
    assert not new, "cases that held before:\n" + "\n".join(new)
    names = {path.name for path in SCRIPTS}
    held = sorted(key for key in known - problems.keys() if key.split(":")[0] in names)
    assert not held, "cases that hold now; `make golden` takes them off the list:\n" + "\n".join(held)
