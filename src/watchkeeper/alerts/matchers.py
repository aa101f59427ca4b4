"""Matchers as people write them, `severity=~"warning|critical"`: the UTF-8 form, the classic form, and both in turn."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from watchkeeper.alerts.matcher_forms.classic import parse_classic_matcher, parse_classic_matchers
from watchkeeper.alerts.matcher_forms.error import MatcherError
from watchkeeper.alerts.matcher_forms.utf8 import is_reserved, parse_utf8_matchers
from watchkeeper.core.model.labels import is_legacy_name, quote
from watchkeeper.core.model.matcher import Matcher, MatchType

__all__ = [
    "MatcherError",
    "Mode",
    "is_label_name",
    "matcher_order",
    "matcher_text",
    "matchers_text",
    "parse_matcher",
    "parse_matchers",
]

Warn: TypeAlias = Callable[[str], None]

_TYPE_ORDER: Final = {type_: rank for rank, type_ in enumerate(MatchType)}


class Mode(enum.Enum):
    """Which form a text is read in.

    FALLBACK   the UTF-8 form; where a text is of the classic form only, or says something else there, the classic one
    CLASSIC    the classic form alone, as before 0.27 (the feature `classic-mode`)
    UTF8       the UTF-8 form alone (the feature `utf8-strict-mode`)
    """

    FALLBACK = "fallback"
    CLASSIC = "classic-mode"
    UTF8 = "utf8-strict-mode"


def parse_matchers(text: str, mode: Mode = Mode.FALLBACK, warn: Warn | None = None) -> tuple[Matcher, ...]:
    """All matchers of a comma-separated list, in braces or not; an empty text has none. Raises MatcherError.

    warn   is told where the two forms do not agree, with what to write instead
    """
    if mode is Mode.CLASSIC:
        return parse_classic_matchers(text)
    if mode is Mode.UTF8:
        return parse_utf8_matchers(text)
    return _with_fallback(text, parse_utf8_matchers, parse_classic_matchers, warn)


def parse_matcher(text: str, mode: Mode = Mode.FALLBACK, warn: Warn | None = None) -> Matcher:
    """The only matcher of a text, which has no braces. Raises MatcherError; `warn` as in `parse_matchers`."""
    if mode is Mode.CLASSIC:
        return parse_classic_matcher(text)
    if text.startswith("{") or text.endswith("}"):
        raise MatcherError(f"unexpected open or close brace: {text}")
    if mode is Mode.UTF8:
        return _only(text)[0]
    return _with_fallback(text, _only, lambda text: (parse_classic_matcher(text),), warn)[0]


def _only(text: str) -> tuple[Matcher, ...]:
    found = parse_utf8_matchers(text)
    if len(found) != 1:
        raise MatcherError(f"expected 1 matcher, found {len(found)}" if found else "no matchers")
    return found


def _with_fallback(
    text: str,
    utf8: Callable[[str], tuple[Matcher, ...]],
    classic: Callable[[str], tuple[Matcher, ...]],
    warn: Warn | None,
) -> tuple[Matcher, ...]:
    """By the UTF-8 form; by the classic one where only that gives something, or something else."""
    found: tuple[Matcher, ...] | None = None
    problem: MatcherError | None = None
    try:
        found = utf8(text)
    except MatcherError as error:
        problem = error
    try:
        old = classic(text)
    except MatcherError:
        if found is None:
            raise
        return found
    if old == found:
        return old
    if warn is not None:
        suggestion = ",".join(map(matcher_text, old))
        if problem is not None:
            warn(f"is read in the classic form, the UTF-8 form does not take it ({problem}); write {suggestion}")
        else:
            warn(f"means different things in the classic form, which counts, and in the UTF-8 form; write {suggestion}")
    return old


def is_label_name(name: str, mode: Mode = Mode.FALLBACK) -> bool:
    """Whether a label can have this name: letters, digits and `_` in classic mode, any text else."""
    return is_legacy_name(name) if mode is Mode.CLASSIC else bool(name)


def matcher_text(matcher: Matcher) -> str:
    """As upstream writes it, `severity=~"warning|critical"`; parsing gives the same matcher back."""
    if any(map(is_reserved, matcher.name)) or not matcher.name:
        return f"{quote(matcher.name)}{matcher.type.value}{quote(matcher.value)}"
    value = matcher.value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'{matcher.name}{matcher.type.value}"{value}"'


def matchers_text(matchers: Iterable[Matcher]) -> str:
    """All of them in braces, in their order: `{alertname="X",severity="critical"}`."""
    return "{" + ",".join(map(matcher_text, matchers)) + "}"


def matcher_order(matcher: Matcher) -> tuple[str, str, int]:
    """The key by which upstream sorts matchers: name, value, type."""
    return matcher.name, matcher.value, _TYPE_ORDER[matcher.type]
