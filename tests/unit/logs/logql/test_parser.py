"""Texts to trees: the forms of the grammar, and how what is no query is refused."""

from __future__ import annotations

import math

import pytest

from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.span import Span
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.errors import LogQLParseError
from watchkeeper.logs.logql.parser import MAX_DEPTH, parse, parse_log_query, parse_selector

S = 10**9
X = Matcher("a", MatchType.EQUAL, "x")
LOGS = ast.LogQuery((X,))


def stages(text: str) -> tuple[ast.Stage, ...]:
    return parse_log_query(f'{{a="x"}} {text}').stages


def label_filter(text: str) -> ast.LabelFilter:
    (stage,) = stages(f"| {text}")
    assert isinstance(stage, ast.LabelFilterStage)
    return stage.filter


def number(name: str, value: float, op: ast.CompareOp = ast.CompareOp.EQ) -> ast.NumberFilter:
    return ast.NumberFilter(name, op, value)


def metric(op: ast.RangeOp = ast.RangeOp.COUNT_OVER_TIME, seconds: int = 300) -> ast.RangeAggregation:
    return ast.RangeAggregation(op, ast.LogRange(LOGS, seconds * S))


class TestSelectors:
    def test_all_operators_and_a_comma_at_the_end(self) -> None:
        assert parse('{a="x", b!="y", c=~"z.*", d!~`w`,}') == ast.LogQuery(
            (
                X,
                Matcher("b", MatchType.NOT_EQUAL, "y"),
                Matcher("c", MatchType.REGEX, "z.*"),
                Matcher("d", MatchType.NOT_REGEX, "w"),
            )
        )

    def test_words_of_the_language_are_names(self) -> None:
        query = parse_log_query('{json="a", by="b", sum="c", ip="d", unwrap="e"}')
        assert [matcher.name for matcher in query.matchers] == ["json", "by", "sum", "ip", "unwrap"]

    def test_parentheses_and_comments_change_nothing(self) -> None:
        assert parse('# first\n( {a="x"} ) # last') == LOGS

    def test_places(self) -> None:
        query = parse_log_query('{a="x"} |= "y" | json')
        assert query.span == Span(0, 21)
        assert [stage.span for stage in query.stages] == [Span(8, 14), Span(15, 21)]

    @pytest.mark.parametrize("text", ["{}", '{a=""}', '{a=~".*"}', '{a!="x"}', '{a!~".+"}', '{a=~"x|"}'])
    def test_one_matcher_must_refuse_the_empty_value(self, text: str) -> None:
        with pytest.raises(LogQLParseError) as caught:
            parse(text)
        assert str(caught.value) == (
            "parse error : queries require at least one regexp or equality matcher that does not have an "
            'empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will'
        )

    @pytest.mark.parametrize("text", ['{a=~".+"}', '{a!=""}', '{a!~""}', '{b="", a="x"}'])
    def test_one_such_matcher_is_enough(self, text: str) -> None:
        assert isinstance(parse(text), ast.LogQuery)

    def test_inside_of_a_metric_query_too(self) -> None:
        with pytest.raises(LogQLParseError, match="at least one regexp or equality matcher"):
            parse('sum(rate({a="x"}[5m])) / sum(rate({b=""}[5m]))')


