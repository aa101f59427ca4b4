"""A printed query parses to the tree it was printed from; any text parses or fails with a ParseError."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.model.errors import ParseError
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.lexer import AGGREGATORS, KEYWORDS, PREPROCESSORS, WORD_OPERATORS
from watchkeeper.metrics.promql.parser import ALL_OPTIONS, parse
from watchkeeper.metrics.promql.printer import pretty, to_text
from watchkeeper.metrics.promql.signatures import FUNCTIONS, Signature, ValueType

NAMES = st.sampled_from(
    ["a", "http_requests_total", "job:x:rate5m", "sum", "by", "offset", "or", "start", "fill", "x1"]
)
LABELS = st.sampled_from(["job", "le", "on", "by", "a.b", "with space", "ä"])
VALUES = st.text(st.characters(codec="utf-8"), max_size=6)
MILLISECONDS = st.integers(1, 10**10)
Draw = st.DrawFn

MATCHERS = st.one_of(
    st.builds(Matcher, LABELS, st.sampled_from([MatchType.EQUAL, MatchType.NOT_EQUAL]), VALUES),
    st.builds(Matcher, LABELS, st.just(MatchType.REGEX), st.sampled_from(["a.*", "", "(?i)x|y"])),
)


@st.composite
def durations(draw: Draw, depth: int) -> ast.DurationExpr:
    """A duration expression, arithmetic inside of another in parentheses."""
    if depth == 0 or draw(st.booleans()):
        match draw(st.integers(0, 2)):
            case 0:
                return ast.DurationNumber(draw(MILLISECONDS) / 1000, True)
            case 1:
                return ast.DurationNumber(float(draw(st.integers(1, 10**6))), False)
            case _:
                return ast.DurationCall(draw(st.sampled_from(["step", "range"])))
    match draw(st.integers(0, 3)):
        case 0:
            op = draw(st.sampled_from([op for op in ast.BinaryOp if op.binding > 3 and op is not ast.BinaryOp.ATAN2]))
            return ast.DurationBinary(op, draw(inner_durations(depth)), draw(inner_durations(depth)))
        case 1:
            args = (draw(durations(depth - 1)), draw(durations(depth - 1)))
            return ast.DurationCall(draw(st.sampled_from(["min_of", "max_of"])), args)
        case 2:
            return ast.DurationParen(draw(durations(depth - 1)))
        case _:
            return ast.DurationUnary(ast.UnaryOp.MINUS, ast.DurationParen(draw(durations(depth - 1))))


@st.composite
def inner_durations(draw: Draw, depth: int) -> ast.DurationExpr:
    inner = draw(durations(depth - 1))
    return ast.DurationParen(inner) if isinstance(inner, ast.DurationBinary | ast.DurationUnary) else inner


@st.composite
def windows(draw: Draw) -> tuple[int, ast.DurationExpr | None]:
    """A range or a step: milliseconds, or an expression."""
    duration = draw(durations(2))
    if isinstance(duration, ast.DurationNumber):
        return draw(MILLISECONDS), None
    return 0, duration


@st.composite
def modifiers(draw: Draw) -> dict[str, object]:
    """`offset` and `@`."""
    out: dict[str, object] = {}
    match draw(st.integers(0, 4)):
        case 0:
            out["offset_ms"] = draw(st.integers(-(10**10), 10**10))
        case 1:
            # With its sign: what follows a bare parenthesis would be taken for a part of the duration.
            out["offset_expr"] = ast.DurationUnary(ast.UnaryOp.MINUS, ast.DurationParen(draw(durations(2))))
        case 2:
            out["at_ms"] = draw(st.integers(-(10**12), 10**12))
        case 3:
            out["at_anchor"] = draw(st.sampled_from(ast.Anchor))
    return out


@st.composite
def selectors(draw: Draw) -> ast.VectorSelector:
    matchers = sorted(draw(st.lists(MATCHERS, max_size=3)), key=str)
    name = draw(NAMES)
    return ast.VectorSelector(
        name,
        (*matchers, Matcher("__name__", MatchType.EQUAL, name)),
        **draw(modifiers()),  # type: ignore[arg-type]
    )


@st.composite
def matrices(draw: Draw, depth: int) -> ast.Expr:
    range_ms, range_expr = draw(windows())
    if depth == 0 or draw(st.booleans()):
        selector = draw(selectors())
        return ast.MatrixSelector(selector, range_ms, range_expr)
    step_ms, step_expr = draw(st.one_of(st.just((0, None)), windows()))
    inner = operand(draw(vectors(depth - 1)))
    if isinstance(inner, ast.VectorSelector):
        inner = ast.Paren(inner)
    return ast.Subquery(inner, range_ms, step_ms, range_expr, step_expr, **draw(modifiers()))  # type: ignore[arg-type]


@st.composite
def scalars(draw: Draw, depth: int) -> ast.Expr:
    if depth and draw(st.booleans()):
        return ast.Call(FUNCTIONS["scalar"], (draw(vectors(depth - 1)),))
    if draw(st.booleans()):
        return ast.NumberLiteral(draw(MILLISECONDS) / 1000, True)
    return ast.NumberLiteral(draw(st.floats(allow_nan=False)))


def operand(expr: ast.Expr) -> ast.Expr:
    """In parentheses where an operator beside it would take it apart."""
    signed = isinstance(expr, ast.NumberLiteral) and str(expr.value).startswith(("-", "i"))
    return ast.Paren(expr) if signed or isinstance(expr, ast.Binary | ast.Unary) else expr


@st.composite
def of_type(draw: Draw, kind: ValueType, depth: int) -> ast.Expr:
    match kind:
        case ValueType.SCALAR:
            return draw(scalars(depth))
        case ValueType.STRING:
            return ast.StringLiteral(draw(VALUES))
        case ValueType.MATRIX:
            return draw(matrices(depth))
        case ValueType.VECTOR:
            return draw(vectors(depth))


CALLABLE = [
    signature for signature in FUNCTIONS.values() if signature.returns is ValueType.VECTOR and signature.name != "info"
]


@st.composite
def calls(draw: Draw, depth: int) -> ast.Expr:
    signature: Signature = draw(st.sampled_from(CALLABLE))
    n_args = draw(st.integers(signature.least, signature.most if signature.most is not None else signature.least + 2))
    args = tuple(draw(of_type(signature.argument_type(i), depth - 1)) for i in range(n_args))
    return ast.Call(signature, args)


@st.composite
def binaries(draw: Draw, depth: int) -> ast.Expr:
    op = draw(st.sampled_from(ast.BinaryOp))
    lhs, rhs = operand(draw(vectors(depth - 1))), operand(draw(vectors(depth - 1)))
    returns_bool = op.is_comparison and draw(st.booleans())
    if not op.is_set and draw(st.booleans()):
        return ast.Binary(op, lhs, operand(draw(scalars(depth - 1))), None, returns_bool)
    on = draw(st.booleans())
    labels = tuple(draw(st.lists(LABELS, max_size=2)))
    if op.is_set:
        return ast.Binary(op, lhs, rhs, ast.VectorMatching(ast.Cardinality.MANY_TO_MANY, labels, on))
    card = draw(st.sampled_from([c for c in ast.Cardinality if c is not ast.Cardinality.MANY_TO_MANY]))
    include: tuple[str, ...] = ()
    if card is not ast.Cardinality.ONE_TO_ONE:
        include = tuple(label for label in draw(st.lists(LABELS, max_size=2)) if label not in labels)
    fills = st.one_of(st.none(), st.floats(allow_nan=False))
    matching = ast.VectorMatching(card, labels, on, include, draw(fills), draw(fills))
    return ast.Binary(op, lhs, rhs, matching, returns_bool)


@st.composite
def vectors(draw: Draw, depth: int) -> ast.Expr:
    if depth == 0:
        return draw(selectors())
    match draw(st.integers(0, 5)):
        case 0:
            return draw(selectors())
        case 1:
            return draw(calls(depth))
        case 2:
            op = draw(st.sampled_from(ast.AggregateOp))
            param: ast.Expr | None = None
            if op.has_parameter:
                kind = ValueType.STRING if op is ast.AggregateOp.COUNT_VALUES else ValueType.SCALAR
                param = draw(of_type(kind, depth - 1))
            grouping = tuple(draw(st.lists(LABELS, max_size=3)))
            return ast.Aggregation(op, draw(vectors(depth - 1)), param, grouping, draw(st.booleans()))
        case 3:
            return draw(binaries(depth))
        case 4:
            inner = draw(vectors(depth - 1))
            return ast.Unary(draw(st.sampled_from(ast.UnaryOp)), operand(inner))
        case _:
            return ast.Paren(draw(vectors(depth - 1)))


@settings(max_examples=100, deadline=None)
@given(vectors(3))
def test_printed_queries_parse_to_the_same_tree(expr: ast.Expr) -> None:
    text = to_text(expr)
    assert parse(text, ALL_OPTIONS) == expr
    assert parse(pretty(expr), ALL_OPTIONS) == expr


SIGNS = r"""( ) [ ] { } , = == =~ != !~ < > <= >= </ >/ + - * / % ^ @ : ; x rate foo 5m 1 0x 1e 'a' "b" ` \ # é $"""
WORDS = [*sorted(AGGREGATORS | KEYWORDS | PREPROCESSORS | WORD_OPERATORS), *SIGNS.split(), "\n"]


def printed_or_refused(text: str) -> str | None:
    """The canonical text of a query; None where it is refused, with a place."""
    try:
        return to_text(parse(text, ALL_OPTIONS))
    except ParseError as error:
        if ": parse error: " not in str(error):
            raise AssertionError(str(error)) from error
        return None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12), st.sampled_from(["", " "]))
def test_any_text_parses_or_fails_with_a_parse_error(words: list[str], between: str) -> None:
    printed = printed_or_refused(between.join(words))
    assert printed is None or printed_or_refused(printed) == printed


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_hostile_text_fails_with_a_parse_error(text: str) -> None:
    printed = printed_or_refused(text)
    assert printed is None or printed_or_refused(printed) == printed
