"""The tree of a LogQL query: frozen nodes, each with its place in the text.

Equality ignores places, so a query printed and parsed again gives an equal tree. Durations are nanoseconds. Texts that
a line is compared with may hold bytes that are no UTF-8 (`"\\xff"`): they are kept as Python's surrogate escapes, and
`LineText.needle` gives the bytes. Parentheses are not kept; the printer sets those that are needed.

    LogQuery            {app="x"} |= "error" | json | status >= 500
    RangeAggregation    rate(LogRange)              LogRange = LogQuery, [5m], offset, unwrap
    VectorAggregation   sum by (app) (expr)
    Binary, LabelReplace, Number, Vector
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.span import Span

NO_SPAN: Final = Span(0, 0)

# --- line filters --------------------------------------------------------------------------------------------------


class LineFilterOp(enum.Enum):
    """How a line filter compares, by its spelling."""

    CONTAINS = "|="
    NOT_CONTAINS = "!="
    MATCHES = "|~"  # RE2, not anchored.
    NOT_MATCHES = "!~"
    LIKE = "|>"  # A pattern of text and `<_>`, over the whole line.
    NOT_LIKE = "!>"

    @property
    def is_negative(self) -> bool:
        """Whether lines that match are left out; a chain of `or` then leaves out what matches any."""
        return self in (LineFilterOp.NOT_CONTAINS, LineFilterOp.NOT_MATCHES, LineFilterOp.NOT_LIKE)

    @property
    def positive(self) -> LineFilterOp:
        """The operator without its negation."""
        return _POSITIVE[self]


_POSITIVE: Final = {
    LineFilterOp.CONTAINS: LineFilterOp.CONTAINS,
    LineFilterOp.NOT_CONTAINS: LineFilterOp.CONTAINS,
    LineFilterOp.MATCHES: LineFilterOp.MATCHES,
    LineFilterOp.NOT_MATCHES: LineFilterOp.MATCHES,
    LineFilterOp.LIKE: LineFilterOp.LIKE,
    LineFilterOp.NOT_LIKE: LineFilterOp.LIKE,
}


@dataclass(frozen=True, slots=True)
class LineText:
    """The text of a line filter: plain text, an expression, or a pattern, as its filter's operator says."""

    text: str
    span: Span = field(default=NO_SPAN, compare=False)

    @property
    def needle(self) -> bytes:
        """The text's bytes."""
        return self.text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class LineIp:
    """`ip("…")` of a line filter: an address, a CIDR block, or a range `a-b`."""

    pattern: str
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class LineFilter:
    """`|= "a" or "b"`: lines with any of the alternatives; of a negative operator, lines with none of them."""

    op: LineFilterOp
    alternatives: tuple[LineText | LineIp, ...]
    span: Span = field(default=NO_SPAN, compare=False)


# --- parsers and formatters ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JsonExtraction:
    """`name="a.b[0]"` of a json stage. `path` is the expression taken apart: keys, and ints for places in arrays."""

    name: str
    expression: str
    path: tuple[str | int, ...] = field(compare=False)


