"""`metrics`: numbers counted from lines, shown with the agent's own metrics."""

from __future__ import annotations

import bisect
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Choice, ListOf, MapOf, Nested, Number, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.labels import is_legacy_name
from watchkeeper.core.telemetry.family import Family, format_value
from watchkeeper.core.telemetry.metrics import DEFAULT_BUCKETS, Registry
from watchkeeper.logs.agent.config.kinds import GoDuration
from watchkeeper.logs.agent.entries import Entries, LabelSet, text_of
from watchkeeper.logs.agent.stages.stage import Stage, StageContext, label_key

PREFIX: Final = "promtail_custom_"
_ACTIONS: Final = {"counter": ("inc", "add"), "gauge": ("set", "inc", "dec", "add", "sub"), "histogram": ("",)}


@section
class MetricActionConfig:
    """What a line does to a metric.

    match_all          every line counts, whatever was extracted
    count_entry_bytes  a counter grows by the size of the line
    value              only lines with this value count
    """

    match_all: bool = setting(Boolean(), default=False)
    count_entry_bytes: bool = setting(Boolean(), default=False)
    value: str | None = setting(Text(), default=None)
    action: str = setting(Choice("inc", "add", "set", "dec", "sub", "observe", fold=True), default="")
    buckets: tuple[float, ...] = setting(ListOf(Number(), flow=True), default=())


@section
class MetricConfig:
    """One metric; the labels of the entry are its labels."""

    type: str = setting(Choice("counter", "gauge", "histogram", fold=True))
    description: str = setting(Text(), default="")
    source: str = setting(Text(), default="")
    prefix: str = setting(Text(), default="")
    max_idle_duration_ns: int = setting(GoDuration(minimum_ns=10**9), key="max_idle_duration", default=300 * 10**9)
    config: MetricActionConfig = setting(Nested(MetricActionConfig), default_factory=MetricActionConfig)

    def checked(self, at: SectionPlace) -> MetricConfig:
        """Reports actions that the type has not, and settings that contradict."""
        action = self.config.action
        if self.type in ("counter", "gauge") and action not in _ACTIONS[self.type]:
            choice = ", ".join(_ACTIONS[self.type])
            at.report("config", f"action of a {self.type} must be one of {choice}", involves=("type",))
        if self.config.match_all and self.config.value is not None:
            at.report(
                "config", "`match_all: true` cannot be combined with `value`, please remove `match_all` or `value`"
            )
        if self.config.count_entry_bytes and not (self.config.match_all and action == "add"):
            at.report("config", "`count_entry_bytes: true` requires `match_all: true` and `action: add`")
        return self


def _check_name(name: str) -> None:
    if not is_legacy_name(name, colon=True):
        raise ValueError(f'"{name}" is not a name for a metric')


KIND: Final = MapOf(Nested(MetricConfig), _check_name)

Key = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Child:
    value: float = 0.0
    counts: list[int] = field(default_factory=list)
    n: int = 0
    changed_ns: int = 0


class CustomMetric:
    """One metric with the children of its label sets."""

    def __init__(self, name: str, config: MetricConfig) -> None:
        self.name = name
        self.type = config.type
        self.help = config.description
        self.bounds = tuple(sorted(config.config.buckets)) or DEFAULT_BUCKETS
        self.max_idle_ns = config.max_idle_duration_ns
        self.children: dict[Key, _Child] = {}

    def child(self, key: Key, now_ns: int) -> _Child:
        """Of a label set, made when it is first asked for."""
        found = self.children.get(key)
        if found is None:
            found = self.children[key] = _Child(counts=[0] * (len(self.bounds) + 1))
        found.changed_ns = now_ns
        return found

    def observe(self, child: _Child, value: float) -> None:
        """Counts a value in a histogram."""
        child.counts[bisect.bisect_left(self.bounds, value)] += 1
        child.value += value
        child.n += 1

    def family(self, now_ns: int) -> Family:
        """As it stands, without what has been idle for too long."""
        self.children = {
            key: child for key, child in self.children.items() if now_ns - child.changed_ns <= self.max_idle_ns
        }
        family = Family(self.name, self.type, self.help)
        for key, child in sorted(self.children.items()):
            names = tuple(name for name, _ in key)
            values = tuple(value for _, value in key)
            if self.type != "histogram":
                family.samples.append(("", names, values, child.value))
                continue
            total = 0
            for bound, count in zip((*self.bounds, float("inf")), child.counts, strict=True):
                total += count
                family.samples.append(("_bucket", (*names, "le"), (*values, format_value(bound)), total))
            family.samples.append(("_sum", names, values, child.value))
            family.samples.append(("_count", names, values, child.n))
        return family


