"""A naive LogQL evaluator: entries one by one, dicts and loops. The twin of the engine.

It knows only what random queries use: templates of fields and ToUpper, expressions that Python's re has too.
"""

from __future__ import annotations

import ipaddress
import itertools
import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.oracle import line_fields as fields
from tests.oracle.log_memory import Entry
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.logs.logql import ast

ERROR, DETAILS = "__error__", "__error_details__"


class OracleError(Exception):
    """The query fails."""


# --- rows ----------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """One entry on its way."""

    entry: Entry
    line: bytes
    stream: dict[str, str]
    structured: dict[str, str] = field(default_factory=dict)
    parsed: dict[str, str] = field(default_factory=dict)
    extracted: set[str] = field(default_factory=set)
    error: str = ""

    @classmethod
    def of(cls, entry: Entry) -> Row:
        row = cls(entry, entry.line, dict(entry.labels.pairs))
        for name, value in entry.metadata:
            row.structured[name + "_extracted" if name in row.stream else name] = value
        return row

    def get(self, name: str) -> str | None:
        if name == ERROR:
            return self.error or None
        for labels in (self.parsed, self.structured, self.stream):
            if name in labels:
                return labels[name]
        return None

    def delete(self, name: str) -> None:
        for labels in (self.parsed, self.structured, self.stream):
            labels.pop(name, None)

    def extract(self, name: str, value: bytes, *, overwrite: bool = False) -> None:
        if name in (ERROR, DETAILS):
            return
        if name in self.entry.labels or name in self.structured:
            name += "_extracted"
        if not overwrite:
            if name in self.extracted:
                return
            self.extracted.add(name)
        self.parsed[name] = text(value)

    def keys(self) -> tuple[Labels, Labels, Labels]:
        stream = {n: v for n, v in self.stream.items() if n not in self.structured and n not in self.parsed}
        structured = {n: v for n, v in self.structured.items() if n not in self.parsed}
        parsed = dict(self.parsed)
        if self.error:
            parsed[ERROR] = self.error
        return Labels(stream.items()), Labels(structured.items()), Labels(parsed.items())

    def labels(self) -> Labels:
        stream, structured, parsed = self.keys()
        return Labels((*stream, *structured, *parsed))


def text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


# --- stages --------------------------------------------------------------------------------------------------------


def process(row: Row, stages: Sequence[ast.Stage]) -> bool:
    """Whether the row is kept."""
    return all(stage_of(row, stage) for stage in stages)


def stage_of(row: Row, stage: ast.Stage) -> bool:
    match stage:
        case ast.LineFilter():
            return line_filter(row.line, stage)
        case ast.LabelFilterStage(filter=filter):
            return label_filter(row, filter)
        case ast.JsonStage(extractions=()):
            found, broken = fields.json_row(row.line)
            for name, value in found.items():
                row.extract(name, value)
            if broken:
                row.error = "JSONParserErr"
        case ast.JsonStage(extractions=extractions):
            paths = tuple(each.path for each in extractions)
            values, broken = fields.json_path_row(row.line, paths)
            for each, value in zip(extractions, values or (), strict=False):
                if value or row.get(each.name) is None:
                    row.extract(each.name, value, overwrite=True)
            if broken:
                row.error = "JSONParserErr"
        case ast.LogfmtStage():
            logfmt(row, stage)
        case ast.RegexpStage(expression=expression):
            found_match = re.search(expression.encode(), row.line)
            if found_match:
                for name, value in found_match.groupdict().items():
                    row.extract(name, value or b"")
        case ast.PatternStage(literals=literals, names=names):
            for name, value in fields.pattern_row(row.line, literals, names).items():
                row.extract(name, value)
        case ast.UnpackStage():
            unpack(row)
        case ast.DecolorizeStage():
            row.line = re.sub(rb"\x1b\[[0-9;]*m", b"", row.line)
        case ast.DropStage(picks=picks):
            for pick in picks:
                value_of = row.get(pick.name)
                if value_of is not None and (pick.matcher is None or pick.matcher.matches(value_of)):
                    if pick.name == ERROR:
                        row.error = ""
                    row.delete(pick.name)
        case ast.KeepStage(picks=picks):
            for name in {*row.stream, *row.structured, *row.parsed}:
                value_of = row.get(name)
                if not any(
                    pick.name == name and (pick.matcher is None or pick.matcher.matches(value_of or ""))
                    for pick in picks
                ):
                    row.delete(name)
        case ast.LabelFormatStage(formats=formats):
            label_format(row, formats)
        case ast.LineFormatStage(template=template):
            row.line = expand(template, snapshot(row)).encode()
    return True


