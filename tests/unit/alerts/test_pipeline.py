"""What is told, to which integration, how often it is tried, and what is counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.unit.alerts.harness import (
    MINUTE,
    SECOND,
    FakeInterval,
    FakeRoute,
    Scene,
    equal,
    retryable,
    sleep_until,
)
from tests.unit.alerts.virtual_time import run
from watchkeeper.alerts.inhibit import InhibitRule
from watchkeeper.alerts.interface import NotifyError, Silence
from watchkeeper.alerts.parts import IntegrationPart
from watchkeeper.alerts.status import Wanted


def two(send_resolved: bool = False) -> dict[str, list[IntegrationPart]]:
    return {"team": [IntegrationPart("webhook", 0, True, {}), IntegrationPart("email", 0, send_resolved, {})]}


def test_retries_wait_longer_each_time_and_succeed(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.manager._running.pipeline._attempts._spread = lambda: 0.0
            scene.answers["team"] += [retryable(), retryable(), retryable("other"), retryable("other")]
            scene.fire(end_s=1000)
            await sleep_until(100)
            waits = scene.notifiers["team"].tried_s
            assert [round(t - 30, 3) for t in waits] == [0, 0.5, 1.25, 2.375, 4.062]
            assert scene.told() == [(34.062, "FIRST", ["X"], [])]
            assert scene.metric("alertmanager_notifications_total", integration="webhook") == 1
            assert scene.metric("alertmanager_notification_requests_total", integration="webhook") == 5
            assert scene.metric("alertmanager_notification_requests_failed_total", integration="webhook") == 4
            assert scene.metric("alertmanager_notifications_failed_total", reason="serverError") == 0

    run(play())


def test_waits_are_spread_by_half(tmp_path: Path) -> None:
    async def play() -> None:
        for spread, second_s in ((-1.0, 30.25), (1.0, 30.75)):
            async with Scene(tmp_path / str(spread)) as scene:
                scene.manager._running.pipeline._attempts._spread = lambda spread=spread: spread
                scene.answers["team"].append(retryable())
                start = asyncio.get_running_loop().time()
                scene.fire(end_s=start + 1000)
                await asyncio.sleep(60)
                assert scene.notifiers["team"].tried_s[1] - start == second_s

    run(play())


def test_gives_up_at_the_deadline_and_starts_again_at_the_next_tick(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.answers["team"] += [retryable(cause="clientError")] * 40
            scene.fire(end_s=2000)
            await sleep_until(329)
            assert scene.told() == []
            tried = len(scene.notifiers["team"].tried_s)
            assert 10 <= tried <= 25
            scene.answers["team"].clear()
            await sleep_until(331)
            assert scene.told() == [(330, "FIRST", ["X"], [])]
            assert scene.metric("alertmanager_notifications_failed_total", reason="clientError") == 1

    run(play())


def test_receiver_that_hangs_is_cut_off_at_the_deadline(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path, FakeRoute(group_interval_ns=5 * SECOND)) as scene:

            async def hang() -> None:
                await asyncio.sleep(10_000)

            scene.answers["team"] += [hang]
            scene.fire(end_s=2000)
            await sleep_until(39.9)
            assert scene.metric("alertmanager_notifications_failed_total", reason="contextDeadlineExceeded") == 0
            await sleep_until(41)
            assert scene.metric("alertmanager_notifications_failed_total", reason="contextDeadlineExceeded") == 1
            assert scene.told() == [(40, "FIRST", ["X"], [])]

    run(play())


def test_refusal_is_not_tried_again_before_the_next_tick(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.answers["team"].append(NotifyError("bad request", is_retryable=False, cause="clientError"))
            scene.answers["team"].append(RuntimeError("a fault"))
            scene.answers["team"].append(NotifyError("odd", is_retryable=False, cause="made up"))
            scene.fire(end_s=2000)
            await sleep_until(1000)
            assert scene.notifiers["team"].tried_s == [30, 330, 630, 930]
            assert scene.told() == [(930, "FIRST", ["X"], [])]
            assert scene.metric("alertmanager_notifications_failed_total", reason="clientError") == 1
            assert scene.metric("alertmanager_notifications_failed_total", reason="other") == 2

    run(play())


def test_resolved_stays_until_it_could_be_told(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(end_s=1000)
            await sleep_until(100)
            scene.resolve()
            scene.answers["team"].append(NotifyError("no", is_retryable=False))
            await sleep_until(1000)
            assert scene.told() == [(30, "FIRST", ["X"], []), (630, "ALL_RESOLVED", [], ["X"])]

    run(play())


def test_integrations_are_logged_apart(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path, receivers=two(True)) as scene:
            scene.answers["team/email[0]"] += [NotifyError("no", is_retryable=False)] * 2
            scene.fire(end_s=5000)
            await sleep_until(1000)
            assert [(h.at_s, h.receiver, h.notice.reason.name) for h in scene.heard] == [
                (30, "team", "FIRST"), (630, "team/email[0]", "FIRST"),
            ]  # fmt: skip

    run(play())


def test_without_send_resolved_the_log_still_learns_of_the_end(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path, receivers=two()) as scene:
            scene.fire(instance="a", end_s=5000)
            scene.fire(instance="b", end_s=5000)
            await sleep_until(100)
            scene.resolve(instance="a")
            await sleep_until(400)
            scene.resolve(instance="b")
            await sleep_until(700)
            scene.fire(instance="b", end_s=5000)
            await sleep_until(1000)
            assert [(h.at_s, h.notice.reason.name, h.firing) for h in scene.heard if "email" in h.receiver] == [
                (30, "FIRST", ["a", "b"]), (730, "FIRST", ["b"]),
            ]  # fmt: skip
            assert [(h.at_s, h.notice.reason.name) for h in scene.heard if "email" not in h.receiver] == [
                (30, "FIRST"), (330, "NEW_RESOLVED"), (630, "ALL_RESOLVED"), (730, "FIRST"),
            ]  # fmt: skip

    run(play())


def test_new_alert_without_send_resolved_leaves_out_the_resolved(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path, receivers=two()) as scene:
            scene.fire(instance="a", end_s=5000)
            await sleep_until(100)
            scene.resolve(instance="a")
            scene.fire(instance="b", end_s=5000)
            await sleep_until(400)
            assert [(h.receiver, h.firing, h.resolved) for h in scene.heard[2:]] == [
                ("team", ["b"], ["a"]), ("team/email[0]", ["b"], []),
            ]  # fmt: skip

    run(play())


def test_silenced_and_inhibited_alerts_are_left_out_and_counted(tmp_path: Path) -> None:
    async def play() -> None:
        rule = InhibitRule((equal("severity", "page"),), (equal("severity", "info"),), ("host",))
        async with Scene(tmp_path, FakeRoute(group_by=()), rules=[rule]) as scene:
            now_ns = scene.manager.now_ns
            scene.manager.silences.set(Silence((equal("host", "b"),), now_ns, now_ns + 100 * SECOND, "me", "x"))
            scene.fire("P", severity="page", host="a", end_s=5000)
            scene.fire("I", severity="info", host="a", end_s=5000)
            scene.fire("S", severity="info", host="b", end_s=5000)
            await sleep_until(100)
            assert scene.told() == [(30, "FIRST", ["a,page"], [])]
            assert scene.metric("alertmanager_notifications_suppressed_total", reason="silence") == 1
            assert scene.metric("alertmanager_notifications_suppressed_total", reason="inhibition") == 1
            scene.resolve("P", severity="page", host="a")
            await sleep_until(400)
            # The source has ended, the silence too: both are new to the receiver.
            assert scene.told()[1:] == [(330, "NEW_ALERTS", ["a,info", "b,info"], ["a,page"])]

    run(play())


def test_time_intervals_mute_a_group_and_mark_it(tmp_path: Path) -> None:
    async def play() -> None:
        intervals = {"night": FakeInterval(0, 100), "office": FakeInterval(400, 10_000)}
        routes = (
            FakeRoute(key="{a}", receiver="muted", mute_time_intervals=("night",)),
            FakeRoute(key="{b}", receiver="active", active_time_intervals=("office",)),
        )
        receivers = {name: [IntegrationPart("webhook", 0, True, {})] for name in ("muted", "active")}
        async with Scene(tmp_path, *routes, receivers=receivers, intervals=intervals) as scene:
            scene.fire(end_s=5000)
            await sleep_until(50)
            views = {view.receiver: view for view in scene.manager.groups()}
            assert views["muted"].muted_by == ("night",)
            assert views["active"].muted_by == ("office",)
            assert views["muted"].alerts[0].state == "suppressed"
            assert scene.manager.groups(Wanted(muted=False)) == []
            await sleep_until(1000)
            assert [(h.at_s, h.receiver) for h in scene.heard] == [(330, "muted"), (630, "active")]
            assert scene.metric("alertmanager_notifications_suppressed_total", reason="mute_time_interval") == 1
            assert scene.metric("alertmanager_notifications_suppressed_total", reason="active_time_interval") == 2
            assert all(view.muted_by == () for view in scene.manager.groups())

    run(play())


def test_route_labels_reach_the_notice(tmp_path: Path) -> None:
    async def play() -> None:
        from watchkeeper.core.model.labels import Labels

        async with Scene(tmp_path, FakeRoute(labels=Labels.of(team="x"))) as scene:
            scene.fire(end_s=500)
            await sleep_until(31)
            assert scene.heard[0].notice.route_labels == Labels.of(team="x")
            assert scene.heard[0].notice.group_labels == Labels.of(alertname="X")
            assert scene.heard[0].notice.receiver == "team"

    run(play())


def test_log_entry_expires_after_twice_the_repeat_interval_or_the_retention(tmp_path: Path) -> None:
    async def play() -> None:
        hour = 60 * MINUTE
        route = FakeRoute(repeat_interval_ns=200 * hour)
        async with Scene(tmp_path, route) as scene:
            asyncio.get_running_loop().create_task(scene.keep_firing(130 * 3600, every_s=1800))
            await sleep_until(129 * 3600)
            # A repeat interval above the retention is not honoured: the entry is gone after 120 hours.
            assert [(round(t / 3600), why) for t, why, *_ in scene.told()] == [(0, "FIRST"), (120, "FIRST")]

    run(play())
