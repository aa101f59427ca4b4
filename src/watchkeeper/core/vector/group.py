"""Groups and joins of label sets, as array work over the columns that count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import group as kernel
from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.label_sets import Codes, LabelSets
from watchkeeper.core.model.labels import METRIC_NAME
from watchkeeper.core.vector.frame import Frame, HistogramRow, has_histogram

Ints = npt.NDArray[np.int64]

RESERVED: Final = (METRIC_NAME, "__type__", "__unit__")  # Fall away together when an operation changes the value.


def group_by(labels: LabelSets, columns: Sequence[int]) -> tuple[Ints, Ints]:
    """Rows that agree in these columns: the first row of each group, in order of appearance, and each row's group."""
    return kernel.group_rows(np.ascontiguousarray(labels.codes, np.int32), np.array(columns, np.int64))


def columns_of(labels: LabelSets, names: Iterable[str]) -> list[int]:
    """The columns with these names, in column order; names that no set has are left out."""
    wanted = set(names)
    return [i for i, name in enumerate(labels.names) if name in wanted]


def columns_without(labels: LabelSets, names: Iterable[str]) -> list[int]:
    """All other columns."""
    unwanted = set(names)
    return [i for i, name in enumerate(labels.names) if name not in unwanted]


def pick(labels: LabelSets, columns: Sequence[int], rows: Ints | None = None) -> LabelSets:
    """Only these columns, and only these rows where any are given."""
    codes = labels.codes if rows is None else labels.codes[rows]
    return LabelSets(
        tuple(labels.names[i] for i in columns), np.ascontiguousarray(codes[:, list(columns)]), labels.strings
    )


def are_distinct(labels: LabelSets) -> bool:
    """Whether no label set stands twice."""
    if len(labels) < 2:
        return True
    first, _ = group_by(labels, range(len(labels.names)))
    return len(first) == len(labels)


def used_codes(codes: Codes, n_strings: int) -> npt.NDArray[np.intp]:
    """The codes that occur, ascending, without 0."""
    seen = np.zeros(n_strings, np.bool_)
    seen[codes.ravel()] = True
    seen[0] = False
    return np.flatnonzero(seen)


def with_column(labels: LabelSets, name: str, codes: Codes, strings: Sequence[str]) -> LabelSets:
    """A label set or replaced: `codes` (n,) into `strings`, which begins with the labels' own strings."""
    kept = columns_without(labels, [name])
    names = [labels.names[i] for i in kept]
    columns = [labels.codes[:, i] for i in kept]
    if codes.any():
        at = next((i for i, other in enumerate(names) if other > name), len(names))
        names.insert(at, name)
        columns.insert(at, codes.astype(np.int32))
    table = np.stack(columns, axis=1) if columns else np.zeros((len(labels), 0), np.int32)
    return LabelSets(tuple(names), table, strings)


def extend_strings(strings: Sequence[str], used: Iterable[int], more: Iterable[str]) -> tuple[list[str], list[int]]:
    """A list of strings with `more` in it, and the code of each of those.

    used   the codes in use among which a string may be found again
    """
    out = list(strings)
    code_of = {out[code]: code for code in used}
    code_of[""] = 0
    codes: list[int] = []
    for text in more:
        code = code_of.get(text)
        if code is None:
            code = code_of[text] = len(out)
            out.append(text)
        codes.append(code)
    return out, codes


def recoded(labels: LabelSets, target: LabelSets) -> LabelSets:
    """The same label sets with codes into the strings of `target` and, after them, the strings that it lacks."""
    if labels.strings is target.strings:
        return labels
    used = used_codes(labels.codes, len(labels.strings)) if labels.codes.size else np.zeros(0, np.intp)
    known = used_codes(target.codes, len(target.strings)) if target.codes.size else np.zeros(0, np.intp)
    strings, codes = extend_strings(target.strings, known.tolist(), [labels.strings[code] for code in used.tolist()])
    translation = np.zeros(len(labels.strings), np.int32)
    translation[used] = codes
    return LabelSets(labels.names, translation[labels.codes], strings)


def stacked(upper: LabelSets, lower: LabelSets) -> LabelSets:
    """Two lists of label sets, one below the other."""
    if not len(lower):
        return upper
    if not len(upper):
        return lower
    lower = recoded(lower, upper)
    names = tuple(sorted({*upper.names, *lower.names}))
    codes = np.zeros((len(upper) + len(lower), len(names)), np.int32)
    for part, place in ((upper, slice(0, len(upper))), (lower, slice(len(upper), len(codes)))):
        for i, name in enumerate(part.names):
            codes[place, names.index(name)] = part.codes[:, i]
    return LabelSets(names, codes, lower.strings if len(lower.strings) >= len(upper.strings) else upper.strings)


