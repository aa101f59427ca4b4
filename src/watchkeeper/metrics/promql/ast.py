"""The tree of a PromQL query: frozen nodes, each with its place in the text.

Equality ignores places, so a query printed and parsed again gives an equal tree. Durations are milliseconds; where
one was written as an expression (`[step() + 1m]`), the expression stands beside it and the number is 0 until
`duration_expr.resolve_durations` has put the query's times in.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.span import Span
from watchkeeper.metrics.promql.signatures import Signature, ValueType

NO_SPAN: Final = Span(0, 0)


class BinaryOp(enum.Enum):
    """An operator between two expressions, by its spelling."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    POW = "^"
    ATAN2 = "atan2"
    EQL = "=="
    NEQ = "!="
    LSS = "<"
    LTE = "<="
    GTR = ">"
    GTE = ">="
    TRIM_UPPER = "</"  # Keeps the part of a histogram below the bound.
    TRIM_LOWER = ">/"  # Keeps the part above it.
    AND = "and"
    OR = "or"
    UNLESS = "unless"

    @property
    def is_comparison(self) -> bool:
        """Whether this is one of the six comparisons (the trims are not)."""
        return self in _COMPARISONS

    @property
    def is_set(self) -> bool:
        """Whether this is `and`, `or`, `unless`."""
        return self in _SETS

    @property
    def is_trim(self) -> bool:
        """Whether this trims a histogram."""
        return self in (BinaryOp.TRIM_UPPER, BinaryOp.TRIM_LOWER)

    @property
    def binding(self) -> int:
        """How tightly the operator binds; larger is tighter."""
        return _BINDINGS[self]


_COMPARISONS: Final = frozenset(
    (BinaryOp.EQL, BinaryOp.NEQ, BinaryOp.LSS, BinaryOp.LTE, BinaryOp.GTR, BinaryOp.GTE),
)
_SETS: Final = frozenset((BinaryOp.AND, BinaryOp.OR, BinaryOp.UNLESS))
_BINDINGS: Final = {
    BinaryOp.OR: 1,
    BinaryOp.AND: 2,
    BinaryOp.UNLESS: 2,
    **dict.fromkeys((*_COMPARISONS, BinaryOp.TRIM_UPPER, BinaryOp.TRIM_LOWER), 3),
    BinaryOp.ADD: 4,
    BinaryOp.SUB: 4,
    BinaryOp.MUL: 5,
    BinaryOp.DIV: 5,
    BinaryOp.MOD: 5,
    BinaryOp.ATAN2: 5,
    BinaryOp.POW: 6,
}


class UnaryOp(enum.Enum):
    """A sign before an expression."""

    PLUS = "+"
    MINUS = "-"


class AggregateOp(enum.Enum):
    """An aggregation, by its name."""

    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    GROUP = "group"
    STDDEV = "stddev"
    STDVAR = "stdvar"
    TOPK = "topk"
    BOTTOMK = "bottomk"
    QUANTILE = "quantile"
    COUNT_VALUES = "count_values"
    LIMITK = "limitk"
    LIMIT_RATIO = "limit_ratio"

    @property
    def has_parameter(self) -> bool:
        """Whether a parameter comes before the aggregated expression."""
        return self in _WITH_PARAMETER

    @property
    def is_experimental(self) -> bool:
        """Whether it must be switched on."""
        return self in (AggregateOp.LIMITK, AggregateOp.LIMIT_RATIO)


_WITH_PARAMETER: Final = frozenset(
    (
        AggregateOp.TOPK,
        AggregateOp.BOTTOMK,
        AggregateOp.QUANTILE,
        AggregateOp.COUNT_VALUES,
        AggregateOp.LIMITK,
        AggregateOp.LIMIT_RATIO,
    )
)


