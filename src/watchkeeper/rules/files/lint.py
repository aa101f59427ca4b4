"""What is valid in a rule file and yet certainly not meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.errors import QueryError
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.parser import ALL_OPTIONS, parse
from watchkeeper.metrics.promql.signatures import ValueType
from watchkeeper.rules.files.loaded import LoadedGroup, LoadedRule

_LABEL_USE: Final = re.compile(r"(?:\$labels|\.Labels)\.([A-Za-z_][A-Za-z0-9_]*)")
_KEEPS_LABELS: Final = (
    ast.AggregateOp.TOPK,
    ast.AggregateOp.BOTTOMK,
    ast.AggregateOp.LIMITK,
    ast.AggregateOp.LIMIT_RATIO,
)
_OTHER_LABELS: Final = ("absent", "absent_over_time", "info", "label_join", "label_replace")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a lint found; `line` counts from 1, `lint` is its name."""

    file: str
    line: int
    lint: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.lint}: {self.message}"


def lint(groups: Sequence[LoadedGroup], names: Iterable[str]) -> list[Finding]:
    """What the named lints find in the groups of one file, in order of lines."""
    found = [finding for name in names for finding in LINTS[name](groups)]
    return sorted(found, key=lambda finding: (finding.file, finding.line))


def _duplicate_rules(groups: Sequence[LoadedGroup]) -> list[Finding]:
    """Two rules that give the same series."""
    seen: dict[object, LoadedRule] = {}
    found: list[Finding] = []
    for group in groups:
        for rule in group.rules:
            first = seen.setdefault((rule.kind, rule.name, rule.labels), rule)
            if first is not rule:
                message = f"{_called(rule)} has the name and labels of the rule in line {first.line}"
                found.append(
                    Finding(
                        group.file, rule.line, DUPLICATE_RULES, f"{message}; might cause inconsistency while recording"
                    )
                )
    return found


def _bool_comparisons(groups: Sequence[LoadedGroup]) -> list[Finding]:
    """Alerts that fire whatever the comparison says."""
    found: list[Finding] = []
    for group, rule, tree in _alerts(groups):
        top = ast.unwrap_parens(tree)
        if isinstance(top, ast.Binary) and top.return_bool:
            message = (
                f"{_called(rule)} compares with bool, which gives 0 or 1 in place of nothing, so that it always fires"
            )
            found.append(Finding(group.file, rule.line, BOOL_COMPARISON, message))
    return found


def _template_labels(groups: Sequence[LoadedGroup]) -> list[Finding]:
    """Labels in texts that the expression can't give, so that nothing stands in their place."""
    found: list[Finding] = []
    for group, rule, tree in _alerts(groups):
        possible = possible_labels(tree)
        if possible is None:
            continue
        used = {
            (name, where)
            for where, texts in (("label", rule.labels), ("annotation", rule.annotations))
            for _, text in texts
            for name in _LABEL_USE.findall(text)
        }
        for name, where in sorted(used):
            if name not in possible:
                left = ", ".join(sorted(possible)) or "none"
                message = f"{where}s of {_called(rule)} use $labels.{name}, which its expression removes (left: {left})"
                found.append(Finding(group.file, rule.line, TEMPLATE_LABELS, message))
    return found


def _alerts(groups: Sequence[LoadedGroup]) -> Iterable[tuple[LoadedGroup, LoadedRule, ast.Expr]]:
    for group in groups:
        for rule in group.rules:
            if rule.kind == "alert":
                try:
                    yield group, rule, parse(rule.expr, ALL_OPTIONS)
                except QueryError:
                    continue  # Another language.


def _called(rule: LoadedRule) -> str:
    return f'{rule.kind} "{rule.name}"'


def possible_labels(expr: ast.Expr) -> frozenset[str] | None:
    """The labels that an expression's series may have; None where that depends on the data."""
    match expr:
        case ast.NumberLiteral() | ast.StringLiteral():
            return frozenset()
        case ast.Paren(expr=inner) | ast.Unary(expr=inner) | ast.Subquery(expr=inner):
            return possible_labels(inner)
        case ast.Aggregation(op=op, expr=inner) if op in _KEEPS_LABELS:
            return possible_labels(inner)
        case ast.Aggregation(param=param, grouping=grouping, without=without, expr=inner):
            counted = frozenset([param.value]) if isinstance(param, ast.StringLiteral) else frozenset()
            if not without:
                return frozenset(grouping) | counted
            below = possible_labels(inner)
            return None if below is None else (below - set(grouping)) | counted
        case ast.Call(name=name, args=args) if name not in _OTHER_LABELS:
            vectors = [arg for arg in args if ast.value_type(arg) in (ValueType.VECTOR, ValueType.MATRIX)]
            return possible_labels(vectors[0]) if len(vectors) == 1 else None if vectors else frozenset()
        case ast.Binary():
            return _of_binary(expr)
        case _:
            return None


def _of_binary(expr: ast.Binary) -> frozenset[str] | None:
    matching = expr.matching
    left, right = possible_labels(expr.lhs), possible_labels(expr.rhs)
    if matching is None:
        is_left = ast.value_type(expr.lhs) is ValueType.VECTOR
        return left if is_left else right
    if expr.op is ast.BinaryOp.OR:
        return None if left is None or right is None else left | right
    if expr.op.is_set:
        return left
    if matching.card is ast.Cardinality.ONE_TO_ONE:
        if matching.on:
            return frozenset(matching.labels)
        return None if left is None else left - set(matching.labels)
    many = left if matching.card is ast.Cardinality.MANY_TO_ONE else right
    return None if many is None else many | set(matching.include)


DUPLICATE_RULES: Final = "duplicate-rules"
BOOL_COMPARISON: Final = "bool-comparison"
TEMPLATE_LABELS: Final = "template-labels"
LINTS: Final[Mapping[str, Callable[[Sequence[LoadedGroup]], list[Finding]]]] = {
    DUPLICATE_RULES: _duplicate_rules,
    BOOL_COMPARISON: _bool_comparisons,
    TEMPLATE_LABELS: _template_labels,
}
"""By the names that `check rules --lint` takes; the first is promtool's."""
