"""Timelines of alerts: what is told to an Alertmanager when, and what must arrive; tests/scripts/alerts/README.md has
the language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Labels = tuple[tuple[str, str], ...]
_SET = re.compile(r"\{[^}]*\}")
_PAIR = re.compile(r'([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_ACTION = re.compile(
    r"(?P<at>[\d.]+)s (?P<verb>fire|resolve|silence|expire|answer|open|close)(?: (?P<set>\{[^}]*\}))?(?P<rest>.*)"
)
_EXPECT = re.compile(r"expect (?P<receiver>\S+) (?P<lo>[\d.]+)s\.\.(?P<hi>[\d.]+)s(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do."""

    at_s: float
    verb: str
    pairs: tuple[tuple[str, str, str], ...] = ()
    words: tuple[str, ...] = ()
    summary: str = ""

    def word_after(self, name: str) -> str:
        """The word behind another, or nothing."""
        return self.words[self.words.index(name) + 1] if name in self.words else ""

    def seconds_after(self, name: str) -> float | None:
        """The seconds behind a word; None where it is not there."""
        text = self.word_after(name)
        return float(text.removesuffix("s")) if text else None


@dataclass(frozen=True, slots=True)
class Notification:
    """What arrived, or is expected, at one receiver: alerts as label sets without the label of the timeline."""

    receiver: str
    firing: tuple[Labels, ...]
    resolved: tuple[Labels, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """A notification, and between which seconds it must come."""

    what: Notification
    lo_s: float
    hi_s: float


@dataclass(slots=True)
class Timeline:
    """One file."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    until_s: float = 0.0


def read_timeline(path: Path) -> Timeline:
    """The timeline of a file. Raises ValueError with file and line."""
    made = Timeline(path.stem)
    yaml_lines: list[str] | None = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if yaml_lines is not None:
            if line.strip() == "end":
                made.config = yaml.safe_load("\n".join(yaml_lines))
                yaml_lines = None
            else:
                yaml_lines.append(line)
        elif line.strip() == "config":
            yaml_lines = []
        elif line.strip() and not line.startswith("#"):
            try:
                _read_line(made, line.strip())
            except (ValueError, IndexError) as error:
                raise ValueError(f"{path}:{number}: {error}") from None
    made.until_s = max([made.until_s, *(item.hi_s for item in made.expected), *(item.at_s for item in made.actions)])
    return made


def _read_line(made: Timeline, line: str) -> None:
    if line.startswith("until "):
        made.until_s = float(line.split()[1].removesuffix("s"))
    elif found := _EXPECT.fullmatch(line):
        rest = found["rest"]
        firing, _, resolved = rest.partition(" resolved")
        what = Notification(found["receiver"], _sets(firing), _sets(resolved))
        if not what.firing and not what.resolved:
            raise ValueError("an expectation needs alerts")
        made.expected.append(Expected(what, float(found["lo"]), float(found["hi"])))
    elif found := _ACTION.fullmatch(line):
        rest, _, summary = found["rest"].partition(" summary ")
        pairs = tuple(_PAIR.findall(found["set"] or ""))
        made.actions.append(Action(float(found["at"]), found["verb"], pairs, tuple(rest.split()), summary))
    else:
        raise ValueError(f"not a line of a timeline: {line}")


def _sets(text: str) -> tuple[Labels, ...]:
    return tuple(sorted(tuple(sorted((n, v) for n, _, v in _PAIR.findall(one))) for one in _SET.findall(text)))


def alertmanager_yml(timelines: list[Timeline], hook_url: str) -> str:
    """One configuration for all of them: the receivers are webhooks at `hook_url/<timeline>/<receiver>`."""
    routes: list[Any] = []
    receivers: list[Any] = [{"name": "nobody"}]
    inhibit: list[Any] = []
    intervals: list[Any] = []
    for line in timelines:
        config = line.config

        def own(name: str, line: Timeline = line) -> str:
            return f"{line.name}/{name}"

        route = _renamed(config["route"], own)
        route["matchers"] = [f'timeline="{line.name}"', *route.get("matchers", [])]
        routes.append(route)
        for item in config["receivers"]:
            name, extra = next(iter(item.items())) if isinstance(item, dict) else (item, {})
            hook = {"url": f"{hook_url}/{line.name}/{name}", "send_resolved": True, **extra}
            receivers.append({"name": own(name), "webhook_configs": [hook]})
        for rule in config.get("inhibit_rules", []):
            inhibit.append(
                {
                    **rule,
                    "source_matchers": [f'timeline="{line.name}"', *rule["source_matchers"]],
                    "target_matchers": [f'timeline="{line.name}"', *rule["target_matchers"]],
                }
            )
        intervals += [{**item, "name": own(item["name"])} for item in config.get("time_intervals", [])]
    made: dict[str, Any] = {"global": {"resolve_timeout": "8s"}}
    made["route"] = {"receiver": "nobody", "group_wait": "1s", "group_interval": "2s", "routes": routes}
    made["receivers"] = receivers
    made |= {key: value for key, value in (("inhibit_rules", inhibit), ("time_intervals", intervals)) if value}
    return yaml.safe_dump(made, sort_keys=False)


def _renamed(route: dict[str, Any], own: Any) -> dict[str, Any]:
    made = dict(route)
    if "receiver" in made:
        made["receiver"] = own(made["receiver"])
    for key in ("mute_time_intervals", "active_time_intervals"):
        if key in made:
            made[key] = [own(name) for name in made[key]]
    if "routes" in made:
        made["routes"] = [_renamed(child, own) for child in made["routes"]]
    return made


def problems(line: Timeline, arrived: list[tuple[float, Notification]]) -> Iterator[str]:
    """What of the expectations is not met: each (second, notification) that arrived may meet one."""
    left = sorted(arrived, key=lambda item: item[0])
    for expected in line.expected:
        for item in left:
            if item[1] == expected.what and expected.lo_s <= item[0] <= expected.hi_s:
                left.remove(item)
                break
        else:
            yield f"{line.name}: missing between {expected.lo_s:g} s and {expected.hi_s:g} s: {shown(expected.what)}"
    for second, extra in left:
        yield f"{line.name}: not expected at {second:.2f} s: {shown(extra)}"


def shown(what: Notification) -> str:
    """As the language writes it."""

    def text(sets: tuple[Labels, ...]) -> str:
        return " ".join("{" + ", ".join(f'{n}="{v}"' for n, v in one) + "}" for one in sets)

    parts = [what.receiver]
    parts += [f"firing {text(what.firing)}"] if what.firing else []
    parts += [f"resolved {text(what.resolved)}"] if what.resolved else []
    return " ".join(parts)
