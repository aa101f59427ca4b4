"""When a group speaks, and of what."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.unit.alerts.harness import MINUTE, SECOND, FakeRoute, Scene, equal, sleep_until
from tests.unit.alerts.virtual_time import loop_now, run
from watchkeeper.alerts.dispatch import CHUNK
from watchkeeper.alerts.interface import Alert
from watchkeeper.alerts.options import AlertOptions
from watchkeeper.alerts.parts import IntegrationPart
from watchkeeper.core.model.labels import Labels


def test_new_group_waits_then_speaks_every_interval(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(instance="a", end_s=1000)
            await sleep_until(10)
            scene.fire(instance="b", end_s=1000)
            await sleep_until(100)
            assert scene.told() == [(30, "FIRST", ["a", "b"], [])]
            scene.fire(instance="c", end_s=1000)
            await sleep_until(900)
            assert scene.told()[1:] == [(330, "NEW_ALERTS", ["a", "b", "c"], [])]

    run(play())


def test_alert_that_waited_long_enough_is_told_at_once(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            await sleep_until(100)
            scene.fire(instance="young", start_s=80, end_s=1000)
            await sleep_until(110)
            assert scene.told() == []
            scene.fire(instance="old", start_s=79, end_s=1000)
            await asyncio.sleep(0.001)
            assert scene.told() == [(110, "FIRST", ["old", "young"], [])]
            # The group has spoken: now even an old alert waits for the interval.
            await sleep_until(200)
            scene.fire(instance="older", start_s=10, end_s=1000)
            await sleep_until(409)
            assert len(scene.heard) == 1
            await sleep_until(411)
            assert scene.told()[1:] == [(410, "NEW_ALERTS", ["old", "older", "young"], [])]

    run(play())


def test_exactly_group_wait_old_is_not_past_it(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            await sleep_until(100)
            scene.fire(start_s=70, end_s=1000)
            await sleep_until(129)
            assert scene.told() == []

    run(play())


def test_resolved_alert_is_told_once_and_leaves(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(instance="a", end_s=1000)
            scene.fire(instance="b", end_s=1000)
            await sleep_until(100)
            scene.resolve(instance="a")
            await sleep_until(400)
            scene.resolve(instance="b")
            await sleep_until(2000)
            assert scene.told() == [
                (30, "FIRST", ["a", "b"], []),
                (330, "NEW_RESOLVED", ["b"], ["a"]),
                (630, "ALL_RESOLVED", [], ["b"]),
            ]
            assert list(scene.manager._running.dispatcher.groups()) == []

    run(play())


def test_firing_copies_have_no_end_and_resolved_ones_keep_theirs(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(instance="a", end_s=40)
            await sleep_until(31)
            assert [alert.ends_ns for alert in scene.heard[0].notice.alerts] == [0]
            await sleep_until(400)
            (alert,) = scene.heard[1].notice.alerts
            assert alert.ends_ns - alert.starts_ns == 40 * SECOND

    run(play())


def test_alert_that_came_back_during_the_flush_stays(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=1000)
            await sleep_until(100)
            scene.resolve()

            async def slow() -> None:
                await asyncio.sleep(5)
                scene.fire(end_s=5000)

            scene.answers["team"].append(slow)
            await sleep_until(700)
            assert scene.told() == [
                (30, "FIRST", ["X"], []),
                (335, "ALL_RESOLVED", [], ["X"]),
                (630, "FIRST", ["X"], []),
            ]

    run(play())


def test_alert_that_ends_before_the_group_speaks_is_never_told(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=10)
            await sleep_until(1000)
            assert scene.told() == []

    run(play())


def test_repeats_after_the_repeat_interval_at_the_next_tick(tmp_path: Path) -> None:
    async def play() -> None:
        route = FakeRoute(repeat_interval_ns=12 * MINUTE)
        async with Scene(tmp_path, route) as scene:
            await scene.keep_firing(3000)
            assert [(t, why) for t, why, *_ in scene.told()] == [
                (30, "FIRST"), (930, "REPEAT"), (1830, "REPEAT"), (2730, "REPEAT"),
            ]  # fmt: skip

    run(play())


def test_without_an_end_it_fires_for_resolve_timeout(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire()
            await sleep_until(1000)
            assert scene.told() == [(30, "FIRST", ["X"], []), (330, "ALL_RESOLVED", [], ["X"])]
            assert scene.heard[1].notice.alerts[0].is_timeout

    run(play())


def test_empty_group_is_closed_and_the_next_alert_waits_again(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=20)
            await sleep_until(95)  # Resolved unheard at 30, closed at 60.
            scene.fire(end_s=1000)
            await sleep_until(130)
            assert scene.told() == [(125, "FIRST", ["X"], [])]

    run(play())


def test_empty_group_that_is_not_closed_yet_keeps_its_ticks(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            await sleep_until(1)
            scene.fire(end_s=20)
            await sleep_until(32)  # It spoke of nothing at 31; the next round of closing is at 60.
            scene.fire(end_s=1000)
            await sleep_until(400)
            assert scene.told() == [(331, "FIRST", ["X"], [])]

    run(play())


def test_flush_that_outlasts_the_interval_is_followed_by_the_next_at_once(tmp_path: Path) -> None:
    async def play() -> None:
        route = FakeRoute(group_interval_ns=5 * SECOND, group_wait_ns=0)
        async with Scene(tmp_path, route) as scene:

            async def slow() -> None:
                scene.fire(instance="b", end_s=1000)
                await asyncio.sleep(8)

            scene.answers["team"].append(slow)
            scene.fire(instance="a", end_s=1000)
            await sleep_until(12)
            scene.resolve(instance="b")
            await sleep_until(60)
            # The tick of second 5 is made up for at 8, and the interval counts from there.
            assert scene.told() == [
                (8, "FIRST", ["a"], []), (8, "NEW_ALERTS", ["a", "b"], []), (13, "NEW_RESOLVED", ["a"], ["b"]),
            ]  # fmt: skip

    run(play())


def test_groups_of_several_routes_have_their_own_clocks(tmp_path: Path) -> None:
    async def play() -> None:
        routes = (
            FakeRoute(receiver="fast", group_wait_ns=SECOND, key="{}/{a}", matchers=(equal("severity", "page"),)),
            FakeRoute(receiver="slow", group_wait_ns=60 * SECOND),
        )
        receivers = {name: [IntegrationPart("webhook", 0, True, {})] for name in ("fast", "slow")}
        async with Scene(tmp_path, *routes, receivers=receivers) as scene:
            scene.fire(severity="page", end_s=1000)
            scene.fire("Y", severity="info", end_s=1000)
            await sleep_until(100)
            assert [(h.at_s, h.receiver, h.firing) for h in scene.heard] == [
                (1, "fast", ["page"]), (60, "slow", ["page"]), (60, "slow", ["info"]),
            ]  # fmt: skip
            assert scene.heard[0].notice.group_key == '{}/{a}:{alertname="X"}'

    run(play())


def test_start_delay_holds_every_group(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path, options=AlertOptions(start_delay_ns=45 * SECOND)) as scene:
            scene.fire("Old", start_s=-100, end_s=1000)
            scene.fire("New", end_s=1000)
            await sleep_until(20)
            scene.fire("Later", end_s=1000)
            await sleep_until(100)
            assert [(t, firing) for t, _, firing, _ in scene.told()] == [
                (45, ["Old"]), (45, ["New"]), (50, ["Later"]),
            ]  # fmt: skip

    run(play())


def test_ten_thousand_alerts_of_one_batch_are_told_of_whole(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path, FakeRoute(group_wait_ns=0)) as scene:
            now_ns = loop_now().wall_ns()
            alerts = [
                Alert(Labels.of(alertname=f"A{i % 20}", instance=f"{i:05d}"), starts_ns=now_ns - MINUTE)
                for i in range(10_000)
            ]
            scene.manager.put(alerts)
            await sleep_until(5)
            assert len(scene.heard) == 20
            assert {len(heard.notice.alerts) for heard in scene.heard} == {500}

    run(play())


def test_others_get_their_turn_while_a_storm_is_routed(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.manager.put([Alert(Labels.of(alertname="A", instance=str(i))) for i in range(10_000)])
            dispatcher = scene.manager._running.dispatcher
            turns = 0
            while dispatcher._arrived:
                turns += 1
                await asyncio.sleep(0)
            assert turns >= 10_000 / CHUNK - 1
            assert len(scene.manager.groups()[0].alerts) == 10_000

    run(play())