@dataclass(frozen=True, slots=True)
class JsonStage:
    """`json`: all fields, or only the extractions where there are any."""

    extractions: tuple[JsonExtraction, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class LogfmtExtraction:
    """`name="key"` of a logfmt stage."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class LogfmtStage:
    """`logfmt [--strict] [--keep-empty]`: all fields, or only the extractions where there are any."""

    strict: bool = False
    keep_empty: bool = False
    extractions: tuple[LogfmtExtraction, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class RegexpStage:
    """`regexp "(?P<name>…)"`: the named groups of the first match."""

    expression: str
    names: tuple[str, ...] = field(compare=False)  # Of the named groups, in order.
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class PatternStage:
    """`pattern "<ip> - <_>"`; taken apart into literals and the captures between them.

    literals   one more than `names`; only the first and the last may be empty
    names      of the captures; None captures nothing (`<_>`)
    """

    pattern: str
    literals: tuple[bytes, ...] = field(compare=False)
    names: tuple[str | None, ...] = field(compare=False)
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class UnpackStage:
    """`unpack`: reverses the agent's `pack`; the object's `_entry` becomes the line."""

    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class LineFormatStage:
    """`line_format "template"`."""

    template: str
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class LabelRename:
    """`name=source` of a label_format."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class LabelTemplate:
    """`name="template"` of a label_format."""

    name: str
    template: str


@dataclass(frozen=True, slots=True)
class LabelFormatStage:
    """`label_format a=b, c="template"`, done from left to right."""

    formats: tuple[LabelRename | LabelTemplate, ...]
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class DecolorizeStage:
    """`decolorize`: strips the escape sequences of terminals."""

    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class LabelPick:
    """`a` or `a="x"` of a drop or keep: the label, if the matcher (where there is one) matches its value."""

    name: str
    matcher: Matcher | None = None


@dataclass(frozen=True, slots=True)
class DropStage:
    """`drop a, b="x"`."""

    picks: tuple[LabelPick, ...]
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class KeepStage:
    """`keep a, b="x"`."""

    picks: tuple[LabelPick, ...]
    span: Span = field(default=NO_SPAN, compare=False)


# --- label filters -------------------------------------------------------------------------------------------------


class CompareOp(enum.Enum):
    """A comparison of numbers in a label filter (`=` is read as `==`)."""

    EQ = "=="
    NE = "!="
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="


@dataclass(frozen=True, slots=True)
class StringFilter:
    """`name="x"`, `!=`, `=~`, `!~`; a label that is missing counts as empty."""

    matcher: Matcher
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class NumberFilter:
    """`name >= 500`."""

    name: str
    op: CompareOp
    value: float
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class DurationFilter:
    """`name > 1.5s`."""

    name: str
    op: CompareOp
    value_ns: int
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class BytesFilter:
    """`name < 20MB`."""

    name: str
    op: CompareOp
    value_bytes: int
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class IpFilter:
    """`name=ip("10.0.0.0/8")`, or `!=`."""

    name: str
    negated: bool
    pattern: str
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class AndFilter:
    """Both; written `and`, with a comma, or with nothing between. The right side is not asked where the left fails."""

    lhs: LabelFilter
    rhs: LabelFilter
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class OrFilter:
    """Either. The right side is not asked where the left holds."""

    lhs: LabelFilter
    rhs: LabelFilter
    span: Span = field(default=NO_SPAN, compare=False)


LabelFilter: TypeAlias = StringFilter | NumberFilter | DurationFilter | BytesFilter | IpFilter | AndFilter | OrFilter


@dataclass(frozen=True, slots=True)
class LabelFilterStage:
    """`| status >= 500 and path="/"`."""

    filter: LabelFilter
    span: Span = field(default=NO_SPAN, compare=False)


Stage: TypeAlias = (
    LineFilter
    | JsonStage
    | LogfmtStage
    | RegexpStage
    | PatternStage
    | UnpackStage
    | LineFormatStage
    | LabelFormatStage
    | DecolorizeStage
    | DropStage
    | KeepStage
    | LabelFilterStage
)

# --- queries -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Streams by matchers, and the stages that their lines go through, in order."""

    matchers: tuple[Matcher, ...]
    stages: tuple[Stage, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False)


class Conversion(enum.Enum):
    """How `unwrap` reads a label's value; the value is the function's name."""

    NONE = ""
    BYTES = "bytes"  # `1.5MB` to bytes.
    DURATION = "duration"  # `1m30s` to seconds.
    DURATION_SECONDS = "duration_seconds"  # The same.


@dataclass(frozen=True, slots=True)
class Unwrap:
    """`unwrap label`, `unwrap bytes(label)`, and the label filters after it."""

    label: str
    conversion: Conversion = Conversion.NONE
    filters: tuple[LabelFilterStage, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class LogRange:
    """A log query's window: entries of (t - offset_ns - range_ns, t - offset_ns]; a negative offset looks ahead."""

    query: LogQuery
    range_ns: int
    offset_ns: int = 0
    unwrap: Unwrap | None = None
    span: Span = field(default=NO_SPAN, compare=False)


class RangeOp(enum.Enum):
    """What is made of the entries in a window, by name."""

    COUNT_OVER_TIME = "count_over_time"
    RATE = "rate"
    RATE_COUNTER = "rate_counter"
    BYTES_OVER_TIME = "bytes_over_time"
    BYTES_RATE = "bytes_rate"
    SUM_OVER_TIME = "sum_over_time"
    AVG_OVER_TIME = "avg_over_time"
    MIN_OVER_TIME = "min_over_time"
    MAX_OVER_TIME = "max_over_time"
    STDDEV_OVER_TIME = "stddev_over_time"
    STDVAR_OVER_TIME = "stdvar_over_time"
    QUANTILE_OVER_TIME = "quantile_over_time"
    FIRST_OVER_TIME = "first_over_time"
    LAST_OVER_TIME = "last_over_time"
    ABSENT_OVER_TIME = "absent_over_time"

    @property
    def takes_lines(self) -> bool:
        """Whether it works without unwrap."""
        return self in _TAKES_LINES

    @property
    def takes_values(self) -> bool:
        """Whether it works with unwrap."""
        return self not in _LINES_ONLY

    @property
    def takes_grouping(self) -> bool:
        """Whether `by` or `without` may follow it."""
        return self in _TAKES_GROUPING


_LINES_ONLY: Final = frozenset((RangeOp.COUNT_OVER_TIME, RangeOp.BYTES_OVER_TIME, RangeOp.BYTES_RATE))
_TAKES_LINES: Final = _LINES_ONLY | {RangeOp.RATE, RangeOp.ABSENT_OVER_TIME}
_TAKES_GROUPING: Final = frozenset(
    (
        RangeOp.AVG_OVER_TIME,
        RangeOp.MIN_OVER_TIME,
        RangeOp.MAX_OVER_TIME,
        RangeOp.STDDEV_OVER_TIME,
        RangeOp.STDVAR_OVER_TIME,
        RangeOp.QUANTILE_OVER_TIME,
        RangeOp.FIRST_OVER_TIME,
        RangeOp.LAST_OVER_TIME,
    )
)


class VectorOp(enum.Enum):
    """An aggregation over series, by name."""

    SUM = "sum"
    AVG = "avg"
    COUNT = "count"
    MIN = "min"
    MAX = "max"
    STDDEV = "stddev"
    STDVAR = "stdvar"
    TOPK = "topk"
    BOTTOMK = "bottomk"
    APPROX_TOPK = "approx_topk"
    SORT = "sort"
    SORT_DESC = "sort_desc"

    @property
    def has_parameter(self) -> bool:
        """Whether a count comes before the aggregated expression."""
        return self in (VectorOp.TOPK, VectorOp.BOTTOMK, VectorOp.APPROX_TOPK)

    @property
    def takes_grouping(self) -> bool:
        """Whether `by` or `without` may go with it."""
        return self not in (VectorOp.APPROX_TOPK, VectorOp.SORT, VectorOp.SORT_DESC)


@dataclass(frozen=True, slots=True)
class Grouping:
    """`by (a, b)`; `without` reverses the meaning, also of an empty list."""

    labels: tuple[str, ...]
    without: bool = False


@dataclass(frozen=True, slots=True)
class RangeAggregation:
    """`op(param, range) by (…)`; `param` is the quantile of quantile_over_time, else None."""

    op: RangeOp
    range: LogRange
    param: float | None = None
    grouping: Grouping | None = None
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class VectorAggregation:
    """`op by (…) (param, expr)`; `param` is the k of topk, bottomk and approx_topk, else None."""

    op: VectorOp
    expr: MetricExpr
    param: int | None = None
    grouping: Grouping | None = None
    span: Span = field(default=NO_SPAN, compare=False)


class BinaryOp(enum.Enum):
    """An operator between two metric expressions, by its spelling."""

    OR = "or"
    AND = "and"
    UNLESS = "unless"
    EQL = "=="
    NEQ = "!="
    GTR = ">"
    GTE = ">="
    LSS = "<"
    LTE = "<="
    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    POW = "^"

    @property
    def is_comparison(self) -> bool:
        """Whether this is one of the six comparisons."""
        return self.binding == 3

    @property
    def is_set(self) -> bool:
        """Whether this is `and`, `or`, `unless`."""
        return self.binding < 3

    @property
    def binding(self) -> int:
        """How tightly the operator binds; larger is tighter. Only `^` groups to the right."""
        return _BINDINGS[self]


_BINDINGS: Final = {
    BinaryOp.OR: 1,
    BinaryOp.AND: 2,
    BinaryOp.UNLESS: 2,
    BinaryOp.EQL: 3,
    BinaryOp.NEQ: 3,
    BinaryOp.GTR: 3,
    BinaryOp.GTE: 3,
    BinaryOp.LSS: 3,
    BinaryOp.LTE: 3,
    BinaryOp.ADD: 4,
    BinaryOp.SUB: 4,
    BinaryOp.MUL: 5,
    BinaryOp.DIV: 5,
    BinaryOp.MOD: 5,
    BinaryOp.POW: 6,
}


class Cardinality(enum.Enum):
    """How many elements of each side may match one of the other."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"  # group_left
    ONE_TO_MANY = "one-to-many"  # group_right
    MANY_TO_MANY = "many-to-many"  # and, or, unless


@dataclass(frozen=True, slots=True)
class VectorMatching:
    """How elements of two vectors find each other.

    labels    of `on` (with `on` true) or `ignoring`
    include   labels that group_left or group_right carry over from the "one" side
    """

    card: Cardinality = Cardinality.ONE_TO_ONE
    labels: tuple[str, ...] = ()
    on: bool = False
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """`lhs op rhs`. Two numbers are never here: the parser works them out."""

    op: BinaryOp
    lhs: MetricExpr
    rhs: MetricExpr
    matching: VectorMatching = VectorMatching()
    return_bool: bool = False
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class LabelReplace:
    """`label_replace(expr, "dst", "replacement", "src", "regex")`."""

    expr: MetricExpr
    dst: str
    replacement: str
    src: str
    regex: str
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, its sign in it."""

    value: float
    span: Span = field(default=NO_SPAN, compare=False)


@dataclass(frozen=True, slots=True)
class Vector:
    """`vector(1)`: one element without labels."""

    value: float
    span: Span = field(default=NO_SPAN, compare=False)


MetricExpr: TypeAlias = RangeAggregation | VectorAggregation | Binary | LabelReplace | Number | Vector
Expr: TypeAlias = LogQuery | MetricExpr


def children(expr: Expr) -> tuple[MetricExpr, ...]:
    """The metric expressions directly below one, from left to right."""
    match expr:
        case VectorAggregation(expr=inner) | LabelReplace(expr=inner):
            return (inner,)
        case Binary(lhs=lhs, rhs=rhs):
            return (lhs, rhs)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all below it, parents first."""
    stack: list[Expr] = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def log_queries(expr: Expr) -> list[LogQuery]:
    """Every log query in an expression, from left to right."""
    return [
        node if isinstance(node, LogQuery) else node.range.query
        for node in walk(expr)
        if isinstance(node, LogQuery | RangeAggregation)
    ]


def label_filters(filter: LabelFilter) -> Iterator[LabelFilter]:
    """A label filter and all below it, parents first."""
    stack: list[LabelFilter] = [filter]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, AndFilter | OrFilter):
            stack += [node.rhs, node.lhs]
