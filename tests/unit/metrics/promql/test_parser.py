"""Trees, error texts with their places, and limits of the PromQL parser."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.errors import ParseError, TypeMismatch
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.regex_weight import RegexWeight
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.parser import ALL_OPTIONS, ParserOptions, parse, parse_metric, parse_selector
from watchkeeper.metrics.promql.printer import to_text


def selector(name: str, **changes: object) -> ast.VectorSelector:
    return ast.VectorSelector(name, (Matcher("__name__", MatchType.EQUAL, name),), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("+1", 1.0),
        ("--1", 1.0),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("2.", 2.0),
        ("0x1F", 31.0),
        ("0X_1f", 31.0),
        ("017", 15.0),
        ("08", 8.0),
        ("1_000_000.5", 1000000.5),
        ("Inf", float("inf")),
        ("-iNf", float("-inf")),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("1s500ms", 1.5),
        ("-5m", -300.0),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert parse(text) == ast.NumberLiteral(value)


def test_nan_is_a_number() -> None:
    expr = parse("nAn")
    assert isinstance(expr, ast.NumberLiteral)
    assert expr.value != expr.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\n\t\\\"\x41\101\u00e4\U0001F600"', 'a\n\t\\"AAä😀'),
        (r"'it\'s \"'", None),
        (r"'it\'s'", "it's"),
        ("`raw \n \" '`", "raw \n \" '"),
        (r'"\xc3\xa4"', "ä"),
        ('"# no comment"', "# no comment"),
    ],
)
def test_strings(text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(ParseError, match="unknown escape sequence"):
            parse(text)
    else:
        assert parse(text) == ast.StringLiteral(value)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("a + b * c ^ d", "(a + (b * (c ^ d)))"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a * b % c atan2 d / e", "((((a * b) % c) atan2 d) / e)"),
        ("a or b and c unless d", "(a or ((b and c) unless d))"),
        ("a < b + c == d", "((a < (b + c)) == d)"),
        ("a + b </ 1 >/ 2", "(((a + b) </ 1) >/ 2)"),
        ("-a ^ b", "-(a ^ b)"),
        ("-a * b", "(-a * b)"),
        ("a ^ -b * c", "((a ^ -b) * c)"),
        ("a + b offset 5m", "(a + b offset 5m)"),
        ("-a offset 5m @ 3", "-a @ 3.000 offset 5m"),
        ("a offset 1m + 1", "(a offset 1m + 1)"),
        ("a offset -2 ^ 2", "(a offset -2s ^ 2)"),
        ("a offset step() * 0", "(a offset step() * 0)"),
        ("a offset -min_of(step(), 1s) + 8", "(a offset -min_of(step(), 1s) + 8)"),
        ("a offset (1m) + 1", "a offset (1m) + 1"),
        ("a offset -(1m) + 1", "(a offset -(1m) + 1)"),
    ],
)
def test_precedence(text: str, shape: str) -> None:
    assert bracketed(parse(text)) == shape


def bracketed(expr: ast.Expr) -> str:
    """The text with every binary expression in parentheses."""
    if isinstance(expr, ast.Binary):
        return f"({bracketed(expr.lhs)} {expr.op.value} {bracketed(expr.rhs)})"
    if isinstance(expr, ast.Unary):
        return f"{expr.op.value}{bracketed(expr.expr)}"
    return to_text(expr)


def test_a_selector_with_everything() -> None:
    text = 'm{a="1", b!~"x.*",} [5m] offset -1h @ end()'
    expr = parse(text)
    assert expr == ast.MatrixSelector(
        ast.VectorSelector(
            "m",
            (
                Matcher("a", MatchType.EQUAL, "1"),
                Matcher("b", MatchType.NOT_REGEX, "x.*"),
                Matcher("__name__", MatchType.EQUAL, "m"),
            ),
            offset_ms=-3_600_000,
            at_anchor=ast.Anchor.END,
        ),
        300_000,
    )
    assert expr.span.hi == len(text)


def test_quoted_names() -> None:
    expr = parse('{"my.metric", "lab.el"=~"v"}')
    assert isinstance(expr, ast.VectorSelector)
    assert expr.name == ""
    assert [str(matcher) for matcher in expr.matchers] == ['__name__="my.metric"', '"lab.el"=~"v"']
    aggregated = parse('sum by ("a.b", c) ({"x y"})')
    assert isinstance(aggregated, ast.Aggregation)
    assert aggregated.grouping == ("a.b", "c")


@pytest.mark.parametrize(
    "word", ["sum", "by", "offset", "and", "start", "step", "fill", "anchored", "without", "min_of"]
)
def test_words_of_the_language_as_metric_names(word: str) -> None:
    assert parse(word) == selector(word)
    assert to_text(parse(f"rate({word}[5m]) + {word}")) == f"rate({word}[5m]) + {word}"


@pytest.mark.parametrize("word", ["bool", "on", "ignoring", "group_left", "group_right", "atan2"])
def test_words_that_can_be_no_metric(word: str) -> None:
    with pytest.raises(ParseError):
        parse(word)


def test_words_of_the_language_as_labels() -> None:
    words = "sum, by, on, bool, offset, and, start, group_left, atan2, fill, smoothed, limitk"
    expr = parse(f"sum by ({words}) (x)")
    assert isinstance(expr, ast.Aggregation)
    assert ", ".join(expr.grouping) == words
    with pytest.raises(ParseError, match="unexpected <without> in grouping opts, expected label"):
        parse("sum by (without) (x)")


def test_aggregations_take_their_labels_on_either_side() -> None:
    assert parse("SUM(x) BY (a, b)") == parse("sum by (a, b,) (x)")
    assert parse("topk without () (3, x)") == ast.Aggregation(
        ast.AggregateOp.TOPK, selector("x"), ast.NumberLiteral(3.0), (), True
    )


def test_matching() -> None:
    expr = parse("a * on (x, y) group_left (z) b")
    assert isinstance(expr, ast.Binary)
    assert expr.matching == ast.VectorMatching(ast.Cardinality.MANY_TO_ONE, ("x", "y"), True, ("z",))
    anything = parse("a and b")
    assert isinstance(anything, ast.Binary)
    assert anything.matching == ast.VectorMatching(ast.Cardinality.MANY_TO_MANY)
    scalar = parse("a > bool 1")
    assert isinstance(scalar, ast.Binary)
    assert scalar.matching is None
    assert scalar.return_bool


def test_fill_modifiers() -> None:
    expr = parse("a + on (x) fill_right (-1) fill_left (2) b", ALL_OPTIONS)
    assert isinstance(expr, ast.Binary)
    assert expr.matching == ast.VectorMatching(labels=("x",), on=True, fill_left=2.0, fill_right=-1.0)
    assert to_text(parse("fill + fill")) == "fill + fill"


def test_subqueries() -> None:
    expr = parse("rate(x[5m])[1h:30s] @ 10 offset 5m")
    assert isinstance(expr, ast.Subquery)
    assert (expr.range_ms, expr.step_ms, expr.at_ms, expr.offset_ms) == (3_600_000, 30_000, 10_000, 300_000)
    bare = parse("x[1h:]")
    assert isinstance(bare, ast.Subquery)
    assert (bare.step_ms, bare.step_expr) == (0, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: parse error: no expression found in input"),
        ("# only a comment", "1:1: parse error: no expression found in input"),
        ("foo bar", '1:5: parse error: unexpected identifier "bar"'),
        ("1 +", "1:4: parse error: unexpected end of input"),
        ("\n\n  foo +\n  )", "4:4: parse error: unexpected right parenthesis ')'"),
        ('"äö" foo', '1:8: parse error: unexpected identifier "foo"'),
        ("(1", "1:3: parse error: unclosed left parenthesis"),
        ("sum(", "1:5: parse error: unclosed left parenthesis"),
        ("foo{", "1:5: parse error: unexpected end of input inside braces"),
        ('foo{a="b" c="d"}', '1:11: parse error: unexpected identifier "c" in label matching, expected "," or "}"'),
        ("foo{a}", '1:6: parse error: unexpected "}" in label matching, expected label matching operator'),
        ("foo{a=5}", "1:7: parse error: unexpected character inside braces: '5'"),
        ("foo{a=b}", '1:7: parse error: unexpected identifier "b" in label matching, expected string'),
        ("foo{a!b}", "1:6: parse error: unexpected character after '!' inside braces: 'b'"),
        ("foo{,}", '1:5: parse error: unexpected "," in label matching, expected identifier or "}"'),
        ('foo{"bar"}', '1:1: parse error: metric name must not be set twice: "foo" or "bar"'),
        ("foo{{}}", "1:5: parse error: unexpected left brace '{'"),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ('{a=~".*", b=""}', "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ("foo[5m", "1:7: parse error: unclosed left bracket"),
        ("foo[]", '1:5: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), '
                  "or range()"),
        ("foo[0]", "1:5: parse error: duration must be greater than 0"),
        ("foo[-5m]", "1:5: parse error: duration must be greater than 0"),
        ("foo[5m/0]", "1:8: parse error: division by zero"),
        ("foo[5mx]", '1:5: parse error: bad number or duration syntax: "5mx"'),
        ("foo[5m 5m]", '1:8: parse error: unexpected duration "5m" in subquery or range, expected ":" or "]"'),
        ("foo[:5m]", "1:5: parse error: unexpected colon before duration in duration expression"),
        ("foo[5m:5m:]", "1:10: parse error: unexpected repeated colon in duration expression"),
        ("foo[abc]", "1:5: parse error: unexpected character in duration expression: 'a'"),
        ("(foo)[5m]", "1:6: parse error: ranges only allowed for vector selectors"),
        ("foo offset 5m [5m]", "1:15: parse error: no offset modifiers allowed before range"),
        ("foo @ 5 [5m]", "1:9: parse error: no @ modifiers allowed before range"),
        ("foo offset", "1:11: parse error: unexpected end of input in offset, expected number, duration, step(), or "
                       "range()"),
        ("foo offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"),
        ("sum(x) offset 5m", "1:1: parse error: offset modifier must be preceded by an instant vector selector or "
                             "range vector selector or a subquery"),
        ("foo @ bar", '1:7: parse error: unexpected identifier "bar" in @, expected timestamp'),
        ("foo @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"),
        ("foo @ 5 @ 6", "1:1: parse error: @ <timestamp> may not be set multiple times"),
        ("sum(foo bar)", '1:9: parse error: unexpected identifier "bar" in aggregation'),
        ("sum by foo (x)", '1:8: parse error: unexpected identifier "foo" in grouping opts, expected "("'),
        ("sum by (a b) (x)", '1:11: parse error: unexpected identifier "b" in grouping opts, expected "," or ")"'),
        ("sum by (5) (x)", '1:9: parse error: unexpected number "5" in grouping opts, expected label'),
        ("sum()", "1:1: parse error: no arguments for aggregate expression provided"),
        ("topk(5)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"),
        ("sum(x, y)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, "
                      "got 2"),
        ("sum 5", '1:5: parse error: unexpected number "5" in aggregation'),
        ("abc(x)", '1:1: parse error: unknown function with name "abc"'),
        ("rate(x[5m],)", "1:11: parse error: trailing commas not allowed in function call args"),
        ("5..", '1:1: parse error: bad number or duration syntax: "5.."'),
        ("1_", '1:1: parse error: bad number or duration syntax: "1_"'),
        ("5hs", '1:1: parse error: not a valid duration string: "5hs"'),
        ('"a', "1:1: parse error: unterminated quoted string"),
        ("`a", "1:1: parse error: unterminated raw string"),
        ('"\\q"', "1:1: parse error: unknown escape sequence U+0071 'q'"),
        ('"\\xzz"', "1:1: parse error: illegal character U+007A 'z' in escape sequence"),
        ("$x", "1:1: parse error: unexpected character: '$'"),
        ("a =~ b", "1:3: parse error: unexpected character after '=': '~'"),
        ("a ! b", "1:3: parse error: unexpected character after '!': ' '"),
        ("sort_by_label(a, 'b')", '1:1: parse error: function "sort_by_label" is not enabled'),
        ("limitk(1, x)", "1:1: parse error: limitk() is experimental and must be enabled with "
                         "--enable-feature=promql-experimental-functions"),
        ("a + fill (1) b", "1:5: parse error: binop fill modifiers are experimental and not enabled"),
        ("x smoothed", "1:1: parse error: smoothed modifier is experimental and not enabled"),
    ],
)  # fmt: skip
def test_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate(x)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"),
        ("sum(1)", "1:5: parse error: expected type instant vector in aggregation expression, got scalar"),
        ("topk(x, y)", "1:6: parse error: expected type scalar in aggregation parameter, got instant vector"),
        ("count_values(5, x)", "1:14: parse error: expected type string in aggregation parameter, got scalar"),
        ("1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
        ("a + bool b", "1:3: parse error: bool modifier can only be used on comparison operators"),
        ("1 and 2", '1:1: parse error: set operator "and" not allowed in binary scalar expression'),
        ("a and on (x) group_left b", '1:1: parse error: no grouping allowed for "and" operation'),
        ("a + on (x) group_left (x) b", '1:3: parse error: label "x" must not occur in ON and GROUP clause at once'),
        ("a[5m] + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"),
        ('"x" + 1', "1:1: parse error: binary expression must contain only scalar and instant vector types"),
        ("-a[5m]", "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, "
                   'got "range vector"'),
        ("label_replace(x)", '1:1: parse error: expected 5 argument(s) in call to "label_replace", got 1'),
        ("label_join(x)", '1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 1'),
        ("round(x, 1, 2)", '1:1: parse error: expected at most 2 argument(s) in call to "round", got 3'),
        ("x[5m][5m:]", "1:1: parse error: subquery is only allowed on instant vector, got matrix instead"),
    ],
)  # fmt: skip
def test_type_errors(text: str, message: str) -> None:
    with pytest.raises(TypeMismatch) as caught:
        parse(text)
    assert str(caught.value) == message


def test_matching_between_scalars_is_refused() -> None:
    with pytest.raises(ParseError, match="1:1: parse error: vector matching only allowed between instant vectors"):
        parse("1 + on (a) x")


def test_options_switch_parts_of_the_language_off() -> None:
    assert parse("x[5m + 1m]")
    with pytest.raises(ParseError, match="duration expression is not enabled"):
        parse("x[5m + 1m]", ParserOptions(duration_expressions=False))
    assert parse("rate(x[5m] anchored)", ALL_OPTIONS)
    with pytest.raises(ParseError, match="not supported for subqueries"):
        parse("rate(x[5m:] smoothed)", ALL_OPTIONS)
    with pytest.raises(ParseError, match="cannot be used together"):
        parse("rate(x[5m] anchored smoothed)", ALL_OPTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 100_000 + "1",
        "+".join(["a"] * 5000),
        "a[" + "(" * 5000 + "1" + ")" * 5000 + "]",
        "a[" + "+".join(["1m"] * 5000) + "]",
        "a" + "[1m:]" * 5000,
        "sum(" * 5000 + "a" + ")" * 5000,
        "2 ^ " * 5000 + "2",
    ],
)
def test_absurd_nesting_is_an_error(text: str) -> None:
    with pytest.raises(ParseError, match="nested too deeply|unclosed"):
        parse(text)


def test_nesting_up_to_the_limit_is_fine() -> None:
    text = "(" * 150 + "a" + ")" * 150
    assert to_text(parse(text)) == text
    chain = " + ".join(["a"] * 150)
    assert to_text(parse(chain)) == chain


def test_many_matchers_and_a_huge_regex() -> None:
    many = "{" + ",".join(f'l{i}="v"' for i in range(5000)) + "}"
    assert len(parse(many).matchers) == 5000  # type: ignore[union-attr]
    with pytest.raises(ParseError, match=r"1:5: parse error: error parsing regexp"):
        parse('foo{a=~"' + "(a{1000}){1000}" * 10 + '"}')


def test_match_parameters() -> None:
    assert parse_selector('up{job="x"}') == (
        Matcher("job", MatchType.EQUAL, "x"),
        Matcher("__name__", MatchType.EQUAL, "up"),
    )
    assert parse_selector("{}") == ()
    for text in ("", "up[5m]", "rate(x)", "up +", "1"):
        with pytest.raises(ParseError):
            parse_selector(text)


def test_metrics() -> None:
    assert parse_metric('up{job="x", "a.b"="c"}') == Labels.of({"__name__": "up", "job": "x", "a.b": "c"})
    assert parse_metric('{"my.metric"}') == Labels.of(__name__="my.metric")
    assert parse_metric("{}") == Labels()
    with pytest.raises(ParseError, match='unexpected "}" in label set, expected "="'):
        parse_metric("up{job}")


@pytest.mark.parametrize(
    "text",
    [
        "1e999",
        "9" * 5000,
        "0x" + "f" * 5000,
        "9" * 5000 + "d",
        "x[" + "9" * 5000 + "]",
        "x @ 1e300",
        "x @ 9e18",
        "x offset " + "9" * 30,
        "x[1e300]",
        "x[NaN]",
        "x offset NaN",
        '"\ud800"',
        'x{a=~"\ud800"}',
        "a" + "\x00",
        "a or " * 200_000 + "a",
    ],
)
def test_hostile_texts_are_errors(text: str) -> None:
    with pytest.raises(ParseError):
        parse(text)


def test_octal_numbers_beyond_64_bits_are_decimal() -> None:
    assert parse("0" + "7" * 30) == ast.NumberLiteral(7.777777777777778e29)


@pytest.mark.parametrize(
    "text",
    [
        "{" + ",".join(f'a=~"\\\\pL{{90}}{i}"' for i in range(100)) + "}",
        "label_replace(" * 100 + "up" + "".join(f', "a", "$1", "b", "\\\\pL{{90}}{i}")' for i in range(100)),
    ],
    ids=["matchers", "label_replace"],
)
def test_regular_expressions_that_are_large_together(text: str) -> None:
    with pytest.raises(ParseError, match="the limit is 500000 instructions"):
        parse(text)


def test_selectors_of_one_request_weigh_together() -> None:
    weight = RegexWeight()
    texts = [f'{{a=~"\\\\pL{{90}}{number}"}}' for number in range(100)]
    parse_selector(texts[0], weight)
    with pytest.raises(ParseError, match="the limit is 500000 instructions"):
        _ = [parse_selector(text, weight) for text in texts]
