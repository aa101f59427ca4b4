"""Which reads are done: a position counts once everything before it was sent, kept on the disk, or given up."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from watchkeeper.logs.agent.positions import Mark, Marks


class Ledger:
    """The reads of one client, in order. Not thread-safe: its owner has a lock."""

    def __init__(self) -> None:
        self._first = 0
        self._reads: deque[tuple[Marks, list[int]]] = deque()

    @property
    def n_open(self) -> int:
        """Reads that are not done."""
        return len(self._reads)

    def begin(self, marks: Marks) -> int:
        """A read and the positions that it brings; its number. It is open until `close` was called for it once more
        than `hold`."""
        self._reads.append((marks, [1]))
        return self._first + len(self._reads) - 1

    def hold(self, step: int) -> None:
        """One more batch has entries of this read."""
        self._reads[step - self._first][1][0] += 1

    def close(self, steps: Iterable[int]) -> None:
        """A batch with entries of these reads is done."""
        for step in steps:
            self._reads[step - self._first][1][0] -= 1

    def preview(self, steps: set[int]) -> Marks:
        """What `done` would give if a batch with entries of these reads were closed."""
        found: dict[str, Mark] = {}
        for i, (marks, [n_open]) in enumerate(self._reads):
            if n_open - ((self._first + i) in steps) > 0:
                break
            found.update(marks)
        return found

    def done(self) -> Marks:
        """The newest positions of all reads that are done, and are then forgotten."""
        found: dict[str, Mark] = {}
        while self._reads and self._reads[0][1][0] <= 0:
            found.update(self._reads.popleft()[0])
            self._first += 1
        return found
