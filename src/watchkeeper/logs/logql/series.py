"""Rows to series: which distinct label sets rows have, made once for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.group import group_rows
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.logs.logql.columns import Column
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS, BlockRows

Ints: TypeAlias = npt.NDArray[np.int64]
Named: TypeAlias = list[tuple[str, Column]]
Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""A label set as Labels holds it: names and texts, sorted by name, no text empty. Cheaper to make than Labels."""


@dataclass(frozen=True, slots=True)
class SeriesLabels:
    """Which labels make a series: those named `by`, or all but those of `without`."""

    by: tuple[str, ...] | None = None
    without: frozenset[str] = frozenset()


def series_of(rows: BlockRows, chosen: SeriesLabels) -> tuple[Ints, list[Pairs]]:
    """The series of each row, and their labels; two of these may be equal. An error makes a series of its own."""
    if chosen.by is None:
        rows.resolve_all()
        names: Iterable[str] = (name for name in rows.names() if name not in chosen.without)
    else:
        names = chosen.by
    found = [(name, label) for name in names if (label := rows.get(name)) is not None]
    if rows.errors is not None and (chosen.by is None or ERROR not in chosen.by):
        found += _errors(rows)
    found.sort(key=itemgetter(0))
    group, firsts = distinct_rows([label for _, label in found if isinstance(label, Column)], len(rows))
    return group, _pairs(found, firsts)


def _pairs(found: Sequence[tuple[str, Column | str]], firsts: list[int]) -> list[Pairs]:
    """The labels of some rows, sorted by name, without empty ones."""
    if len(found) == 1:
        name, label = found[0]
        return [((name, text),) if text else () for text in _texts(label, firsts)]
    names = [name for name, _ in found]
    columns = [_texts(label, firsts) for _, label in found]
    if not columns:
        return [() for _ in firsts]
    return [
        tuple((name, text) for name, text in zip(names, row, strict=True) if text) for row in zip(*columns, strict=True)
    ]


def _texts(label: Column | str, rows: list[int]) -> list[str]:
    if isinstance(label, str):
        return [label] * len(rows)
    codes = label.codes[rows].tolist()
    values = label.values
    if len(rows) > len(values) // 4:
        strings = values.strings
        return [strings[code] if code >= 0 else "" for code in codes]
    return [values.string(code) if code >= 0 else "" for code in codes]


def label_sets_of(rows: Sequence[Pairs]) -> LabelSets:
    """Label sets as columns of codes."""
    names = tuple(sorted({name for row in rows for name, _ in row}))
    code_of: dict[str, int] = {"": 0}
    flat = [code_of.setdefault(text, len(code_of)) for row in rows for _, text in row]
    if len(flat) == len(rows) * len(names):  # All have all the names.
        codes = np.array(flat, np.int32).reshape(len(rows), len(names))
    else:
        column = {name: i for i, name in enumerate(names)}
        codes = np.zeros((len(rows), len(names)), np.int32)
        row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        codes[row_of, [column[name] for row in rows for name, _ in row]] = flat
    return LabelSets(names, codes, list(code_of))


def _errors(rows: BlockRows) -> Named:
    return [(name, column) for name in (ERROR, ERROR_DETAILS) if (column := rows.column(name)) is not None]


def texts_at(columns: Named, row: int) -> list[tuple[str, str]]:
    """The names and texts of the labels that one row has."""
    out: list[tuple[str, str]] = []
    for name, column in columns:
        code = int(column.codes[row])
        if code >= 0:
            out.append((name, column.values.string(code)))
    return out


def distinct_rows(columns: list[Column], n: int) -> tuple[Ints, list[int]]:
    """Rows that agree in all columns: each row's group, and a row of each group."""
    if not columns or n == 0:
        return np.zeros(n, np.int64), [0] if n else []
    if len(columns) == 1:
        codes, size = columns[0].codes, len(columns[0].values)
        if size <= 4 * n + 64:
            first = np.full(size + 1, -1, np.int64)
            first[codes[::-1]] = np.arange(n - 1, -1, -1)
            used = np.flatnonzero(first >= 0)
            number = np.empty(size + 1, np.int64)
            number[used] = np.arange(len(used))
            return number[codes], first[used].tolist()
    table = np.stack([column.codes for column in columns], axis=1)
    firsts, group = group_rows(np.ascontiguousarray(table, np.int32), np.arange(len(columns), dtype=np.int64))
    return group, firsts.tolist()
