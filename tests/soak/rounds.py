"""How long a soak test goes on, and from which seeds.

WATCHKEEPER_SOAK_SECONDS  for each fuzzing test (60)
WATCHKEEPER_SOAK_SEED     the first seed; a failure prints the one to give here
WATCHKEEPER_SOAK_MINUTES  for the process soak (10)
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import FunctionType
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

SECONDS = float(os.environ.get("WATCHKEEPER_SOAK_SECONDS", "60"))
MINUTES = float(os.environ.get("WATCHKEEPER_SOAK_MINUTES", "10"))
PROGRESS_S = 10.0


def rounds(what: str, run: Callable[[int], object]) -> None:
    """Runs with seed after seed until the time is over; says how far it is, and with which seed it failed."""
    first = int(os.environ.get("WATCHKEEPER_SOAK_SEED") or time.time_ns() % (1 << 32))
    began_s = said_s = now_s = time.monotonic()
    print(f"\n{what}: from seed {first}", flush=True)
    n = 0
    while not n or now_s - began_s < SECONDS:
        try:
            run(first + n)
        except BaseException:
            print(f"{what}: failed in round {n + 1}; again with WATCHKEEPER_SOAK_SEED={first + n}", flush=True)
            raise
        n += 1
        now_s = time.monotonic()
        if now_s - said_s > PROGRESS_S:
            said_s = now_s
            print(f"{what}: {n} rounds in {now_s - began_s:.0f} s", flush=True)
    print(f"{what}: {n} rounds, done", flush=True)


def explore(what: str, test: Callable[..., None], *strategies: st.SearchStrategy[Any], examples: int = 300) -> None:
    """Rounds of a property test, each with a seed of its own; a failure is shrunk."""

    def run(number: int) -> None:
        chosen = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        seed(number)(chosen(given(*strategies)(_undecorated(test))))()

    rounds(what, run)


def _undecorated(test: Callable[..., None]) -> Callable[..., None]:
    # A copy: the settings that the property was declared with stay with the original.
    inner = test.hypothesis.inner_test if hasattr(test, "hypothesis") else test
    return FunctionType(inner.__code__, inner.__globals__, inner.__name__, inner.__defaults__, inner.__closure__)