class TestLineFilters:
    @pytest.mark.parametrize("op", list(ast.LineFilterOp))
    def test_each_operator(self, op: ast.LineFilterOp) -> None:
        assert stages(f'{op.value} "x <_>"') == (ast.LineFilter(op, (ast.LineText("x <_>"),)),)

    def test_chains(self) -> None:
        texts = tuple(ast.LineText(text) for text in "abc")
        assert stages('|= "a" or "b" or "c" != "a" or "b"') == (
            ast.LineFilter(ast.LineFilterOp.CONTAINS, texts),
            ast.LineFilter(ast.LineFilterOp.NOT_CONTAINS, texts[:2]),
        )

    def test_addresses(self) -> None:
        assert stages('|= ip("10.0.0.0/8") or "x" != ip("::1-::9")') == (
            ast.LineFilter(ast.LineFilterOp.CONTAINS, (ast.LineIp("10.0.0.0/8"), ast.LineText("x"))),
            ast.LineFilter(ast.LineFilterOp.NOT_CONTAINS, (ast.LineIp("::1-::9"),)),
        )

    def test_needles_may_be_no_utf8(self) -> None:
        (found,) = stages('|= "\\xff\\u00e9"')
        assert isinstance(found, ast.LineFilter)
        (text,) = found.alternatives
        assert isinstance(text, ast.LineText)
        assert text.needle == b"\xff\xc3\xa9"

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ('|~ "["', "stage '|~ \"[\"' : error parsing regexp: missing closing ]: `[`"),
            ('!~ "(a"', "stage '!~ \"(a\"' : error parsing regexp: missing closing ): `(a`"),
            ('|~ "*"', "stage '|~ \"*\"' : error parsing regexp: missing argument to repetition operator: `*`"),
            ('|~ ip("10.0.0.1")', "stage '|~ ip(\"10.0.0.1\")' : ip: invalid operation"),
            ('|= ip("10.0.0")', 'ip: invalid pattern: "10.0.0"'),
            ('|= ip("10.0.0.9-10.0.0.1")', 'ip: invalid pattern: "10.0.0.9-10.0.0.1"'),
            ('|> "a <b>"', "stage '|> \"a <b>\"' : named captures are not allowed: found '<b>'"),
            ('|> ""', "stage '|> \"\"' : empty pattern: invalid expression"),
            ('!> "<_><_>"', "stage '!> \"<_><_>\"' : found consecutive capture '<_><_>': invalid expression"),
        ],
    )
    def test_refused(self, text: str, problem: str) -> None:
        with pytest.raises(LogQLParseError) as caught:
            stages(text)
        assert str(caught.value) == f"parse error : {problem}"


class TestParsers:
    def test_json(self) -> None:
        assert stages("| json") == (ast.JsonStage(),)
        assert stages('| json a, b="x.y[0].z", c="[\\"k k\\"]"') == (
            ast.JsonStage(
                (
                    ast.JsonExtraction("a", "a", ("a",)),
                    ast.JsonExtraction("b", "x.y[0].z", ("x", "y", 0, "z")),
                    ast.JsonExtraction("c", '["k k"]', ("k k",)),
                )
            ),
        )

    def test_paths_are_taken_apart(self) -> None:
        (stage,) = stages('| json b="x.y[0].z", c="[\\"k k\\"][12]"')
        assert isinstance(stage, ast.JsonStage)
        assert [extraction.path for extraction in stage.extractions] == [("x", "y", 0, "z"), ("k k", 12)]

    @pytest.mark.parametrize(
        "path", ["", ".a", "a.", "a..b", "a[", "a[b]", "a[0", "a b", "0", "a-b", "[1.5]", "a.[0]", 'a"b"', "]"]
    )
    def test_bad_paths(self, path: str) -> None:
        with pytest.raises(LogQLParseError) as caught:
            stages(f"| json x=`{path}`")
        assert str(caught.value).startswith(f"parse error : cannot parse expression [{path}]: ")

    def test_logfmt(self) -> None:
        assert stages("| logfmt") == (ast.LogfmtStage(),)
        assert stages("| logfmt --strict") == (ast.LogfmtStage(strict=True),)
        assert stages('| logfmt --keep-empty --strict a, b="c"') == (
            ast.LogfmtStage(True, True, (ast.LogfmtExtraction("a", "a"), ast.LogfmtExtraction("b", "c"))),
        )

    def test_regexp(self) -> None:
        (stage,) = stages(r"| regexp `(?P<method>\w+) (\d+) (?P<path>.*)`")
        assert stage == ast.RegexpStage(r"(?P<method>\w+) (\d+) (?P<path>.*)", ())
        assert isinstance(stage, ast.RegexpStage)
        assert stage.names == ("method", "path")

    def test_pattern(self) -> None:
        (stage,) = stages('| pattern "<ip> - <_> [<ts>]"')
        assert isinstance(stage, ast.PatternStage)
        assert stage.literals == (b"", b" - ", b" [", b"]")
        assert stage.names == ("ip", None, "ts")

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ('| regexp "("', "invalid regexp parser: error parsing regexp: missing closing ): `(`"),
            ('| regexp "(a)"', "invalid regexp parser: at least one named capture must be supplied"),
            ('| regexp ""', "invalid regexp parser: at least one named capture must be supplied"),
            ('| pattern ""', "invalid pattern parser: at least one capture is required"),
            ('| pattern "a <_>"', "invalid pattern parser: at least one capture is required"),
            ('| pattern "<a><b>"', "invalid pattern parser: found consecutive capture '<a><b>': invalid expression"),
            ('| pattern "x <_><b>"', "invalid pattern parser: found consecutive capture '<_><b>': invalid expression"),
            ('| pattern "<a> <a>"', "invalid pattern parser: duplicate capture name (a): invalid expression"),
        ],
    )
    def test_refused(self, text: str, problem: str) -> None:
        with pytest.raises(LogQLParseError) as caught:
            stages(text)
        assert str(caught.value) == f"parse error : {problem}"


