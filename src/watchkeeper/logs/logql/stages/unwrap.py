"""`| unwrap bytes(size)`: the number that a sample takes from a label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.units import seconds, sizes_bytes
from watchkeeper.logs.logql.ast import Conversion, Unwrap
from watchkeeper.logs.logql.rows import BlockRows
from watchkeeper.logs.logql.stages.label_filter import LabelFilter, numbers_at_once
from watchkeeper.logs.logql.stages.stage import SAMPLE_ERROR

Floats: TypeAlias = npt.NDArray[np.float64]


class Unwrapped:
    """Takes the numbers, then applies the filters behind `unwrap`."""

    def __init__(self, node: Unwrap) -> None:
        self._name = node.label
        self._conversion = node.conversion
        self._filters = [LabelFilter(stage.filter) for stage in node.filters]

    def run(self, rows: BlockRows) -> Floats:
        """The number of each row that is left. Rows without the label are dropped; those whose text is no number are
        marked and stay."""
        numbers = self._numbers(rows)
        for each in self._filters:
            before = rows.rows
            each.run(rows)
            if len(rows) != len(before):
                numbers = numbers[np.isin(before, rows.rows, assume_unique=True)]
        return numbers

    def _numbers(self, rows: BlockRows) -> Floats:
        at_once = numbers_at_once(rows, self._name) if self._conversion is Conversion.NONE else None
        if at_once is not None:
            numbers, has = at_once
            if not has.all():
                numbers = numbers[has]
                rows.keep(has)
            return numbers
        column = rows.column(self._name)
        if column is None:
            rows.keep(np.zeros(len(rows), np.bool_))
            return np.zeros(0)
        filled = np.append(np.diff(column.values.texts.offsets) > 0, False)[column.codes]
        rows.keep(filled)
        column = column.take(filled)
        if self._conversion is Conversion.NONE:
            by_value, errors = column.values.floats()
        else:
            by_value, errors = _CONVERT[self._conversion](column.values.texts)
        if errors:
            bad = np.zeros(len(by_value), np.bool_)
            bad[list(errors)] = True
            codes = np.where(bad[column.codes], column.codes, -1) if len(column) else column.codes
            for code in np.unique(codes[codes >= 0]).tolist():
                rows.fail(codes == code, SAMPLE_ERROR, errors[code])
        return by_value[column.codes] if len(column) else np.zeros(0)


_CONVERT: Final[dict[Conversion, Callable[[Texts], tuple[Floats, dict[int, str]]]]] = {
    Conversion.BYTES: sizes_bytes,
    Conversion.DURATION: seconds,
    Conversion.DURATION_SECONDS: seconds,
}