def line_filter(line: bytes, stage: ast.LineFilter) -> bool:
    found = any(holds(line, stage.op.positive, each) for each in stage.alternatives)
    return found != stage.op.is_negative


def holds(line: bytes, op: ast.LineFilterOp, each: ast.LineText | ast.LineIp) -> bool:
    if isinstance(each, ast.LineIp):
        return any(within(word, each.pattern) for word in re.findall(rb"[0-9a-fA-F:.]+", line))
    if op is ast.LineFilterOp.CONTAINS:
        return each.needle in line
    if op is ast.LineFilterOp.MATCHES:
        return re.search(each.needle, line) is not None
    return like(line, each.needle)


def like(line: bytes, pattern: bytes) -> bool:
    parts = re.split(rb"(<_>)", pattern)
    parts = [part for part in parts if part]
    if not line or not parts:
        return not line and not parts
    off = 0
    for i, part in enumerate(parts):
        if part == b"<_>":
            continue
        at = line[off:].find(part)
        if at < 0 or (i and at == 0):
            return False
        off += at + len(part)
    return (parts[-1] == b"<_>") == (off != len(line))


def within(word: bytes, pattern: str) -> bool:
    try:
        address = ipaddress.ip_address(word.decode())
        if "-" in pattern:
            low, high = (ipaddress.ip_address(part) for part in pattern.split("-"))
            return low.version == address.version and int(low) <= int(address) <= int(high)
        network = ipaddress.ip_network(pattern, strict=False)
        return network.version == address.version and address in network
    except ValueError:
        return False


COMPARE: dict[ast.CompareOp, Callable[[Any, Any], bool]] = {
    ast.CompareOp.EQ: operator.eq,
    ast.CompareOp.NE: operator.ne,
    ast.CompareOp.GT: operator.gt,
    ast.CompareOp.GE: operator.ge,
    ast.CompareOp.LT: operator.lt,
    ast.CompareOp.LE: operator.le,
}


def label_filter(row: Row, node: ast.LabelFilter) -> bool:
    match node:
        case ast.AndFilter(lhs=lhs, rhs=rhs):
            return label_filter(row, lhs) and label_filter(row, rhs)
        case ast.OrFilter(lhs=lhs, rhs=rhs):
            return label_filter(row, lhs) or label_filter(row, rhs)
        case ast.StringFilter(matcher=matcher):
            return matcher.matches(row.get(matcher.name) or "")
    if row.error and isinstance(node, ast.IpFilter):
        return True
    value = row.get(node.name)
    if value is None:
        return False
    match node:
        case ast.IpFilter(negated=negated, pattern=pattern):
            return within(value.encode(), pattern) != negated
        case ast.NumberFilter(value=wanted):
            number: float | None = number_of(value)
        case ast.DurationFilter(value_ns=wanted):
            number = duration_of(value)
        case ast.BytesFilter(value_bytes=wanted):
            number = bytes_of(value)
    if number is None:
        row.error = row.error or "LabelFilterErr"
        return True
    return COMPARE[node.op](number, wanted)


def number_of(value: str) -> float | None:
    return float(value) if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|NaN", value) else None


UNITS_NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}


def duration_of(value: str) -> float | None:
    if value in ("0", "+0", "-0"):
        return 0.0
    body = value.lstrip("+-") if value[:1] in "+-" else value
    if not re.fullmatch(r"(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|ms|s|m|h))+", body) or len(value) - len(body) > 1:
        return None
    total = sum(float(n) * UNITS_NS[unit] for n, unit in re.findall(r"([0-9.]+)(ns|us|ms|s|m|h)", body))
    return -total if value.startswith("-") else total


SIZES = {"": 1, "b": 1, "kb": 1000, "kib": 1024, "mb": 10**6, "mib": 2**20}


def bytes_of(value: str) -> float | None:
    found = re.fullmatch(r"([0-9]+\.?[0-9]*|\.[0-9]+) *(b|kb|kib|mb|mib|)", value.lower())
    return int(float(found[1]) * SIZES[found[2]]) if found else None


