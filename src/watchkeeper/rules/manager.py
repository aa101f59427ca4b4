"""All rule groups of a process: started, replaced by a reload, stopped, and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.interface import Appender, Querier
from watchkeeper.metrics.scrape.clock import Clock, SystemClock
from watchkeeper.rules.alerting import AlertingRule
from watchkeeper.rules.files.loaded import LoadedGroup
from watchkeeper.rules.group import Group, Surroundings
from watchkeeper.rules.interface import Language, Notify, Samples
from watchkeeper.rules.runner import END_WAIT_INTERVALS, InWorker, Runner, Threads
from watchkeeper.rules.settings import GlobalSettings, RuleOptions
from watchkeeper.rules.telemetry import PREFIX, RuleMetrics
from watchkeeper.rules.views import AlertView, GroupView

log = get_logger("rule manager")


class RuleManager:
    """Evaluates groups of rules. Its coroutines belong to one event loop; `groups` and `alerts` to any thread.

    appender   takes what is recorded
    querier    is asked for ALERTS_FOR_STATE after a restart
    notify     takes alerts, on a worker thread
    in_worker  runs evaluations, as many at one time as the options say; None for the loop's own threads
    language   answers the queries of templates
    cancel     ends running evaluations, called when the manager stops
    metrics_prefix   of its own metrics' names
    """

    def __init__(
        self,
        appender: Appender,
        querier: Querier,
        notify: Notify,
        registry: Registry,
        clock: Clock | None = None,
        options: RuleOptions | None = None,
        in_worker: InWorker | None = None,
        *,
        language: Language | None = None,
        cancel: Callable[[], None] | None = None,
        metrics_prefix: str = PREFIX,
    ) -> None:
        options = options or RuleOptions()
        self._language = language
        self._cancel = cancel
        self._querier = querier
        self._metrics = RuleMetrics(registry, metrics_prefix)
        self._around = Surroundings(appender, notify, clock or SystemClock(), options, self._query)
        self._threads = Threads(in_worker or asyncio.to_thread, options)
        self._runners: dict[str, Runner] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._is_started = False
        self._was_applied = False

    # --- life

    async def start(self) -> None:
        """Begin to evaluate: the store is ready."""
        self._is_started = True
        for runner in self._runners.values():
            runner.start()

    async def stop(self) -> None:
        """End running evaluations and stop. No series is ended: after a restart they go on."""
        self._around.is_ending = True
        if self._cancel is not None:
            self._cancel()
        for ending in self._endings:
            ending.cancel()
        await asyncio.gather(*self._endings, return_exceptions=True)
        await asyncio.gather(*(runner.stop() for runner in self._runners.values()))

    async def apply(self, groups: Sequence[LoadedGroup], settings: GlobalSettings) -> None:
        """Run these groups and no others. Groups that are what they were go on undisturbed; of others, rules of the
        same name and labels keep their alerts, and series that nobody records any more are ended."""
        self._around.settings = settings
        restored = self._was_applied  # Rules that come by a reload have no state of before the restart.
        self._was_applied = True
        before = dict(self._runners)
        kept = {
            key: before.pop(key)
            for key, loaded in ((_key(one), one) for one in groups)
            if key in before and before[key].group.is_same(loaded, settings)
        }
        # Thousands of rules take a moment, and the old ones go on meanwhile.
        changed = [loaded for loaded in groups if _key(loaded) not in kept]
        made = await self._threads.in_worker(lambda: self._make(changed, restored=restored))
        await asyncio.gather(*(runner.stop() for runner in before.values()))
        for group in made:
            old = before.pop(group.key, None)
            if old is not None:
                group.take_over(old.group)
            runner = kept[group.key] = Runner(group, self._querier, self._threads)
            if self._is_started and not self._around.is_ending:
                runner.start()
        self._runners = kept
        for key, runner in before.items():
            self._metrics.forget(key)
            self._end_later(runner.group)

    def _make(self, groups: Sequence[LoadedGroup], *, restored: bool) -> list[Group]:
        return [Group(loaded, self._around, self._metrics.of(_key(loaded)), restored=restored) for loaded in groups]

    def _end_later(self, group: Group) -> None:
        """End the series of a group that went away, when what it became under another name had time to go on."""
        now_ms = int(self._around.clock.wall_s() * 1000)

        async def end() -> None:
            await self._around.clock.sleep(END_WAIT_INTERVALS * group.interval_ms / 1000)
            await self._threads.in_worker(lambda: group.end(now_ms))

        task = asyncio.get_running_loop().create_task(end(), name=f"end of rules {group.key}")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    def _query(self, text: str, time_ms: int) -> Samples:
        if self._language is None:
            raise QueryError("queries in templates are not available here")
        return self._language.compile(text).evaluate(time_ms)

    # --- views

    def groups(self) -> list[GroupView]:
        """All groups, by file and name. Texts of alerts that nobody asked for yet are expanded now: many alerts take a
        moment."""
        return [runner.group.view() for _, runner in sorted(self._runners.items(), key=_file_and_name)]

    def alerts(self) -> list[AlertView]:
        """All alerts that are pending or firing."""
        return [
            alert
            for _, runner in sorted(self._runners.items(), key=_file_and_name)
            for rule in runner.group.rules
            if isinstance(rule, AlertingRule)
            for alert in rule.alert_views()
        ]


def _key(loaded: LoadedGroup) -> str:
    return f"{loaded.file};{loaded.name}"


def _file_and_name(item: tuple[str, Runner]) -> tuple[str, str]:
    loaded = item[1].group.loaded
    return loaded.file, loaded.name