class TestFormatters:
    def test_each(self) -> None:
        assert stages("| unpack | decolorize | line_format `{{.a}}`") == (
            ast.UnpackStage(),
            ast.DecolorizeStage(),
            ast.LineFormatStage("{{.a}}"),
        )
        assert stages('| label_format a=b, c="{{.d}}"') == (
            ast.LabelFormatStage((ast.LabelRename("a", "b"), ast.LabelTemplate("c", "{{.d}}"))),
        )
        assert stages('| drop a, b="x", c!~"y" | keep d, e=~"z"') == (
            ast.DropStage(
                (
                    ast.LabelPick("a"),
                    ast.LabelPick("b", Matcher("b", MatchType.EQUAL, "x")),
                    ast.LabelPick("c", Matcher("c", MatchType.NOT_REGEX, "y")),
                )
            ),
            ast.KeepStage((ast.LabelPick("d"), ast.LabelPick("e", Matcher("e", MatchType.REGEX, "z")))),
        )

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("| label_format a=b, a=c", "multiple label name 'a' not allowed in a single format operation"),
            ('| label_format __error__="x"', "__error__ cannot be formatted"),
        ],
    )
    def test_refused(self, text: str, problem: str) -> None:
        with pytest.raises(LogQLParseError) as caught:
            stages(text)
        assert str(caught.value) == f"parse error : {problem}"


