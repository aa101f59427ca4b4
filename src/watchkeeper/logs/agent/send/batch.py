"""What is collected for one tenant of one server until it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from watchkeeper.logs.agent.send.streams import Run, StreamKey


class Batch:
    """Entries of one tenant.

    size    of lines and metadata in bytes
    steps   the numbers of the reads that have entries here
    """

    __slots__ = ("born_s", "n_entries", "newest_ns", "size", "steps", "streams", "tenant")

    def __init__(self, tenant: str, born_s: float) -> None:
        self.tenant = tenant
        self.born_s = born_s
        self.size = 0
        self.n_entries = 0
        self.streams: dict[StreamKey, list[Run]] = {}
        self.steps: set[int] = set()
        self.newest_ns = 0

    def add(self, run: Run, size: int, step: int) -> None:
        """Takes entries; `size` is theirs."""
        runs = self.streams.get(run.stream)
        if runs is None:
            self.streams[run.stream] = [run]
        else:
            runs.append(run)
        self.size += size
        self.n_entries += len(run)
        self.steps.add(step)
        self.newest_ns = max(self.newest_ns, run.times_ns[-1])


def sizes(run: Run) -> list[int]:
    """The size of each entry."""
    if run.metadata is None:
        return list(map(len, run.lines))
    return [
        len(line) + sum(len(name) + len(value) for name, value in pairs)
        for line, pairs in zip(run.lines, run.metadata, strict=True)
    ]


def pieces(run: Run, room: int, limit: int) -> Iterator[tuple[Run, int]]:
    """The run in pieces with their sizes: the first fits in `room`, the others in `limit`, but for single entries.

    The first may be empty, where nothing fits.
    """
    each = sizes(run)
    total = sum(each)
    if total <= room:
        yield run, total
        return
    ends = list(accumulate(each))
    lo = done = 0
    budget = room
    for row, end in enumerate(ends):
        if end - done > budget and (row > lo or budget == room):
            yield run.cut(lo, row), (ends[row - 1] if row else 0) - done
            done = ends[row - 1] if row else 0
            lo, budget = row, limit
    yield run.cut(lo, len(ends)), ends[-1] - done
