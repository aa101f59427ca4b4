"""A selector of streams in a configuration: `{namespace="dev", app!~"test.*"}`."""

from __future__ import annotations

from watchkeeper.core.config.decode import Place
from watchkeeper.core.config.schema import Invalid, Kind
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.selector import SelectorError, parse_matchers


class Selector(Kind[tuple[Matcher, ...]]):
    """Matchers, without line filters."""

    label = "selector"
    placeholder = ()

    def read(self, at: Place) -> tuple[Matcher, ...]:
        text = at.scalar("a selector")
        try:
            return parse_matchers(text)
        except SelectorError as error:
            raise Invalid(f'not a selector such as {{app="a"}}: {error}') from None

    def write(self, value: tuple[Matcher, ...]) -> str:
        return "{" + ", ".join(str(matcher) for matcher in value) + "}"
