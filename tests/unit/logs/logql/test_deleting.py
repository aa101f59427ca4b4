"""Which rows a delete request leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.log_memory import Entry, block_of
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.deleting import keep_rows
from watchkeeper.logs.logql.parser import parse_log_query

LABELS = Labels.of(app="x")
LINES = [b'{"status":200}', b"secret word", b'{"status":500}', b"other"]


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize(
    ("stages", "stays"),
    [
        ("", []),
        ('|= "secret"', [0, 2, 3]),
        ('!= "secret"', [1]),
        ("| json | status >= 500", [0, 1, 3]),  # Lines that are no JSON are not known to be meant.
        ('| json | status >= 500 | __error__=""', [0, 1, 3]),
        ('| app="y"', [0, 1, 2, 3]),
        ('| id="7"', [0, 1, 3]),
    ],
)
def test_what_the_stages_drop_stays(stages: str, stays: list[int], sealed: bool) -> None:
    entries = [Entry(LABELS, i, line, (("id", "7"),) if i == 2 else ()) for i, line in enumerate(LINES)]
    block = block_of(entries, sealed=sealed)
    keep = keep_rows(parse_log_query(f'{{app="x"}} {stages}'))
    assert np.flatnonzero(keep(block, np.arange(4, dtype=np.int32), LABELS)).tolist() == stays


def test_only_the_rows_asked_for_in_their_order() -> None:
    block = block_of([Entry(LABELS, i, line) for i, line in enumerate(LINES)], sealed=True)
    keep = keep_rows(parse_log_query('{app="x"} |= "secret"'))
    assert keep(block, np.array([3, 1], np.int32), LABELS).tolist() == [True, False]
