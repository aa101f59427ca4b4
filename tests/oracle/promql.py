"""A naive PromQL evaluator: one step at a time, one label set at a time, dictionaries and loops.

It knows floats only, drops metric names at once, and answers an instant query; a range query is many of them.
"""

import math
from dataclasses import dataclass, replace

from tests.oracle import buckets as classic
from tests.oracle import group as groups
from tests.oracle import window as windows
from watchkeeper.core.model.labels import Labels
from watchkeeper.metrics.promql import ast

Vector = dict[Labels, float]
Samples = list[tuple[int, int]]

KERNEL_OPS = {
    "rate": "rate",
    "increase": "increase",
    "delta": "delta",
    "irate": "irate",
    "idelta": "idelta",
    "changes": "changes",
    "resets": "resets",
    "deriv": "deriv",
    **{
        f"{op}_over_time": op
        for op in ["avg", "min", "max", "sum", "count", "last", "first", "present", "stddev", "stdvar", "mad"]
    },
    "ts_of_first_over_time": "ts_first",
    "ts_of_last_over_time": "ts_last",
    "ts_of_min_over_time": "ts_min",
    "ts_of_max_over_time": "ts_max",
}
MATH = {
    "abs": abs,
    "ceil": lambda x: float(math.ceil(x)) if math.isfinite(x) else x,
    "floor": lambda x: float(math.floor(x)) if math.isfinite(x) else x,
    "sgn": lambda x: x if math.isnan(x) or x == 0 else math.copysign(1, x),
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan,
}


class OracleError(Exception):
    """The query fails."""


def divided(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)


def remainder(a: float, b: float) -> float:
    return math.nan if b == 0 or math.isinf(a) or math.isnan(a) or math.isnan(b) else math.fmod(a, b)


def arithmetic(op: ast.BinaryOp, a: float, b: float) -> float:
    match op.value:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return divided(a, b)
        case "%":
            return remainder(a, b)
        case "atan2":
            return math.atan2(a, b)
    raise ValueError(op)


def compared(op: ast.BinaryOp, a: float, b: float) -> bool:
    return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op.value]


def unnamed(labels: Labels) -> Labels:
    return labels.drop(["__name__"])


def collect(pairs: list[tuple[Labels, float]]) -> Vector:
    out: Vector = {}
    for labels, value in pairs:
        if labels in out:
            raise OracleError("same labelset")
        out[labels] = value
    return out


