"""The slow twin of the alert manager: one route, one receiver, time in steps from one thing that happens to the next.

It holds everything in plain lists and looks at all of it each time. Times are seconds; a thing that is due while
another happens can't be, for the tests keep all times apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

SWEEP_S = 30.0


@dataclass(frozen=True)
class Report:
    """What a sender says of an alert at a time."""

    at_s: float
    name: str
    host: str
    severity: str
    start_s: float
    end_s: float

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.name, self.host, self.severity)


@dataclass(frozen=True)
class Quiet:
    """A silence of one host."""

    host: str
    start_s: float
    end_s: float


@dataclass
class World:
    """Settings, then state."""

    group_wait_s: float
    group_interval_s: float
    repeat_s: float
    send_resolved: bool
    quiet: list[Quiet]
    inhibits: bool
    failing: set[int]  # Which attempts to notify fail, counted from 0.

    alerts: dict[tuple[str, str, str], Report] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    told: dict[str, tuple[set[object], set[object], float]] = field(default_factory=dict)
    attempts: int = 0
    heard: list[tuple[float, str, list[object], list[object]]] = field(default_factory=list)


@dataclass
class Group:
    due_s: float
    has_flushed: bool = False
    members: dict[tuple[str, str, str], Report] = field(default_factory=dict)


def play(world: World, reports: list[Report], until_s: float) -> None:
    """Fill `world.heard` with what the receiver is told: when, why, what fires, what is resolved."""
    waiting = sorted(reports, key=lambda report: report.at_s)
    sweep_s = SWEEP_S
    while True:
        times = [sweep_s, *(group.due_s for group in world.groups.values()), *(r.at_s for r in waiting[:1])]
        now_s = min(times)
        if now_s > until_s:
            return
        if waiting and waiting[0].at_s == now_s:
            take(world, waiting.pop(0))
        elif sweep_s == now_s:
            sweep_s += SWEEP_S
            world.groups = {name: group for name, group in world.groups.items() if group.members}
        else:
            for name, group in world.groups.items():
                if group.due_s == now_s:
                    flush(world, name, group, now_s)


def take(world: World, new: Report) -> None:
    now_s = new.at_s
    old = world.alerts.get(new.key)
    if old is not None and (old.start_s < new.end_s < old.end_s or old.start_s < new.start_s < old.end_s):
        end_s = new.end_s
        if new.end_s <= now_s:
            if old.end_s <= now_s:
                end_s = max(old.end_s, new.end_s)
        else:
            end_s = max(old.end_s, new.end_s)
        new = replace(new, start_s=min(old.start_s, new.start_s), end_s=end_s)
    world.alerts[new.key] = new
    group = world.groups.get(new.name)
    if group is None:
        group = world.groups[new.name] = Group(now_s + world.group_wait_s)
    group.members[new.key] = new
    if not group.has_flushed and new.start_s + world.group_wait_s < now_s:
        group.due_s = now_s


def is_muted(world: World, alert: Report, now_s: float) -> bool:
    if any(quiet.host == alert.host and quiet.start_s <= now_s < quiet.end_s for quiet in world.quiet):
        return True
    return (
        world.inhibits
        and alert.severity == "info"
        and any(
            other.severity == "page" and other.host == alert.host and other.end_s > now_s
            for other in world.alerts.values()
        )
    )


def flush(world: World, name: str, group: Group, now_s: float) -> None:
    group.due_s = now_s + world.group_interval_s
    group.has_flushed = True
    all_of_it = dict(group.members)
    told = [alert for alert in all_of_it.values() if not is_muted(world, alert, now_s)]
    good = not told or notify(world, name, told, now_s)
    if good:
        for key, alert in all_of_it.items():
            if alert.end_s <= now_s:
                del group.members[key]


def notify(world: World, name: str, alerts: list[Report], now_s: float) -> bool:
    firing = {alert.key for alert in alerts if alert.end_s > now_s}
    resolved = {alert.key for alert in alerts if alert.end_s <= now_s}
    before = world.told.get(name)
    reason = None
    if before is None:
        reason = "FIRST" if firing else None
    elif firing - before[0]:
        reason = "NEW_ALERTS" if before[0] else "FIRST"
    elif not firing:
        reason = "ALL_RESOLVED" if before[0] else None
    elif world.send_resolved and resolved - before[1]:
        reason = "NEW_RESOLVED"
    elif now_s - before[2] > world.repeat_s:
        reason = "REPEAT"
    if reason is None:
        return True
    if firing or world.send_resolved:
        world.attempts += 1
        if world.attempts - 1 in world.failing:
            return False
        shown = sorted(resolved) if world.send_resolved else []
        world.heard.append((round(now_s, 4), reason, sorted(firing), shown))
    world.told[name] = (set(firing), set(resolved), now_s)
    return True
