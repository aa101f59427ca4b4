"""A tree back to text: in one canonical line, or laid out over several.

Source of the forms: Loki pkg/logql/syntax/ast.go and prettier.go. Where upstream's line would not parse to the same
tree again (sizes are rounded there, numbers that are no numbers have no form), this one does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final, assert_never

from watchkeeper.core.model.go_duration import format_go_duration
from watchkeeper.core.model.go_float import format_plain, format_shortest
from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.lexer import STAGE_WORDS
from watchkeeper.logs.logql.units import format_bytes, format_duration_ns

MAX_LINE: Final = 100  # Bytes; a longer expression is laid out over several lines.
_INDENT: Final = "  "
_RAW_BYTES: Final = re.compile("([\udc80-\udcff]+)")  # Bytes that are no UTF-8, as surrogate escapes.


def format_query(expr: ast.Expr) -> str:
    """The canonical form, in one line; parsing it gives an equal tree."""
    match expr:
        case ast.LogQuery():
            return _log_query(expr)
        case ast.RangeAggregation():
            param = "" if expr.param is None else f"{_number(expr.param)},"
            return f"{expr.op.value}({param}{_log_range(expr.range)}){_grouping(expr.grouping, ',')}"
        case ast.VectorAggregation():
            param = "" if expr.param is None else f"{expr.param},"
            return f"{expr.op.value}{_grouping(expr.grouping, ',')}({param}{format_query(expr.expr)})"
        case ast.Binary():
            return f"({format_query(expr.lhs)} {_operator(expr, ',')} {format_query(expr.rhs)})"
        case ast.LabelReplace():
            return f"label_replace({','.join((format_query(expr.expr), *_label_replace_texts(expr)))})"
        case ast.Number(value=value):
            return _number(value)
        case ast.Vector(value=value):
            return f"vector({format_plain(value)})"
        case _:
            assert_never(expr)


def pretty(expr: ast.Expr) -> str:
    """The layout of `/format_query`: what is longer than 100 bytes is split at its outermost parts."""
    return _pretty(expr, 0)


def _pretty(expr: ast.Expr, level: int) -> str:
    pad = _INDENT * level
    line = format_query(expr)
    if len(line.encode(errors="replace")) <= MAX_LINE:
        return pad + line
    inner_pad = pad + _INDENT
    match expr:
        case ast.LogQuery():
            return "\n".join([pad + _selector(expr.matchers), *(inner_pad + stage_text(s) for s in expr.stages)])
        case ast.RangeAggregation():
            param = "" if expr.param is None else f"{inner_pad}{_number(expr.param)},\n"
            window = _pretty_range(expr.range, level + 1)
            return f"{pad}{expr.op.value}(\n{param}{window}\n{pad}){_grouping(expr.grouping, ', ')}"
        case ast.VectorAggregation():
            param = "" if expr.param is None else f"{inner_pad}{expr.param},\n"
            head = f"{pad}{expr.op.value}{_grouping(expr.grouping, ', ')}"
            return f"{head}(\n{param}{_pretty(expr.expr, level + 1)}\n{pad})"
        case ast.Binary():
            lhs = _pretty_operand(expr.lhs, level + 1)
            rhs = _pretty_operand(expr.rhs, level + 1)
            return f"{lhs}\n{pad}{_operator(expr, ', ')}\n{rhs}"
        case ast.LabelReplace():
            parts = [_pretty(expr.expr, level + 1), *(inner_pad + text for text in _label_replace_texts(expr))]
            return f"{pad}label_replace(\n" + ",\n".join(parts) + f"\n{pad})"
        case ast.Number() | ast.Vector():
            return pad + line
        case _:
            assert_never(expr)


def _pretty_operand(expr: ast.MetricExpr, level: int) -> str:
    """A side of an operator. One that is itself split at an operator needs parentheses to be read back the same."""
    text = _pretty(expr, level)
    if not isinstance(expr, ast.Binary) or text == _INDENT * level + format_query(expr):
        return text
    pad = _INDENT * level
    return f"{pad}(\n{_pretty(expr, level + 1)}\n{pad})"


def _pretty_range(window: ast.LogRange, level: int) -> str:
    text = _pretty(window.query, level)
    pad = _INDENT * (level + 1)
    if window.unwrap is not None:
        text += f"\n{pad}{_unwrap_head(window.unwrap)}"
        text += "".join(f"\n{pad}{stage_text(stage)}" for stage in window.unwrap.filters)
    offset = f" offset {format_duration_ns(window.offset_ns)}" if window.offset_ns else ""
    return f"{text} [{format_duration_ns(window.range_ns)}]{offset}"


# --- the parts of a metric query -----------------------------------------------------------------------------------


def _log_range(window: ast.LogRange) -> str:
    unwrap = ""
    if window.unwrap is not None:
        filters = "".join(f" {stage_text(stage)}" for stage in window.unwrap.filters)
        unwrap = f" {_unwrap_head(window.unwrap)}{filters}"
    offset = f" offset {format_go_duration(window.offset_ns)}" if window.offset_ns else ""
    return f"{_log_query(window.query)}{unwrap}[{format_duration_ns(window.range_ns)}]{offset}"


def _unwrap_head(unwrap: ast.Unwrap) -> str:
    if unwrap.conversion is ast.Conversion.NONE:
        return f"| unwrap {unwrap.label}"
    return f"| unwrap {unwrap.conversion.value}({unwrap.label})"


def _grouping(grouping: ast.Grouping | None, comma: str) -> str:
    if grouping is None:
        return ""
    return f" {'without' if grouping.without else 'by'} ({comma.join(grouping.labels)})"


def _operator(node: ast.Binary, comma: str) -> str:
    matching = node.matching
    text = node.op.value + (" bool" if node.return_bool else "")
    carries = matching.card in (ast.Cardinality.MANY_TO_ONE, ast.Cardinality.ONE_TO_MANY)
    if matching.on or matching.labels or carries:
        text += f" {'on' if matching.on else 'ignoring'} ({comma.join(matching.labels)})"
    if carries:
        side = "left" if matching.card is ast.Cardinality.MANY_TO_ONE else "right"
        # Without the parentheses, those of the right side would be taken for them.
        text += f" group_{side} ({comma.join(matching.include)})"
    return text


def _label_replace_texts(node: ast.LabelReplace) -> tuple[str, ...]:
    return tuple(quote_text(text) for text in (node.dst, node.replacement, node.src, node.regex))


def _number(value: float) -> str:
    if math.isnan(value):
        return "(0 / 0)"
    if math.isinf(value):
        return "(2 ^ 1024)" if value > 0 else "(-2 ^ 1025)"
    return format_shortest(value)


# --- the parts of a log query --------------------------------------------------------------------------------------


def _log_query(query: ast.LogQuery) -> str:
    return " ".join([_selector(query.matchers), *map(stage_text, query.stages)])


def _selector(matchers: Iterable[Matcher]) -> str:
    return "{" + ", ".join(map(_matcher, matchers)) + "}"


def _matcher(matcher: Matcher) -> str:
    return f"{matcher.name}{matcher.type.value}{quote_text(matcher.value)}"


def stage_text(stage: ast.Stage) -> str:
    """One stage of a pipeline, as it stands in a query."""
    match stage:
        case ast.LineFilter():
            return f"{stage.op.value} {' or '.join(map(_alternative, stage.alternatives))}"
        case ast.JsonStage():
            return _with_list("| json", [f"{item.name}={quote_text(item.expression)}" for item in stage.extractions])
        case ast.LogfmtStage():
            flags = (" --strict" if stage.strict else "") + (" --keep-empty" if stage.keep_empty else "")
            return _with_list(f"| logfmt{flags}", [f"{item.name}={quote_text(item.key)}" for item in stage.extractions])
        case ast.RegexpStage():
            return f"| regexp {quote_text(stage.expression)}"
        case ast.PatternStage():
            return f"| pattern {quote_text(stage.pattern)}"
        case ast.UnpackStage():
            return "| unpack"
        case ast.LineFormatStage():
            return f"| line_format {quote_text(stage.template)}"
        case ast.LabelFormatStage():
            return _with_list("| label_format", map(_label_format, stage.formats))
        case ast.DecolorizeStage():
            return "| decolorize"
        case ast.DropStage():
            return _with_list("| drop", map(_pick, stage.picks))
        case ast.KeepStage():
            return _with_list("| keep", map(_pick, stage.picks))
        case ast.LabelFilterStage():
            text = label_filter_text(stage.filter)
            # A label that is called as a stage is would be taken for it.
            return f"| ( {text} )" if _first_name(stage.filter) in STAGE_WORDS else f"| {text}"
        case _:
            assert_never(stage)


def _first_name(node: ast.LabelFilter) -> str:
    """The label that a filter's text begins with; empty where it begins with a parenthesis."""
    match node:
        case ast.AndFilter() | ast.OrFilter():
            return ""
        case ast.StringFilter(matcher=matcher):
            return matcher.name.lower()
        case _:
            return node.name.lower()