def signatures(left: LabelSets, right: LabelSets, names: Sequence[str], *, on: bool) -> tuple[Ints, Ints, int]:
    """Match groups over both sides: each row's group, and how many groups there are.

    With `on` the named labels decide, else all others but the metric name.
    """
    choose = columns_of if on else columns_without
    chosen = names if on else (*names, METRIC_NAME)
    both = stacked(pick(left, choose(left, chosen)), pick(right, choose(right, chosen)))
    if not len(left) or not len(right):
        first, group = group_by(both, range(len(both.names)))
        return (group, group[:0], len(first)) if len(left) else (group[:0], group, len(first))
    first, group = group_by(both, range(len(both.names)))
    return group[: len(left)], group[len(left) :], len(first)


def equal_labels() -> ExecutionError:
    """The error for a label set that stands twice."""
    return ExecutionError("vector cannot contain metrics with the same labelset")


def without_names(frame: Frame) -> Frame:
    """The rows without metric name, type and unit; rows that become equal are merged, see `merged`."""
    columns = columns_without(frame.labels, RESERVED)
    if len(columns) == len(frame.labels.names):
        return frame
    out = frame.with_labels(pick(frame.labels, columns))
    gone = [frame.labels.codes[:, i] for i, name in enumerate(frame.labels.names) if name in RESERVED]
    if frame.n_series < 2 or all(bool((column == column[0]).all()) for column in gone):
        return out  # All had the same: what was different still is.
    return merged(out)


def distinct_without_names(labels: LabelSets) -> LabelSets | None:
    """The label sets without metric name, type and unit, where all are different still; None where they are not."""
    out = pick(labels, columns_without(labels, RESERVED))
    return out if are_distinct(out) else None


def merged(frame: Frame, *, duplicate: Callable[[], Exception] = equal_labels) -> Frame:
    """Rows with equal labels made one. Raises what `duplicate` makes where two of them are present at one step."""
    if frame.n_series < 2:
        return frame
    first, group = group_by(frame.labels, range(len(frame.labels.names)))
    if len(first) == frame.n_series:
        return frame
    return merged_groups(frame, first, group, duplicate=duplicate)


def merged_groups(frame: Frame, first: Ints, group: Ints, *, duplicate: Callable[[], Exception]) -> Frame:
    """The rows of each group made one, under the labels of the group's first row."""
    n_groups, n_steps = len(first), frame.n_steps
    occupied = frame.occupied()
    values, _, count = fold("count", frame.values, occupied, group, n_groups)
    if bool((count > 1).any()):
        raise duplicate()
    values, present, _ = fold("min", frame.values, frame.present, group, n_groups)
    histograms: dict[int, HistogramRow] = {}
    for row, cells in frame.histograms.items():
        target = histograms.setdefault(int(group[row]), np.full(n_steps, None, np.object_))
        here = has_histogram(cells)
        target[here] = cells[here]
    drop = None if frame.drop_name is None else frame.drop_name[first]
    return Frame(frame.labels.take(first), values, present, histograms, drop)


def fold(
    op: str, values: npt.NDArray[np.float64], present: npt.NDArray[np.bool_], group: Ints, n_groups: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Rows reduced into groups by one of `core.kernels.group.FOLDS`: values, present, counts; (n_groups, n_steps)."""
    n_steps = values.shape[1]
    acc = np.zeros((n_groups, n_steps))
    extra = np.zeros((n_groups, n_steps)) if op not in ("min", "max", "count") else acc
    count = np.zeros((n_groups, n_steps))
    kernel.fold(op, values, present.view(np.uint8), group, n_groups, 0, n_steps, acc, extra, count)
    return acc, count > 0, count


def coverage(frame: Frame, group: Ints, n_groups: int) -> npt.NDArray[np.bool_]:
    """bool (n_groups, n_steps): where any row of a group is present."""
    return fold("count", frame.values, frame.occupied(), group, n_groups)[1]


def sort_order(labels: LabelSets) -> npt.NDArray[np.intp]:
    """Row numbers in ascending order of the label sets, compared as `Labels` are, without making any."""
    n, width = labels.codes.shape
    if n < 2 or width == 0:
        return np.arange(n, dtype=np.intp)
    # A set that lacks a label sorts behind those that have it if it has labels with greater names, else before them:
    # its next pair then is greater, or it is a prefix of the others.
    has_later = np.zeros(n, np.bool_)
    keys: list[npt.NDArray[np.int64]] = []
    for i in range(width - 1, -1, -1):
        column = labels.codes[:, i]
        used = used_codes(column, len(labels.strings))
        rank = np.zeros(len(labels.strings), np.int64)
        texts = [labels.strings[code] for code in used.tolist()]
        order = sorted(range(len(texts)), key=texts.__getitem__)
        rank[used[order]] = np.arange(1, len(order) + 1)
        key = rank[column]
        key[(column == 0) & has_later] = len(order) + 1
        has_later |= column != 0
        keys.append(key)
    return np.lexsort(keys)
