"""Rules on a real store and the real engine, with a clock that is moved by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.unit.metrics.scrape.harness import FakeClock, settle
from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import is_stale
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Budget, SampleBatch
from watchkeeper.metrics.promql.engine import Engine, EngineOptions
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.rules.files.loaded import LoadedGroup, LoadedRule
from watchkeeper.rules.interface import Language
from watchkeeper.rules.manager import RuleManager
from watchkeeper.rules.promql import PromQL
from watchkeeper.rules.settings import GlobalSettings, RuleOptions
from watchkeeper.rules.views import AlertView, RuleView

START_S = 1_700_000_000.0
SECOND = 1000
MINUTE = 60_000


def labels(text_or_name: str, **more: str) -> Labels:
    return Labels.of(__name__=text_or_name, **more)


def record(language: Language, name: str, expr: str, **own: str) -> LoadedRule:
    expression = language.compile(expr)
    return LoadedRule("record", name, expression.text, expression, labels=tuple(sorted(own.items())))


def alert(
    language: Language,
    name: str,
    expr: str,
    *,
    for_s: float = 0,
    keep_s: float = 0,
    own: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
) -> LoadedRule:
    expression = language.compile(expr)
    return LoadedRule(
        "alert",
        name,
        expression.text,
        expression,
        round(for_s * 1000),
        round(keep_s * 1000),
        tuple(sorted((own or {}).items())),
        tuple(sorted((notes or {}).items())),
    )


class Bench:
    """A store, a manager over it, and what its rules had to say. Everything is in one thread."""

    def __init__(self, path: Path, *, clock: FakeClock | None = None, **options: Any) -> None:
        self.path = path
        self.clock = clock or FakeClock(START_S)
        self.registry = Registry()
        self.store = TSDB.open(path, clock=self.now_ms)
        self.engine = Engine(EngineOptions(), Registry())
        self.language = PromQL(self.engine, self.store.querier())
        self.sent: list[Alert] = []
        self.settings = GlobalSettings(external_url="http://here")
        self.manager = RuleManager(
            self.store,
            self.store.querier(),
            self.sent.extend,
            self.registry,
            self.clock,
            RuleOptions(**options),
            self.in_worker,
            language=self.language,
        )

    async def in_worker(self, work: Callable[[], Any]) -> Any:
        return work()

    def now_ms(self) -> int:
        return round(self.clock.wall_s() * 1000)

    # --- rules

    def record(self, name: str, expr: str, **own: str) -> LoadedRule:
        return record(self.language, name, expr, **own)

    def alert(self, name: str, expr: str, **settings: Any) -> LoadedRule:
        return alert(self.language, name, expr, **settings)

    def group(self, *rules: LoadedRule, name: str = "g", interval_s: float = 10, **settings: Any) -> LoadedGroup:
        return LoadedGroup("rules.yml", name, round(interval_s * 1000), rules=tuple(rules), **settings)

    async def run(self, *rules: LoadedRule, is_restart: bool = False, **settings: Any) -> None:
        """Start one group and let it be evaluated for the first time. What comes at a start has state to restore."""
        if not is_restart:
            await self.manager.apply([], self.settings)
        await self.manager.apply([self.group(*rules, **settings)], self.settings)
        await self.manager.start()
        await self.clock.advance(settings.get("interval_s", 10))

    async def stop(self) -> None:
        await self.manager.stop()
        self.store.close()

    # --- data

    def put(self, name: str, value: float, time_ms: int | None = None, **more: str) -> None:
        """One sample, now."""
        time_ms = self.now_ms() if time_ms is None else time_ms
        batch = SampleBatch(
            [labels(name, **more)], np.zeros(1, np.int32), np.array([time_ms], np.int64), np.array([value])
        )
        assert self.store.append(batch).stored_all

    def samples(self, name: str, **more: str) -> list[tuple[int, float | str]]:
        """Time and value of all samples of the one series that has these labels, markers as "stale"."""
        found = {one: points for one, points in self.all(name).items() if set(more.items()) <= set(one.pairs)}
        assert len(found) == 1, [str(one) for one in found]
        return next(iter(found.values()))

    def values(self, name: str, **more: str) -> list[float | str]:
        return [value for _, value in self.samples(name, **more)]

    def all(self, name: str) -> dict[Labels, list[tuple[int, float | str]]]:
        """All samples by series of one metric."""
        series = self.store.querier().select(
            [Matcher("__name__", MatchType.EQUAL, name)], 0, self.now_ms() + 10 * MINUTE, Budget()
        )
        out: dict[Labels, list[tuple[int, float | str]]] = {}
        for i, one in enumerate(series.labels):
            lo, hi, at = int(series.value_lo[i]), int(series.value_hi[i]), int(series.time_lo[i])
            points: list[tuple[int, float | str]] = []
            for time_ms, value in zip(series.times[at : at + hi - lo].tolist(), series.values[lo:hi], strict=True):
                if is_stale(float(value)):
                    points.append((time_ms, "stale"))
                elif value == value:
                    points.append((time_ms, float(value)))
            out[one] = points
        return out

    # --- views

    @property
    def rules(self) -> list[RuleView]:
        return [rule for group in self.manager.groups() for rule in group.rules]

    @property
    def rule(self) -> RuleView:
        [rule] = self.rules
        return rule

    @property
    def alerts(self) -> Sequence[AlertView]:
        return self.manager.alerts()

    def metric(self, name: str, group: str = "g") -> float:
        for family in self.registry.collect():
            if family.name == name:
                for suffix, _, values, value in family.samples:
                    if values == (f"rules.yml;{group}",) and not suffix:
                        return value
        raise AssertionError(name)


def steps(times: Sequence[int]) -> set[int]:
    """The distances between times."""
    return {b - a for a, b in itertools.pairwise(times)}


__all__ = ["MINUTE", "SECOND", "START_S", "Bench", "FakeClock", "alert", "labels", "record", "settle", "steps"]
