"""Every construct of LogQL has a case in tests/scripts/logql: kinds of nodes, operators, functions, template functions.

A construct counts where a query that is expected to be answered has it. What makes sense over lines must be asked as a
log query, what gives series at an instant and over a range.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.template.builtins import BUILTINS
from watchkeeper.core.template.lexer import KEYWORDS, Kind, tokenize
from watchkeeper.core.testlang import ExpectKind
from watchkeeper.logs.lines.template_functions import FUNCTIONS
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.parser import parse
from watchkeeper.logs.logql.testlang.script import Clear, Eval, EvalLogs, Load, parse_script

SCRIPTS = Path(__file__).parents[1] / "scripts" / "logql"
LOGS, INSTANT, RANGE = "as a log query", "at an instant", "over a range"


@functools.cache
def covered() -> dict[str, set[str]]:
    """For each form of query, the constructs that queries have which are answered."""
    found: dict[str, set[str]] = {LOGS: set(), INSTANT: set(), RANGE: set()}
    for path in SCRIPTS.glob("*.logtest"):
        for command in parse_script(path.read_text(encoding="utf-8")):
            match command:
                case Load() | Clear():
                    continue
                case EvalLogs():
                    form = LOGS
                case Eval():
                    form = INSTANT if command.range is None else RANGE
            if not command.wants(ExpectKind.FAIL):
                found[form].update(constructs(parse(command.query)))
    return found


def constructs(node: Any) -> Iterator[str]:
    """What a tree is made of, and what its places say."""
    yield type(node).__name__
    match node:
        case ast.LineFilter(op=op, alternatives=alternatives):
            yield f"line filter {op.value}"
            if len(alternatives) > 1:
                yield f"or chain of {op.value}"
            for alternative in alternatives:
                if isinstance(alternative, ast.LineIp):
                    yield f"ip() of {op.value}"
        case ast.LogQuery(matchers=matchers):
            for matcher in matchers:
                yield f"selector {matcher.type.value}"
        case ast.JsonStage(extractions=extractions):
            yield "json with expressions" if extractions else "json of all fields"
        case ast.LogfmtStage(strict=strict, keep_empty=keep_empty, extractions=extractions):
            yield "logfmt with expressions" if extractions else "logfmt of all fields"
            if strict:
                yield "logfmt --strict"
            if keep_empty:
                yield "logfmt --keep-empty"
        case ast.LabelPick(matcher=Matcher(type=kind)):
            yield f"pick {kind.value}"
        case ast.DropStage(picks=picks) | ast.KeepStage(picks=picks):
            for pick in picks:
                name = "drop" if isinstance(node, ast.DropStage) else "keep"
                yield f"{name} {pick.matcher.type.value if pick.matcher else 'by name'}"
        case ast.StringFilter(matcher=matcher):
            yield f"StringFilter {matcher.type.value}"
        case ast.NumberFilter(op=compare) | ast.DurationFilter(op=compare) | ast.BytesFilter(op=compare):
            yield f"{type(node).__name__} {compare.value}"
        case ast.IpFilter(negated=negated):
            yield f"IpFilter {'!=' if negated else '='}"
        case ast.Unwrap(conversion=conversion, filters=filters):
            yield f"unwrap {conversion.name}"
            if filters:
                yield "filters behind unwrap"
        case ast.LogRange(offset_ns=offset_ns):
            if offset_ns:
                yield "offset back" if offset_ns > 0 else "offset ahead"
        case ast.RangeAggregation(op=range_op, range=window, grouping=grouping):
            of = "values" if window.unwrap else "lines"
            yield f"{range_op.value} of {of}"
            if grouping is not None:
                yield f"{range_op.value} grouped"
                yield f"range grouping {'without' if grouping.without else 'by'}"
        case ast.VectorAggregation(op=vector_op, grouping=grouping):
            yield f"vector {vector_op.value}"
            if grouping is not None:
                yield f"grouping {'without' if grouping.without else 'by'}"
                yield f"{vector_op.value} grouped"
        case ast.Binary(op=binary_op, matching=matching, return_bool=return_bool):
            yield f"operator {binary_op.value}"
            yield f"matching {matching.card.value}"
            if matching.on or matching.labels:
                yield f"matching {'on' if matching.on else 'ignoring'}"
            if matching.include:
                yield "matching with labels carried over"
            if return_bool:
                yield "operator with bool"
        case ast.LineFormatStage(template=template) | ast.LabelTemplate(template=template):
            yield from template_constructs(template)
    for inner in children(node):
        yield from constructs(inner)


def children(node: Any) -> Iterator[Any]:
    if not dataclasses.is_dataclass(node) or isinstance(node, Matcher):
        return
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            if type(item).__module__ == ast.__name__:
                yield item


def template_constructs(text: str) -> Iterator[str]:
    for token in tokenize(text):
        if token.kind is Kind.IDENTIFIER:
            yield f"template function {token.text}"
        elif token.kind is Kind.KEYWORD:
            yield f"template {token.text}"
        elif token.kind is Kind.VARIABLE:
            yield "template variable"


def classes() -> Iterator[str]:
    """The kinds of nodes, from the unions in ast.py."""
    for union in (ast.Stage, ast.LabelFilter, ast.Expr):
        yield from (member.__name__ for member in members(union))


def members(union: Any) -> Iterator[type]:
    for member in typing.get_args(union):
        if isinstance(member, types.UnionType):
            yield from members(member)
        elif isinstance(member, type):
            yield member


STAGES = [
    *(member.__name__ for member in members(ast.Stage)),
    *(member.__name__ for member in members(ast.LabelFilter)),
    *(f"line filter {op.value}" for op in ast.LineFilterOp),
    *("json with expressions", "json of all fields", "logfmt with expressions", "logfmt of all fields"),
    *("LineText", "LineIp", "JsonExtraction", "LogfmtExtraction", "LabelRename", "LabelTemplate", "LabelPick"),
]
IN_LOGS = [
    *STAGES,
    *(f"selector {kind.value}" for kind in MatchType),
    *(f"or chain of {op.value}" for op in ast.LineFilterOp if op is not ast.LineFilterOp.NOT_LIKE),
    *("ip() of |=", "ip() of !=", "logfmt --strict"),
    *(f"drop {kind}" for kind in ("by name", *(kind.value for kind in MatchType))),
    *(f"keep {kind}" for kind in ("by name", *(kind.value for kind in MatchType))),
    *(f"StringFilter {kind.value}" for kind in MatchType),
    *(f"NumberFilter {op.value}" for op in ast.CompareOp),
    *(f"DurationFilter {op.value}" for op in ast.CompareOp),
    *(f"BytesFilter {op.value}" for op in ast.CompareOp),
    *("IpFilter =", "IpFilter !="),
    *(f"template function {name}" for name in FUNCTIONS),
    *(f"template function {name}" for name in BUILTINS if name != "call"),
    *(f"template {word}" for word in KEYWORDS),
    "template variable",
]
METRICS = [
    *("LogRange", "Unwrap", "Grouping", "VectorMatching"),
    *(member.__name__ for member in members(ast.Expr) if member not in (ast.LogQuery, ast.Number)),
    *(f"{op.value} of lines" for op in ast.RangeOp if op.takes_lines),
    *(f"vector {op.value}" for op in ast.VectorOp),
    *(f"matching {card.value}" for card in ast.Cardinality if card is not ast.Cardinality.ONE_TO_MANY),
    *("grouping by", "grouping without", "offset back", "offset ahead", "operator with bool", "matching on"),
    *("operator or", "operator and", "operator unless", "operator >", "operator -", "operator *", "operator /"),
    "filters behind unwrap",
]
AT_INSTANTS = [
    *METRICS,
    *STAGES,
    *(f"{op.value} of values" for op in ast.RangeOp if op.takes_values),
    *(f"{op.value} grouped" for op in ast.RangeOp if op.takes_grouping),
    *(f"unwrap {conversion.name}" for conversion in ast.Conversion),
    *(f"operator {op.value}" for op in ast.BinaryOp),
    *(f"matching {card.value}" for card in ast.Cardinality),
    *("range grouping by", "range grouping without", "matching ignoring", "matching with labels carried over"),
    *(f"{op.value} grouped" for op in ast.VectorOp if op.takes_grouping),
]
OVER_RANGES = [*METRICS, "avg_over_time of values", "rate_counter of values", "unwrap DURATION"]


@pytest.mark.parametrize(
    ("form", "construct"),
    [
        *((LOGS, construct) for construct in dict.fromkeys(IN_LOGS)),
        *((INSTANT, construct) for construct in dict.fromkeys(AT_INSTANTS)),
        *((RANGE, construct) for construct in dict.fromkeys(OVER_RANGES)),
    ],
)
def test_every_construct_has_a_case(form: str, construct: str) -> None:
    assert construct in covered()[form], f"no script asks {construct} {form}"


def test_every_kind_of_node_is_looked_for() -> None:
    asked = {*IN_LOGS, *AT_INSTANTS, "LogQuery", "Number"}
    nodes = {name for name, item in vars(ast).items() if isinstance(item, type) and dataclasses.is_dataclass(item)}
    assert nodes - asked - {"Matcher", "Span"} == set()
    assert set(classes()) <= asked
