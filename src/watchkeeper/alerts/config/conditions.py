"""Conditions on labels in alertmanager.yml: lists of matchers, the older maps of names to values, and label names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from watchkeeper.alerts.matchers import MatcherError, Mode, is_label_name, matcher_text, parse_matchers
from watchkeeper.core.config.decode import Place
from watchkeeper.core.config.document import SequenceNode, is_null, shortened, type_name
from watchkeeper.core.config.kinds import Text
from watchkeeper.core.config.schema import Invalid, Kind
from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.regex import RegexError, regex


@dataclass(frozen=True, slots=True)
class Form:
    """The form in which a file's matchers are read; shared by all its sections."""

    mode: Mode = Mode.FALLBACK


class MatcherList(Kind[tuple[Matcher, ...]]):
    """A list of texts, each with one matcher or more."""

    label = "list of matchers"

    def read(self, at: Place) -> tuple[Matcher, ...]:
        if not isinstance(at.node, SequenceNode):
            raise Invalid(f"expected a list, found {type_name(at.node)}")
        mode = at.load.shared(Form).mode
        found: list[Matcher] = []
        for i, node in enumerate(at.node.items):
            place = at.item(i, node)
            at.load.count_read()
            try:
                # A null is empty text, which has no matchers.
                text = "" if is_null(node) else place.scalar("a matcher")
                found += parse_matchers(text, mode, place.warn)
            except (MatcherError, Invalid) as error:
                place.report(str(error))
        return tuple(found)

    def write(self, value: tuple[Matcher, ...]) -> Any:
        return [matcher_text(matcher) for matcher in value]


class LabelMap(Kind[dict[str, str]]):
    """Label names to values, or, with `expressions`, to regular expressions for the whole value.

    legacy   for conditions: names are of letters, digits and `_` only, whatever the form of the matchers; without it
             values may be templates
    """

    def __init__(self, *, legacy: bool = False, expressions: bool = False) -> None:
        self.legacy = legacy
        self.expressions = expressions
        self.label = "map of label name to " + ("regular expression" if expressions else "text")

    def read(self, at: Place) -> dict[str, str]:
        mode = Mode.CLASSIC if self.legacy else at.load.shared(Form).mode
        found: dict[str, str] = {}
        for name, entry in at.entries().items():
            if not is_label_name(name, mode):
                entry.key.report(f'invalid label name "{shortened(name)}"')
                continue
            try:
                text = "" if is_null(entry.value.node) else entry.value.scalar("text")
                if self.expressions:
                    regex(text)
                elif "{{" in text and not self.legacy:
                    from watchkeeper.alerts.templates.kind import warn_of_template  # Few files need it.

                    warn_of_template(entry.value, text)
            except Invalid as error:
                entry.value.report(str(error))
            except (RegexError, UnicodeError):
                entry.value.report(regex_problem(f"^(?:{text})$"))
            else:
                found[name] = text
        return found


class LabelName(Text):
    """The name of a label, in a list that a message calls `where`."""

    label = "label name"

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def read(self, at: Place) -> str:
        name = super().read(at)
        if not is_label_name(name, at.load.shared(Form).mode):
            raise Invalid(f'invalid label name "{shortened(name)}" in {self.where} list')
        return name
