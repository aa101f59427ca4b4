"""The error of a metric query some of whose lines a stage could not deal with."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.model.errors import ExecutionError
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.columns import Column
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS, BlockRows


class PipelineError(ExecutionError):
    """Rows with an error in a query that does not look at errors; the text is upstream's."""

    def __init__(self, rows: BlockRows) -> None:
        assert rows.errors is not None
        row = int(np.flatnonzero(rows.failed)[0])
        pairs: list[tuple[str, str]] = []
        for name in (*rows.names(), ERROR, ERROR_DETAILS):
            found = rows.get(name)
            if isinstance(found, Column):
                code = int(found.codes[row])
                if code >= 0:
                    pairs.append((name, found.values.string(code)))
            elif found is not None:
                pairs.append((name, found))
        kind = rows.error_texts[int(rows.errors[row])][0]
        super().__init__(
            f"pipeline error: '{kind}' for series: '{Labels(pairs)}'.\n"
            f'Use a label filter to intentionally skip this error. (e.g | __error__!="{kind}").\n'
            'To skip all potential errors you can match empty errors.(e.g __error__="")\n'
            'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n'
        )
