"""Every timeline of tests/scripts/alerts, played in virtual time by the manager with its real configuration."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.processes.timeline import Action, Notification, Timeline, alertmanager_yml, problems, read_timeline
from tests.unit.alerts.virtual_time import loop_now, run
from watchkeeper.alerts.config.alertmanager_yml import parse_alertmanager_yml
from watchkeeper.alerts.interface import Alert, Notice, NotifyError, Silence
from watchkeeper.alerts.manager import AlertManager
from watchkeeper.alerts.options import AlertOptions
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.telemetry.metrics import Registry

SCRIPTS = sorted((Path(__file__).parents[2] / "scripts" / "alerts").glob("*.timeline"))
TIMELINES = [read_timeline(path) for path in SCRIPTS]


@dataclass
class Hook:
    """A webhook: answers what it is told to, and notes what it takes."""

    path: str
    max_alerts: int
    stage: Stage

    async def notify(self, notice: Notice) -> None:
        answers = self.stage.answers.get(self.path)
        status = answers.pop(0) if answers else 200
        if status != 200:
            raise NotifyError(f"status {status}", is_retryable=status >= 500)
        alerts = notice.alerts[: self.max_alerts or None]

        def sets(wanted: bool) -> tuple[tuple[tuple[str, str], ...], ...]:
            return tuple(
                sorted(alert.labels.drop(["timeline"]).pairs for alert in alerts if bool(alert.ends_ns) is wanted)
            )

        receiver = self.path.partition("/")[2]
        self.stage.arrived.append((self.path, loop_now().now_s, Notification(receiver, sets(False), sets(True))))

    async def close(self) -> None:
        pass


@dataclass
class Stage:
    """One manager, on which all timelines are played at once."""

    manager: AlertManager | None = None
    arrived: list[tuple[str, float, Notification]] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    silences: dict[str, str] = field(default_factory=dict)

    def make_notifier(self, receiver: str, kind: str, index: int, section: Any) -> Hook:
        return Hook(re.sub("^[^/]+//[^/]+/", "", section.url.reveal()), section.max_alerts, self)

    def do(self, line: Timeline, action: Action) -> None:
        assert self.manager is not None
        now_ns = loop_now().wall_ns()
        after = {word: action.seconds_after(word) for word in ("for", "from", "started")}
        at_ns = {word: None if seconds is None else round(seconds * 1e9) for word, seconds in after.items()}
        match action.verb:
            case "fire" | "resolve":
                labels = {"timeline": line.name, **{name: value for name, _, value in action.pairs}}
                started, lasting = at_ns["started"], at_ns["for"]
                ends_ns = now_ns if action.verb == "resolve" else 0 if lasting is None else now_ns + lasting
                starts_ns = 0 if started is None else now_ns - started
                self.manager.put([Alert(Labels.of(labels), Labels.of(s=action.summary), starts_ns, ends_ns)])
            case "silence":
                pairs = (("timeline", "=", line.name), *action.pairs)
                matchers = tuple(Matcher(name, MatchType(sign), value) for name, sign, value in pairs)
                start_ns = now_ns + (at_ns["from"] or 0)
                silence = Silence(matchers, start_ns, start_ns + (at_ns["for"] or 3600 * 10**9), "timeline")
                self.silences[f"{line.name}/{action.word_after('as')}"] = self.manager.silences.set(silence)
            case "expire":
                self.manager.silences.expire(self.silences[f"{line.name}/{action.words[0]}"])
            case "answer":
                receiver, status, times = action.words
                self.answers.setdefault(f"{line.name}/{receiver}", []).extend([int(status)] * int(times))
            case _:
                raise AssertionError(action.verb)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("timelines")
    made = Stage()

    async def play() -> None:
        manager = made.manager = AlertManager(
            folder, Registry(), loop_now().wall_ns, AlertOptions(), made.make_notifier
        )
        await manager.start()
        await manager.apply(parse_alertmanager_yml(alertmanager_yml(TIMELINES, "http://hooks")))
        steps = [(action.at_s, n, line, action) for n, line in enumerate(TIMELINES) for action in line.actions]
        for at_s, _, line, action in sorted(steps, key=lambda step: step[:2]):
            await asyncio.sleep(at_s - loop_now().now_s)
            made.do(line, action)
        await asyncio.sleep(max(line.until_s for line in TIMELINES) - loop_now().now_s)
        await manager.stop()

    run(play())
    return made


@pytest.mark.parametrize("line", TIMELINES, ids=lambda line: line.name)
def test_what_is_expected_arrives(line: Timeline, stage: Stage) -> None:
    arrived = [
        (second, what)
        for path, second, what in stage.arrived
        if path.partition("/")[0] == line.name and second <= line.until_s
    ]
    assert list(problems(line, arrived)) == []