class TestLabelFilters:
    @pytest.mark.parametrize("kind", list(MatchType))
    def test_texts(self, kind: MatchType) -> None:
        assert label_filter(f'b{kind.value}"x"') == ast.StringFilter(Matcher("b", kind, "x"))

    @pytest.mark.parametrize("op", list(ast.CompareOp))
    def test_numbers_durations_and_sizes(self, op: ast.CompareOp) -> None:
        assert label_filter(f"b {op.value} 1.5") == ast.NumberFilter("b", op, 1.5)
        assert label_filter(f"b{op.value}1m30s") == ast.DurationFilter("b", op, 90 * S)
        assert label_filter(f"b {op.value} 20MB") == ast.BytesFilter("b", op, 20_000_000)

    def test_one_equals_sign_is_enough(self) -> None:
        assert label_filter("b = 500") == number("b", 500)
        assert label_filter("b = 5KiB") == ast.BytesFilter("b", ast.CompareOp.EQ, 5120)

    def test_signs(self) -> None:
        assert label_filter("b > -5") == number("b", -5, ast.CompareOp.GT)
        assert label_filter("b > +5") == number("b", 5, ast.CompareOp.GT)
        assert label_filter("b > -5s") == ast.DurationFilter("b", ast.CompareOp.GT, -5 * S)

    def test_addresses(self) -> None:
        assert label_filter('b=ip("10.0.0.1")') == ast.IpFilter("b", False, "10.0.0.1")
        assert label_filter('b != ip("10.0.0.0/8")') == ast.IpFilter("b", True, "10.0.0.0/8")

    def test_and_binds_tighter_than_or(self) -> None:
        a, b, c, d = (number(name, 1) for name in "abcd")
        assert label_filter("a=1 or b=1 and c=1 or d=1") == ast.OrFilter(ast.OrFilter(a, ast.AndFilter(b, c)), d)
        assert label_filter("(a=1 or b=1) and c=1") == ast.AndFilter(ast.OrFilter(a, b), c)

    @pytest.mark.parametrize("joint", [", ", " "])
    def test_commas_and_neighbours_take_all_that_follows(self, joint: str) -> None:
        a, b, c, d = (number(name, 1) for name in "abcd")
        assert label_filter(joint.join(["a=1", "b=1", "c=1"])) == ast.AndFilter(a, ast.AndFilter(b, c))
        assert label_filter(f"a=1 or b=1{joint}c=1 or d=1") == ast.OrFilter(a, ast.AndFilter(b, ast.OrFilter(c, d)))

    def test_stages_follow_each_other(self) -> None:
        found = stages('| b="x" | c=1 |= "y" | d=2s')
        assert [type(stage) for stage in found] == [
            ast.LabelFilterStage,
            ast.LabelFilterStage,
            ast.LineFilter,
            ast.LabelFilterStage,
        ]


