"""A clock that is set: nothing is lost, and no storm breaks out."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

from tests.unit.alerts.harness import HOUR, SECOND, FakeRoute, Scene, sleep_until
from tests.unit.alerts.virtual_time import loop_now, run
from watchkeeper.alerts.clock import Clock


def test_jump_is_noticed_and_slewing_is_not() -> None:
    wall_ns, steady_s, jumps = 0, 0.0, []
    clock = Clock(lambda: wall_ns, lambda: steady_s, lambda *jump: jumps.append(jump))
    for _ in range(100):
        steady_s += 10
        wall_ns += 10 * SECOND + SECOND // 10
        assert clock() == wall_ns
    assert jumps == []
    wall_ns += HOUR
    assert clock() == wall_ns
    assert jumps == [(HOUR, wall_ns - HOUR, wall_ns)]
    assert clock() == wall_ns
    assert len(jumps) == 1


def test_threads_report_a_jump_once() -> None:
    wall_ns, jumps = 0, []
    clock = Clock(lambda: wall_ns, lambda: 0.0, lambda *jump: jumps.append(jump))
    gate = threading.Barrier(8)

    def ask() -> None:
        for _ in range(50):
            gate.wait()
            clock()
            gate.wait()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=ask) for _ in range(7)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(50):
            wall_ns += HOUR
            gate.wait()
            gate.wait()
    finally:
        sys.setswitchinterval(interval)
    for thread in threads:
        thread.join()
    assert len(jumps) == 50


def test_a_day_forward(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            sender = asyncio.get_running_loop().create_task(scene.keep_firing(10_000))
            scene.fire("Other", end_s=1000)
            await sleep_until(100)
            loop_now().wall_shift_ns += 24 * HOUR
            await sleep_until(900)
            scene.resolve("Other")
            await sleep_until(3600)
            # Neither resolved nor repeated by the jump, and the real end is told.
            assert scene.told() == [
                (30, "FIRST", ["Other"], []), (30, "FIRST", ["X"], []), (930, "ALL_RESOLVED", [], ["Other"]),
            ] or scene.told() == [
                (30, "FIRST", ["X"], []), (30, "FIRST", ["Other"], []), (930, "ALL_RESOLVED", [], ["Other"]),
            ]  # fmt: skip
            sender.cancel()

    run(play())


def test_an_hour_backward(tmp_path: Path) -> None:
    async def play() -> None:
        route = FakeRoute(repeat_interval_ns=HOUR)
        async with Scene(tmp_path, route) as scene:
            scene.fire("Ended", end_s=60)
            sender = asyncio.get_running_loop().create_task(scene.keep_firing(20_000))
            await sleep_until(400)
            loop_now().wall_shift_ns -= HOUR
            await sleep_until(500)
            scene.fire("New", instance="a", end_s=20_000)
            await sleep_until(600)
            scene.resolve("New", instance="a")
            await sleep_until(4500)
            told = [(t, why) for t, why, firing, resolved in scene.told() if "X" in firing + resolved]
            assert told == [(30, "FIRST"), (3930, "REPEAT")]
            others = [item for item in scene.told() if "X" not in item[2] + item[3]]
            assert others == [
                (30, "FIRST", ["Ended"], []), (330, "ALL_RESOLVED", [], ["Ended"]),
                (530, "FIRST", ["a"], []), (830, "ALL_RESOLVED", [], ["a"]),
            ]  # fmt: skip
            sender.cancel()

    run(play())


def test_jump_survives_a_crash(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            sender = asyncio.get_running_loop().create_task(scene.keep_firing(20_000))
            await sleep_until(100)
            loop_now().wall_shift_ns += 24 * HOUR
            await sleep_until(200)
            await scene.crash_and_start(down_s=10)
            await sleep_until(3000)
            assert scene.told() == [(30, "FIRST", ["X"], [])]
            sender.cancel()

    run(play())


def test_suspended_machine_does_not_resolve_what_fires(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=240)
            await sleep_until(50)
            loop_now().wall_shift_ns += 3600 * SECOND  # The steady clock stands still meanwhile.
            assert len(scene.manager.alerts()) == 1
            await sleep_until(241)
            assert scene.manager.alerts() == []

    run(play())
