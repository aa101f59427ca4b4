"""Which labels each stage's successors look at, so that parsers make only those."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from watchkeeper.logs.logql import ast
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS
from watchkeeper.logs.logql.stages.stage import Needed
from watchkeeper.logs.logql.templates import compiled

Parser: TypeAlias = ast.JsonStage | ast.LogfmtStage | ast.RegexpStage | ast.PatternStage | ast.UnpackStage


def filter_names(filter: ast.LabelFilter) -> set[str]:
    """The labels that a filter looks at."""
    names: set[str] = set()
    for node in ast.label_filters(filter):
        match node:
            case ast.StringFilter(matcher=matcher):
                names.add(matcher.name)
            case ast.AndFilter() | ast.OrFilter():
                pass
            case _:
                names.add(node.name)
    return names


def stage_names(stage: ast.Stage) -> set[str] | None:
    """The labels that a stage itself looks at; None for all of them."""
    match stage:
        case ast.LabelFilterStage(filter=filter):
            return filter_names(filter)
        case ast.LineFormatStage(template=template):
            found = compiled(template).fields
            return None if found is None else set(found)
        case ast.LabelFormatStage(formats=formats):
            names: set[str] = set()
            for each in formats:
                if isinstance(each, ast.LabelRename):
                    names |= {each.source, each.name}
                    continue
                fields = compiled(each.template).fields
                if fields is None:
                    return None
                names |= fields
            return names
        case ast.DropStage(picks=picks) | ast.KeepStage(picks=picks):
            return {pick.name for pick in picks if pick.matcher is not None}
        case ast.JsonStage(extractions=extractions):
            return {each.name for each in extractions}
        case ast.LogfmtStage(extractions=pairs):
            return {each.name for each in pairs}
        case _:
            return set()


def needed_after(stages: Sequence[ast.Stage], at_end: Needed) -> list[Needed]:
    """For each stage, the labels that the stages behind it, or the query's end, look at."""
    out: list[Needed] = []
    needed = at_end
    for stage in reversed(stages):
        out.append(needed)
        if needed is not None:
            own = stage_names(stage)
            needed = None if own is None else needed | own
    return out[::-1]


def required(stages: Iterable[ast.Stage], at_end: Needed) -> Needed:
    """All labels that any part of a query names; None for all of them."""
    names: set[str] = set()
    if at_end is None:
        return None
    for stage in stages:
        own = stage_names(stage)
        if own is None:
            return None
        if isinstance(stage, ast.JsonStage | ast.LogfmtStage):
            continue  # What a parser is asked for is no need by itself.
        names |= own
    return frozenset(names | at_end)


def looks_at_errors(stages: Iterable[ast.Stage], names: Iterable[str]) -> bool:
    """Whether a query deals with errors itself: then rows with an error do not fail it."""
    looked = set(names)
    for stage in stages:
        if isinstance(stage, ast.LabelFilterStage):
            looked |= filter_names(stage.filter)
    return ERROR in looked or ERROR_DETAILS in looked
