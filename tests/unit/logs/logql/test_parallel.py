"""Work on many items with several threads."""

from __future__ import annotations

import threading

import pytest

from watchkeeper.core.model.errors import QueryCanceled
from watchkeeper.logs.logql.parallel import AHEAD, MOST_TOGETHER, Workers


def nothing() -> None:
    """Never ends a query."""


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("soon", [False, True])
@pytest.mark.parametrize("n", [0, 1, 2, 7, 300])
def test_results_come_in_order(threads: int, soon: bool, n: int) -> None:
    workers = Workers(threads)
    assert list(workers.map(lambda i: i * i, range(n), nothing, soon=soon)) == [i * i for i in range(n)]
    workers.close()


def test_a_caller_that_stops_early_leaves_little_behind() -> None:
    workers = Workers(2)
    done: list[int] = []
    results = workers.map(done.append, range(1000), nothing, soon=True)
    next(results)
    results.close()
    workers.close()
    assert len(done) <= AHEAD * 2 * 2


def test_what_check_raises_ends_all() -> None:
    workers = Workers(2)
    done: list[int] = []
    lock = threading.Lock()

    def check() -> None:
        if len(done) >= 20:
            raise QueryCanceled("gone")

    def work(i: int) -> int:
        with lock:
            done.append(i)
        return i

    with pytest.raises(QueryCanceled):
        list(workers.map(work, range(10_000), check))
    workers.close()
    assert len(done) <= 20 + MOST_TOGETHER * 2


def test_an_error_of_the_work_comes_through() -> None:
    workers = Workers(2)
    with pytest.raises(ZeroDivisionError):
        list(workers.map(lambda i: 1 // (50 - i), range(100), nothing))
    workers.close()
