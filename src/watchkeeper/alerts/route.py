"""The routing tree: which routes an alert takes, and what applies on each.

An alert goes depth first: at each node to the children in order, up to the first that takes it and does not say
`continue`. A node itself is a route of the alert only where no child took it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from watchkeeper.alerts.config.inhibit_rule import all_of
from watchkeeper.alerts.config.route import ALL, RouteConfig
from watchkeeper.alerts.matchers import matcher_order, matchers_text
from watchkeeper.alerts.route_masks import LabelMask
from watchkeeper.core.model.labels import EMPTY, Labels
from watchkeeper.core.model.matcher import Matcher

GROUP_WAIT_NS: Final = 30 * 10**9
GROUP_INTERVAL_NS: Final = 300 * 10**9
REPEAT_INTERVAL_NS: Final = 4 * 3600 * 10**9
MAX_KEPT: Final = 100_000  # Answers that a tree remembers; alerts of one label set come again every minute.


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One node, with all that it has from the nodes above.

    key                     upstream's text of the matchers from the root down: `{}/{severity="critical"}`; two nodes
                            may share it
    id                      the same with each node's place among its siblings: `{}/{severity="critical"}/0`
    matchers                its own, sorted
    group_by                sorted; without meaning where all labels group
    mute_time_intervals     names; its own, not those of the nodes above
    labels                  those of the nodes above, and its own
    """

    key: str
    id: str
    receiver: str
    matchers: tuple[Matcher, ...]
    continues: bool
    group_by: tuple[str, ...]
    group_by_all: bool
    group_wait_ns: int
    group_interval_ns: int
    repeat_interval_ns: int
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    labels: Labels = EMPTY
    parent: Route | None = field(default=None, repr=False)
    children: tuple[Route, ...] = field(default=(), repr=False)

    def group_labels_of(self, labels: Labels) -> Labels:
        """The labels by which an alert of these labels is grouped here."""
        return labels if self.group_by_all else labels.keep(self.group_by)

    @property
    def path(self) -> tuple[Route, ...]:
        """From the root to this node."""
        return (self,) if self.parent is None else (*self.parent.path, self)


class RouteTree:
    """All routes of a configuration. Threads may ask at the same time."""

    def __init__(self, root: Route) -> None:
        self.root = root
        # Level by level, so that the children of a node are neighbours: bits side by side in what passes.
        self._nodes = [root]
        self._firsts: list[int] = []
        self._masks: dict[str, LabelMask] = {}
        for node, route in enumerate(self._nodes):
            self._firsts.append(len(self._nodes))
            self._nodes += route.children
            by_name: dict[str, list[Matcher]] = {}
            for matcher in route.matchers:
                by_name.setdefault(matcher.name, []).append(matcher)
            for name, matchers in by_name.items():
                self._masks.setdefault(name, LabelMask()).add(node, matchers)
        self._wanted = dict.fromkeys(sorted(self._masks), "")
        self._known: dict[tuple[str, ...], tuple[Route, ...]] = {}

    @classmethod
    def of(cls, config: RouteConfig) -> RouteTree:
        """The tree of the configured root."""
        return cls(_made(config, None, 0))

    def match(self, labels: Labels) -> list[Route]:
        """The routes that an alert of these labels takes, in order; at least the root."""
        values = self._wanted.copy()
        for name, value in labels.pairs:
            if name in values:
                values[name] = value
        key = tuple(values.values())
        known = self._known.get(key)
        if known is None:
            failing = 0
            for name, value in values.items():
                failing |= self._masks[name].failing(value)
            found: list[Route] = []
            self._collect(0, ~failing, found)
            known = tuple(found)
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            self._known[key] = known
        return list(known)

    def _collect(self, node: int, passing: int, found: list[Route]) -> None:
        """Add what takes an alert, at a node that it passes and below."""
        route, first = self._nodes[node], self._firsts[node]
        n_before = len(found)
        children = (passing >> first) & ((1 << len(route.children)) - 1)
        while children:
            place = (children & -children).bit_length() - 1
            self._collect(first + place, passing, found)
            if not route.children[place].continues:
                break
            children &= children - 1
        if len(found) == n_before:
            found.append(route)

    def walk(self) -> Iterator[Route]:
        """All nodes, each before its children."""
        waiting = [self.root]
        while waiting:
            route = waiting.pop()
            yield route
            waiting.extend(reversed(route.children))


def _made(config: RouteConfig, parent: Route | None, place: int) -> Route:
    matchers = tuple(sorted(all_of(config.match, config.match_re, config.matchers), key=matcher_order))
    text = matchers_text(matchers)
    group_by_all = config.group_by == (ALL,)
    group_by: tuple[str, ...] = () if parent is None else parent.group_by
    if config.group_by:
        group_by = () if group_by_all else tuple(sorted(config.group_by))
    elif parent is not None:
        group_by_all = parent.group_by_all
    route = Route(
        key=text if parent is None else f"{parent.key}/{text}",
        id=text if parent is None else f"{parent.id}/{text}/{place}",
        receiver=config.receiver or ("" if parent is None else parent.receiver),
        matchers=matchers,
        continues=config.continue_,
        group_by=group_by,
        group_by_all=group_by_all,
        group_wait_ns=_given(config.group_wait_ns, GROUP_WAIT_NS if parent is None else parent.group_wait_ns),
        group_interval_ns=_given(
            config.group_interval_ns, GROUP_INTERVAL_NS if parent is None else parent.group_interval_ns
        ),
        repeat_interval_ns=_given(
            config.repeat_interval_ns, REPEAT_INTERVAL_NS if parent is None else parent.repeat_interval_ns
        ),
        mute_time_intervals=config.mute_time_intervals,
        active_time_intervals=config.active_time_intervals,
        labels=Labels.of({**(parent.labels.as_dict() if parent is not None else {}), **config.labels}),
        parent=parent,
    )
    # A child knows its parent, so the node is made first and completed here, before anybody else sees it.
    object.__setattr__(route, "children", tuple(_made(child, route, i) for i, child in enumerate(config.routes)))
    return route


def _given(own: int | None, above: int) -> int:
    return above if own is None else own
