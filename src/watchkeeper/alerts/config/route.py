"""A node of `route`: which alerts it takes, whom it tells, and when."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Final

from watchkeeper.alerts.config.conditions import LabelMap, LabelName, MatcherList
from watchkeeper.alerts.config.kinds import Interval, Later
from watchkeeper.core.config.decode import Place, SectionPlace
from watchkeeper.core.config.kinds import Boolean, ListOf, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.matcher import Matcher

ALL: Final = "..."  # In group_by: every label.


@dataclass(slots=True)
class References:
    """What routes name, and where: receivers and time intervals, to be looked up when the whole file is read."""

    receivers: list[tuple[str, Place]] = field(default_factory=list)
    intervals: list[tuple[str, Place]] = field(default_factory=list)


@section
class RouteConfig:
    """One node. What is None is as in the node above."""

    receiver: str = setting(Text(), default="")
    group_by: tuple[str, ...] = setting(ListOf(LabelName("group_by"), flow=True), default=())
    match: dict[str, str] = setting(LabelMap(legacy=True), default_factory=dict)
    match_re: dict[str, str] = setting(LabelMap(legacy=True, expressions=True), default_factory=dict)
    matchers: tuple[Matcher, ...] = setting(MatcherList(), default=())
    continue_: bool = setting(Boolean(), key="continue", default=False)
    mute_time_intervals: tuple[str, ...] = setting(ListOf(Text()), default=())
    active_time_intervals: tuple[str, ...] = setting(ListOf(Text()), default=())
    group_wait_ns: int | None = setting(Interval(), key="group_wait", default=None)
    group_interval_ns: int | None = setting(Interval(), key="group_interval", default=None)
    repeat_interval_ns: int | None = setting(Interval(), key="repeat_interval", default=None)
    labels: dict[str, str] = setting(LabelMap(), default_factory=dict)
    routes: tuple[RouteConfig, ...] = setting(ListOf(Later(lambda: RouteConfig)), default=())

    def checked(self, at: SectionPlace) -> RouteConfig:
        """Reports labels that stand twice and intervals of nothing; notes what the route names."""
        names = self.group_by
        if ALL in names and set(names) != {ALL}:
            at.report("group_by", "cannot have wildcard group_by (`...`) and other labels at the same time")
        for name in sorted({name for name in names if names.count(name) > 1} - {ALL}):
            at.report("group_by", f'duplicated label "{name}" in group_by')
        for key, value in (("group_interval", self.group_interval_ns), ("repeat_interval", self.repeat_interval_ns)):
            if value == 0:
                at.report(key, f"{key} cannot be zero")
        for key in ("match", "match_re"):
            if at.given(key):
                at.warn(key, f"{key} is deprecated, use matchers")
        references = at.load.shared(References)
        if at.given("receiver") and self.receiver:
            references.receivers.append((self.receiver, at.entries["receiver"].value))
        for key in ("mute_time_intervals", "active_time_intervals"):
            if at.given(key):
                place = at.entries[key].value
                references.intervals += [(name, place) for name in getattr(self, key)]
        return dataclasses.replace(self, group_by=(ALL,)) if set(names) == {ALL} else self