class Cardinality(enum.Enum):
    """How many elements of each side may match one of the other; the value is the JSON tree's word."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"  # group_left
    ONE_TO_MANY = "one-to-many"  # group_right
    MANY_TO_MANY = "many-to-many"  # set operators


class Anchor(enum.Enum):
    """What `@ start()` and `@ end()` name."""

    START = "start"
    END = "end"


# --- duration expressions ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DurationNumber:
    """A literal: `5m` or a bare number, both in seconds; `is_duration` says which, for printing."""

    value_s: float
    is_duration: bool
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class DurationUnary:
    """A sign before a duration."""

    op: UnaryOp
    expr: DurationExpr
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class DurationBinary:
    """Arithmetic on durations: + - * / % ^."""

    op: BinaryOp
    lhs: DurationExpr
    rhs: DurationExpr
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class DurationParen:
    """A duration in parentheses."""

    expr: DurationExpr
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class DurationCall:
    """`step()`, `range()`, `min_of(a, b)`, `max_of(a, b)`."""

    name: str
    args: tuple[DurationExpr, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False)


DurationExpr: TypeAlias = DurationNumber | DurationUnary | DurationBinary | DurationParen | DurationCall


# --- expressions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number; `is_duration` where it was written as one (`5m` is 300)."""

    value: float
    is_duration: bool = field(default=False, compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A string, escapes resolved."""

    value: str
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class VectorSelector:
    """Series by matchers.

    name          the metric name where it was written before the braces; empty where it is a matcher or quoted inside
    matchers      all of them, the one for `name` too (as `__name__="…"`)
    offset_ms     positive looks back
    at_ms         `@ 1234`, or None
    at_anchor     `@ start()` or `@ end()`, or None
    anchored, smoothed   the extended range selectors' words (`smoothed` may stand on an instant selector)
    """

    name: str
    matchers: tuple[Matcher, ...]
    offset_ms: int = 0
    offset_expr: DurationExpr | None = None
    at_ms: int | None = None
    at_anchor: Anchor | None = None
    anchored: bool = False
    smoothed: bool = False
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class MatrixSelector:
    """A vector selector with a range; offset, `@`, `anchored` and `smoothed` are on `selector`."""

    selector: VectorSelector
    range_ms: int
    range_expr: DurationExpr | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Subquery:
    """`expr[range:step]`; `step_ms` 0 without `step_expr` means the engine's default step."""

    expr: Expr
    range_ms: int
    step_ms: int = 0
    range_expr: DurationExpr | None = None
    step_expr: DurationExpr | None = None
    offset_ms: int = 0
    offset_expr: DurationExpr | None = None
    at_ms: int | None = None
    at_anchor: Anchor | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `signature.name` is the function."""

    signature: Signature
    args: tuple[Expr, ...]
    span: Span = field(default=NO_SPAN, compare=False)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.signature.name


@dataclass(frozen=True, slots=True)
class Aggregation:
    """`op by (grouping) (param, expr)`; `without` reverses the meaning of `grouping`, also of an empty one."""

    op: AggregateOp
    expr: Expr
    param: Expr | None = None
    grouping: tuple[str, ...] = ()
    without: bool = False
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class VectorMatching:
    """How elements of two vectors find each other.

    labels       of `on` (with `on` true) or `ignoring`
    include      labels that group_left or group_right carry over from the "one" side
    fill_left    the value that stands for a missing left element, or None; likewise fill_right
    """

    card: Cardinality = Cardinality.ONE_TO_ONE
    labels: tuple[str, ...] = ()
    on: bool = False
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """`lhs op rhs`; `matching` is there where both sides are vectors, else None."""

    op: BinaryOp
    lhs: Expr
    rhs: Expr
    matching: VectorMatching | None = None
    return_bool: bool = False
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before an expression (before a bare number it is part of the number)."""

    op: UnaryOp
    expr: Expr
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Paren:
    """An expression in parentheses."""

    expr: Expr
    span: Span = field(default=NO_SPAN, compare=False)


Expr: TypeAlias = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Call
    | Aggregation
    | Binary
    | Unary
    | Paren
)


def value_type(expr: Expr) -> ValueType:
    """What kind of value an expression has."""
    match expr:
        case NumberLiteral():
            return ValueType.SCALAR
        case StringLiteral():
            return ValueType.STRING
        case VectorSelector() | Aggregation():
            return ValueType.VECTOR
        case MatrixSelector() | Subquery():
            return ValueType.MATRIX
        case Call(signature=signature):
            return signature.returns
        case Paren(expr=inner) | Unary(expr=inner):
            return value_type(inner)
        case Binary(lhs=lhs, rhs=rhs):
            both_scalar = value_type(lhs) is ValueType.SCALAR and value_type(rhs) is ValueType.SCALAR
            return ValueType.SCALAR if both_scalar else ValueType.VECTOR


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly below one, in the order they are evaluated and printed."""
    match expr:
        case MatrixSelector(selector=selector):
            return (selector,)
        case Subquery(expr=inner) | Unary(expr=inner) | Paren(expr=inner):
            return (inner,)
        case Call(args=args):
            return args
        case Aggregation(expr=inner, param=param):
            return (inner,) if param is None else (param, inner)
        case Binary(lhs=lhs, rhs=rhs):
            return (lhs, rhs)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all below it, parents first."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def unwrap_parens(expr: Expr) -> Expr:
    """The expression inside of any parentheses around it."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr
