"""What a query must hold to beyond its grammar."""

from __future__ import annotations

from typing import NoReturn

from watchkeeper.core.model.span import Span
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.template import Template
from watchkeeper.logs.lines.template_functions import FUNCTIONS
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.errors import EMPTY_MATCHERS, LogQLParseError
from watchkeeper.logs.logql.printer import stage_text


def check(expr: ast.Expr, text: str) -> None:
    """Raises LogQLParseError where the parts of a query do not fit. `text` is what it was parsed from."""
    for node in ast.walk(expr):
        match node:
            case ast.LogQuery():
                check_matchers(node, text)
                _check_templates(node, text)
            case ast.RangeAggregation():
                _check_range(node, text)
                check_matchers(node.range.query, text)
                _check_templates(node.range.query, text)


def check_matchers(query: ast.LogQuery, text: str) -> None:
    """Raises LogQLParseError where all matchers of a query let streams without their label pass."""
    if all(matcher.matches_empty for matcher in query.matchers):
        _refuse(EMPTY_MATCHERS, query.span, text)


def _check_templates(query: ast.LogQuery, text: str) -> None:
    for stage in query.stages:
        try:
            match stage:
                case ast.LineFormatStage(template=template):
                    problem = "invalid line template"
                    Template.parse(template, FUNCTIONS, name="line")
                case ast.LabelFormatStage(formats=formats):
                    for each in formats:
                        problem = f"invalid template for label '{each.name}'"
                        if isinstance(each, ast.LabelTemplate):
                            Template.parse(each.template, FUNCTIONS, name="label")
        except TemplateError as error:
            _refuse(f"stage '{stage_text(stage)}' : {problem}: {error}", stage.span, text)


def _check_range(node: ast.RangeAggregation, text: str) -> None:
    name = node.op.value
    if node.grouping is not None and not node.op.takes_grouping:
        _refuse(f"grouping not allowed for {name} aggregation", node.span, text)
    if node.range.unwrap is not None and not node.op.takes_values:
        _refuse(f"invalid aggregation {name} with unwrap", node.span, text)
    if node.range.unwrap is None and not node.op.takes_lines:
        _refuse(f"invalid aggregation {name} without unwrap", node.span, text)


def _refuse(message: str, span: Span, text: str) -> NoReturn:
    raise LogQLParseError(message, span, text, is_syntax=False)
