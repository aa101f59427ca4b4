"""What a query may use, and the gate."""

import threading

import pytest

from watchkeeper.core.model.errors import LimitExceeded, QueryCanceled, QueryTimeout
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.metrics.promql.limits import CELL_BYTES, ActiveQueries, CancelToken, Guard, Memory


def test_memory_is_given_back_with_the_lease() -> None:
    memory = Memory(max_samples=100, max_bytes=100 * CELL_BYTES)
    lease = memory.lease(10, 9, 80)
    with pytest.raises(LimitExceeded, match="more than the limit"):
        memory.reserve(11, 1)
    with pytest.raises(LimitExceeded, match="too many samples"):
        memory.lease(1, 1, 21)
    del lease
    memory.reserve(10, 10)
    assert memory.peak_samples == 80


def test_samples_of_selects_are_limited() -> None:
    budget = Memory(max_samples=10, max_bytes=1).budget(Guard(1, CancelToken()))
    budget.charge(10)
    with pytest.raises(LimitExceeded) as caught:
        budget.charge(1)
    assert caught.value.limit == "query.max-samples"


def test_the_guard_knows_time_and_cancellation() -> None:
    now = [0.0]
    token = CancelToken()
    guard = Guard(5, token, lambda: now[0])
    guard.check()
    now[0] = 5.5
    with pytest.raises(QueryTimeout, match="query timed out in expression evaluation"):
        guard.check()
    token.cancel()
    with pytest.raises(QueryCanceled, match="query was canceled in expression evaluation"):
        guard.check()


def test_the_gate_lets_one_wait_until_its_time_is_over() -> None:
    registry = Registry()
    active = ActiveQueries(1, registry)
    inside, leave = threading.Event(), threading.Event()

    def run() -> None:
        with active.slot(Guard(5, CancelToken())):
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=run)
    thread.start()
    assert inside.wait(5)
    with pytest.raises(QueryTimeout, match="query timed out in query queue"), active.slot(Guard(0.02, CancelToken())):
        pass
    assert b"prometheus_engine_queries 1" in registry.exposition()
    leave.set()
    thread.join()
    with active.slot(Guard(5, CancelToken())):
        pass
