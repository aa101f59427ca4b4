"""Another configuration: routes are new, what is known stays."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.alerts.harness import FakeRoute, FakeTree, Scene, equal, retryable, sleep_until
from tests.unit.alerts.virtual_time import run
from watchkeeper.alerts.inhibit import InhibitRule
from watchkeeper.alerts.parts import IntegrationPart
from watchkeeper.alerts.status import Wanted


def test_nothing_is_told_twice_and_nothing_is_lost(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire(instance="a", end_s=5000)
            await sleep_until(100)
            scene.fire(instance="b", end_s=5000)
            first = scene.notifiers["team"]
            await scene.manager.apply_parts(scene.parts)
            assert first.is_closed
            await sleep_until(1000)
            # The rebuilt group holds an alert that waited long enough: it speaks at once, of what is new.
            assert scene.told() == [(30, "FIRST", ["a"], []), (100, "NEW_ALERTS", ["a", "b"], [])]

    run(play())


def test_new_receiver_hears_of_what_fires_and_not_of_what_ended(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            scene.fire("A", end_s=5000)
            scene.fire("B", end_s=60)
            await sleep_until(400)
            parts = replace(
                scene.parts,
                tree=FakeTree(FakeRoute(receiver="new")),  # type: ignore[arg-type]
                receivers={"new": [IntegrationPart("webhook", 0, True, {})]},
            )
            await scene.manager.apply_parts(parts)
            await sleep_until(1000)
            assert [(h.at_s, h.receiver, h.firing) for h in scene.heard if h.receiver == "new"] == [(400, "new", ["A"])]

    run(play())


def test_attempt_under_way_arrives_and_waits_are_cut_short(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:

            async def slow() -> None:
                await asyncio.sleep(4)

            scene.answers["team"] += [slow]
            scene.fire("A", end_s=5000)
            await sleep_until(31)
            await scene.manager.apply_parts(scene.parts)
            assert asyncio.get_running_loop().time() == 34
            await sleep_until(200)
            assert scene.told() == [(34, "FIRST", ["A"], [])]

            scene.answers["team"] += [retryable()] * 100
            scene.fire("B", end_s=5000)
            await sleep_until(240)
            tried = len(scene.notifiers["team"].tried_s)
            assert tried > 3
            scene.answers["team"].clear()
            began_s = asyncio.get_running_loop().time()
            await scene.manager.apply_parts(scene.parts)
            assert asyncio.get_running_loop().time() - began_s < 0.001
            await sleep_until(300)
            assert scene.told()[1:] == [(240, "FIRST", ["B"], [])]
            assert scene.metric("alertmanager_notifications_failed_total", reason="contextCanceled") == 1

    run(play())


def test_attempt_that_hangs_is_given_up(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:

            async def hang() -> None:
                await asyncio.sleep(10_000)

            scene.answers["team"] += [hang]
            scene.fire(end_s=5000)
            await sleep_until(31)
            await scene.manager.apply_parts(scene.parts)
            assert asyncio.get_running_loop().time() == 41
            await sleep_until(42)
            assert scene.told() == [(41, "FIRST", ["X"], [])]

    run(play())


def test_attempt_that_hangs_keeps_no_other_group_waiting(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:

            async def hang() -> None:
                await asyncio.sleep(10_000)

            scene.answers["team"] += [hang]
            scene.fire("A", end_s=5000)
            await sleep_until(31)
            reload = asyncio.get_running_loop().create_task(scene.manager.apply_parts(scene.parts))
            scene.fire("B", end_s=5000, start_s=-60)
            await sleep_until(32)
            assert scene.told() == [(31, "FIRST", ["B"], [])]
            await reload
            assert asyncio.get_running_loop().time() == 41
            await sleep_until(42)
            assert scene.told()[1:] == [(41, "FIRST", ["A"], [])]

    run(play())


def test_configuration_that_can_not_be_made_changes_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path) as scene:
            made = []

            def make(receiver: str, kind: str, index: int, section: object) -> object:
                if made:
                    raise ValueError("no such certificate")
                made.append(scene._make_notifier(receiver, kind, index, section))
                return made[0]

            parts = replace(scene.parts, receivers={"team": [*scene.parts.receivers["team"]] * 2})
            before = scene.notifiers["team"]
            with pytest.raises(ValueError, match="no such certificate"):
                await scene.manager.apply_parts(parts, make)  # type: ignore[arg-type]
            assert made[0].is_closed
            assert not before.is_closed
            scene.fire(end_s=5000)
            await sleep_until(31)
            assert len(scene.heard) == 1

    run(play())


def test_inhibition_is_by_the_new_rules(tmp_path: Path) -> None:
    async def play() -> None:
        async with Scene(tmp_path, FakeRoute(group_by=())) as scene:
            scene.fire("Source", end_s=5000)
            scene.fire("Target", end_s=5000)
            assert {view.state for view in scene.manager.alerts()} == {"active"}
            rule = InhibitRule((equal("alertname", "Source"),), (equal("alertname", "Target"),))
            await scene.manager.apply_parts(replace(scene.parts, rules=[rule]))
            views = {view.alert.name: view for view in scene.manager.alerts()}
            assert views["Target"].state == "suppressed"
            assert views["Target"].inhibited_by == (views["Source"].fingerprint,)
            assert [view.alert.name for view in scene.manager.alerts(Wanted(inhibited=False))] == ["Source"]
            assert [view.alert.name for view in scene.manager.alerts(Wanted(active=False))] == ["Target"]
            assert scene.metric("alertmanager_alerts", state="suppressed") == 1
            assert scene.metric("alertmanager_inhibition_rules") == 1

    run(play())


def test_put_from_another_thread_and_before_the_start(tmp_path: Path) -> None:
    async def play() -> None:
        scene = Scene(tmp_path)
        scene.fire("Early", end_s=5000)
        async with scene:
            loop = asyncio.get_running_loop()
            done = asyncio.Event()

            def work(now_ns: int) -> None:
                from watchkeeper.alerts.interface import Alert
                from watchkeeper.core.model.labels import Labels

                scene.manager.put([Alert(Labels.of(alertname="Thread"), ends_ns=now_ns + 10**13)])
                loop.call_soon_threadsafe(done.set)

            thread = threading.Thread(target=work, args=(scene.manager.now_ns,))
            thread.start()
            await done.wait()
            thread.join()
            await sleep_until(31)
            assert sorted(heard.firing[0] for heard in scene.heard) == ["Early", "Thread"]
        scene.fire("Late", end_s=5000)  # Nobody is there any more; nothing is raised.

    run(play())


def test_bad_alerts_are_refused_and_the_good_ones_of_the_batch_are_taken(tmp_path: Path) -> None:
    async def play() -> None:
        from watchkeeper.alerts.interface import Alert
        from watchkeeper.core.model.labels import Labels

        async with Scene(tmp_path) as scene:
            now_ns = scene.manager.now_ns
            problems = scene.manager.receive(
                [
                    Alert(Labels()),
                    Alert(Labels.of(alertname="A"), starts_ns=now_ns, ends_ns=now_ns - 1),
                    Alert(Labels.of({"": "x"})),
                    Alert(Labels.of(a="\ud800")),
                    Alert(Labels.of(a="b"), Labels.of({"": "x"})),
                    Alert(Labels.of(alertname="Good")),
                    Alert(Labels.of(alertname="Ended"), ends_ns=now_ns - 5),
                ]
            )
            assert problems == [
                "at least one label pair required",
                "start time must be before end time",
                'invalid label set: invalid name ""',
                'invalid label set: invalid value "\\ud800"',
                'invalid annotations: invalid name ""',
            ]
            (view,) = scene.manager.alerts()
            assert view.alert.starts_ns == view.alert.updated_ns == now_ns
            assert view.alert.ends_ns == now_ns + 300 * 10**9
            ended = scene.manager._store.get(Labels.of(alertname="Ended"))
            assert ended is not None
            assert ended.starts_ns == ended.ends_ns == now_ns - 5
            assert scene.metric("alertmanager_alerts_invalid_total") == 5
            assert scene.metric("alertmanager_alerts_received_total", status="firing") == 5
            assert scene.metric("alertmanager_alerts_received_total", status="resolved") == 2

    run(play())


def test_groups_as_the_api_shows_them(tmp_path: Path) -> None:
    async def play() -> None:
        routes = (FakeRoute(receiver="team", key="{a}"), FakeRoute(receiver="all", key="{b}", group_by=()))
        receivers = {name: [IntegrationPart("webhook", 0, True, {})] for name in ("team", "all")}
        async with Scene(tmp_path, *routes, receivers=receivers) as scene:
            scene.fire("B", instance="2", end_s=5000)
            scene.fire("A", instance="1", end_s=5000)
            scene.fire("Gone", end_s=1)
            await sleep_until(2)
            groups = scene.manager.groups()
            assert [(g.labels.get("alertname"), g.receiver, len(g.alerts)) for g in groups] == [
                ("", "all", 2), ("A", "team", 1), ("B", "team", 1),
            ]  # fmt: skip
            assert [view.alert.name for view in groups[0].alerts] == ["A", "B"]
            assert groups[1].alerts[0].receivers == ("all", "team")
            assert [g.receiver for g in scene.manager.groups(Wanted(receiver="team".__eq__))] == ["team", "team"]
            assert [len(g.alerts) for g in scene.manager.groups(Wanted([equal("alertname", "A")]))] == [1, 1]
            assert [view.alert.name for view in scene.manager.alerts(Wanted([equal("instance", "2")]))] == ["B"]
            assert scene.manager.alerts(Wanted(receiver="nobody".__eq__)) == []
            assert {view.receivers for view in scene.manager.alerts()} == {("team", "all")}

    run(play())
