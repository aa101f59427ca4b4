"""Two frames to one: set operators, and joins of rows by their match groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.vector.frame import Frame, Present
from watchkeeper.core.vector.group import (
    Ints,
    coverage,
    equal_labels,
    fold,
    merged,
    recoded,
    signatures,
    stacked,
    with_column,
)

MatchGroups: TypeAlias = tuple[Ints, Ints, int]
"""What `signatures` gives."""


def set_operation(
    op: str,
    left: Frame,
    right: Frame,
    names: Sequence[str],
    *,
    on: bool,
    known: Callable[[], MatchGroups] | None = None,
) -> Frame:
    """`left and right`, `unless` or `or`, where rows match as in `signatures`, unless `known` tells how."""
    if not left.n_series and op != "or":
        return left
    left_group, right_group, n = known() if known else signatures(left.labels, right.labels, names, on=on)
    match op:
        case "and":
            return left.where(coverage(right, right_group, n)[left_group]).compacted()
        case "unless":
            return left.where(~coverage(right, right_group, n)[left_group]).compacted()
        case _:
            lower = right.where(~coverage(left, left_group, n)[right_group]).compacted()
            return below(left, lower)


def below(upper: Frame, lower: Frame) -> Frame:
    """The rows of two frames, those that have become equal made one."""
    if not lower.n_series:
        return upper
    if not upper.n_series:
        return lower
    histograms = dict(upper.histograms)
    histograms.update({row + upper.n_series: cells for row, cells in lower.histograms.items()})
    drops: Present | None = None
    if upper.drop_name is not None or lower.drop_name is not None:
        parts = [
            part.drop_name if part.drop_name is not None else np.zeros(part.n_series, np.bool_)
            for part in (upper, lower)
        ]
        drops = np.concatenate(parts)
    both = Frame(
        stacked(upper.labels, lower.labels),
        np.concatenate([upper.values, lower.values]),
        np.concatenate([upper.present, lower.present]),
        histograms,
        drops,
    )
    if drops is not None and drops.any() and not drops.all():
        return both  # Equal labels may still become different names: the end decides.
    return merged(both)


def pairs(many_group: Ints, one_group: Ints, n_groups: int) -> tuple[Ints, Ints]:
    """Every row of the many side with every row of the one side in its group, as two arrays of row numbers."""
    counts = np.bincount(one_group, minlength=n_groups)
    order = np.argsort(one_group, kind="stable")
    starts = np.cumsum(counts) - counts
    matches = counts[many_group]
    many_rows = np.repeat(np.arange(len(many_group)), matches)
    # The position within each row's own run of matches, added to where its group begins.
    ends = np.cumsum(matches)
    within = np.arange(len(many_rows)) - np.repeat(ends - matches, matches)
    return many_rows, order[starts[many_group[many_rows]] + within]


def with_carried(labels: LabelSets, one: LabelSets, one_rows: Ints, names: Sequence[str]) -> LabelSets:
    """Joined label sets with those of the one side that `group_left` or `group_right` names."""
    if not names:
        return labels
    source = recoded(one, labels)
    strings = source.strings if len(source.strings) >= len(labels.strings) else labels.strings
    labels = LabelSets(labels.names, labels.codes, strings)
    for name in names:
        labels = with_column(labels, name, source.column(name)[one_rows], strings)
    return labels


def unique_matches(
    out: Frame, pair_group: Ints, n_groups: int, *, one_to_one: bool, is_distinct: bool = False
) -> Frame:
    """Equal rows made one, unless it is known that all differ. Raises ExecutionError for a match that is not unique."""

    def refused() -> ExecutionError:
        if one_to_one:
            return ExecutionError(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            )
        return ExecutionError("multiple matches for labels: grouping labels must ensure unique matches")

    if one_to_one and len(pair_group) and int(np.bincount(pair_group, minlength=n_groups).max()) > 1:
        crowded = fold("count", out.values, out.occupied(), pair_group, n_groups)[2] > 1
        if crowded.any():
            raise refused()
    out = out.compacted()
    return (
        out
        if is_distinct or out.drop_name is not None
        else merged(out, duplicate=equal_labels if one_to_one else refused)
    )