class TestLogRanges:
    @pytest.mark.parametrize(
        "text",
        [
            '{a="x"} | json | unwrap b [5m] offset 1m',
            '({a="x"} | json | unwrap b) [5m] offset 1m',
            '{a="x"}[5m] offset 1m | json | unwrap b',
            '({a="x"}[5m] offset 1m | json | unwrap b)',
            '({a="x"})[5m] offset 1m | json | unwrap b',
            '(({a="x"} | json | unwrap b [300s] offset 60s))',
        ],
    )
    def test_orders_of_the_parts(self, text: str) -> None:
        query = ast.LogQuery((X,), (ast.JsonStage(),))
        window = ast.LogRange(query, 300 * S, 60 * S, ast.Unwrap("b"))
        assert parse(f"sum_over_time({text})") == ast.RangeAggregation(ast.RangeOp.SUM_OVER_TIME, window)

    @pytest.mark.parametrize(
        ("text", "nanoseconds"),
        [("5m", 300 * S), ("1d", 86_400 * S), ("1w2d", 9 * 86_400 * S), ("1.5s", 3 * S // 2), ("10us", 10_000)],
    )
    def test_durations(self, text: str, nanoseconds: int) -> None:
        window = ast.LogRange(LOGS, nanoseconds, -nanoseconds)
        assert parse(f'rate({{a="x"}}[{text}] offset -{text})') == ast.RangeAggregation(ast.RangeOp.RATE, window)

    @pytest.mark.parametrize("conversion", list(ast.Conversion))
    def test_unwrap(self, conversion: ast.Conversion) -> None:
        label = f"{conversion.value}(b)" if conversion.value else "b"
        expr = parse(f'avg_over_time({{a="x"}} | unwrap {label} | b > 1 | __error__="" [1m])')
        assert isinstance(expr, ast.RangeAggregation)
        filters = (
            ast.LabelFilterStage(number("b", 1, ast.CompareOp.GT)),
            ast.LabelFilterStage(ast.StringFilter(Matcher("__error__", MatchType.EQUAL, ""))),
        )
        assert expr.range.unwrap == ast.Unwrap("b", conversion, filters)

    def test_only_label_filters_follow_unwrap(self) -> None:
        with pytest.raises(LogQLParseError, match="col 36: syntax error: unexpected json"):
            parse('sum_over_time({a="x"} | unwrap b | json [5m])')


class TestAggregations:
    @pytest.mark.parametrize("op", list(ast.RangeOp))
    def test_range_operators(self, op: ast.RangeOp) -> None:
        param = "0.99, " if op is ast.RangeOp.QUANTILE_OVER_TIME else ""
        unwrap = None if op.takes_lines else ast.Unwrap("b")
        text = f'{op.value.upper()}({param}{{a="x"}}{" | unwrap b" if unwrap else ""} [5m])'
        expected = ast.RangeAggregation(op, ast.LogRange(LOGS, 300 * S, 0, unwrap), 0.99 if param else None)
        assert parse(text) == expected

    @pytest.mark.parametrize("op", list(ast.VectorOp))
    def test_vector_operators(self, op: ast.VectorOp) -> None:
        param = "3, " if op.has_parameter else ""
        assert parse(f'{op.value}({param}rate({{a="x"}}[5m]))') == ast.VectorAggregation(
            op, metric(ast.RangeOp.RATE), 3 if param else None
        )

    def test_grouping_stands_before_or_after(self) -> None:
        inner = metric(ast.RangeOp.RATE)
        expected = ast.VectorAggregation(ast.VectorOp.TOPK, inner, 2, ast.Grouping(("b", "c")))
        assert parse('topk by (b, c) (2, rate({a="x"}[5m]))') == expected
        assert parse('topk(2, rate({a="x"}[5m])) BY (b, c,)') == expected
        without = ast.VectorAggregation(ast.VectorOp.SUM, inner, None, ast.Grouping((), without=True))
        assert parse('sum without () (rate({a="x"}[5m]))') == without
        assert parse('sum by () (rate({a="x"}[5m]))') == ast.VectorAggregation(ast.VectorOp.SUM, inner)

    def test_range_grouping(self) -> None:
        expr = parse('max_over_time({a="x"} | unwrap b [1m]) without (c)')
        assert isinstance(expr, ast.RangeAggregation)
        assert expr.grouping == ast.Grouping(("c",), without=True)

    def test_label_replace_and_vector(self) -> None:
        assert parse('label_replace(rate({a="x"}[5m]), "d", "$1", "s", "(.*)")') == ast.LabelReplace(
            metric(ast.RangeOp.RATE), "d", "$1", "s", "(.*)"
        )
        assert parse("vector(1.5)") == ast.Vector(1.5)
        probe = parse("vector(1)+vector(1)")
        assert probe == ast.Binary(ast.BinaryOp.ADD, ast.Vector(1), ast.Vector(1))


class TestOperators:
    @pytest.mark.parametrize("op", list(ast.BinaryOp))
    def test_each(self, op: ast.BinaryOp) -> None:
        card = ast.Cardinality.MANY_TO_MANY if op.is_set else ast.Cardinality.ONE_TO_ONE
        assert parse(f"vector(1) {op.value} vector(2)") == ast.Binary(
            op, ast.Vector(1), ast.Vector(2), ast.VectorMatching(card)
        )

    def test_precedence(self) -> None:
        def vector(name: str) -> str:
            return f"vector({name})"

        text = "{} or {} and {} == {} + {} * {} ^ {}".format(*map(vector, "1234567"))
        grouped = "{} or ({} and ({} == ({} + ({} * ({} ^ {})))))".format(*map(vector, "1234567"))
        assert parse(text) == parse(grouped)

    def test_grouping_of_equals(self) -> None:
        assert parse("vector(1) - vector(2) - vector(3)") == parse("(vector(1) - vector(2)) - vector(3)")
        assert parse("vector(1) ^ vector(2) ^ vector(3)") == parse("vector(1) ^ (vector(2) ^ vector(3))")

    def test_modifiers(self) -> None:
        expr = parse("vector(1) > bool on (a, b) group_left (c) vector(2)")
        assert isinstance(expr, ast.Binary)
        assert expr.return_bool
        assert expr.matching == ast.VectorMatching(ast.Cardinality.MANY_TO_ONE, ("a", "b"), True, ("c",))
        expr = parse("vector(1) * ignoring (a) group_right vector(2)")
        assert isinstance(expr, ast.Binary)
        assert expr.matching == ast.VectorMatching(ast.Cardinality.ONE_TO_MANY, ("a",), False)

    def test_a_parenthesis_behind_group_left_may_be_the_right_side(self) -> None:
        expr = parse("vector(1) * on (a) group_left (vector(2))")
        assert isinstance(expr, ast.Binary)
        assert expr.rhs == ast.Vector(2)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1 + 2 * 3", 7.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("-2 ^ 2", 4.0),
            ("7 % 4 - 1", 2.0),
            ("0x10 / 4", 4.0),
            ("1e3 == 1000", 1.0),
            ("1 >= 2", 0.0),
            ("(1 + 1) * .5", 1.0),
            ("2 ^ 5000", math.inf),
            ("1 - -1", 2.0),
        ],
    )
    def test_numbers_are_worked_out(self, text: str, value: float) -> None:
        assert parse(text) == ast.Number(value)

    @pytest.mark.parametrize("text", ["1 / 0", "1 % 0", "0 / 0", "(-8) ^ 0.5"])
    def test_what_is_no_number(self, text: str) -> None:
        expr = parse(text)
        assert isinstance(expr, ast.Number)
        assert math.isnan(expr.value)


