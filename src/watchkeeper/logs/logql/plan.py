"""What a query is going to do, worked out from its tree before any block is read.

Line filters come first where that changes nothing, parsers make only labels that are looked at later, a sum's grouping
is done while samples are taken, and stages that nobody looks at are left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.needs import Parser, looks_at_errors, needed_after, required
from watchkeeper.logs.logql.series import SeriesLabels
from watchkeeper.logs.logql.stages.decolorize import Decolorize
from watchkeeper.logs.logql.stages.drop import Drop
from watchkeeper.logs.logql.stages.json import Json, JsonPaths
from watchkeeper.logs.logql.stages.keep import Keep
from watchkeeper.logs.logql.stages.label_filter import LabelFilter
from watchkeeper.logs.logql.stages.label_format import LabelFormat
from watchkeeper.logs.logql.stages.line_filter import LineFilter
from watchkeeper.logs.logql.stages.line_format import LineFormat
from watchkeeper.logs.logql.stages.logfmt import Logfmt
from watchkeeper.logs.logql.stages.pattern import Pattern
from watchkeeper.logs.logql.stages.regexp import Regexp
from watchkeeper.logs.logql.stages.stage import Needed, Stage, source_names
from watchkeeper.logs.logql.stages.unpack import Unpack
from watchkeeper.logs.logql.stages.unwrap import Unwrapped
from watchkeeper.logs.logql.templates import compiled

CHANGE_LINES: Final = (ast.LineFormatStage, ast.DecolorizeStage, ast.UnpackStage)
"""Behind one of these, lines are no longer those of the block."""
_PARSERS: Final = (ast.JsonStage, ast.LogfmtStage, ast.RegexpStage, ast.PatternStage, ast.UnpackStage)
_READ_LINES: Final = (
    ast.LineFilter,
    ast.JsonStage,
    ast.LogfmtStage,
    ast.RegexpStage,
    ast.PatternStage,
    ast.UnpackStage,
)

_ADDITIVE: Final = frozenset(
    (
        ast.RangeOp.COUNT_OVER_TIME,
        ast.RangeOp.RATE,
        ast.RangeOp.BYTES_OVER_TIME,
        ast.RangeOp.BYTES_RATE,
        ast.RangeOp.SUM_OVER_TIME,
    )
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A selector's stages, ready to run.

    needles      texts that every line that passes holds
    first        the line filters that come before any other stage, and need no label
    stages       all others
    metadata     names of structured metadata that are looked at; None for all
    drops_rows   whether a line may be left out
    nodes        what `first` and `stages` were made of, one for each; stages that are not among them are left out
    """

    matchers: tuple[Matcher, ...]
    needles: tuple[bytes, ...]
    first: tuple[Stage, ...]
    stages: tuple[Stage, ...]
    metadata: Needed
    drops_rows: bool
    nodes: tuple[ast.Stage, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is no stage at all."""
        return not self.first and not self.stages


@dataclass(frozen=True, slots=True)
class RangePlan:
    """How samples are taken for a range aggregation.

    labels          which labels make a series
    keeps_errors    rows with errors do not fail the query, since it looks at errors itself
    """

    node: ast.RangeAggregation
    pipeline: Pipeline
    unwrap: Unwrapped | None
    labels: SeriesLabels
    keeps_errors: bool


def pushed_grouping(node: ast.VectorAggregation) -> ast.Grouping | None:
    """The grouping of a sum that is done while samples are taken; None where it is done afterwards."""
    inner = node.expr
    if node.op is ast.VectorOp.SUM and isinstance(inner, ast.RangeAggregation) and inner.op in _ADDITIVE:
        return node.grouping or ast.Grouping(())
    return None


def plan_lines(query: ast.LogQuery) -> Pipeline:
    """The pipeline of a query that answers with lines."""
    return _pipeline(query.matchers, _ordered(query.stages), None)


def plan_range(node: ast.RangeAggregation, grouping: ast.Grouping | None) -> RangePlan:
    """The samples of a range aggregation, under the labels that its own grouping leaves, or else the one around it:
    `grouping`, of a sum; None leaves all."""
    grouping = node.grouping or grouping
    unwrap = node.range.unwrap
    if grouping is not None and not grouping.without:
        labels = SeriesLabels(by=tuple(dict.fromkeys(grouping.labels)))
    else:
        without = set(grouping.labels) if grouping is not None else set()
        labels = SeriesLabels(without=frozenset(without | ({unwrap.label} if unwrap is not None else set())))
    behind: tuple[ast.Stage, ...] = unwrap.filters if unwrap is not None else ()
    at_end: Needed = None
    if labels.by is not None:
        at_end = frozenset(labels.by) | ({unwrap.label} if unwrap is not None else frozenset())
        for needed in needed_after([ast.DropStage(()), *behind], at_end)[:1]:
            at_end = needed
    reads_bytes = node.op in (ast.RangeOp.BYTES_OVER_TIME, ast.RangeOp.BYTES_RATE)
    stages = _without_formats(_ordered(node.range.query.stages), line_at_end=reads_bytes)
    if required((*stages, *behind), at_end) == frozenset():
        stages = [stage for stage in stages if not _is_idle(stage, stages, line_at_end=reads_bytes)]
    keeps_errors = looks_at_errors((*stages, *behind), labels.by or ())
    return RangePlan(
        node,
        _pipeline(node.range.query.matchers, stages, at_end),
        Unwrapped(unwrap) if unwrap is not None else None,
        labels,
        keeps_errors,
    )


def _ordered(stages: Sequence[ast.Stage]) -> list[ast.Stage]:
    """Each line filter moved ahead of the stages before it, up to one that changes lines or filters them too."""
    out: list[ast.Stage] = []
    for stage in stages:
        at = len(out)
        if isinstance(stage, ast.LineFilter):
            while at and not isinstance(out[at - 1], (*CHANGE_LINES, ast.LineFilter)):
                at -= 1
        out.insert(at, stage)
    return out


def _without_formats(stages: Sequence[ast.Stage], *, line_at_end: bool) -> list[ast.Stage]:
    """Without the stages that change a line that nobody reads any more."""
    out: list[ast.Stage] = []
    read = line_at_end
    for stage in reversed(stages):
        if isinstance(stage, ast.LineFormatStage | ast.DecolorizeStage) and not read:
            continue
        read = read or isinstance(stage, _READ_LINES) or _template_reads_line(stage)
        out.append(stage)
    return out[::-1]


def _template_reads_line(stage: ast.Stage) -> bool:
    return isinstance(stage, ast.LabelFormatStage) and any(
        isinstance(each, ast.LabelTemplate) and compiled(each.template).reads_line for each in stage.formats
    )


def _is_idle(stage: ast.Stage, stages: Sequence[ast.Stage], *, line_at_end: bool) -> bool:
    """Whether a parser may be left out of a query that looks at no label; an `unpack` only if nobody reads its line."""
    if isinstance(stage, ast.UnpackStage):
        behind = stages[[other is stage for other in stages].index(True) + 1 :]
        return not line_at_end and not any(isinstance(other, _READ_LINES) for other in behind)
    return isinstance(stage, _PARSERS)


def _pipeline(matchers: tuple[Matcher, ...], stages: Sequence[ast.Stage], at_end: Needed) -> Pipeline:
    needed = needed_after(stages, at_end)
    parsers = sum(isinstance(stage, _PARSERS) for stage in stages)
    compiled = [_compiled(stage, after, shared=parsers > 1) for stage, after in zip(stages, needed, strict=True)]
    needles: list[bytes] = []
    for stage, made in zip(stages, compiled, strict=True):
        if isinstance(stage, CHANGE_LINES):
            break
        if isinstance(made, LineFilter):
            needles += made.needles
    filters = sum(1 for _ in itertools.takewhile(lambda made: isinstance(made, LineFilter), compiled))
    return Pipeline(
        matchers,
        tuple(dict.fromkeys(needles)),
        tuple(compiled[:filters]),
        tuple(compiled[filters:]),
        _metadata(stages, at_end, needed),
        any(isinstance(stage, ast.LineFilter | ast.LabelFilterStage) for stage in stages),
        tuple(stages),
    )


def _metadata(stages: Sequence[ast.Stage], at_end: Needed, needed: Sequence[Needed]) -> Needed:
    """Structured metadata that any stage looks at, or that a parser's field might be named like."""
    before = needed_after([ast.DropStage(()), *stages], at_end)[0]
    names: set[str] = set()
    for each in (before, *needed):
        sources = source_names(each)
        if sources is None:
            return None
        names.update(sources)
    return frozenset(names)


def _compiled(stage: ast.Stage, needed: Needed, *, shared: bool) -> Stage:
    match stage:
        case ast.LineFilter():
            return LineFilter(stage)
        case ast.JsonStage(extractions=()):
            return Json(needed, shared=shared)
        case ast.JsonStage(extractions=extractions):
            return JsonPaths(extractions, needed, shared=shared)
        case ast.LogfmtStage():
            return Logfmt(
                needed,
                shared=shared,
                strict=stage.strict,
                keep_empty=stage.keep_empty,
                extractions=stage.extractions,
            )
        case ast.RegexpStage():
            return Regexp(stage, needed, shared=shared)
        case ast.PatternStage():
            return Pattern(stage, needed, shared=shared)
        case ast.UnpackStage():
            return Unpack(needed, shared=shared)
        case ast.LineFormatStage(template=template):
            return LineFormat(template)
        case ast.LabelFormatStage():
            return LabelFormat(stage)
        case ast.DecolorizeStage():
            return Decolorize()
        case ast.DropStage(picks=picks):
            return Drop(picks)
        case ast.KeepStage(picks=picks):
            return Keep(picks)
        case ast.LabelFilterStage(filter=filter):
            return LabelFilter(filter)
        case _:
            assert_never(stage)


__all__ = ["CHANGE_LINES", "Parser", "Pipeline", "RangePlan", "plan_lines", "plan_range", "pushed_grouping"]
