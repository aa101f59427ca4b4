"""What is known again after the process ended, however it ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.unit.alerts.harness import MINUTE, SECOND, FakeRoute, Scene, equal, retryable, sleep_until
from tests.unit.alerts.virtual_time import run
from watchkeeper.alerts.interface import Silence


def test_what_was_told_is_not_told_again(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(instance="a", end_s=5000)
            scene.fire(instance="b", end_s=5000)
            await sleep_until(100)
            await scene.crash_and_start(down_s=5)
            await sleep_until(1500)
            assert scene.told() == [(30, "FIRST", ["a", "b"], [])]
            assert [view.alert.labels.get("instance") for view in scene.manager.alerts()] != []

    run(play())


def test_alert_that_ended_while_down_is_told_of_when_its_sender_says_so(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=240)
            await sleep_until(50)
            await scene.crash_and_start(down_s=400)
            await sleep_until(460)
            scene.resolve(start_s=0)
            await sleep_until(1200)
            # The group speaks at once after the start, of nothing new; then its interval later.
            assert scene.told() == [(30, "FIRST", ["X"], []), (750, "ALL_RESOLVED", [], ["X"])]

    run(play())


def test_alert_of_which_nobody_speaks_any_more_ends_after_the_grace(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=120)
            await sleep_until(50)
            await scene.crash_and_start(down_s=400)
            await sleep_until(569)
            assert len(scene.manager.alerts()) == 1
            await sleep_until(571)  # Its sender gave it two minutes; so does the restart.
            assert scene.manager.alerts() == []
            await sleep_until(1200)
            assert scene.told() == [(30, "FIRST", ["X"], []), (750, "ALL_RESOLVED", [], ["X"])]

    run(play())


def test_alert_that_still_fires_does_not_flap(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            sender = asyncio.get_running_loop().create_task(scene.keep_firing(4000))
            await sleep_until(50)
            await scene.crash_and_start(down_s=600)
            await sleep_until(3000)
            assert scene.told() == [(30, "FIRST", ["X"], [])]
            sender.cancel()

    run(play())


def test_end_is_told_also_where_the_log_entry_expired_while_down(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=240)
            await sleep_until(50)
            await scene.crash_and_start(down_s=20 * 3600)  # Twice the repeat interval is 8 hours.
            await sleep_until(21 * 3600)
            assert [why for _, why, *_ in scene.told()] == ["FIRST", "REPEAT", "ALL_RESOLVED"]

    run(play())


def test_grace_is_bounded_by_its_option(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=86_400)
            await sleep_until(50)
            await scene.crash_and_start(down_s=90_000, restart_grace_ns=MINUTE)
            await sleep_until(90_111)
            assert scene.manager.alerts() == []

    run(play())


def test_alert_that_ended_while_it_was_watched_stays_ended(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=240)
            await sleep_until(700)
            assert len(scene.heard) == 2
            await scene.crash_and_start(down_s=60)
            assert scene.manager.alerts() == []
            await sleep_until(2000)
            assert [why for _, why, *_ in scene.told()] == ["FIRST", "ALL_RESOLVED"]

    run(play())


def test_alert_that_ended_just_before_the_crash_stays_ended(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=328)
            await sleep_until(331)  # Told of at 330; the last sign of life was at 320 or at 330.
            assert len(scene.heard) == 2
            await scene.crash_and_start(down_s=1)
            await sleep_until(1500)
            assert len(scene.heard) == 2

    run(play())


def test_resolved_alert_whose_notice_failed_is_told_after_the_restart(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=1000)
            await sleep_until(100)
            scene.resolve()
            scene.answers["team"] += [retryable()] * 100
            await sleep_until(400)
            scene.answers["team"].clear()
            await scene.crash_and_start(down_s=30)
            await sleep_until(440)
            assert scene.told() == [(30, "FIRST", ["X"], []), (430, "ALL_RESOLVED", [], ["X"])]

    run(play())


def test_crash_during_group_wait_and_during_an_attempt_loses_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=5000)
            await sleep_until(10)
            await scene.crash_and_start()
            await sleep_until(39)
            assert scene.told() == []

            async def hang() -> None:
                await asyncio.sleep(1000)

            scene.answers["team"].append(hang)
            await sleep_until(45)
            assert len(scene.notifiers["team"].tried_s) == 1
            await scene.crash_and_start()
            await sleep_until(46)
            assert scene.told() == [(45, "FIRST", ["X"], [])]

    run(play())


def test_resolved_alert_that_was_told_before_a_later_notice_is_not_told_again(tmp_path: Path) -> None:
    async def play() -> None:
        route = FakeRoute(repeat_interval_ns=9 * MINUTE)
        async with Scene(tmp_path, route) as scene:
            scene.fire(instance="a", end_s=50_000)
            scene.fire(instance="b", end_s=50_000)
            await sleep_until(100)
            scene.resolve(instance="b")
            # At 930 the group repeats, and b is no part of it any more.
            await sleep_until(1000)
            assert [why for _, why, *_ in scene.told()] == ["FIRST", "NEW_RESOLVED", "REPEAT"]
            await scene.crash_and_start()
            await sleep_until(1200)
            await scene.manager.apply_parts(scene.parts)
            await sleep_until(1300)
            assert [why for _, why, *_ in scene.told()] == ["FIRST", "NEW_RESOLVED", "REPEAT"]

    run(play())


def test_silences_survive_also_their_changes(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            now_ns = scene.manager.now_ns
            silences = scene.manager.silences
            kept = silences.set(Silence((equal("alertname", "X"),), now_ns, now_ns + 900 * SECOND, "me", "why"))
            gone = silences.set(Silence((equal("alertname", "Y"),), now_ns, now_ns + 900 * SECOND, "me", "why"))
            await sleep_until(5)
            silences.expire(gone)
            await scene.crash_and_start()
            scene.fire("X", end_s=5000)
            scene.fire("Y", end_s=5000)
            await sleep_until(100)
            assert [heard.firing for heard in scene.heard] == [["Y"]]
            silence = scene.manager.silences.get(kept)
            assert silence is not None
            assert (silence.created_by, silence.comment) == ("me", "why")

    run(play())


def test_everything_survives_a_compaction_too(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            now_ns = scene.manager.now_ns
            scene.manager.silences.set(Silence((equal("alertname", "S"),), now_ns, now_ns + 9000 * SECOND, "me"))
            for i in range(1200):
                scene.fire(instance=f"{i:04}", end_s=50_000)
            await sleep_until(100)
            scene.resolve(instance="0000")
            await sleep_until(1000)  # Compacted at 900.
            scene.fire(instance="0001", end_s=60_000)
            assert len(scene.heard) == 2
            await scene.crash_and_start()
            scene.fire("S", end_s=50_000)
            await sleep_until(2000)
            assert len(scene.heard) == 2
            assert len(scene.manager.alerts()) == 1200
            assert scene.metric("alertmanager_alerts", state="suppressed") == 1
            assert scene.metric("alertmanager_nflog_maintenance_total") == 1

    run(play())


def test_start_with_a_clock_that_was_set_back_meanwhile(tmp_path: Path) -> None:
    async def play() -> None:
        from tests.unit.alerts.virtual_time import loop_now

        async with Scene(tmp_path) as scene:
            scene.fire(end_s=250)
            await sleep_until(100)
            loop_now().wall_shift_ns -= 3600 * SECOND  # Noticed by nobody, for the process is gone before it looks.
            await scene.crash_and_start(down_s=1)
            assert len(scene.manager.alerts()) == 1
            await sleep_until(2000)
            assert [why for _, why, *_ in scene.told()] == ["FIRST", "ALL_RESOLVED"]

    run(play())
