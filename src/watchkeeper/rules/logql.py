"""LogQL as a language of rules: metric queries over the log store, for one tenant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from watchkeeper.core.model.errors import ExecutionError, TypeMismatch
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import EMPTY
from watchkeeper.core.model.span import Span
from watchkeeper.logs.interface import LogQuerier
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.answer import QueryLimits, Request, Scalar, Vector
from watchkeeper.logs.logql.engine import Engine
from watchkeeper.logs.logql.parser import parse
from watchkeeper.logs.logql.printer import format_query
from watchkeeper.rules.interface import Samples

NS_PER_MS: Final = 1_000_000
NO_METRIC: Final = "a rule needs a metric query, such as sum(count_over_time({…}[5m])), and this one gives log lines"


@dataclass(frozen=True, slots=True, eq=False)
class LogQLExpression:
    """A parsed metric query with the engine and the store that will answer it."""

    text: str
    tree: ast.MetricExpr
    language: LogQL

    def evaluate(self, time_ms: int) -> Samples:
        """Its value at one time. Raises QueryError."""
        language = self.language
        at_ns = time_ms * NS_PER_MS
        request = Request(self.tree, self.text, at_ns, at_ns, instant=True)
        answer = language.engine.run(request, language.querier(), language.limits(), lambda: language.is_cancelled)
        warnings = tuple(answer.warnings)
        match answer.data:
            case Vector(labels=labels, values=values):
                return Samples(LabelSets.of(labels), values, warnings=warnings)
            case Scalar(value=value):
                return Samples(LabelSets.of([EMPTY]), np.array([value], np.float64), warnings=warnings)
            case _:
                raise ExecutionError(NO_METRIC)

    def reads(self, metric: str) -> bool:
        """No: rules record metrics, and LogQL reads lines."""
        del metric
        return False


class LogQL:
    """LogQL over a log store; a `Language`.

    querier   the read side of one tenant, asked for at each evaluation
    limits    what one query of that tenant may use, likewise
    """

    def __init__(
        self, engine: Engine, querier: Callable[[], LogQuerier], limits: Callable[[], QueryLimits] = QueryLimits
    ) -> None:
        self.engine = engine
        self.querier = querier
        self.limits = limits
        self.is_cancelled = False

    def cancel(self) -> None:
        """From now on evaluations, running ones too, raise QueryCanceled."""
        self.is_cancelled = True

    def compile(self, text: str) -> LogQLExpression:
        """Raises ParseError; TypeMismatch for a query of lines."""
        tree = parse_rule(text)
        return LogQLExpression(format_query(tree), tree, self)


def parse_rule(text: str) -> ast.MetricExpr:
    """A rule's query. Raises ParseError; TypeMismatch for a query of lines."""
    tree = parse(text)
    if isinstance(tree, ast.LogQuery):
        raise TypeMismatch(NO_METRIC, Span(0, len(text)), text)
    return tree
