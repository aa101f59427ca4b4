"""The sections of a rule file, and all that is checked of them.

Source of the checks: Prometheus model/rulefmt, whose error texts these are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from watchkeeper.core.config.decode import Place, SectionPlace
from watchkeeper.core.config.document import MappingNode, is_null, shortened
from watchkeeper.core.config.go_kinds import Accepted
from watchkeeper.core.config.kinds import Duration, Integer, ListOf, MapOf, Nested, Text
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.model.labels import METRIC_NAME, is_legacy_name
from watchkeeper.core.model.span import Span, caret
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.rules.files.loaded import LoadedGroup, LoadedRule, Pairs, Uncompiled
from watchkeeper.rules.interface import Expression, Language
from watchkeeper.rules.template import check_template

_SHOWN: Final = 160  # Characters of a long line of an expression that are shown around its error.


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read.

    language       what compiles their expressions; None leaves them as text
    legacy_names   only names of letters, digits and `_` are taken
    lenient        keys that are not known are warnings
    ruler          files of Loki's ruler: a `namespace`, `remote_write` in groups, and names as with `legacy_names`
    """

    language: Language | None = None
    legacy_names: bool = False
    lenient: bool = False
    ruler: bool = False

    def is_label_name(self, name: str) -> bool:
        """Whether a label may have this name."""
        return is_legacy_name(name) if self.legacy_names or self.ruler else name != "" and is_utf8(name)

    def is_metric_name(self, name: str) -> bool:
        """Whether a metric may have this name."""
        if self.legacy_names or self.ruler:
            return is_legacy_name(name, colon=True)
        return name != "" and is_utf8(name)


def is_utf8(text: str) -> bool:
    """Whether a text can be written; YAML's escapes can make halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@section
class RuleConfig:
    """One rule: a metric to record, or an alert."""

    record: str = setting(Text(), default="")
    alert: str = setting(Text(), default="")
    expr: str = setting(Text(), default="")
    for_ms: int = setting(Duration(), key="for", default=0)
    keep_firing_for_ms: int = setting(Duration(), key="keep_firing_for", default=0)
    labels: dict[str, str] = setting(MapOf(Text(), empty=""), default_factory=dict)
    annotations: dict[str, str] = setting(MapOf(Text(), empty=""), default_factory=dict)
    expression: Expression | None = field(default=None)
    line: int = field(default=1)

    def checked(self, at: SectionPlace) -> RuleConfig:
        """With its expression compiled. Reports what a rule can't be."""
        if self.record and self.alert:
            at.report("record", "only one of 'record' and 'alert' must be set", involves=("alert",))
        elif not self.record and not self.alert:
            at.report("alert", "one of 'record' or 'alert' must be set", involves=("record",))
        if self.record:
            self._check_recording(at)
        reading = at.load.shared(Reading)
        check_labels(at, reading)
        for name, place in _items(at, "annotations"):
            if not reading.is_label_name(name):
                place.report(f"invalid annotation name: {shortened(name)}")
        if self.alert:
            if not is_utf8(self.alert):
                at.report("alert", "invalid label value: the name of an alert must be UTF-8")
            for key in ("labels", "annotations"):
                for _, place in _items(at, key):
                    _check_template(place, self.alert)
        return dataclasses.replace(self, expression=self._compiled(at, reading), line=at.place.node.line)

    def _check_recording(self, at: SectionPlace) -> None:
        for key, value in (
            ("for", self.for_ms),
            ("keep_firing_for", self.keep_firing_for_ms),
            ("annotations", self.annotations),
        ):
            if value:
                at.report(key, f"invalid field '{key}' in recording rule")
        if not at.load.shared(Reading).is_metric_name(self.record):
            at.report("record", f"invalid recording rule name: {shortened(self.record)}")
        elif "{" in self.record or "}" in self.record:
            name = shortened(self.record)
            at.report("record", f"braces present in the recording rule name; should it be in expr?: {name}")

    def _compiled(self, at: SectionPlace, reading: Reading) -> Expression | None:
        if not self.expr:
            at.report("expr", "field 'expr' must be set in rule")
            return None
        if reading.language is None:
            return Uncompiled(self.expr)
        try:
            return reading.language.compile(self.expr)
        except QueryError as error:
            at.report("expr", _pointed(error, self.expr))
            return None

    def loaded(self, group_labels: Mapping[str, str]) -> LoadedRule:
        """The rule with its group's labels, which its own hide."""
        assert self.expression is not None
        return LoadedRule(
            "record" if self.record else "alert",
            self.record or self.alert,
            self.expression.text,
            self.expression,
            self.for_ms,
            self.keep_firing_for_ms,
            _pairs({**group_labels, **self.labels}),
            _pairs(self.annotations),
            self.line,
        )