SYNTAX = [
    ("", 1, 1, "unexpected $end"),
    ("foo", 1, 1, "unexpected IDENTIFIER"),
    ('{a="x"', 1, 7, "unexpected $end, expecting } or ,"),
    ("{", 1, 2, "unexpected $end, expecting IDENTIFIER or }"),
    ("{a=x}", 1, 4, "unexpected IDENTIFIER, expecting STRING"),
    ("{a}", 1, 3, "unexpected }, expecting = or =~ or !~ or !="),
    ("{1}", 1, 2, "unexpected NUMBER, expecting IDENTIFIER or }"),
    ('{a="x"} |= b', 1, 12, "unexpected IDENTIFIER, expecting STRING or ip"),
    ('{a="x"} | line_format', 1, 22, "unexpected $end, expecting STRING"),
    ('{a="x"} | foo', 1, 14, "unexpected $end"),
    ('{a="x"} |', 1, 10, "unexpected $end"),
    ('{a="x"} | unwrap b', 1, 11, "unexpected unwrap"),
    ('{a="x"}[5m]', 1, 8, "unexpected RANGE"),
    ('rate({a="x"})', 1, 13, "unexpected )"),
    ('rate(({a="x"} | json))', 1, 22, "unexpected ), expecting RANGE"),
    ('rate({a="x"} | unwrap b)', 1, 24, "unexpected ), expecting RANGE or |"),
    (
        'rate({a="x"} | unwrap 5',
        1,
        23,
        "unexpected NUMBER, expecting IDENTIFIER or BYTES or DURATION or DURATION_SECONDS",
    ),
    ("rate(x)", 1, 6, "unexpected IDENTIFIER, expecting NUMBER or { or ("),
    ('{a="x", |', 1, 9, "unexpected |, expecting IDENTIFIER"),
    ("sum(vector(1)) by (|)", 1, 20, "unexpected |, expecting IDENTIFIER or )"),
    ('({a="x"} | unwrap b)', 1, 12, "unexpected unwrap"),
    ('sum({a="x"})', 1, 12, "unexpected )"),
    ('sum(rate({a="x"}[5m]) by (b)', 1, 29, "unexpected $end"),
    ('{a="x"}\n  | json\n  | b >', 3, 8, "unexpected $end"),
    ('{a="x"} # c\n}', 2, 1, "unexpected }"),
    ('{é="x"}', 1, 2, None),
    ('{a="é", b}', 1, 10, "unexpected }, expecting = or =~ or !~ or !="),
    ('rate({a="x"}[5m] offset foo)', 1, 25, "unexpected IDENTIFIER, expecting DURATION"),
    ("vector(-1)", 1, 8, "unexpected -, expecting NUMBER"),
    ("1 +", 1, 4, "unexpected $end"),
    ("- vector(1)", 1, 3, "unexpected VECTOR, expecting NUMBER"),
    ('sum by b (rate({a="x"}[5m]))', 1, 1, "unexpected IDENTIFIER"),
]


