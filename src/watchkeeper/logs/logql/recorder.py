"""What a query reads, counted while several threads read it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np

from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.errors import CorruptionError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.interface import Slice
from watchkeeper.logs.logql.answer import Stats, StoreStats

log = get_logger("logql")


class Recorder:
    """Fills the statistics of one query. `damaged` counts blocks that could not be read."""

    def __init__(self, stats: Stats) -> None:
        self.stats = stats
        self.damaged = 0
        self._lock = threading.Lock()

    def _half(self, part: Slice) -> StoreStats:
        return self.stats.ingester if part.is_head else self.stats.store

    def found(self, parts: Sequence[Slice]) -> None:
        """Blocks that a select returned."""
        self.stats.streams += len({part.stream.id for part in parts})
        for part in parts:
            self._half(part).chunks_ref += 1

    def headers(self, parts: Sequence[Slice]) -> None:
        """Blocks that were counted by their headers."""
        for part in parts:
            half = self._half(part)
            half.lines += part.n_rows
            half.bytes += part.raw_bytes
            half.post_filter_lines += part.n_rows

    def load(self, part: Slice) -> tuple[Block, Rows]:
        """The block and its rows, counted as looked at; no rows of a damaged block."""
        began = time.perf_counter_ns()
        try:
            block, rows = part.load()
        except CorruptionError as error:
            log.error("a block is damaged; the query is answered without it", error=error)
            with self._lock:
                self.damaged += 1
            return Block(), np.zeros(0, np.int32)
        took = time.perf_counter_ns() - began
        share = len(rows) / part.n_rows if part.n_rows else 0.0
        with self._lock:
            half = self._half(part)
            half.chunks_loaded += 1
            half.load_ns += took
            half.lines += len(rows)
            half.bytes += int(part.raw_bytes * min(share, 1.0))
        return block, rows

    def passed(self, part: Slice, n_rows: int) -> None:
        """Rows of a block that passed all filters."""
        with self._lock:
            self._half(part).post_filter_lines += n_rows
