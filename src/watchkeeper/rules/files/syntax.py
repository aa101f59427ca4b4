"""The languages of rules without a store: for checks, whose expressions can't be evaluated."""

from __future__ import annotations

from watchkeeper.logs.logql.printer import format_query
from watchkeeper.metrics.promql.parser import DEFAULT_OPTIONS, ParserOptions
from watchkeeper.metrics.promql.printer import to_text
from watchkeeper.rules.files.loaded import Uncompiled
from watchkeeper.rules.logql import parse_rule as parse_log_rule
from watchkeeper.rules.promql import parse_rule


class PromQLSyntax:
    """PromQL; a `Language`."""

    def __init__(self, options: ParserOptions = DEFAULT_OPTIONS) -> None:
        self._options = options

    def compile(self, text: str) -> Uncompiled:
        """Raises ParseError; TypeMismatch for what is neither an instant vector nor a scalar."""
        return Uncompiled(to_text(parse_rule(text, self._options)))


class LogQLSyntax:
    """LogQL; a `Language`."""

    def compile(self, text: str) -> Uncompiled:
        """Raises ParseError; TypeMismatch for a query of lines."""
        return Uncompiled(format_query(parse_log_rule(text)))
