"""One of `inhibit_rules`: alerts that are not told of while others fire."""

from __future__ import annotations

from watchkeeper.alerts.config.conditions import LabelMap, LabelName, MatcherList
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import ListOf, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.matcher import Matcher, MatchType


@section
class InhibitRuleConfig:
    """Source alerts mute target alerts that agree with them in the labels of `equal`."""

    name: str = setting(Text(), default="")
    source_match: dict[str, str] = setting(LabelMap(legacy=True), default_factory=dict)
    source_match_re: dict[str, str] = setting(LabelMap(legacy=True, expressions=True), default_factory=dict)
    source_matchers: tuple[Matcher, ...] = setting(MatcherList(), default=())
    target_match: dict[str, str] = setting(LabelMap(legacy=True), default_factory=dict)
    target_match_re: dict[str, str] = setting(LabelMap(legacy=True, expressions=True), default_factory=dict)
    target_matchers: tuple[Matcher, ...] = setting(MatcherList(), default=())
    equal: tuple[str, ...] = setting(ListOf(LabelName("equal"), flow=True), default=())

    def checked(self, at: SectionPlace) -> InhibitRuleConfig:
        """Warns of old keys, and of a side that every alert is on."""
        for side in ("source", "target"):
            for key in (f"{side}_match", f"{side}_match_re"):
                if at.given(key):
                    at.warn(key, f"{key} is deprecated, use {side}_matchers")
        if not at.load.problems and not (self.sources and self.targets):
            side = "source" if not self.sources else "target"
            at.warn(f"{side}_matchers", f"a rule without {side}_matchers takes every alert as a {side}")
        return self

    @property
    def sources(self) -> tuple[Matcher, ...]:
        """What a muting alert must pass, of all three keys."""
        return all_of(self.source_match, self.source_match_re, self.source_matchers)

    @property
    def targets(self) -> tuple[Matcher, ...]:
        """What a muted alert must pass, of all three keys."""
        return all_of(self.target_match, self.target_match_re, self.target_matchers)


def all_of(match: dict[str, str], match_re: dict[str, str], matchers: tuple[Matcher, ...]) -> tuple[Matcher, ...]:
    """The matchers of the three keys that say what an alert must pass.

    Expressions of the old key are anchored in the text too: upstream's keys of routes show them so.
    """
    return (
        *(Matcher(name, MatchType.EQUAL, value) for name, value in match.items()),
        *(Matcher(name, MatchType.REGEX, f"^(?:{value})$") for name, value in match_re.items()),
        *matchers,
    )
