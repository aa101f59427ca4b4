"""The whole of alertmanager.yml, with all defaults filled in."""

from __future__ import annotations

import dataclasses
import glob
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from watchkeeper.alerts.config.conditions import Form
from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.config.inhibit_rule import InhibitRuleConfig
from watchkeeper.alerts.config.receiver import ReceiverConfig
from watchkeeper.alerts.config.route import References, RouteConfig
from watchkeeper.alerts.config.time_intervals import TimeIntervalConfig
from watchkeeper.alerts.matchers import Mode
from watchkeeper.alerts.time_interval import TimeInterval
from watchkeeper.core.config.decode import Load, Place, SectionPlace, decode
from watchkeeper.core.config.document import MappingNode, is_null, read_text
from watchkeeper.core.config.go_kinds import AcceptedBlock, format_duration_ns
from watchkeeper.core.config.kinds import FilePath, ListOf, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.errors import ConfigError, ConfigProblem

# What the root can't have, since every alert must find a route.
_NOT_ON_ROOT: Final = {
    "match": "root route must not have any matchers",
    "match_re": "root route must not have any matchers",
    "matchers": "root route must not have any matchers",
    "mute_time_intervals": "root route must not have any mute time intervals",
    "active_time_intervals": "root route must not have any active time intervals",
    "continue_": "cannot have continue in root route",
}


@section
class AlertmanagerYml:
    """alertmanager.yml.

    time_intervals   those of both blocks, each name once
    warnings         what is accepted and should be written otherwise, in file order
    """

    global_: GlobalConfig = setting(Nested(GlobalConfig), key="global", default_factory=GlobalConfig)
    route: RouteConfig = setting(Nested(RouteConfig), default_factory=RouteConfig)
    inhibit_rules: tuple[InhibitRuleConfig, ...] = setting(ListOf(Nested(InhibitRuleConfig)), default=())
    receivers: tuple[ReceiverConfig, ...] = setting(ListOf(Nested(ReceiverConfig)), default=())
    time_intervals: tuple[TimeIntervalConfig, ...] = setting(ListOf(Nested(TimeIntervalConfig)), default=())
    mute_time_intervals: tuple[TimeIntervalConfig, ...] = setting(ListOf(Nested(TimeIntervalConfig)), default=())
    templates: tuple[str, ...] = setting(ListOf(FilePath()), default=())
    tracing: Any = setting(AcceptedBlock(), default=None)
    event_recorder: Any = setting(AcceptedBlock(), default=None)
    warnings: tuple[ConfigProblem, ...] = field(default=())

    def checked(self, at: SectionPlace) -> AlertmanagerYml:
        """Reports what routes name and the file does not have, and what the root can't have."""
        references = at.load.shared(References)
        if self.receivers or not at.is_broken("receivers"):
            names = {receiver.name for receiver in self.receivers}
            for name, place in references.receivers:
                if name not in names:
                    place.report(f'undefined receiver "{name}" used in route')
        names = {item.name for item in self.time_intervals + self.mute_time_intervals}
        if names or not at.is_broken("time_intervals", "mute_time_intervals"):
            for name, place in references.intervals:
                if name not in names:
                    place.report(f'undefined time interval "{name}" used in route')
        if not at.given("route"):
            at.report("", "no route provided in config")
        else:
            self._check_root(at)
        if at.given("mute_time_intervals"):
            at.warn("mute_time_intervals", "mute_time_intervals is deprecated, use time_intervals")
        for key in ("tracing", "event_recorder"):
            if at.given(key):
                at.warn(key, "accepted and without effect")
        return dataclasses.replace(
            self, time_intervals=self.time_intervals + self.mute_time_intervals, mute_time_intervals=()
        )

    def _check_root(self, at: SectionPlace) -> None:
        route = at.entries["route"].value
        if not isinstance(route.node, MappingNode):
            return
        if not self.route.receiver and _value_of(route, "receiver") is route:
            route.report("root route must specify a default receiver")
        seen: set[str] = set()
        for name, problem in _NOT_ON_ROOT.items():
            if getattr(self.route, name) and problem not in seen:
                seen.add(problem)
                _value_of(route, name.rstrip("_")).report(problem)

    @property
    def intervals(self) -> dict[str, TimeInterval]:
        """Time intervals by name."""
        return {item.name: item.interval for item in self.time_intervals}

    @property
    def template_paths(self) -> tuple[str, ...]:
        """The template files that exist now: of each pattern sorted, each once."""
        return tuple(dict.fromkeys(path for pattern in self.templates for path in sorted(glob.glob(pattern))))

    def template_texts(self) -> list[tuple[str, str]]:
        """Name and text of each template file. Raises ConfigError with all files that can't be read."""
        found: list[tuple[str, str]] = []
        problems: list[ConfigProblem] = []
        for path in self.template_paths:
            try:
                found.append((path, read_text(Path(path))))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems)
        return found

    def warnings_for(self, retention_ns: int) -> list[str]:
        """What of the file can't hold where the notification log forgets after this time."""
        found: list[str] = []
        retention = format_duration_ns(retention_ns)

        def look(route: RouteConfig, path: str) -> None:
            if route.repeat_interval_ns is not None and route.repeat_interval_ns > retention_ns:
                interval = format_duration_ns(route.repeat_interval_ns)
                found.append(
                    f"{path}.repeat_interval: {interval} is longer than the data retention {retention}; "
                    f"notifications can be repeated after {retention}"
                )
            for i, child in enumerate(route.routes):
                look(child, f"{path}.routes[{i}]")

        look(self.route, "route")
        return found


def _value_of(place: Place, key: str) -> Place:
    """Where a key's value stands in the mapping at a place."""
    entry = place.entries().get(key)
    return entry.value if entry is not None and not is_null(entry.value.node) else place


def parse_alertmanager_yml(
    text: str,
    file: str = "alertmanager.yml",
    *,
    base_dir: Path | None = None,
    files_checked: bool = False,
    mode: Mode = Mode.FALLBACK,
) -> AlertmanagerYml:
    """The configuration in a text. Raises ConfigError with every problem of it.

    base_dir        what relative paths are relative to; the directory of `file` if not given
    files_checked   whether certificates and credential files must exist
    mode            the form in which matchers are read
    """
    load = Load(file, base_dir=base_dir, files_checked=files_checked)
    load.share(Form(mode))
    made = decode(AlertmanagerYml, text, load)
    return dataclasses.replace(made, warnings=tuple(sorted(load.warnings)))


def load_alertmanager_yml(path: Path, *, files_checked: bool = False, mode: Mode = Mode.FALLBACK) -> AlertmanagerYml:
    """The configuration in a file. Raises ConfigError, also where the file can't be read."""
    return parse_alertmanager_yml(read_text(path), str(path), files_checked=files_checked, mode=mode)
