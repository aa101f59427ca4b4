"""Alerts that are not told of while another alert fires.

A rule has conditions for the source, conditions for the target, and labels in which both must be equal (a missing one
equals an empty one). An alert that is on both sides of a rule is not inhibited by another that is too, nor by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher


def passes_all(matchers: Iterable[Matcher]) -> Callable[[Labels], bool]:
    """Whether labels pass every one of these, as a function to be called for many."""
    tests = [(matcher.name, matcher.predicate()) for matcher in matchers]
    if len(tests) == 1:
        name, test = tests[0]
        return lambda labels: test(labels.get(name))
    return lambda labels: all(test(labels.get(name)) for name, test in tests)


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """One rule, as the inhibitor wants it: all forms of matchers of a side in one tuple."""

    sources: tuple[Matcher, ...]
    targets: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    name: str = ""


@dataclass(slots=True)
class _Sources:
    """The source alerts of one rule that agree in its equal labels: those that are no targets, and those that are."""

    one_sided: dict[Labels, Alert] = field(default_factory=dict)
    two_sided: dict[Labels, Alert] = field(default_factory=dict)


class _Rule:
    def __init__(self, rule: InhibitRule) -> None:
        self.is_source = passes_all(rule.sources)
        self.is_target = passes_all(rule.targets)
        self.equal = rule.equal
        self.sources: dict[tuple[str, ...], _Sources] = {}

    def key(self, labels: Labels) -> tuple[str, ...]:
        return tuple([labels.get(name) for name in self.equal])


@dataclass(slots=True)
class _Known:
    """What the rules say of one label set; it never changes.

    source_in   where the alert is kept as a source
    target_of   rule, its key, and whether only sources count that are no targets
    """

    source_in: list[tuple[_Rule, tuple[str, ...], bool]]
    target_of: list[tuple[_Rule, tuple[str, ...], bool]]


class Inhibitor:
    """The rules of one configuration and the alerts that are their sources, by the labels that must be equal.

    Changed on the event loop's thread; any thread may ask.
    """

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self._rules = [_Rule(rule) for rule in rules]
        self._known: dict[Labels, _Known] = {}

    def put(self, alert: Alert) -> None:
        """Hear of an alert, new, changed or resolved."""
        if not self._rules:
            return
        for rule, key, is_two_sided in self._of(alert.labels).source_in:
            sources = rule.sources.get(key)
            if sources is None:
                sources = rule.sources[key] = _Sources()
            (sources.two_sided if is_two_sided else sources.one_sided)[alert.labels] = alert

    def inhibited_by(self, labels: Labels, now_ns: int) -> Labels | None:
        """The labels of a firing alert that inhibits an alert of these labels; None where there is none."""
        if not self._rules:
            return None
        for rule, key, only_one_sided in self._of(labels).target_of:
            sources = rule.sources.get(key)
            if sources is None:
                continue
            found = _firing(sources.one_sided, now_ns)
            if found is None and not only_one_sided:
                found = _firing(sources.two_sided, now_ns)
            if found is not None:
                return found
        return None

    def forget(self, gone: Iterable[Labels]) -> None:
        """Let go of alerts that are gone from the store."""
        for labels in gone:
            known = self._known.pop(labels, None)
            for rule, key, _ in known.source_in if known else ():
                sources = rule.sources.get(key)
                if sources is not None:
                    sources.one_sided.pop(labels, None)
                    sources.two_sided.pop(labels, None)
                    if not sources.one_sided and not sources.two_sided:
                        del rule.sources[key]

    def _of(self, labels: Labels) -> _Known:
        known = self._known.get(labels)
        if known is None:
            source_in, target_of = [], []
            for rule in self._rules:
                is_source, is_target = rule.is_source(labels), rule.is_target(labels)
                if is_source or is_target:
                    key = rule.key(labels)
                    if is_source:
                        source_in.append((rule, key, is_target))
                    if is_target:
                        target_of.append((rule, key, is_source))
            known = self._known[labels] = _Known(source_in, target_of)
        return known


def _firing(sources: dict[Labels, Alert], now_ns: int) -> Labels | None:
    """One that fires. Those that have ended are dropped on sight: whoever prolongs one puts it in again."""
    while True:
        ended: list[Labels] = []
        found = None
        try:
            for labels, alert in sources.items():
                if not alert.is_resolved_at(now_ns):
                    found = labels
                    break
                ended.append(labels)
        except RuntimeError:  # Another thread, which answers a question, meets a change.
            continue
        for labels in ended:
            sources.pop(labels, None)
        return found
