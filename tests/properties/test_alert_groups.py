"""The alert manager tells what its slow twin tells, at the same time, for the same reason; also when it crashes."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import alert_groups as oracle
from tests.unit.alerts.harness import SECOND, FakeRoute, Scene, equal, sleep_until
from tests.unit.alerts.virtual_time import START_NS, run
from watchkeeper.alerts.inhibit import InhibitRule
from watchkeeper.alerts.interface import Alert, Notice, NotifyError, Silence
from watchkeeper.alerts.parts import IntegrationPart
from watchkeeper.core.model.labels import Labels

UNTIL_S = 400.0
seconds = st.integers(0, 250)


@st.composite
def reports(draw: Any) -> list[oracle.Report]:
    """Reports whose times are all apart: each has a thousandth of a second of its own."""
    made = []
    for n in range(draw(st.integers(1, 14))):
        at_s = draw(seconds) + (n + 1) / 1000  # Never with a round of closing empty groups, which is on whole seconds.
        start_s = at_s - draw(st.sampled_from([0, 0, 5, 40, 90]))
        end_s = at_s + draw(st.sampled_from([-30, 0, 0, 15, 70, 200, 1000])) + 0.0005
        made.append(
            oracle.Report(
                at_s,
                draw(st.sampled_from("AB")),
                draw(st.sampled_from("xy")),
                draw(st.sampled_from(["page", "info"])),
                min(start_s, end_s),
                end_s,
            )
        )
    return made


@st.composite
def silences(draw: Any) -> list[oracle.Quiet]:
    made = []
    for _ in range(draw(st.integers(0, 2))):
        start_s = draw(seconds) + 0.0007
        made.append(oracle.Quiet(draw(st.sampled_from("xy")), start_s, start_s + draw(st.integers(1, 150))))
    return made


def at_ns(second: float) -> int:
    return START_NS + round(second * 1e9)


def alert_of(report: oracle.Report) -> Alert:
    labels = Labels.of(alertname=report.name, host=report.host, severity=report.severity)
    return Alert(labels, starts_ns=at_ns(report.start_s), ends_ns=at_ns(report.end_s))


def heard_of(scene: Scene) -> list[tuple[float, str, list[object], list[object]]]:
    def keys(alerts: tuple[Alert, ...]) -> list[object]:
        return sorted((a.name, a.labels.get("host"), a.labels.get("severity")) for a in alerts)

    return [
        (round(heard.at_s, 4), heard.notice.reason.name, keys(heard.notice.firing), keys(heard.notice.resolved))
        for heard in scene.heard
    ]


@settings(max_examples=150, deadline=None)
@given(
    reports(),
    silences(),
    st.booleans(),
    st.booleans(),
    st.sets(st.integers(0, 8), max_size=3),
    st.sampled_from([(0, 5), (3, 7), (30, 45)]),
    st.sampled_from([20.5, 100.5]),  # No multiple of an interval: whether just that much has passed is chance.
)
def test_manager_is_its_slow_twin(
    told: list[oracle.Report],
    quiet: list[oracle.Quiet],
    inhibits: bool,
    send_resolved: bool,
    failing: set[int],
    group_s: tuple[int, int],
    repeat_s: float,
) -> None:
    world = oracle.World(*group_s, repeat_s, send_resolved, quiet, inhibits, failing)
    oracle.play(world, told, UNTIL_S)

    async def play(folder: Path) -> Scene:
        route = FakeRoute(
            group_wait_ns=group_s[0] * SECOND,
            group_interval_ns=group_s[1] * SECOND,
            repeat_interval_ns=int(repeat_s * SECOND),
        )
        rules = [InhibitRule((equal("severity", "page"),), (equal("severity", "info"),), ("host",))]
        receivers = {"team": [IntegrationPart("webhook", 0, send_resolved, {})]}
        async with Scene(folder, route, receivers=receivers, rules=rules if inhibits else []) as scene:
            attempts = iter(range(1000))
            notifier = scene.notifiers["team"]
            tell = notifier.notify

            async def notify(notice: Notice) -> None:
                if next(attempts) in failing:
                    raise NotifyError("no", is_retryable=False)
                await tell(notice)

            notifier.notify = notify  # type: ignore[method-assign]
            scene.manager.silences.merge(
                Silence((equal("host", q.host),), at_ns(q.start_s), at_ns(q.end_s), id=f"s{i}", updated_ns=1)
                for i, q in enumerate(quiet)
            )
            for report in sorted(told, key=lambda report: report.at_s):
                await sleep_until(report.at_s)
                scene.manager.put([alert_of(report)])
            await sleep_until(UNTIL_S)
            return scene

    with tempfile.TemporaryDirectory() as folder:
        scene = run(play(Path(folder)))
    assert heard_of(scene) == world.heard


@settings(max_examples=60, deadline=None)
@given(reports(), st.lists(st.integers(1, 300), max_size=3))
def test_crashes_lose_nothing_and_repeat_nothing(told: list[oracle.Report], crashes: list[int]) -> None:
    """What a receiver knows in the end is what fires, and no two messages in a row say the same."""

    async def play(folder: Path) -> Scene:
        route = FakeRoute(group_wait_ns=3 * SECOND, group_interval_ns=7 * SECOND)
        async with Scene(folder, route) as scene:
            steps: list[tuple[float, Any]] = [(report.at_s, report) for report in told]
            steps += [(crash + 0.9, None) for crash in crashes]
            for at_s, report in sorted(steps, key=lambda step: step[0]):
                await sleep_until(max(at_s, asyncio.get_running_loop().time()))
                if report is None:
                    await scene.crash_and_start(down_s=0.01)
                else:
                    scene.manager.put([alert_of(report)])
            await sleep_until(2000)
            return scene

    with tempfile.TemporaryDirectory() as folder:
        scene = run(play(Path(folder)))
    known: dict[object, set[object]] = {}
    for _, _, firing, resolved in heard_of(scene):
        name = (firing or resolved)[0][0]  # type: ignore[index]
        assert set(firing) != known.get(name) or resolved, "said before"
        known[name] = set(firing)
    assert all(not firing for firing in known.values())
