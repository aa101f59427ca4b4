"""Rows just stored, through a tail's query."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.log_memory import Entry, block_of
from watchkeeper.core.model.errors import LimitExceeded
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import Stream, TailBatch
from watchkeeper.logs.logql.parser import parse_log_query
from watchkeeper.logs.logql.tailing import Tail

STREAM = Stream(1, Labels.of(app="x"), '{app="x"}')


def batch(lines: list[bytes], times: list[int], rows: list[int]) -> TailBatch:
    entries = [Entry(STREAM.labels, time, line) for time, line in zip(times, lines, strict=True)]
    return TailBatch(STREAM, block_of(entries, sealed=False), np.array(rows, np.int32))


def test_the_rows_of_the_batch_oldest_first() -> None:
    tail = Tail(parse_log_query('{app="x"} | logfmt | n > 0 | line_format "{{.n}}" | drop n'))
    found = tail.rows(batch([b"n=1", b"n=2", b"n=0", b"n=4"], [50, 30, 20, 10], [0, 1, 2])).streams
    assert len(found) == 1
    assert found[0].labels == STREAM.labels
    assert found[0].times_ns.tolist() == [30, 50]
    assert list(found[0].lines) == [b"2", b"1"]


def test_nothing_passes() -> None:
    tail = Tail(parse_log_query('{app="x"} |= "z"'))
    assert tail.rows(batch([b"a", b"b"], [1, 2], [0, 1])).streams == []


def test_a_batch_has_limits() -> None:
    tail = Tail(parse_log_query('{app="x"} | logfmt | line_format `{{ repeat 2000000 .n }}`'))
    many = batch([b"n=%d" % n for n in range(100)], list(range(100)), list(range(100)))
    with pytest.raises(LimitExceeded, match="more than 128 MiB for intermediate results"):
        tail.rows(many)
    assert len(tail.rows(batch([b"n=1"], [1], [0])).streams) == 1