@section
class GroupConfig:
    """Rules that are evaluated one after the other, at the same times."""

    name: str = setting(Text(), default="")
    interval_ms: int | None = setting(Duration(), key="interval", default=None)
    query_offset_ms: int | None = setting(Duration(), key="query_offset", default=None)
    limit: int = setting(Integer(-(2**63)), default=0)
    labels: dict[str, str] = setting(MapOf(Text(), empty=""), default_factory=dict)
    rules: tuple[RuleConfig, ...] = setting(ListOf(Nested(RuleConfig)), default=())
    concurrency: int = setting(Integer(), default=0)

    def checked(self, at: SectionPlace) -> GroupConfig:
        """Reports a name that is missing or stands twice."""
        if not self.name:
            at.report("name", "Groupname must not be empty")
        else:
            message = f'groupname: "{shortened(self.name)}" is repeated in the same file'
            at.claim(f"groups of {at.load.file}", "name", self.name, message)
        if self.limit < 0:
            at.warn("limit", "a negative limit is none; leave the key out")
        if at.given("concurrency"):
            # Prometheus refuses it. Files that people share have it, and mean what is done here anyway.
            at.warn("concurrency", "vmalert's, and without effect: rules that do not read each other run side by side")
        check_labels(at, at.load.shared(Reading))
        return self

    def loaded(self, file: str) -> LoadedGroup:
        """The group as it will run; an interval of 0 is the global one."""
        return LoadedGroup(
            file,
            self.name,
            self.interval_ms or None,
            max(self.limit, 0),
            self.query_offset_ms,
            _pairs(self.labels),
            tuple(rule.loaded(self.labels) for rule in self.rules),
        )


@section
class RuleFile:
    """A rule file."""

    groups: tuple[GroupConfig, ...] = setting(ListOf(Nested(GroupConfig)), default=())


@section
class RulerGroupConfig:
    """A group of Loki's ruler."""

    group: GroupConfig = setting(Inline(GroupConfig), default_factory=GroupConfig)
    remote_write: object = setting(Accepted(), default=None)


@section
class RulerFile:
    """A rule file of Loki's ruler, or of one of its namespaces."""

    namespace: str = setting(Text(), default="")
    groups: tuple[RulerGroupConfig, ...] = setting(ListOf(Nested(RulerGroupConfig)), default=())


def check_labels(at: SectionPlace, reading: Reading) -> None:
    """Reports labels of a rule or a group that no series can have."""
    for name, place in _items(at, "labels"):
        if name == METRIC_NAME or not reading.is_label_name(name):
            place.report(f"invalid label name: {shortened(name)}")
        elif not is_utf8(_text(place)):
            place.report("invalid label value: it is not UTF-8")


def _items(at: SectionPlace, key: str) -> list[tuple[str, Place]]:
    """The entries of a map as they stand in the file; none where it is no map."""
    if not at.given(key) or not isinstance(at.entries[key].value.node, MappingNode):
        return []
    return [(name, entry.value) for name, entry in at.entries[key].value.entries().items()]


def _text(place: Place) -> str:
    return "" if is_null(place.node) else str(getattr(place.node, "value", ""))


def _check_template(place: Place, alert: str) -> None:
    try:
        check_template(_text(place), alert)
    except TemplateError as error:
        place.report(str(error))


def _pointed(error: QueryError, expr: str) -> str:
    """The error and, below it, where it points in an expression that is longer than a word."""
    if error.span is None or getattr(error, "query", expr) != expr:
        return str(error)
    line, mark = caret(expr, error.span).split("\n")
    column = len(mark) - 1
    if not line.strip() and (before := expr[: error.span.lo].rstrip()):
        # The end of a text that ends with a line break: where its last line ends.
        line = before.rpartition("\n")[2]
        column = len(line)
    if len(line) > _SHOWN:
        start = max(0, min(column - _SHOWN // 2, len(line) - _SHOWN))
        line, column = line[start : start + _SHOWN], column - start
    return f"{error}\n    {line}\n    {' ' * column}^" if error.span != Span(0, len(expr)) else str(error)


def _pairs(labels: Mapping[str, str]) -> Pairs:
    return tuple(sorted(labels.items()))
