"""`label_replace(expr, "dst", "replacement", "src", "regex")`, on a whole column of labels."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.regex import RegexError, regex
from watchkeeper.core.model.value_length import check_value_length
from watchkeeper.core.vector.frame import Frame
from watchkeeper.core.vector.group import extend_strings, merged, used_codes, with_column
from watchkeeper.logs.logql.ast import LabelReplace
from watchkeeper.logs.logql.guard import Guard


def label_replace(node: LabelReplace, frame: Frame, guard: Guard) -> Frame:
    """The frame with the label set where the expression matches. Raises ExecutionError for series that become equal,
    LimitExceeded, QueryCanceled and QueryTimeout."""
    try:
        expression = regex(node.regex)
    except RegexError as error:
        raise ExecutionError(f"invalid regex in label_replace: {error}") from error
    replacement = expression.replacement(node.replacement)
    labels = frame.labels
    source = labels.column(node.src)
    used = np.unique(source)
    texts: dict[int, str] = {}
    n_references, size = node.replacement.count("$"), 0
    for count, code in enumerate(used.tolist()):
        if count % 1000 == 0:
            guard.check()
            guard.hold(size)
            size = 0
        check_value_length(len(node.replacement) + n_references * len(labels.strings[code]), "label_replace")
        found = expression.search(labels.strings[code])
        if found is not None:
            texts[code] = replacement.expand(found)
            size += len(texts[code])
    guard.hold(size)
    if not texts:
        return frame
    in_use = used_codes(labels.codes, len(labels.strings)) if labels.codes.size else np.zeros(0, np.intp)
    strings, codes = extend_strings(labels.strings, in_use.tolist(), texts.values())
    table = np.full(len(labels.strings), -1, np.int32)
    table[list(texts)] = codes
    new = table[source]
    column = np.where(new >= 0, new, labels.column(node.dst)).astype(np.int32)
    return merged(frame.with_labels(with_column(labels, node.dst, column, strings)))