@pytest.mark.parametrize(("text", "line", "column", "problem"), SYNTAX)
def test_syntax_errors(text: str, line: int, column: int, problem: str | None) -> None:
    with pytest.raises(LogQLParseError) as caught:
        parse(text)
    place = f"parse error at line {line}, col {column}: "
    if problem is None:
        assert str(caught.value).startswith(place)
    else:
        assert str(caught.value) == f"{place}syntax error: {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('rate({a="x"}[5x])', 'parse error at line 1, col 13: not a valid duration string: "5x"'),
        ('rate({a="x"}[])', 'parse error at line 1, col 13: not a valid duration string: ""'),
        ('rate({a="x"}[5m)', "parse error at line 1, col 13: missing closing ']' in duration"),
        ('{a="x} |= y', "parse error at line 1, col 4: unterminated quoted string"),
        ('{a=~"["}', "parse error : error parsing regexp: missing closing ]: `[`"),
        ('{a=~"a**"}', "parse error : error parsing regexp: invalid nested repetition operator: `**`"),
    ],
)
def test_errors_inside_of_tokens(text: str, problem: str) -> None:
    with pytest.raises(LogQLParseError) as caught:
        parse(text)
    assert str(caught.value) == problem


class TestSmallerTexts:
    def test_selectors(self) -> None:
        assert parse_selector('{a="x"}') == (X,)
        assert parse_selector("{}") == ()
        with pytest.raises(LogQLParseError, match="at least one regexp or equality matcher"):
            parse_selector("{}", need_one=True)
        for text in ('{a="x"} | json', 'rate({a="x"}[5m])'):
            with pytest.raises(LogQLParseError) as caught:
                parse_selector(text)
            assert str(caught.value) == "only label matchers is supported"

    def test_log_queries(self) -> None:
        assert parse_log_query('({a="x"})') == LOGS
        with pytest.raises(LogQLParseError) as caught:
            parse_log_query('rate({a="x"}[5m])')
        assert str(caught.value) == "only log selector is supported"
        with pytest.raises(LogQLParseError, match="at least one regexp or equality matcher"):
            parse_log_query('{a=""} |= "x"')


class TestLimits:
    @pytest.mark.parametrize(
        "text",
        [
            "(" * 5000 + "1" + ")" * 5000,
            "+".join(["vector(1)"] * 5000),
            "sum(" * 5000 + "vector(1)" + ")" * 5000,
            '{a="x"} | ' + " or ".join(["b=1"] * 5000),
            '{a="x"} | ' + " and ".join(["b=1"] * 5000),
            '{a="x"} | ' + ",".join(["b=1"] * 5000),
            '{a="x"} | ' + "(" * 5000 + "b=1" + ")" * 5000,
            "rate(" + "(" * 5000 + '{a="x"}[5m]' + ")" * 5000 + ")",
            "^".join(["vector(1)"] * 5000),
        ],
    )
    def test_depth(self, text: str) -> None:
        with pytest.raises(LogQLParseError) as caught:
            parse(text)
        assert str(caught.value) == f"parse error : query is nested too deeply, the limit is {MAX_DEPTH} levels"

    def test_long_lists_are_not_deep(self) -> None:
        text = '{a="x"}' + ' |= "y"' * 3000
        assert len(parse_log_query(text).stages) == 3000
        assert len(stages("|= " + " or ".join(['"y"'] * 3000))) == 1

    def test_size(self) -> None:
        with pytest.raises(LogQLParseError) as caught:
            parse('{a="x"} |= "' + "y" * 140_000 + '"')
        assert str(caught.value) == "parse error : input size too long (140013 > 131072)"