class CustomMetrics:
    """All that pipelines of one registry count."""

    def __init__(self, context: StageContext) -> None:
        self._clock_ns = context.clock_ns
        self.metrics: dict[str, CustomMetric] = {}
        context.registry.add_collector(self.collect)

    def metric(self, name: str, config: MetricConfig) -> CustomMetric:
        """The one of a name: the same for all pipelines, and after a reload."""
        found = self.metrics.get(name)
        if found is None or found.type != config.type:
            found = self.metrics[name] = CustomMetric(name, config)
        return found

    def collect(self) -> Iterable[Family]:
        """All families."""
        now_ns = self._clock_ns()
        return [metric.family(now_ns) for metric in list(self.metrics.values())]


_of_registry: Final[weakref.WeakKeyDictionary[Registry, CustomMetrics]] = weakref.WeakKeyDictionary()


class MetricsStage:
    """Counts."""

    def __init__(self, config: dict[str, MetricConfig], context: StageContext) -> None:
        custom = _of_registry.get(context.registry)
        if custom is None:
            custom = _of_registry[context.registry] = CustomMetrics(context)
        self._context = context
        self._metrics = [
            (custom.metric(f"{one.prefix or PREFIX}{name}", one), one.source or name, one.config)
            for name, one in config.items()
        ]

    def run(self, entries: Entries) -> Entries:
        """The entries as they are."""
        now_ns = self._context.clock_ns()
        keys: list[Key] = [_shown_key(labels) for labels in entries.sets]
        for metric, source, config in self._metrics:
            if config.match_all:
                amounts: list[float | None] = [
                    float(len(line)) if config.count_entry_bytes else 1.0 for line in entries.lines
                ]
                if config.action in ("set", "add", "sub") and not config.count_entry_bytes:
                    amounts = [_number(value) for value in entries.column(source) or [None] * len(entries)]
            else:
                amounts = _amounts(entries.column(source), config)
            for code, amount in zip(entries.set_of, amounts, strict=False):
                if amount is not None:
                    _apply(metric, metric.child(keys[code], now_ns), config.action, amount)
        return entries


def _amounts(column: list[Any] | None, config: MetricActionConfig) -> list[float | None]:
    """What each entry adds; None where it does not count."""
    out: list[float | None] = []
    for value in column or ():
        text = text_of(value)
        if text is None or (config.value is not None and text != config.value):
            out.append(None)
        elif config.action in ("inc", "dec"):
            out.append(1.0)
        else:
            out.append(_number(value))
    return out


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return float(value)
    text = text_of(value)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        from watchkeeper.logs.agent.config.kinds import parse_duration_ns

        try:
            # A duration counts in seconds.
            return parse_duration_ns(text) / 1e9
        except ValueError:
            return None


def _apply(metric: CustomMetric, child: _Child, action: str, amount: float) -> None:
    if metric.type == "histogram":
        metric.observe(child, amount)
    elif action == "set":
        child.value = amount
    elif action in ("dec", "sub"):
        child.value -= amount
    elif metric.type == "gauge" or amount >= 0:
        child.value += amount


def _shown_key(labels: LabelSet) -> Key:
    return tuple((name, value) for name, value in label_key(labels) if not name.startswith("__"))


def make(config: dict[str, MetricConfig], context: StageContext) -> Stage:
    """The stage of a configuration."""
    return MetricsStage(config, context)