def logfmt(row: Row, stage: ast.LogfmtStage) -> None:
    if not stage.extractions:
        found, broken = fields.logfmt_row(row.line, strict=stage.strict, keep_empty=stage.keep_empty)
        for name, value in found.items():
            row.extract(name, value)
    else:
        found, broken = fields.logfmt_row(row.line, strict=stage.strict, keep_empty=True)
        for each in stage.extractions:
            value = found.get(fields.named("", each.key.encode()), b"")
            if value or (each.name not in row.entry.labels and each.name not in row.structured):
                row.extract(each.name, value, overwrite=True)
    if broken:
        row.error = "LogfmtParserErr"


def unpack(row: Row) -> None:
    if not row.line:
        return
    found: dict[str, bytes] = {}
    entry: bytes | None = None
    try:
        for key, kind, value in fields.members(row.line):
            if kind != "string":
                continue
            inside = fields.unescape(value) or b""
            if key == b"_entry":
                entry = inside
            else:
                found.setdefault(fields.named("", key), inside)
    except fields.Broken:
        row.error = "JSONParserErr"
        return
    if entry is not None:
        for name, value in found.items():
            row.extract(name, value)
        row.line = entry


def snapshot(row: Row) -> dict[str, str]:
    return {**row.stream, **row.structured, **row.parsed, **({ERROR: row.error} if row.error else {})}


def label_format(row: Row, formats: Iterable[ast.LabelRename | ast.LabelTemplate]) -> None:
    before: dict[str, str] | None = None
    for each in formats:
        if isinstance(each, ast.LabelRename):
            for labels in (row.parsed, row.structured, row.stream):
                if each.source in labels:
                    labels[each.name] = labels[each.source]
                    if labels is row.parsed:
                        row.structured.pop(each.name, None)
                    row.delete(each.source)
                    break
            continue
        if before is None:
            before = snapshot(row)
        row.structured.pop(each.name, None)
        row.parsed[each.name] = expand(each.template, before)


