"""label_replace and label_join, on whole columns of labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.label_sets import Codes
from watchkeeper.core.model.labels import METRIC_NAME, quote
from watchkeeper.core.model.regex import RegexError, regex
from watchkeeper.core.model.value_length import check_value_length
from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.grid import Grid
from watchkeeper.core.vector.group import Ints, columns_of, extend_strings, group_by, merged, used_codes, with_column
from watchkeeper.metrics.promql import ast

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.evaluate import Evaluation


def _label_replace(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    frame = ev.vector(call.args[0], grid)
    target, template, source, pattern = (ev.string(argument) for argument in call.args[1:])
    try:
        expression = regex(pattern)
    except RegexError:
        raise ExecutionError(f"invalid regular expression in label_replace(): {pattern}") from None
    if not target:
        raise ExecutionError(f"invalid destination label name in label_replace(): {target}")
    replacement = expression.replacement(template)
    labels = frame.labels
    column = labels.column(source)
    used = np.unique(column)
    results: list[str] = []
    matched: list[int] = []
    n_references, size = template.count("$"), 0
    for count, code in enumerate(used.tolist()):
        if count % 1000 == 0:
            ev.check()
            ev.memory.reserve_text(size)
        check_value_length(len(template) + n_references * len(labels.strings[code]), "label_replace")
        found = expression.search(labels.strings[code])
        if found is not None:
            results.append(replacement.expand(found))
            size += len(results[-1])
            matched.append(code)
    return _with_label(ev, frame, target, matched, results, column)


def _label_join(ev: Evaluation, call: ast.Call, grid: Grid) -> Frame:
    frame = ev.vector(call.args[0], grid)
    target, separator, *sources = (ev.string(argument) for argument in call.args[1:])
    if not target:
        raise ExecutionError(f"invalid destination label name in label_join(): {quote(target)}")
    labels = frame.labels
    ev.memory.reserve(frame.n_series, len(sources))
    first, group = group_by(labels, columns_of(labels, sources))
    columns = [labels.column(source)[first].tolist() for source in sources]
    texts: list[str] = []
    size = 0
    for i in range(len(first)):
        if i % 1000 == 0:
            ev.check()
            ev.memory.reserve_text(size)
        parts = [labels.strings[column[i]] for column in columns]
        length = sum(map(len, parts)) + len(separator) * max(0, len(parts) - 1)
        check_value_length(length, "label_join")
        size += length
        texts.append(separator.join(parts))
    return _with_label(ev, frame, target, list(range(len(first))), texts, group)


def _with_label(
    ev: Evaluation,
    frame: Frame,
    target: str,
    keys: list[int],
    texts: list[str],
    key_of_row: Codes | Ints,
) -> Frame:
    """The frame with a label set to the text of each row's key; rows whose key is not among `keys` keep theirs."""
    labels = frame.labels
    if not frame.n_series or not keys:
        return frame
    in_use = used_codes(labels.codes, len(labels.strings)) if labels.codes.size else np.zeros(0, np.intp)
    strings, codes = extend_strings(labels.strings, in_use.tolist(), texts)
    table = np.full(int(key_of_row.max()) + 1, -1, np.int32)
    table[keys] = codes
    new = table[key_of_row]
    changed = new >= 0
    out = replace(
        frame, labels=with_column(labels, target, np.where(changed, new, labels.column(target)), strings), lease=None
    )
    if target == METRIC_NAME and frame.drop_name is not None:
        out.drop_name = frame.drop_name & ~changed
    return merged(out)


FUNCTIONS: Final = {"label_replace": _label_replace, "label_join": _label_join}