def _with_list(head: str, items: Iterable[str]) -> str:
    text = ",".join(items)
    return f"{head} {text}" if text else head


def _alternative(alternative: ast.LineText | ast.LineIp) -> str:
    if isinstance(alternative, ast.LineIp):
        return f"ip({quote_text(alternative.pattern)})"
    return quote_text(alternative.text)


def _label_format(item: ast.LabelRename | ast.LabelTemplate) -> str:
    if isinstance(item, ast.LabelRename):
        return f"{item.name}={item.source}"
    return f"{item.name}={quote_text(item.template)}"


def _pick(pick: ast.LabelPick) -> str:
    return pick.name if pick.matcher is None else _matcher(pick.matcher)


def label_filter_text(node: ast.LabelFilter) -> str:
    """A label filter; those that are joined stand in parentheses."""
    match node:
        case ast.StringFilter(matcher=matcher):
            return _matcher(matcher)
        case ast.NumberFilter():
            return f"{node.name}{node.op.value}{format_plain(node.value)}"
        case ast.DurationFilter():
            return f"{node.name}{node.op.value}{format_go_duration(node.value_ns)}"
        case ast.BytesFilter():
            return f"{node.name}{node.op.value}{format_bytes(node.value_bytes)}"
        case ast.IpFilter():
            return f"{node.name}{'!=' if node.negated else '='}ip({quote_text(node.pattern)})"
        case ast.AndFilter():
            return f"( {label_filter_text(node.lhs)} , {label_filter_text(node.rhs)} )"
        case ast.OrFilter():
            return f"( {label_filter_text(node.lhs)} or {label_filter_text(node.rhs)} )"
        case _:
            assert_never(node)


def quote_text(text: str) -> str:
    """A quoted string; bytes that are no UTF-8 (surrogate escapes) as `\\xff`."""
    if not _RAW_BYTES.search(text):
        return quote(text)
    parts = _RAW_BYTES.split(text)
    for i, part in enumerate(parts):
        raw = i % 2 == 1
        parts[i] = "".join(f"\\x{ord(char) - 0xDC00:02x}" for char in part) if raw else quote(part)[1:-1]
    return f'"{"".join(parts)}"'
