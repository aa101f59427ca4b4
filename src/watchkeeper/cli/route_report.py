"""What `watchkeeper check alertmanager` tells of routes: the tree, and why an alert goes where it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from watchkeeper.core.config.go_kinds import format_duration_ns

if TYPE_CHECKING:
    from watchkeeper.alerts.route import Route
    from watchkeeper.alerts.time_interval import TimeInterval
    from watchkeeper.core.model.labels import Labels


def tree_lines(root: Route, taken: Iterable[Route] = ()) -> Iterator[str]:
    """The tree, a line for each node; those in `taken` carry an arrow at the end."""
    marked = set(map(id, taken))

    def lines(route: Route, before: str, below: str) -> Iterator[str]:
        parts = [_node_text(route), f"receiver: {route.receiver}"]
        if route.continues:
            parts.insert(1, "continue: true")
        if id(route) in marked:
            parts.append("<-")
        yield before + "  ".join(parts)
        for child in route.children:
            is_last = child is route.children[-1]
            yield from lines(child, below + ("└── " if is_last else "├── "), below + ("    " if is_last else "│   "))

    yield from lines(root, "", "")


def _node_text(route: Route) -> str:
    from watchkeeper.alerts.matchers import matchers_text

    if route.parent is None:
        return "root"
    return matchers_text(route.matchers)


def why_lines(labels: Labels, route: Route, intervals: dict[str, TimeInterval], now_ns: int) -> Iterator[str]:
    """One route that an alert of these labels takes: the way there, how it is grouped, when it is told of."""
    yield f"receiver {route.receiver}"
    for node in route.path:
        yield f"  {_step_text(labels, node)}"
    group_by = "all labels" if route.group_by_all else ", ".join(route.group_by) or "nothing"
    yield f"  grouped by {group_by}: {route.group_labels_of(labels)}"
    yield (
        f"  first after {format_duration_ns(route.group_wait_ns)}, changes every "
        f"{format_duration_ns(route.group_interval_ns)}, repeated after {format_duration_ns(route.repeat_interval_ns)}"
    )
    if route.labels:
        yield f"  route labels {route.labels}"
    yield from _time_lines(route, intervals, now_ns)


def _step_text(labels: Labels, node: Route) -> str:
    """A node on the way, with the values that its matchers saw."""
    from watchkeeper.alerts.matchers import matcher_text
    from watchkeeper.core.model.labels import quote

    if node.parent is None:
        return "root"
    seen = [
        matcher_text(matcher)
        + ("" if matcher.value == labels.get(matcher.name) else f" (it is {quote(labels.get(matcher.name))})")
        for matcher in node.matchers
    ]
    place = next(i for i, child in enumerate(node.parent.children) if child is node)
    return f"routes[{place}]: " + (" and ".join(seen) if seen else "takes every alert")


def _time_lines(route: Route, intervals: dict[str, TimeInterval], now_ns: int) -> Iterator[str]:
    def now(names: Iterable[str]) -> Callable[[bool], list[str]]:
        found = {name: intervals[name].contains(now_ns) for name in names if name in intervals}
        return lambda wanted: [name for name, is_now in found.items() if is_now is wanted]

    muting = now(route.mute_time_intervals)
    active = now(route.active_time_intervals)
    if muting(True):
        yield f"  muted now by {', '.join(muting(True))}"
    elif route.mute_time_intervals:
        yield f"  not muted now; muted in {', '.join(muting(False))}"
    if active(True):
        yield f"  active now by {', '.join(active(True))}"
    elif route.active_time_intervals:
        yield f"  not active now; active in {', '.join(active(False))}"
