"""A query's tree, and what is done for each of its parts, as JSON values.

The shape is that of Prometheus's `/api/v1/parse_query`: nodes with a `type`, durations in milliseconds. What is said of
the work is read off the plan that the engine runs by: `plan.py` for stages, needles and labels, the stages themselves
for how they search, `samples.py` for how samples are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, assert_never

from watchkeeper.core.kernels.line_block import tokens
from watchkeeper.core.model.go_float import format_plain
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.plan import CHANGE_LINES, Pipeline, RangePlan, plan_lines, plan_range, pushed_grouping
from watchkeeper.logs.logql.printer import quote_text, stage_text
from watchkeeper.logs.logql.samples import counts_headers, fold_of
from watchkeeper.logs.logql.series import SeriesLabels
from watchkeeper.logs.logql.stages.json import Json, JsonPaths
from watchkeeper.logs.logql.stages.line_filter import LineFilter
from watchkeeper.logs.logql.stages.logfmt import Logfmt
from watchkeeper.logs.logql.stages.pattern import Pattern
from watchkeeper.logs.logql.stages.regexp import Regexp
from watchkeeper.logs.logql.stages.stage import Stage
from watchkeeper.logs.logql.stages.unpack import Unpack

_MS: Final = 1_000_000
_PARSERS: Final = (Json, JsonPaths, Logfmt, Regexp, Pattern, Unpack)


def explain(expr: ast.Expr) -> dict[str, Any]:
    """Dicts, lists, strings, numbers, booleans and None."""
    if isinstance(expr, ast.LogQuery):
        pipeline = plan_lines(expr)
        # Without a stage that drops lines, only as many of a block are looked at as are wanted.
        return {**_selector(expr, pipeline), "filters": pipeline.drops_rows}
    return _metric(expr, None)


def _metric(expr: ast.MetricExpr, around: ast.Grouping | None) -> dict[str, Any]:
    """A node. `around` is the grouping of a sum around it that is done while its samples are taken."""
    match expr:
        case ast.Number(value=value):
            return {"type": "numberLiteral", "val": format_plain(value)}
        case ast.Vector(value=value):
            return {"type": "vector", "val": format_plain(value)}
        case ast.RangeAggregation():
            return _range(expr, plan_range(expr, around))
        case ast.VectorAggregation(op=op, param=param, grouping=grouping, expr=inner):
            pushed = pushed_grouping(expr)
            return {
                "type": "aggregation",
                "op": op.value,
                "param": None if param is None else {"type": "numberLiteral", "val": str(param)},
                **_grouping(grouping),
                "pushed": pushed is not None,
                "expr": _metric(inner, pushed),
            }
        case ast.Binary(op=operator, matching=matching):
            return {
                "type": "binaryExpr",
                "op": operator.value,
                "lhs": _metric(expr.lhs, None),
                "rhs": _metric(expr.rhs, None),
                "matching": {
                    "card": matching.card.value,
                    "labels": list(matching.labels),
                    "on": matching.on,
                    "include": list(matching.include),
                },
                "bool": expr.return_bool,
            }
        case ast.LabelReplace():
            return {
                "type": "labelReplace",
                "dst": expr.dst,
                "replacement": expr.replacement,
                "src": expr.src,
                "regex": expr.regex,
                "expr": _metric(expr.expr, None),
            }
        case _:
            assert_never(expr)


def _range(node: ast.RangeAggregation, plan: RangePlan) -> dict[str, Any]:
    unwrap = node.range.unwrap
    return {
        "type": "rangeAggregation",
        "op": node.op.value,
        "param": None if node.param is None else {"type": "numberLiteral", "val": format_plain(node.param)},
        **_grouping(node.grouping),
        "range": node.range.range_ns / _MS,
        "offset": node.range.offset_ns / _MS,
        "unwrap": None
        if unwrap is None
        else {
            "label": unwrap.label,
            "conversion": unwrap.conversion.value,
            "filters": [stage_text(stage) for stage in unwrap.filters],
        },
        "keeps": _keeps(plan.labels),
        "fold": fold_of(node.op).value,
        "headers": counts_headers(plan),
        "keepsErrors": plan.keeps_errors,
        "expr": _selector(node.range.query, plan.pipeline),
    }


def _selector(query: ast.LogQuery, pipeline: Pipeline) -> dict[str, Any]:
    """Matchers, stages in the order that they run in, and what is left out.

    needles    texts that every line that passes holds
    words      those of them with whole words: closed blocks without these words are not read
    metadata   names of structured metadata that are looked at; None for all
    """
    made = (*pipeline.first, *pipeline.stages)
    run = {id(node) for node in pipeline.nodes}
    stages = []
    own_lines = True
    for number, (node, stage) in enumerate(zip(pipeline.nodes, made, strict=True)):
        stages.append(_stage(node, stage, own_lines=own_lines) | {"first": number < len(pipeline.first)})
        own_lines = own_lines and not isinstance(node, CHANGE_LINES)
    return {
        "type": "logSelector",
        "matchers": [_matcher(matcher) for matcher in query.matchers],
        "needles": _texts(pipeline.needles),
        "words": _texts([needle for needle in pipeline.needles if len(tokens(needle))]),
        "metadata": _names(pipeline.metadata),
        "stages": stages,
        "leftOut": [stage_text(node) for node in query.stages if id(node) not in run],
    }


def _stage(node: ast.Stage, stage: Stage, *, own_lines: bool) -> dict[str, Any]:
    """One stage. `ways` is how each alternative of a line filter is looked for, `packed` whether in blocks as they lie;
    `makes` what a parser looks for, None for all."""
    out: dict[str, Any] = {"type": type(stage).__name__, "text": stage_text(node)}
    if isinstance(stage, LineFilter):
        out |= {"ways": [way.value for way in stage.ways], "packed": own_lines}
    elif isinstance(stage, _PARSERS):
        out["makes"] = _names(stage.makes)
    return out


def _matcher(matcher: Matcher) -> dict[str, str]:
    return {"name": matcher.name, "value": matcher.value, "type": matcher.type.value}


def _grouping(grouping: ast.Grouping | None) -> dict[str, Any]:
    return {
        "grouping": list(grouping.labels) if grouping is not None else [],
        "without": grouping is not None and grouping.without,
    }


def _keeps(labels: SeriesLabels) -> dict[str, Any]:
    """Which labels make a series."""
    if labels.by is not None:
        return {"by": list(labels.by)}
    return {"without": sorted(labels.without)}


def _names(names: frozenset[str] | Sequence[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _texts(needles: Sequence[bytes]) -> list[str]:
    """Quoted, as a query would have them."""
    return [quote_text(needle.decode("utf-8", "surrogateescape")) for needle in needles]
