"""Dashboards broken at random: the pages load each of them, quickly, and never throw."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak.rounds import SECONDS

pytestmark = pytest.mark.soak

UI = Path(__file__).parents[2] / "ui"
VITEST = UI / "node_modules/vitest/vitest.mjs"


@pytest.mark.skipif(not VITEST.exists(), reason="ui/node_modules is not there: make setup")
def test_broken_dashboards_load() -> None:
    environment = {**os.environ, "NO_COLOR": "1", "WATCHKEEPER_FUZZ_SECONDS": str(SECONDS)}
    if seed := os.environ.get("WATCHKEEPER_SOAK_SEED"):
        environment["WATCHKEEPER_FUZZ_SEED"] = seed
    node = Path(sys.executable).with_name("node")
    command = [str(node), str(VITEST), "run", "tests/core/model/fuzz.test.ts"]
    done = subprocess.run(command, cwd=UI, env=environment, capture_output=True, text=True, timeout=SECONDS + 300)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