def expand(template: str, labels: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        label = labels.get(found[1], "")
        return label.upper() if found[2] else label

    return re.sub(r"\{\{ *\.(\w+) *(\| *ToUpper *)?\}\}", value, template)


# --- log queries ---------------------------------------------------------------------------------------------------

LogLine = tuple[tuple[Labels, Labels, Labels], int, bytes]


def selected(entries: Iterable[Entry], matchers: Sequence[Matcher]) -> list[Entry]:
    return [entry for entry in entries if all(m.matches(entry.labels.get(m.name)) for m in matchers)]


def log_lines(
    entries: Sequence[Entry],
    query: ast.LogQuery,
    start_ns: int,
    end_ns: int,
    limit: int,
    *,
    forward: bool,
    interval_ns: int = 0,
) -> list[LogLine]:
    """The lines of the answer, in order."""
    rows = []
    for entry in selected(entries, query.matchers):
        row = Row.of(entry)
        if start_ns <= entry.time_ns < end_ns and process(row, query.stages):
            rows.append(row)
    rows.sort(key=lambda row: (row.entry.time_ns, str(row.entry.labels)))
    if not forward:
        rows.reverse()
    out: list[LogLine] = []
    last: int | None = None
    for row in rows:
        time_ns = row.entry.time_ns
        if last is None or not interval_ns or abs(time_ns - last) >= interval_ns:
            out.append((row.keys(), time_ns, row.line))
            last = time_ns
        if len(out) == limit:
            break
    return out


# --- metric queries ------------------------------------------------------------------------------------------------

Vector = dict[Labels, float]


def over_steps(entries: Sequence[Entry], expr: ast.Expr, times_ns: Sequence[int]) -> list[Vector]:
    """The value at each step. Raises OracleError."""
    return [as_vector(value_at(entries, expr, time_ns)) for time_ns in times_ns]


def as_vector(value: Vector | float) -> Vector:
    return value if isinstance(value, dict) else {Labels(): value}


def value_at(entries: Sequence[Entry], expr: ast.Expr, time_ns: int) -> Vector | float:
    match expr:
        case ast.Number(value=number):
            return number
        case ast.Vector(value=number):
            return {Labels(): number}
        case ast.RangeAggregation():
            return range_aggregation(entries, expr, time_ns)
        case ast.VectorAggregation():
            return vector_aggregation(entries, expr, time_ns)
        case ast.Binary():
            return binary(expr, value_at(entries, expr.lhs, time_ns), value_at(entries, expr.rhs, time_ns))
        case ast.LabelReplace():
            return label_replace(expr, as_vector(value_at(entries, expr.expr, time_ns)))
    raise AssertionError(expr)


def looks_at_errors(node: ast.RangeAggregation) -> bool:
    stages = (*node.range.query.stages, *(node.range.unwrap.filters if node.range.unwrap else ()))
    for stage in stages:
        if isinstance(stage, ast.LabelFilterStage):
            for each in ast.label_filters(stage.filter):
                if isinstance(each, ast.StringFilter) and each.matcher.name == ERROR:
                    return True
    return False


PARSERS = (ast.JsonStage, ast.LogfmtStage, ast.RegexpStage, ast.PatternStage)
READERS = (*PARSERS, ast.LineFilter, ast.UnpackStage)
ADDITIVE = (
    ast.RangeOp.COUNT_OVER_TIME,
    ast.RangeOp.RATE,
    ast.RangeOp.BYTES_OVER_TIME,
    ast.RangeOp.BYTES_RATE,
    ast.RangeOp.SUM_OVER_TIME,
)


def worthwhile(node: ast.RangeAggregation, grouping: ast.Grouping | None) -> list[ast.Stage]:
    """The stages without those that nobody would notice: a sum that looks at no label does not parse."""
    stages: list[ast.Stage] = []
    read = node.op in (ast.RangeOp.BYTES_OVER_TIME, ast.RangeOp.BYTES_RATE)
    for stage in reversed(node.range.query.stages):
        if isinstance(stage, ast.LineFormatStage | ast.DecolorizeStage) and not read:
            continue
        read = read or isinstance(stage, READERS)
        stages.insert(0, stage)
    if grouping is None or grouping.without or grouping.labels or node.range.unwrap is not None:
        return stages
    looks = (ast.LabelFilterStage, ast.LabelFormatStage, ast.LineFormatStage)
    for stage in stages:
        if isinstance(stage, looks):
            return stages
        if isinstance(stage, ast.DropStage | ast.KeepStage) and any(pick.matcher for pick in stage.picks):
            return stages
    kept: list[ast.Stage] = []
    read = node.op in (ast.RangeOp.BYTES_OVER_TIME, ast.RangeOp.BYTES_RATE)
    for stage in reversed(stages):
        if isinstance(stage, PARSERS) or (isinstance(stage, ast.UnpackStage) and not read):
            # An unpack counts as long as a stage behind it, also one that is left out, would read its line.
            read = read or isinstance(stage, PARSERS)
            continue
        read = read or isinstance(stage, READERS)
        kept.insert(0, stage)
    return kept


def samples(
    entries: Sequence[Entry], node: ast.RangeAggregation, grouping: ast.Grouping | None, time_ns: int
) -> list[tuple[Row, float]]:
    """The rows of the window in order of time, and their values."""
    selection = node.range
    stages = worthwhile(node, grouping)
    end = time_ns - selection.offset_ns
    out: list[tuple[Row, float]] = []
    for entry in sorted(selected(entries, selection.query.matchers), key=lambda entry: entry.time_ns):
        if not end - selection.range_ns < entry.time_ns <= end:
            continue
        row = Row.of(entry)
        if not process(row, stages):
            continue
        value = 1.0
        if selection.unwrap is not None:
            label = row.get(selection.unwrap.label)
            if not label:
                continue
            number = {
                ast.Conversion.NONE: number_of,
                ast.Conversion.BYTES: bytes_of,
                ast.Conversion.DURATION: lambda text: None if (ns := duration_of(text)) is None else ns / 1e9,
                ast.Conversion.DURATION_SECONDS: lambda text: None if (ns := duration_of(text)) is None else ns / 1e9,
            }[selection.unwrap.conversion](label)
            if number is None:
                row.error = "SampleExtractionErr"
            value = number or 0.0
            if not all(label_filter(row, stage.filter) for stage in selection.unwrap.filters):
                continue
        elif node.op in (ast.RangeOp.BYTES_OVER_TIME, ast.RangeOp.BYTES_RATE):
            value = float(len(row.line))
        if row.error and not looks_at_errors(node):
            raise OracleError(row.error)
        out.append((row, value))
    return out


def grouped(labels: Labels, grouping: ast.Grouping | None) -> Labels:
    if grouping is None:
        return labels
    return labels.drop(grouping.labels) if grouping.without else labels.keep(grouping.labels)


def range_aggregation(
    entries: Sequence[Entry], node: ast.RangeAggregation, time_ns: int, outer: ast.Grouping | None = None
) -> Vector:
    """`outer` is the grouping of a sum around it, by which samples are grouped as they are taken."""
    grouping = node.grouping or outer
    found: dict[Labels, list[tuple[int, float]]] = {}
    unwrap = node.range.unwrap
    for row, value in samples(entries, node, grouping, time_ns):
        labels = row.labels()
        kept = labels
        if unwrap is not None and (grouping is None or grouping.without):
            kept = kept.drop([unwrap.label])
        kept = grouped(kept, grouping)
        if row.error:
            kept = Labels((*kept, (ERROR, row.error)))
        found.setdefault(kept, []).append((row.entry.time_ns, value))
    if node.op is ast.RangeOp.ABSENT_OVER_TIME:
        return {} if found else {absent_labels(node.range.query.matchers): 1.0}
    out: Vector = {}
    for labels, window in found.items():
        value_of = reduced(node, window, time_ns)
        if value_of is not None:
            out[labels] = value_of
    return out


def absent_labels(matchers: Sequence[Matcher]) -> Labels:
    names = [matcher.name for matcher in matchers]
    return Labels((m.name, m.value) for m in matchers if m.type is MatchType.EQUAL and names.count(m.name) == 1)


def reduced(node: ast.RangeAggregation, window: list[tuple[int, float]], time_ns: int) -> float | None:
    values = [value for _, value in window]
    seconds = node.range.range_ns / 1e9
    op = ast.RangeOp
    match node.op:
        case op.COUNT_OVER_TIME:
            return float(len(values))
        case op.RATE | op.BYTES_RATE:
            return sum(values) / seconds
        case op.BYTES_OVER_TIME | op.SUM_OVER_TIME:
            return sum(values)
        case op.AVG_OVER_TIME:
            return sum(values) / len(values)
        case op.MIN_OVER_TIME:
            return min((v for v in values if not math.isnan(v)), default=math.nan)
        case op.MAX_OVER_TIME:
            return max((v for v in values if not math.isnan(v)), default=math.nan)
        case op.FIRST_OVER_TIME:
            return values[0]
        case op.LAST_OVER_TIME:
            return values[-1]
        case op.STDVAR_OVER_TIME:
            return variance(values)
        case op.STDDEV_OVER_TIME:
            return math.sqrt(variance(values))
        case op.QUANTILE_OVER_TIME:
            return quantile(node.param or 0.0, values)
        case op.RATE_COUNTER:
            end = time_ns - node.range.offset_ns
            return rate_counter(window, (end - node.range.range_ns) / 1e9, end / 1e9)
    raise AssertionError(node.op)


def variance(values: list[float]) -> float:
    if any(math.isnan(value) or math.isinf(value) for value in values):
        return math.nan
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)


