"""Rows to series: which distinct label sets rows have, made once for each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.group import group_rows
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.columns import Column
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS, BlockRows

Ints: TypeAlias = npt.NDArray[np.int64]
Named: TypeAlias = list[tuple[str, Column]]


@dataclass(frozen=True, slots=True)
class SeriesLabels:
    """Which labels make a series: those named `by`, or all but those of `without`."""

    by: tuple[str, ...] | None = None
    without: frozenset[str] = frozenset()


def series_of(rows: BlockRows, chosen: SeriesLabels) -> tuple[Ints, list[Labels]]:
    """The series of each row, and their label sets; two of these may be equal. An error makes a series of its own."""
    if chosen.by is None:
        rows.resolve_all()
        names: Iterable[str] = (name for name in rows.names() if name not in chosen.without)
    else:
        names = chosen.by
    constant: list[tuple[str, str]] = []
    columns: Named = []
    for name in names:
        found = rows.get(name)
        if isinstance(found, str):
            constant.append((name, found))
        elif found is not None:
            columns.append((name, found))
    if rows.errors is not None and (chosen.by is None or ERROR not in chosen.by):
        columns += _errors(rows)
    group, firsts = distinct_rows([column for _, column in columns], len(rows))
    return group, [Labels((*constant, *texts_at(columns, row))) for row in firsts]


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
