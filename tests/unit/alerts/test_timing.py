"""When a group speaks, and of what."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.unit.alerts.harness import SECOND, FakeRoute, Scene, equal, sleep_until
from tests.unit.alerts.virtual_time import run


def test_new_group_waits_then_speaks_every_interval(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(instance="a", end_s=1000)
            await sleep_until(10)
            scene.fire(instance="b", end_s=1000)
            await sleep_until(100)
            assert scene.told() == [(30, "FIRST", ["a", "b"], [])]
            scene.fire(instance="c", end_s=1000)
            await sleep_until(500)
            assert scene.told()[1:] == [(330, "NEW_ALERTS", ["a", "b", "c"], [])]

    run(play())
