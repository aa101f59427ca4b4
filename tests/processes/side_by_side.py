"""Scenarios that mostly wait, played beside each other: a module takes as long as its longest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest


def side_by_side(
    scenarios: Mapping[str, Callable[[Path], None]], folders: pytest.TempPathFactory, at_once: int = 4
) -> Iterator[dict[str, Future[None]]]:
    """Each scenario begun in a thread and a folder of its own: its end, by its name. For a module's fixture."""
    with ThreadPoolExecutor(at_once) as pool:
        yield {name: pool.submit(scenario, folders.mktemp(name)) for name, scenario in scenarios.items()}
