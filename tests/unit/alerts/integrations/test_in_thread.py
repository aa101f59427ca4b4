"""Writing messages: an integration whose template never ends keeps itself waiting, and nobody else."""

from __future__ import annotations

import asyncio
import threading

import pytest

from watchkeeper.alerts.integrations.in_thread import AT_ONCE, MAX_THREADS, in_thread


class Integration:
    """One that has work to do."""


def test_one_that_hangs_keeps_no_other_waiting() -> None:
    end = threading.Event()
    begun: list[int] = []

    def hang(number: int) -> int:
        begun.append(number)
        end.wait(20)
        return number

    async def run() -> None:
        hanging, other = Integration(), Integration()
        tasks = [asyncio.create_task(in_thread(hanging, hang, n)) for n in range(MAX_THREADS + 20)]
        async with asyncio.timeout(10):
            while len(begun) < AT_ONCE:
                await asyncio.sleep(0.001)
            assert await in_thread(other, lambda: "done") == "done"
        assert len(begun) == AT_ONCE
        end.set()
        assert await asyncio.gather(*tasks) == list(range(MAX_THREADS + 20))

    asyncio.run(run())


def test_work_that_nobody_waits_for_counts_until_it_ends() -> None:
    end = threading.Event()

    async def run() -> None:
        integration = Integration()
        for _ in range(AT_ONCE):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await in_thread(integration, end.wait, 20)
        late = asyncio.create_task(in_thread(integration, lambda: 1))
        _, pending = await asyncio.wait([late], timeout=0.05)
        assert pending
        end.set()
        assert await late == 1

    asyncio.run(run())


def test_what_it_raises() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(in_thread(Integration(), fail))
