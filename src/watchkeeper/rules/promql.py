"""PromQL as the language of rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watchkeeper.core.model.errors import ExecutionError, TypeMismatch
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.model.matcher import MatchType
from watchkeeper.core.model.span import Span
from watchkeeper.core.vector.frame import NO_LABELS, Frame
from watchkeeper.metrics.interface import Querier
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.engine import Engine
from watchkeeper.metrics.promql.limits import CancelToken
from watchkeeper.metrics.promql.parser import DEFAULT_OPTIONS, ParserOptions, parse
from watchkeeper.metrics.promql.prepared import Prepared
from watchkeeper.metrics.promql.printer import to_text
from watchkeeper.metrics.promql.result import Scalar, Vector
from watchkeeper.metrics.promql.signatures import ValueType
from watchkeeper.rules.interface import Samples

NO_VECTOR = "rule result is not a vector or scalar"


@dataclass(frozen=True, slots=True, eq=False)
class PromQLExpression:
    """A parsed query with the engine and the store that will answer it.

    text     as the printer writes it
    source   as it was written, which the tree's places refer to
    names    of the metrics that it reads, where each selector says which
    """

    text: str
    source: str
    tree: ast.Expr
    engine: Engine
    querier: Querier
    prepared: Prepared
    cancel: CancelToken
    names: frozenset[str] | None

    def evaluate(self, time_ms: int) -> Samples:
        """Its value at one time. Raises QueryError."""
        result = self.engine.evaluate(self.querier, self.prepared, time_ms, cancel=self.cancel)
        warnings = tuple(result.warnings)
        match result.value:
            case Vector(frame=frame):
                return samples_of(frame, warnings)
            case Scalar(value=value):
                return Samples(Frame.single(np.array([value])).labels, np.array([value]), warnings=warnings)
            case _:
                raise ExecutionError(NO_VECTOR)

    def reads(self, metric: str) -> bool:
        """Whether a selector in it may find series of this name."""
        return reads(self.tree, metric) if self.names is None else metric in self.names


def samples_of(frame: Frame, warnings: tuple[str, ...] = ()) -> Samples:
    """An instant vector's frame as samples."""
    if not frame.n_series:
        return Samples(NO_LABELS, np.zeros(0), warnings=warnings)
    histograms = {row: cells[0] for row, cells in frame.histograms.items() if cells[0] is not None}
    return Samples(frame.labels, frame.values[:, 0], histograms, warnings)


def reads(tree: ast.Expr, metric: str) -> bool:
    """Whether the value of an expression may depend on series of this name; a selector without a name takes all."""
    for node in ast.walk(tree):
        match node:
            case ast.VectorSelector(matchers=matchers):
                if all(matcher.matches(metric) for matcher in matchers if matcher.name == METRIC_NAME):
                    return True
            case ast.Call(name="info", args=args) if len(args) == 1 and metric == "target_info":
                return True  # The selector that it has where none is given.
            case _:
                pass
    return False


def names_of(tree: ast.Expr) -> frozenset[str] | None:
    """The metrics that an expression may read, where each of its selectors says which; else None."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.VectorSelector(matchers=matchers):
                own = [one.value for one in matchers if one.name == METRIC_NAME and one.type is MatchType.EQUAL]
                if len(own) != 1 or not own[0]:
                    return None
                names.update(own)
            case ast.Call(name="info", args=args) if len(args) == 1:
                names.add("target_info")
            case _:
                pass
    return frozenset(names)


class PromQL:
    """PromQL over a store; a `Language`."""

    def __init__(self, engine: Engine, querier: Querier) -> None:
        self._engine = engine
        self._querier = querier
        self._cancel = CancelToken()

    def cancel(self) -> None:
        """From now on evaluations, running ones too, raise QueryCanceled."""
        self._cancel.cancel()

    def compile(self, text: str) -> PromQLExpression:
        """Raises ParseError; TypeMismatch for what is neither an instant vector nor a scalar."""
        tree = parse_rule(text, self._engine.options.parser)
        prepared = self._engine.prepare(text, tree)
        names = names_of(tree)
        return PromQLExpression(to_text(tree), text, tree, self._engine, self._querier, prepared, self._cancel, names)


def parse_rule(text: str, options: ParserOptions = DEFAULT_OPTIONS) -> ast.Expr:
    """The tree of a rule's expression. Raises ParseError; TypeMismatch for neither an instant vector nor a scalar."""
    tree = parse(text, options)
    kind = ast.value_type(tree)
    if kind not in (ValueType.VECTOR, ValueType.SCALAR):
        raise TypeMismatch(f"{NO_VECTOR}, but a {kind.description}", Span(0, len(text)), text)
    return tree