@dataclass(frozen=True)
class Oracle:
    """`data`: samples of each series as (time in ms, bits of the value); `start` and `end` are the query's own."""

    data: dict[Labels, Samples]
    start: int
    end: int
    lookback: int = 300_000
    default_step: int = 60_000

    def value(self, node: ast.Expr, now: int) -> Vector | float:
        match node:
            case ast.NumberLiteral(value=number):
                return number
            case ast.Paren(expr=inner):
                return self.value(inner, now)
            case ast.Unary(op=op, expr=inner):
                value = self.value(inner, now)
                if op is ast.UnaryOp.PLUS:
                    return value
                if isinstance(value, dict):
                    return collect([(unnamed(labels), -x) for labels, x in value.items()])
                return -value
            case ast.VectorSelector():
                return self.instant(node, now)
            case ast.Call():
                return self.call(node, now)
            case ast.Aggregation():
                return self.aggregated(node, now)
            case ast.Binary():
                return self.binary(node, now)
        raise ValueError(node)

    def vector(self, node: ast.Expr, now: int) -> Vector:
        value = self.value(node, now)
        assert isinstance(value, dict)
        return value

    def scalar(self, node: ast.Expr, now: int) -> float:
        value = self.value(node, now)
        assert isinstance(value, float | int)
        return value

    # --- selectors ---

    def moved(self, node: ast.VectorSelector | ast.Subquery, now: int) -> int:
        if node.at_anchor is not None:
            now = self.start if node.at_anchor is ast.Anchor.START else self.end
        elif node.at_ms is not None:
            now = node.at_ms
        return now - node.offset_ms

    def matching(self, node: ast.VectorSelector) -> dict[Labels, Samples]:
        return {
            labels: samples
            for labels, samples in self.data.items()
            if all(matcher.matches(labels.get(matcher.name)) for matcher in node.matchers)
        }

    def instant(self, node: ast.VectorSelector, now: int) -> Vector:
        found = {
            labels: windows.newest(samples, self.moved(node, now), self.lookback)
            for labels, samples in self.matching(node).items()
        }
        return {labels: pair[0] for labels, pair in found.items() if pair is not None}

    def ranges(self, node: ast.Expr, now: int) -> tuple[dict[Labels, list[windows.Sample]], int, int]:
        """The windows of a range vector, their end and their length."""
        node = ast.unwrap_parens(node)
        if isinstance(node, ast.MatrixSelector):
            at = self.moved(node.selector, now)
            found = {
                labels: windows.inside(samples, at, node.range_ms)
                for labels, samples in self.matching(node.selector).items()
            }
            return found, at, node.range_ms
        assert isinstance(node, ast.Subquery)
        at = self.moved(node, now)
        step = node.step_ms or self.default_step
        series: dict[Labels, list[windows.Sample]] = {}
        for time in range(at - node.range_ms + 1, at + 1):
            if time % step == 0:
                for labels, value in self.vector(node.expr, time).items():
                    series.setdefault(labels, []).append((time, value))
        return series, at, node.range_ms

    # --- functions ---

    def call(self, node: ast.Call, now: int) -> Vector | float:
        name, args = node.name, node.args
        if name in KERNEL_OPS or name in ("quantile_over_time", "predict_linear"):
            position = 1 if name == "quantile_over_time" else 0
            series, at, length = self.ranges(args[position], now)
            p1 = self.scalar(args[1 - position], now) if len(args) > 1 else 0.0
            op = KERNEL_OPS.get(name, "quantile" if position else "predict_linear")
            keeps = name in ("last_over_time", "first_over_time")
            pairs = []
            for labels, window in series.items():
                value = windows.reduce(op, window, at, length, now, p1)
                if value is not None:
                    pairs.append((labels if keeps else unnamed(labels), value))
            return collect(pairs)
        match name:
            case "time":
                return now / 1000
            case "vector":
                return {Labels(): self.scalar(args[0], now)}
            case "scalar":
                vector = self.vector(args[0], now)
                return next(iter(vector.values())) if len(vector) == 1 else math.nan
            case "absent":
                return {} if self.vector(args[0], now) else {Labels(): 1.0}
            case "timestamp":
                inner = ast.unwrap_parens(args[0])
                if not isinstance(inner, ast.VectorSelector):
                    return collect([(unnamed(labels), now / 1000) for labels in self.vector(inner, now)])
                at = self.moved(inner, now)
                newest = {k: windows.newest(v, at, self.lookback) for k, v in self.matching(inner).items()}
                return collect([(unnamed(labels), pair[1]) for labels, pair in newest.items() if pair])
            case "clamp":
                low, high = self.scalar(args[1], now), self.scalar(args[2], now)
                if high < low:
                    return {}
                broken = math.isnan(low) or math.isnan(high)
                pairs = [
                    (unnamed(labels), math.nan if broken or math.isnan(x) else max(low, min(high, x)))
                    for labels, x in self.vector(args[0], now).items()
                ]
                return collect(pairs)
            case "histogram_quantile":
                return self.histogram_quantile(self.scalar(args[0], now), self.vector(args[1], now))
        return collect([(unnamed(labels), MATH[name](x)) for labels, x in self.vector(args[0], now).items()])

    def histogram_quantile(self, q: float, vector: Vector) -> Vector:
        parts: dict[Labels, list[tuple[float, float]]] = {}
        for labels, count in vector.items():
            if labels.get("le"):
                parts.setdefault(labels.drop(["le"]), []).append((float(labels.get("le")), count))
        return collect(
            [(unnamed(labels), classic.quantile(classic.repaired(part)[0], q)) for labels, part in parts.items()]
        )

    # --- aggregations ---

    def aggregated(self, node: ast.Aggregation, now: int) -> Vector:
        parts: dict[Labels, list[tuple[Labels, float]]] = {}
        for labels, value in sorted(self.vector(node.expr, now).items()):
            key = labels.drop([*node.grouping, "__name__"]) if node.without else labels.keep(node.grouping)
            parts.setdefault(key, []).append((labels, value))
        op = node.op.value
        out: Vector = {}
        for key, members in parts.items():
            values = [value for _, value in members]
            if op in ("topk", "bottomk"):
                assert node.param is not None
                kept = groups.rank(list(enumerate(values)), int(self.scalar(node.param, now)), op == "topk")
                out.update(members[i] for i in kept)
            elif op == "quantile":
                assert node.param is not None
                out[key] = windows.quantile(values, self.scalar(node.param, now))
            else:
                out[key] = 1.0 if op == "group" else groups.fold(op, values)
        return out

    # --- binary operators ---

    def binary(self, node: ast.Binary, now: int) -> Vector | float:
        left, right = self.value(node.lhs, now), self.value(node.rhs, now)
        if isinstance(left, dict) and isinstance(right, dict):
            return self.sets(node, left, right) if node.op.is_set else self.joined(node, left, right)
        if isinstance(left, dict) or isinstance(right, dict):
            pairs = []
            vector = left if isinstance(left, dict) else right
            assert isinstance(vector, dict)
            for labels, value in vector.items():
                a = value if isinstance(left, dict) else left
                b = value if isinstance(right, dict) else right
                assert not isinstance(a, dict)
                assert not isinstance(b, dict)
                if not node.op.is_comparison:
                    pairs.append((unnamed(labels), arithmetic(node.op, a, b)))
                elif node.return_bool:
                    pairs.append((unnamed(labels), float(compared(node.op, a, b))))
                elif compared(node.op, a, b):
                    pairs.append((labels, value))
            return collect(pairs)
        if node.op.is_comparison:
            return float(compared(node.op, left, right))
        return arithmetic(node.op, left, right)

    @staticmethod
    def key(matching: ast.VectorMatching, labels: Labels) -> Labels:
        return labels.keep(matching.labels) if matching.on else labels.drop([*matching.labels, "__name__"])

    def sets(self, node: ast.Binary, left: Vector, right: Vector) -> Vector:
        assert node.matching is not None
        in_left = {self.key(node.matching, labels) for labels in left}
        in_right = {self.key(node.matching, labels) for labels in right}
        if node.op.value == "and":
            return {k: x for k, x in left.items() if self.key(node.matching, k) in in_right}
        if node.op.value == "unless":
            return {k: x for k, x in left.items() if self.key(node.matching, k) not in in_right}
        more = [(k, x) for k, x in right.items() if self.key(node.matching, k) not in in_left]
        return collect([*left.items(), *more])

    def joined(self, node: ast.Binary, left: Vector, right: Vector) -> Vector:
        matching = node.matching
        assert matching is not None
        if not left or not right:
            return {}
        swapped = matching.card is ast.Cardinality.ONE_TO_MANY
        many, one = (right, left) if swapped else (left, right)
        partners: dict[Labels, tuple[Labels, float]] = {}
        for labels, value in one.items():
            key = self.key(matching, labels)
            if key in partners:
                raise OracleError("many-to-many")
            partners[key] = labels, value
        pairs: list[tuple[Labels, float]] = []
        used: set[Labels] = set()
        for labels, value in many.items():
            key = self.key(matching, labels)
            if key not in partners:
                continue
            other_labels, other = partners[key]
            a, b = (other, value) if swapped else (value, other)
            result = a
            if not node.op.is_comparison:
                result = arithmetic(node.op, a, b)
            elif node.return_bool:
                result = float(compared(node.op, a, b))
            elif not compared(node.op, a, b):
                continue
            out = labels if node.op.is_comparison and not node.return_bool else unnamed(labels)
            if matching.card is ast.Cardinality.ONE_TO_ONE:
                if key in used:
                    raise OracleError("multiple matches")
                used.add(key)
                out = out.keep(matching.labels) if matching.on else out.drop(matching.labels)
            out = out.with_(**{name: other_labels.get(name) for name in matching.include})
            pairs.append((out, result))
        return collect(pairs)


def over_range(oracle: Oracle, node: ast.Expr, times: list[int]) -> dict[Labels, dict[int, float]]:
    """A range query: series → time → value. Raises OracleError."""
    out: dict[Labels, dict[int, float]] = {}
    oracle = replace(oracle, start=times[0], end=times[-1])
    for now in times:
        value = oracle.value(node, now)
        for labels, number in (value if isinstance(value, dict) else {Labels(): value}).items():
            out.setdefault(labels, {})[now] = number
    return out
