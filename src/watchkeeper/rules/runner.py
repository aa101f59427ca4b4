"""When a group is evaluated, and on which threads.

Source of the timing: Prometheus rules/group.go, run; restart and missed iterations are as there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeAlias

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.interface import Querier
from watchkeeper.rules.group import Group, Level
from watchkeeper.rules.rule import Moment
from watchkeeper.rules.settings import RuleOptions

log = get_logger("rule manager")

SLOW_LEVEL_S: Final = 0.25  # Rules that took less altogether are not worth other threads.
SLOW_GROUP_S: Final = 1.0  # Groups that took more last time must not hold back others.
END_WAIT_INTERVALS: Final = 2  # How long after a group went away its series may be taken up by another.


InWorker: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs something on a worker thread and gives what it returns."""


class Threads:
    """The worker threads that rules may use at one time.

    Groups whose rules took long last time have turns of their own: however slow they are, the others go on. Those that
    are quick are few at one time, as more of them would only wait for the interpreter.
    Spare ones, beside both, are for rules of one group that run side by side.
    """

    def __init__(self, in_worker: InWorker, options: RuleOptions) -> None:
        self.in_worker = in_worker
        self._quick = asyncio.Semaphore(options.max_quick_groups)
        self._slow = asyncio.Semaphore(options.max_slow_groups)
        self._n_free = options.max_concurrent_evals

    def turn(self, group: Group) -> asyncio.Semaphore:
        """Held while a group is evaluated."""
        return self._slow if sum(level.duration_s for level in group.levels) >= SLOW_GROUP_S else self._quick

    def take_spare(self, wanted: int) -> int:
        """So many threads as are free, at most as wanted; give them back."""
        taken = max(0, min(wanted, self._n_free))
        self._n_free -= taken
        return taken

    def give_back(self, n: int) -> None:
        """Threads that were taken are free again."""
        self._n_free += n


class Runner:
    """Evaluates one group whenever it is due, until it is told to stop."""

    def __init__(self, group: Group, querier: Querier, threads: Threads) -> None:
        self.group = group
        self._querier = querier
        self._threads = threads
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._is_waiting = False

    def start(self) -> None:
        """Begin; the first evaluation is within an interval."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"rules {self.group.key}")

    async def stop(self) -> None:
        """Let an evaluation that has begun come to its end, then stop; the group stays as it is."""
        self._is_stopping = True
        task, self._task = self._task, None
        if task is not None:
            if self._is_waiting:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self.group.close()

    # --- timing

    async def _run(self) -> None:
        group, clock = self.group, self.group.around.clock
        time_ms = group.due_ms(self._now_ms()) + group.interval_ms
        await self._wait_until(time_ms)
        n_done = 0
        while True:
            await self._iterate(time_ms)
            n_done += 1
            if group.must_restore and n_done > 1 and not self._must_stop():
                # After the second time: by then series were scraped and recorded that alerts ask for.
                began_s = clock.monotonic_s()
                await self._threads.in_worker(partial(group.restore, self._querier, self._now_ms()))
                group.metrics.last_restore_duration.set(clock.monotonic_s() - began_s)
            if self._must_stop():
                return
            await self._wait_until(time_ms + group.interval_ms)
            passed = int((self._now_ms() - time_ms) / group.interval_ms)
            if passed > 1:
                group.metrics.iterations_missed.inc(passed - 1)
                group.metrics.iterations.inc(passed - 1)
            # A clock that was set back takes the times with it.
            time_ms += passed * group.interval_ms

    def _must_stop(self) -> bool:
        return self._is_stopping

    def _now_ms(self) -> int:
        return int(self.group.around.clock.wall_s() * 1000)

    async def _wait_until(self, time_ms: int) -> None:
        clock, interval_ms = self.group.around.clock, self.group.interval_ms
        self._is_waiting = True
        try:
            left_ms = time_ms - clock.wall_s() * 1000
            until_s = clock.monotonic_s() + min(max(0.0, left_ms), interval_ms) / 1000
            while True:
                await clock.sleep(until_s - clock.monotonic_s())
                left_ms = time_ms - clock.wall_s() * 1000
                if not 0 < left_ms < interval_ms:
                    return  # It is time, or the clock was set back by more than an interval.
                until_s = clock.monotonic_s() + left_ms / 1000
        finally:
            self._is_waiting = False

    # --- one evaluation

    async def _iterate(self, time_ms: int) -> None:
        group, clock = self.group, self.group.around.clock
        group.metrics.iterations.inc()
        wall_s, began_s = clock.wall_s(), clock.monotonic_s()
        try:
            async with self._threads.turn(group):
                if any(self._is_slow(level) for level in group.levels):
                    await self._evaluate_side_by_side(time_ms)
                else:
                    await self._threads.in_worker(partial(group.evaluate, time_ms))
        except Exception:  # The group must go on, whatever it was.
            log.exception("A rule group failed for a reason of our own", group=group.key)
        group.note_iteration(wall_s, clock.monotonic_s() - began_s)

    @staticmethod
    def _is_slow(level: Level) -> bool:
        return len(level.rules) > 1 and level.duration_s >= SLOW_LEVEL_S

    async def _evaluate_side_by_side(self, time_ms: int) -> None:
        group, threads = self.group, self._threads
        at = group.moment(time_ms)
        for level in group.levels:
            n_spare = threads.take_spare(len(level.rules) - 1) if self._is_slow(level) else 0
            try:
                # Whoever is free takes the next rule.
                left = deque(range(len(level.rules)))
                work = partial(_evaluate_from, group, level, left, at)
                await asyncio.gather(*(threads.in_worker(work) for _ in range(n_spare + 1)))
            finally:
                threads.give_back(n_spare)
            await threads.in_worker(partial(group.write, level, at))
        await threads.in_worker(partial(group.finish, at))


def _evaluate_from(group: Group, level: Level, left: deque[int], at: Moment) -> None:
    while True:
        try:
            i = left.popleft()
        except IndexError:
            return
        group.evaluate_rule(level, i, at)
