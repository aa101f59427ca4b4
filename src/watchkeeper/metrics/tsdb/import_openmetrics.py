"""OpenMetrics text of any length into blocks: read in pieces, each parsed as a body of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from watchkeeper.core.disk.lock import DirectoryLock
from watchkeeper.core.model.errors import ExpositionError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.wire.exposition import Format
from watchkeeper.core.wire.text import TextParser
from watchkeeper.metrics.tsdb.import_staging import FLUSH_SAMPLES, Staging

PIECE_BYTES: Final = 4 << 20
MAX_LINE_BYTES: Final = 16 << 20
_END: Final = b"# EOF"


class ByteSource(Protocol):
    """A file or a pipe."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        ...


@dataclass(slots=True)
class OpenMetricsReport:
    """What an import did."""

    blocks: int = 0
    series: int = 0
    samples: int = 0
    exemplars_left_out: int = 0


def import_openmetrics(
    source: ByteSource,
    target: Path,
    *,
    now_ms: Callable[[], int],
    progress: Callable[[int, OpenMetricsReport], None] = lambda _bytes, _report: None,
    piece_bytes: int = PIECE_BYTES,
    flush_samples: int = FLUSH_SAMPLES,
) -> OpenMetricsReport:
    """Imports all samples of a text, or none: where a line is wrong, nothing is stored.

    target     the directory of a metrics store that no server uses
    progress   told of the bytes read and of what came of them
    raises     ExpositionError with the line; DirectoryLocked; OSError
    """
    target.mkdir(parents=True, exist_ok=True)
    lock = DirectoryLock(target)
    try:
        staging = Staging(target, now_ms, flush_samples=flush_samples)
        try:
            return _import(source, staging, progress, piece_bytes)
        except BaseException:
            staging.abandon()
            raise
    finally:
        lock.release()


def _import(
    source: ByteSource, staging: Staging, progress: Callable[[int, OpenMetricsReport], None], piece_bytes: int
) -> OpenMetricsReport:
    report = OpenMetricsReport()
    parser = TextParser(Format.OPENMETRICS)
    numbers = np.zeros(0, np.int64)
    done_bytes = 0
    for body, n_bytes, first_line in _pieces(source, piece_bytes):
        try:
            found = parser.parse(body)
        except ExpositionError as error:
            line = first_line + error.line - 1
            text = str(error).removeprefix(f"line {error.line}: ")
            raise ExpositionError(text, max(line, 1)) from None
        if found.new:
            more = [staging.series(Labels(pairs)) for _, pairs in found.new]
            numbers = np.concatenate([numbers, np.array(more, np.int64)])
        report.exemplars_left_out += len(found.exemplars)
        if len(found.values):
            if found.timed is None or found.times is None or not found.timed.all():
                raise ExpositionError("a sample has no timestamp; all must have one to be imported", first_line)
            index = np.arange(found.n_series) if found.index is None else found.index
            staging.add(numbers[index], found.times, found.values)
            report.samples += len(found.values)
        report.series = staging.n_series
        done_bytes += n_bytes
        progress(done_bytes, report)
    report.blocks = len(staging.finish())
    return report


def _pieces(source: ByteSource, piece_bytes: int) -> Iterator[tuple[bytes, int, int]]:
    """Bodies that end with the end mark, how many bytes of the source each is, and the number of its first line."""
    waiting = b""
    prefix = b""  # What the next piece must be told again: the type of the family that it goes on with.
    line = 1
    while True:
        data = source.read(piece_bytes)
        waiting += data
        cut = waiting.rfind(b"\n") + 1
        if data and (not cut or len(waiting) < piece_bytes):
            if len(waiting) > MAX_LINE_BYTES + piece_bytes:
                raise ExpositionError(f"a line is longer than {MAX_LINE_BYTES} bytes", line)
            continue
        if not data:
            if not waiting.rstrip(b"\r\n").endswith(_END):
                raise ExpositionError("data does not end with # EOF", line + waiting.count(b"\n"))
            yield prefix + waiting, len(waiting), line - prefix.count(b"\n")
            return
        # Comments of one family stay together: a piece ends before a run of them.
        while (start := waiting.rfind(b"\n", 0, cut - 1) + 1) < cut and waiting.startswith(b"#", start):
            cut = start
        if not cut or waiting[:cut].rstrip(b"\n").endswith(b"\n" + _END):
            continue
        piece, waiting = waiting[:cut], waiting[cut:]
        yield prefix + piece + _END + b"\n", len(piece), line - prefix.count(b"\n")
        line += piece.count(b"\n")
        prefix = _last_type(prefix + piece)


def _last_type(piece: bytes) -> bytes:
    at = piece.rfind(b"\n# TYPE ")
    start = at + 1 if at >= 0 else 0
    return piece[start : piece.index(b"\n", start) + 1] if at >= 0 or piece.startswith(b"# TYPE ") else b""
