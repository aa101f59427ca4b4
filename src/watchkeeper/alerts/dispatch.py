"""Alerts in, groups out when they are due: which alert belongs to which groups, and when each group speaks.

A new group waits its group_wait, or not at all where an alert of it has waited that long already; then it is flushed
every group_interval. All due times are in one heap with one timer, by the loop's clock, which never jumps.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from watchkeeper.alerts.group import Group
from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.log import get_logger

if TYPE_CHECKING:
    from watchkeeper.alerts.route import Route, RouteTree

log = get_logger("dispatcher")

CHUNK: Final = 200  # Alerts that are put into groups before others get their turn: about 2 ms.
STARTS: Final = 32  # Flushes that start before others get their turn.
MAX_HOLD_S: Final = 1.0  # How long a flush waits for alerts that have arrived and are not in their groups yet.

Flush = Callable[[Group, list[Alert], int], Awaitable[bool]]
"""Tells of a group's alerts at a time; whether all went well. It raises nothing but CancelledError."""


@dataclass(slots=True)
class _Member:
    """Where alerts of one label set go; good until one of the groups is closed."""

    groups: tuple[Group, ...]


class Dispatcher:
    """The groups of one configuration. Lives on the event loop's thread.

    clock_ns      the wall clock; steady time is the loop's
    on_settled    gets the labels of resolved alerts that no group holds any more
    on_routed     gets the seconds that alerts took to be put into groups, for each chunk, and how many they were
    start_s       steady time before which nothing is flushed
    earlier       flushes of another configuration that are under way, by the keys of their groups: what these tell need
                  not be told again, so the group's first flush waits for them, and no other does
    """

    def __init__(
        self,
        tree: RouteTree,
        flush: Flush,
        clock_ns: Callable[[], int],
        *,
        on_settled: Callable[[list[Labels]], None],
        on_routed: Callable[[float, int], None] = lambda seconds, n: None,
        start_s: float = 0.0,
        earlier: Mapping[str, Sequence[asyncio.Task[None]]] | None = None,
    ) -> None:
        self.tree = tree
        self._flush = flush
        self._clock_ns = clock_ns
        self._on_settled = on_settled
        self._on_routed = on_routed
        self._start_s = start_s
        self._loop = asyncio.get_running_loop()
        self._groups: dict[int, dict[Labels, Group]] = {}  # By the route's identity; the tree keeps it alive.
        self._members: dict[Labels, _Member] = {}
        self._due: list[tuple[float, int, Group]] = []
        self._order = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = 0.0
        self._arrived: deque[Alert] = deque()
        self._arrived_s = 0.0
        self._router: asyncio.Task[None] | None = None
        self._flushes: dict[asyncio.Task[None], str] = {}  # With the key of the group.
        self._earlier = dict(earlier or {})
        self._is_closed = False

    # What goes in.

    def insert(self, alerts: Iterable[Alert]) -> None:
        """Put alerts into their groups: a few at once, many in turns with the rest of the process."""
        if self._is_closed:
            return
        if not self._arrived:
            self._arrived_s = self._loop.time()
        self._arrived.extend(alerts)
        if self._router is None:
            self._route_chunk()
            if self._arrived:
                self._router = self._loop.create_task(self._route_all())

    async def _route_all(self) -> None:
        try:
            while self._arrived:
                await asyncio.sleep(0)
                self._route_chunk()
        finally:
            self._router = None
        self._arm()

    def _route_chunk(self) -> None:
        began_s = time.perf_counter()
        now_ns = self._clock_ns()
        n = min(CHUNK, len(self._arrived))
        for _ in range(n):
            alert = self._arrived.popleft()
            try:
                self._route(alert, now_ns)
            except Exception:  # One alert must not keep the others from their groups.
                log.exception("an alert could not be routed", alert=alert.name)
        if n:
            self._on_routed(time.perf_counter() - began_s, n)
        self._arm()

    def _route(self, alert: Alert, now_ns: int) -> None:
        member = self._members.get(alert.labels)
        if member is None or any(group.is_closed for group in member.groups):
            member = self._members[alert.labels] = _Member(
                tuple(self._group(route, alert.labels) for route in self.tree.match(alert.labels))
            )
        for group in member.groups:
            if group.insert(alert, now_ns):
                self._schedule(group, self._loop.time())

    def _group(self, route: Route, labels: Labels) -> Group:
        groups = self._groups.setdefault(id(route), {})
        group_labels = route.group_labels_of(labels)
        group = groups.get(group_labels)
        if group is None:
            group = groups[group_labels] = Group(route, group_labels)
            group.due_s = float("inf")
            self._schedule(group, self._loop.time() + route.group_wait_ns / 1e9)
        return group

    # When what comes out.

    def _schedule(self, group: Group, due_s: float) -> None:
        """Flush the group then, unless it is due before."""
        due_s = max(due_s, self._start_s)
        if due_s < group.due_s:
            group.due_s = due_s
            self._order += 1
            heapq.heappush(self._due, (due_s, self._order, group))

    def _arm(self) -> None:
        while self._due and (self._due[0][2].is_closed or self._due[0][0] != self._due[0][2].due_s):
            heapq.heappop(self._due)  # Its group was scheduled anew, or is gone.
        if self._timer is not None:
            if self._due and self._timer_s == self._due[0][0]:
                return
            self._timer.cancel()
            self._timer = None
        if self._due and not self._is_closed:
            self._timer_s = self._due[0][0]
            self._timer = self._loop.call_at(self._timer_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._is_closed:
            return
        now_s = self._loop.time()
        if self._arrived and now_s < self._arrived_s + MAX_HOLD_S:
            return  # A group that speaks now would speak of a part; the router arms the timer again.
        now_ns = self._clock_ns()
        for _ in range(STARTS):
            if not self._due or self._due[0][0] > now_s:
                break
            due_s, _, group = heapq.heappop(self._due)
            if due_s == group.due_s and not group.is_closed:
                self._tick(group, now_ns)
        self._arm()

    def _tick(self, group: Group, now_ns: int) -> None:
        if group.is_flushing:
            group.due_s = float("inf")
            group.missed_ns = now_ns
            return
        group.has_flushed = True
        group.due_s = float("inf")
        self._schedule(group, self._loop.time() + group.route.group_interval_ns / 1e9)
        if group.alerts:
            group.is_flushing = True
            task = self._loop.create_task(self._run(group, now_ns))
            self._flushes[task] = group.key
            task.add_done_callback(self._flushes.pop)

    async def _run(self, group: Group, now_ns: int) -> None:
        try:
            if earlier := self._earlier.pop(group.key, None):
                await asyncio.wait(earlier)
                now_ns = self._clock_ns()
            told = group.view(self._clock_ns())
            if await self._flush(group, told, now_ns):
                gone = group.forget_resolved(told)
                if gone:
                    self._on_settled([labels for labels in gone if not self.holds(labels)])
        finally:
            group.is_flushing = False
        if group.missed_ns and not self._is_closed:
            # It was due meanwhile, so the next flush is now, and its time is when it was due.
            missed_ns, group.missed_ns = group.missed_ns, 0
            self._tick(group, missed_ns)
            self._arm()

    # What else there is to know and do.

    def groups(self) -> Iterator[Group]:
        """All groups, in no order; empty ones too. Any thread may go through them."""
        for groups in list(self._groups.values()):
            yield from list(groups.values())

    def holds(self, labels: Labels) -> bool:
        """Whether a group still has to tell of the alert of these labels."""
        member = self._members.get(labels)
        return member is not None and any(labels in group.alerts for group in member.groups)

    def routes_of(self, labels: Labels) -> list[Route]:
        """The routes that an alert of these labels takes, in order."""
        member = self._members.get(labels)
        return [group.route for group in member.groups] if member is not None else list(self.tree.match(labels))

    def forget(self, labels: Iterable[Labels]) -> None:
        """Let go of what is known of alerts that are gone from the store."""
        for gone in labels:
            self._members.pop(gone, None)

    def replace_all(self, change: Callable[[Alert], Alert]) -> None:
        """Every alert in a group as `change` makes it; its labels must stay."""
        for group in self.groups():
            for labels, alert in group.alerts.items():
                group.alerts[labels] = change(alert)
        self._arrived = deque(map(change, self._arrived))

    def sweep(self) -> int:
        """Close the groups that are empty; how many there are left. What comes later waits its group_wait again."""
        left = 0
        for groups in self._groups.values():
            for labels, group in list(groups.items()):
                if group.alerts or group.is_flushing:
                    left += 1
                else:
                    group.is_closed = True
                    del groups[labels]
        self._arm()
        return left

    def close(self) -> None:
        """Start no flush any more; those under way go on."""
        self._is_closed = True
        self._arrived.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def under_way(self) -> dict[str, list[asyncio.Task[None]]]:
        """The flushes that have not ended, by the keys of their groups."""
        found: dict[str, list[asyncio.Task[None]]] = {}
        for task, key in self._flushes.items():
            found.setdefault(key, []).append(task)
        return found

    async def drained(self, grace_s: float) -> None:
        """Wait for the flushes under way, and cancel those that take longer than the grace."""
        if self._flushes:
            _, late = await asyncio.wait(set(self._flushes), timeout=grace_s)
            for task in late:
                task.cancel()
            if late:
                log.warn("notifications under way were given up", groups=len(late))
                await asyncio.wait(late)