def quantile(phi: float, values: list[float]) -> float:
    if math.isnan(phi):
        return math.nan
    if phi < 0 or phi > 1:
        return -math.inf if phi < 0 else math.inf
    ordered = [v for v in values if math.isnan(v)] + sorted(v for v in values if not math.isnan(v))
    rank = phi * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(len(ordered) - 1, low + 1)
    return ordered[low] * (1 - (rank - low)) + ordered[high] * (rank - low)


def rate_counter(window: list[tuple[int, float]], begin_s: float, end_s: float) -> float | None:
    if len(window) < 2:
        return None
    times = [time_ns / 1e9 for time_ns, _ in window]
    values = [value for _, value in window]
    increase = values[-1] - values[0]
    for before, after in itertools.pairwise(values):
        if after < before:
            increase += before
    sampled = times[-1] - times[0]
    if sampled == 0:
        return None
    average = sampled / (len(times) - 1)
    to_start, to_end = times[0] - begin_s, end_s - times[-1]
    if to_start >= average * 1.1:
        to_start = average / 2
    if increase > 0 and values[0] >= 0:
        to_start = min(to_start, sampled * values[0] / increase)
    if to_end >= average * 1.1:
        to_end = average / 2
    return increase * (sampled + to_start + to_end) / sampled / (end_s - begin_s)


