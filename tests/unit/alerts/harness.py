"""An alert manager in virtual time, with receivers that note what they are told and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.unit.alerts.virtual_time import loop_now
from watchkeeper.alerts.inhibit import InhibitRule, passes_all
from watchkeeper.alerts.interface import Alert, Notice, NotifyError
from watchkeeper.alerts.manager import AlertManager
from watchkeeper.alerts.options import AlertOptions
from watchkeeper.alerts.parts import IntegrationPart, Parts
from watchkeeper.core.model.labels import EMPTY, Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.telemetry.metrics import Registry

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def equal(name: str, value: str) -> Matcher:
    return Matcher(name, MatchType.EQUAL, value)


@dataclass(frozen=True, eq=False)
class FakeRoute:
    """One route without children."""

    receiver: str = "team"
    group_by: tuple[str, ...] = ("alertname",)
    matchers: tuple[Matcher, ...] = ()
    key: str = "{}"
    group_wait_ns: int = 30 * SECOND
    group_interval_ns: int = 5 * MINUTE
    repeat_interval_ns: int = 4 * HOUR
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    labels: Labels = EMPTY

    def group_labels_of(self, labels: Labels) -> Labels:
        return labels.keep(self.group_by)


class FakeTree:
    """Every route that an alert's labels pass."""

    def __init__(self, *routes: FakeRoute) -> None:
        self.routes = routes

    def match(self, labels: Labels) -> list[FakeRoute]:
        return [route for route in self.routes if passes_all(route.matchers)(labels)]


@dataclass
class FakeInterval:
    """From second to second of the virtual time."""

    start_s: float
    end_s: float

    def contains(self, now_ns: int) -> bool:
        return self.start_s <= loop_now().now_s < self.end_s


@dataclass
class Heard:
    """One notification: when, by whom, and the names that fire and that are resolved."""

    at_s: float
    receiver: str
    notice: Notice

    @property
    def firing(self) -> list[str]:
        return [text(alert) for alert in self.notice.firing]

    @property
    def resolved(self) -> list[str]:
        return [text(alert) for alert in self.notice.resolved]

    def __repr__(self) -> str:
        return f"{self.at_s:g}s {self.receiver} {self.notice.reason.name} +{self.firing} -{self.resolved}"


def text(alert: Alert) -> str:
    """An alert's labels but its name, or its name alone."""
    return ",".join(value for name, value in alert.labels if name != "alertname") or alert.name


@dataclass
class FakeNotifier:
    """Notes what it is told; `answers` says what the next attempts meet."""

    who: str
    heard: list[Heard]
    answers: list[Any] = field(default_factory=list)
    tried_s: list[float] = field(default_factory=list)
    is_closed: bool = False

    async def notify(self, notice: Notice) -> None:
        self.tried_s.append(loop_now().now_s)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            await answer()
        self.heard.append(Heard(loop_now().now_s, self.who, notice))

    async def close(self) -> None:
        self.is_closed = True


def retryable(message: str = "unexpected status code 500", cause: str = "serverError") -> NotifyError:
    return NotifyError(message, is_retryable=True, cause=cause)


class Scene:
    """A manager on the stage. Use in an `async with`."""

    def __init__(
        self,
        directory: Path,
        *routes: FakeRoute,
        receivers: Mapping[str, Sequence[IntegrationPart]] | None = None,
        rules: Sequence[InhibitRule] = (),
        intervals: Mapping[str, Any] | None = None,
        options: AlertOptions | None = None,
    ) -> None:
        self.parts = Parts(
            FakeTree(*(routes or (FakeRoute(),))),
            receivers or {"team": [IntegrationPart("webhook", 0, True, {})]},
            rules,
            intervals or {},
        )
        self.directory = directory
        self.options = options or AlertOptions()
        self.heard: list[Heard] = []
        self.notifiers: dict[str, FakeNotifier] = {}
        self.answers: dict[str, list[Any]] = {}
        self.registry = Registry()
        self.manager = self._make()

    def _make(self) -> AlertManager:
        return AlertManager(
            self.directory, self.registry, lambda: loop_now().wall_ns(), self.options, self._make_notifier
        )

    def _make_notifier(self, receiver: str, kind: str, index: int, section: Any) -> FakeNotifier:
        who = receiver if (kind, index) == ("webhook", 0) else f"{receiver}/{kind}[{index}]"
        notifier = self.notifiers[who] = FakeNotifier(who, self.heard, self.answers.setdefault(who, []))
        return notifier

    async def __aenter__(self) -> Scene:
        await self.manager.start()
        await self.manager.apply_parts(self.parts)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.manager.stop()

    async def crash_and_start(self, down_s: float = 0.0, **changes: Any) -> None:
        """End without saying goodbye, and come back `down_s` later."""
        manager = self.manager
        for task in manager._tasks:
            task.cancel()
        if manager._running is not None:
            manager._running.dispatcher.close()
            await manager._running.dispatcher.drained(0)
        manager._journal.close()
        await asyncio.sleep(down_s)
        self.options = replace(self.options, **changes)
        self.registry = Registry()
        self.manager = self._make()
        await self.manager.start()
        await self.manager.apply_parts(self.parts)

    def fire(
        self,
        name: str = "X",
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        note: str = "",
        **labels: str,
    ) -> None:
        """Report an alert; times are virtual seconds; without an end it ends by the time-out."""
        loop = loop_now()
        now_ns = loop.wall_ns()

        def at(seconds: float | None) -> int:
            return 0 if seconds is None else now_ns + round((seconds - loop.now_s) * 1e9)

        self.manager.put(
            [
                Alert(
                    Labels.of({"alertname": name, **labels}),
                    Labels.of(note=note),
                    at(start_s) or now_ns,
                    at(end_s),
                )
            ]
        )

    def resolve(self, name: str = "X", **labels: str) -> None:
        """Report that an alert has ended now."""
        self.fire(name, end_s=loop_now().now_s, **labels)

    async def keep_firing(self, until_s: float, name: str = "X", every_s: float = 60.0, **labels: str) -> None:
        """Report an alert again and again, as a sender does."""
        start_s = loop_now().now_s
        while loop_now().now_s < until_s:
            self.fire(name, start_s=start_s, end_s=loop_now().now_s + 4 * every_s, **labels)
            await asyncio.sleep(min(every_s, until_s - loop_now().now_s))

    def told(self) -> list[tuple[float, str, list[str], list[str]]]:
        """What was heard: when, why, what fires, what is resolved."""
        return [(round(h.at_s, 3), h.notice.reason.name, h.firing, h.resolved) for h in self.heard]

    def metric(self, name: str, **labels: str) -> float:
        """The value of an own metric."""
        for line in self.registry.exposition().decode().splitlines():
            head, _, value = line.rpartition(" ")
            if head.partition("{")[0] == name and all(f'{key}="{wanted}"' in head for key, wanted in labels.items()):
                return float(value)
        raise AssertionError(f"no metric {name} {json.dumps(labels)}")


async def sleep_until(seconds: float) -> None:
    """Wait for a time of the virtual clock."""
    await asyncio.sleep(seconds - loop_now().now_s)


Play = Callable[[Scene], Awaitable[None]]
