"""The languages of rules without a store: for checks, whose expressions can't be evaluated."""

from __future__ import annotations

from watchkeeper.core.model.errors import TypeMismatch
from watchkeeper.core.model.span import Span
from watchkeeper.logs.logql import ast as logql_ast
from watchkeeper.logs.logql.parser import parse as parse_logql
from watchkeeper.logs.logql.printer import format_query
from watchkeeper.metrics.promql.parser import DEFAULT_OPTIONS, ParserOptions
from watchkeeper.metrics.promql.printer import to_text
from watchkeeper.rules.files.loaded import Uncompiled
from watchkeeper.rules.logql import NO_METRIC
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
        tree = parse_logql(text)
        if isinstance(tree, logql_ast.LogQuery):
            raise TypeMismatch(NO_METRIC, Span(0, len(text)), text)
        return Uncompiled(format_query(tree))