def vector_aggregation(entries: Sequence[Entry], node: ast.VectorAggregation, time_ns: int) -> Vector:
    op = ast.VectorOp
    if node.op is op.SUM and isinstance(node.expr, ast.RangeAggregation) and node.expr.op in ADDITIVE:
        inner = range_aggregation(entries, node.expr, time_ns, node.grouping or ast.Grouping(()))
    else:
        inner = as_vector(value_at(entries, node.expr, time_ns))
    if node.op in (op.SORT, op.SORT_DESC):
        return inner
    groups: dict[Labels, list[tuple[Labels, float]]] = {}
    for labels, value in inner.items():
        groups.setdefault(grouped(labels, node.grouping or ast.Grouping(())), []).append((labels, value))
    out: Vector = {}
    for key, members in groups.items():
        values = [value for _, value in members]
        match node.op:
            case op.TOPK | op.BOTTOMK | op.APPROX_TOPK:
                # Random queries ask for none or for all: which of equals stays is left open.
                out.update(members[: node.param])
            case op.SUM:
                out[key] = sum(values)
            case op.AVG:
                out[key] = sum(values) / len(values)
            case op.COUNT:
                out[key] = float(len(values))
            case op.MIN:
                out[key] = min((v for v in values if not math.isnan(v)), default=math.nan)
            case op.MAX:
                out[key] = max((v for v in values if not math.isnan(v)), default=math.nan)
            case op.STDVAR:
                out[key] = variance(values)
            case op.STDDEV:
                out[key] = math.sqrt(variance(values))
    return out


def arithmetic(op: ast.BinaryOp, a: float, b: float) -> float:
    match op.value:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b if b else math.nan
        case "%":
            return math.fmod(a, b) if b and not math.isinf(a) and not math.isnan(a) else math.nan
    try:
        result = a**b
    except ZeroDivisionError:
        return math.inf
    except OverflowError:
        return math.inf
    return result if isinstance(result, float) else math.nan


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


def applied(node: ast.Binary, a: float, b: float, kept: float) -> float | None:
    """The value of one pair; None where a comparison leaves it out."""
    if not node.op.is_comparison:
        return arithmetic(node.op, a, b)
    passed = COMPARISONS[node.op.value](a, b)
    if node.return_bool:
        return float(passed)
    return kept if passed else None


def binary(node: ast.Binary, left: Vector | float, right: Vector | float) -> Vector | float:
    if not isinstance(left, dict) and not isinstance(right, dict):
        value = applied(node, left, right, left)
        return 0.0 if value is None else value
    if not isinstance(left, dict):
        assert isinstance(right, dict)
        pairs = {labels: applied(node, left, value, value) for labels, value in right.items()}
        return {labels: value for labels, value in pairs.items() if value is not None}
    if not isinstance(right, dict):
        pairs = {labels: applied(node, value, right, value) for labels, value in left.items()}
        return {labels: value for labels, value in pairs.items() if value is not None}
    return joined(node, left, right)


def joined(node: ast.Binary, left: Vector, right: Vector) -> Vector:
    matching = node.matching

    def key(labels: Labels) -> Labels:
        return labels.keep(matching.labels) if matching.on else labels.drop(matching.labels)

    if node.op.is_set:
        keys = {key(labels) for labels in right}
        if node.op is ast.BinaryOp.AND:
            return {labels: value for labels, value in left.items() if key(labels) in keys}
        if node.op is ast.BinaryOp.UNLESS:
            return {labels: value for labels, value in left.items() if key(labels) not in keys}
        mine = {key(labels) for labels in left}
        out = dict(left)
        for labels, value in right.items():
            if key(labels) not in mine:
                if labels in out:
                    raise OracleError("same labelset")
                out[labels] = value
        return out
    swapped = matching.card is ast.Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    by_key: dict[Labels, list[Labels]] = {}
    for labels in one:
        by_key.setdefault(key(labels), []).append(labels)
    if left and right and any(len(found) > 1 for found in by_key.values()):
        raise OracleError("many-to-many")
    out = {}
    seen: set[Labels] = set()
    for labels, value in many.items():
        for partner in by_key.get(key(labels), ()):
            a, b = (one[partner], value) if swapped else (value, one[partner])
            result = applied(node, a, b, a)
            if result is None:
                continue
            shown = labels
            if matching.card is ast.Cardinality.ONE_TO_ONE:
                if key(labels) in seen:
                    raise OracleError("many-to-one")
                seen.add(key(labels))
                shown = key(labels)
            for name in matching.include:
                shown = Labels((*shown.drop([name]), (name, partner.get(name))))
            if shown in out:
                raise OracleError("not unique")
            out[shown] = result
    return out


def label_replace(node: ast.LabelReplace, inner: Vector) -> Vector:
    out: Vector = {}
    for labels, value in inner.items():
        found = re.fullmatch(node.regex, labels.get(node.src), re.DOTALL)
        if found:
            replacement = re.sub(r"\$\{?(\d)\}?", lambda m, f=found: f[int(m[1])] or "", node.replacement)  # type: ignore[misc]
            labels = Labels((*labels.drop([node.dst]), (node.dst, replacement)))
        if labels in out:
            raise OracleError("same labelset")
        out[labels] = value
    return out
