"""Work on many blocks with several threads; kernels let go of the interpreter's lock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

AHEAD: Final = 2  # Pieces for each thread that may be under way or done before anybody asks for them.
MOST_TOGETHER: Final = 8  # Items of one piece: few, so that a query ends soon after it is cancelled.


class Workers:
    """Threads that all queries share. With one thread, work is done where it is asked for."""

    def __init__(self, threads: int) -> None:
        self.threads = max(threads, 1)
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="logql") if self.threads > 1 else None

    def map(
        self, work: Callable[[T], R], items: Sequence[T], check: Callable[[], None], *, soon: bool = False
    ) -> Generator[R]:
        """What `work` makes of each item, in order; `check` is called between items, and what it raises ends all.

        A caller that stops early leaves a few items' work behind, whose results are dropped.

        soon   the caller may well stop early: few items are begun with at first
        """
        if self._pool is None or len(items) < 2:
            for item in items:
                check()
                yield work(item)
            return
        most = max(1, min(MOST_TOGETHER, len(items) // (4 * self.threads)))
        pieces = _cut(items, most, 1 if soon else most)

        def run(piece: Sequence[T]) -> list[R]:
            out: list[R] = []
            for item in piece:
                check()
                out.append(work(item))
            return out

        waiting: deque[Future[list[R]]] = deque()
        try:
            for piece in pieces:
                waiting.append(self._pool.submit(run, piece))
                if len(waiting) >= AHEAD * self.threads:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _cut(items: Sequence[T], most: int, first: int) -> Iterator[Sequence[T]]:
    """The items in pieces: of `first` items at the beginning, then larger, up to `most`."""
    lo, size = 0, float(first)
    while lo < len(items):
        yield items[lo : lo + int(size)]
        lo += int(size)
        size = min(size * 1.2, most)
