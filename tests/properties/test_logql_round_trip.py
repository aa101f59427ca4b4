"""A printed query parses to the tree it was printed from, in both layouts; any text parses or is refused."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.span import Span
from watchkeeper.logs.lines.pattern import Pattern
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.errors import LogQLParseError
from watchkeeper.logs.logql.lexer import CONVERSIONS, FUNCTIONS, KEYWORDS
from watchkeeper.logs.logql.parser import parse
from watchkeeper.logs.logql.parser_paths import parse_json_path
from watchkeeper.logs.logql.printer import format_query, pretty

Draw = st.DrawFn

# Words of the language are names too, where no keyword can stand.
NAMES = st.sampled_from(
    ["app", "status", "_x", "A1", "__error__", *sorted(KEYWORDS), *sorted(CONVERSIONS), "rate", "sum", "ip", "vector"]
)
NO_ERRORS = NAMES.filter(lambda name: name != "__error__")  # An error is a text.
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(["", "error", 'say "x"', "a`b", "\n\t", "\udcff\udc80", "# no comment", "\\", "|= `"]),
)
REGEXES = st.sampled_from(["a.*", ".+", "(?i)x|y", "[a-z]+", "\\d{3}", ""])
NANOSECONDS = st.one_of(st.integers(1, 10**17), st.integers(1, 10**6).map(lambda n: n * 10**9))
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**6), 10**6).map(float), st.just(-0.0)
)
POSITIVE_NUMBERS = NUMBERS.map(abs)
IPS = st.sampled_from(["10.0.0.1", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "::1", "2001:db8::/32"])


@st.composite
def matchers(draw: Draw) -> Matcher:
    kind = draw(st.sampled_from(MatchType))
    is_regex = kind in (MatchType.REGEX, MatchType.NOT_REGEX)
    return Matcher(draw(NAMES), kind, draw(REGEXES if is_regex else TEXTS))


@st.composite
def line_filters(draw: Draw) -> ast.LineFilter:
    op = draw(st.sampled_from(ast.LineFilterOp))
    values: st.SearchStrategy[str] = TEXTS
    if op.positive is ast.LineFilterOp.MATCHES:
        values = REGEXES
    elif op.positive is ast.LineFilterOp.LIKE:
        values = st.sampled_from(["<_>", "a <_> b", "x<_>", "plain"])
    alternatives: st.SearchStrategy[ast.LineText | ast.LineIp] = st.builds(ast.LineText, values)
    if op.positive is ast.LineFilterOp.CONTAINS:
        alternatives |= st.builds(ast.LineIp, IPS)
    return ast.LineFilter(op, tuple(draw(st.lists(alternatives, min_size=1, max_size=3))))


JSON_PATHS = st.sampled_from(["a", "a.b", "a[0].b", '["k k"]', 'a["b"][12]', "_"])
PATTERNS = st.sampled_from(["<ip> - <_>", "<a>", "x <_> <b>", "<a_1>|"])
EXPRESSIONS = st.sampled_from(["(?P<a>x)", "(?P<a>\\d+) (?P<b_c>.*)", "x(y)(?P<z>)"])
PICKS = st.one_of(st.builds(ast.LabelPick, NAMES), matchers().map(lambda matcher: ast.LabelPick(matcher.name, matcher)))
FORMATS = st.one_of(st.builds(ast.LabelRename, NAMES, NAMES), st.builds(ast.LabelTemplate, NAMES, TEXTS)).filter(
    lambda item: item.name != "__error__"
)
COMPARISONS = st.sampled_from(ast.CompareOp)
ONE_FILTER: st.SearchStrategy[ast.LabelFilter] = st.one_of(
    st.builds(ast.StringFilter, matchers()),
    st.builds(ast.NumberFilter, NO_ERRORS, COMPARISONS, NUMBERS),
    st.builds(ast.DurationFilter, NO_ERRORS, COMPARISONS, st.integers(-(10**17), 10**17)),
    st.builds(ast.BytesFilter, NO_ERRORS, COMPARISONS, st.one_of(st.integers(0, 10**6), st.integers(0, 9 * 10**15))),
    st.builds(ast.IpFilter, NO_ERRORS, st.booleans(), IPS),
)
LABEL_FILTERS = st.recursive(
    ONE_FILTER,
    lambda inner: st.builds(ast.AndFilter, inner, inner) | st.builds(ast.OrFilter, inner, inner),
    max_leaves=4,
)
FILTER_STAGES = st.builds(ast.LabelFilterStage, LABEL_FILTERS)
STAGES: st.SearchStrategy[ast.Stage] = st.one_of(
    line_filters(),
    st.lists(st.tuples(NAMES, JSON_PATHS), max_size=3).map(
        lambda items: ast.JsonStage(
            tuple(ast.JsonExtraction(name, text, parse_json_path(text)) for name, text in items)
        )
    ),
    st.builds(
        ast.LogfmtStage,
        st.booleans(),
        st.booleans(),
        st.lists(st.builds(ast.LogfmtExtraction, NAMES, TEXTS.filter(bool)), max_size=3).map(tuple),
    ),
    EXPRESSIONS.map(lambda text: ast.RegexpStage(text, ())),
    PATTERNS.map(lambda text: ast.PatternStage(text, Pattern(text).literals, Pattern(text).names)),
    st.just(ast.UnpackStage()),
    st.just(ast.DecolorizeStage()),
    st.builds(ast.LineFormatStage, st.sampled_from(["", "{{.a}}", '{{ .a | ToUpper }} "x"', "text"])),
    st.lists(FORMATS, min_size=1, max_size=3, unique_by=lambda item: item.name).map(
        lambda items: ast.LabelFormatStage(
            tuple(
                ast.LabelTemplate(item.name, "{{.a}}") if isinstance(item, ast.LabelTemplate) else item
                for item in items
            )
        )
    ),
    st.lists(PICKS, min_size=1, max_size=3).map(lambda picks: ast.DropStage(tuple(picks))),
    st.lists(PICKS, min_size=1, max_size=3).map(lambda picks: ast.KeepStage(tuple(picks))),
    FILTER_STAGES,
)


def can_be_written(stages: list[ast.Stage]) -> bool:
    """Behind `| drop a`, a filter `!= "x"` reads as the condition of the last name; no text has that tree."""
    return not any(
        isinstance(before, ast.DropStage | ast.KeepStage)
        and before.picks[-1].matcher is None
        and isinstance(after, ast.LineFilter)
        and after.op in (ast.LineFilterOp.NOT_CONTAINS, ast.LineFilterOp.NOT_MATCHES)
        for before, after in itertools.pairwise(stages)
    )


@st.composite
def log_queries(draw: Draw) -> ast.LogQuery:
    chosen = [Matcher("app", MatchType.EQUAL, "x"), *draw(st.lists(matchers(), max_size=2))]
    return ast.LogQuery(tuple(chosen), tuple(draw(st.lists(STAGES, max_size=4).filter(can_be_written))))


GROUPINGS = st.builds(ast.Grouping, st.lists(NAMES, max_size=3).map(tuple), st.booleans())


@st.composite
def range_aggregations(draw: Draw) -> ast.RangeAggregation:
    op = draw(st.sampled_from(ast.RangeOp))
    unwrap = None
    if not op.takes_lines or (op.takes_values and draw(st.booleans())):
        filters = tuple(draw(st.lists(FILTER_STAGES, max_size=2)))
        unwrap = ast.Unwrap(draw(NAMES), draw(st.sampled_from(ast.Conversion)), filters)
    offset_ns = draw(st.one_of(st.just(0), NANOSECONDS, NANOSECONDS.map(lambda n: -n)))
    window = ast.LogRange(draw(log_queries()), draw(NANOSECONDS), offset_ns, unwrap)
    param = draw(POSITIVE_NUMBERS) if op is ast.RangeOp.QUANTILE_OVER_TIME else None
    grouping = draw(st.none() | GROUPINGS) if op.takes_grouping else None
    return ast.RangeAggregation(op, window, param, grouping)


@st.composite
def vector_aggregations(draw: Draw, inner: st.SearchStrategy[ast.MetricExpr]) -> ast.VectorAggregation:
    op = draw(st.sampled_from(ast.VectorOp))
    grouping = draw(st.none() | GROUPINGS.filter(lambda g: g != ast.Grouping(()))) if op.takes_grouping else None
    return ast.VectorAggregation(op, draw(inner), draw(st.integers(1, 50)) if op.has_parameter else None, grouping)


@st.composite
def binaries(draw: Draw, inner: st.SearchStrategy[ast.MetricExpr]) -> ast.Binary:
    op = draw(st.sampled_from(ast.BinaryOp))
    lhs, rhs = draw(inner), draw(inner)
    if op.is_set or isinstance(lhs, ast.Number):
        lhs = lhs if not isinstance(lhs, ast.Number) else ast.Vector(1.0)
        rhs = rhs if not (op.is_set and isinstance(rhs, ast.Number)) else ast.Vector(2.0)
    card = draw(st.sampled_from(ast.Cardinality))
    if op.is_set:
        card = ast.Cardinality.MANY_TO_MANY
    elif card is ast.Cardinality.MANY_TO_MANY:
        card = ast.Cardinality.ONE_TO_ONE
    names = st.lists(NAMES, max_size=2).map(tuple)
    carries = card in (ast.Cardinality.MANY_TO_ONE, ast.Cardinality.ONE_TO_MANY)
    matching = ast.VectorMatching(card, draw(names), draw(st.booleans()), draw(names) if carries else ())
    return ast.Binary(op, lhs, rhs, matching, draw(st.booleans()))


METRICS: st.SearchStrategy[ast.MetricExpr] = st.recursive(
    st.one_of(range_aggregations(), st.builds(ast.Number, NUMBERS), st.builds(ast.Vector, POSITIVE_NUMBERS)),
    lambda inner: st.one_of(
        vector_aggregations(inner),
        binaries(inner),
        st.builds(ast.LabelReplace, inner, TEXTS, TEXTS, TEXTS, REGEXES),
    ),
    max_leaves=4,
)
QUERIES: st.SearchStrategy[ast.Expr] = st.one_of(log_queries(), METRICS)


@settings(max_examples=300)
@given(QUERIES)
def test_a_printed_query_parses_to_its_tree(expr: ast.Expr) -> None:
    text = format_query(expr)
    parsed = parse(text)
    assert parsed == expr, text
    assert format_query(parsed) == text


@settings(max_examples=200)
@given(QUERIES)
def test_a_pretty_query_parses_to_its_tree(expr: ast.Expr) -> None:
    text = pretty(expr)
    assert parse(text) == expr, text


@settings(max_examples=100)
@given(QUERIES)
def test_every_node_has_its_place(expr: ast.Expr) -> None:
    text = format_query(expr)
    root = parse(text)
    for node in ast.walk(root):
        assert 0 <= node.span.lo < node.span.hi <= len(text)
    assert root.span == Span(0, len(text))


SIGNS = ["{", "}", "(", ")", ",", "|", "|=", "!=", "=~", "=", "==", ">", "-", "+", "^", "[", '"', "\x00", "é"]
VALUES = ['{a="b"}', "[5m]", "5m", "2KB", "1", '"x"', "`x`", "--strict", "# c\n", "a"]
WORDS = st.sampled_from([*sorted(KEYWORDS | FUNCTIONS | CONVERSIONS), *SIGNS, *VALUES])


@settings(max_examples=400)
@given(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=30))
def test_any_text_parses_or_is_refused(text: str) -> None:
    refused: LogQLParseError | None = None
    try:
        expr = parse(text)
    except LogQLParseError as error:
        refused = error
    if refused is None:
        assert parse(format_query(expr)) == expr
    else:
        assert str(refused).startswith("parse error")
        assert refused.span is not None
        assert 0 <= refused.span.lo <= len(text)
