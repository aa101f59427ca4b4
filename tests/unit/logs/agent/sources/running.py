"""A job whose entries a test can look at, and an agent around it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.agent.agent import Agent, AgentOptions
from watchkeeper.logs.agent.config.promtail_yml import parse_promtail_yml
from watchkeeper.logs.agent.positions import Marks, Positions
from watchkeeper.logs.agent.send.streams import Run
from watchkeeper.logs.agent.telemetry import AgentMetrics


class Collected:
    """Remembers all entries, and is done with them at once."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.is_full = False
        self.positions: Positions | None = None

    def __call__(self, metrics: AgentMetrics, positions: Positions) -> list[Any]:
        self.positions = positions
        return [self]

    def add(self, runs: Sequence[Run], marks: Marks) -> None:
        self.runs += runs
        assert self.positions is not None
        self.positions.commit(0, marks)

    def entries(self) -> list[tuple[dict[str, str], int, str]]:
        """Labels, time and line of each."""
        return [
            (
                {**dict(run.stream.labels), **({"__tenant_id__": run.stream.tenant} if run.stream.tenant else {})},
                at,
                line.decode(),
            )
            for run in list(self.runs)
            for at, line in zip(run.times_ns, run.lines, strict=True)
        ]

    def lines(self) -> list[str]:
        return [line for _, _, line in self.entries()]


@contextlib.asynccontextmanager
async def running(jobs: str, **settings: Any) -> AsyncIterator[tuple[Agent, Collected]]:
    """An agent with these scrape configs."""
    collected = Collected()
    more = "".join(f"{key}: {value}\n" for key, value in settings.items() if key != "options")
    if "positions" not in settings:
        more += "positions: {filename: ''}\n"
    config = parse_promtail_yml(f"scrape_configs:\n{jobs}\n{more}")
    agent = Agent(config, Registry(), AgentOptions(destinations=collected, **settings.get("options", {})))
    await agent.start()
    try:
        yield agent, collected
    finally:
        await agent.stop()


async def until(is_true: Callable[[], Any], timeout_s: float = 5.0) -> Any:
    """What `is_true` gives once it is true."""
    deadline_s = time.monotonic() + timeout_s
    while not (found := is_true()):
        assert time.monotonic() < deadline_s, "it did not happen"
        await asyncio.sleep(0.01)
    return found


def value(agent: Agent, name: str) -> float:
    """A metric without labels."""
    for family in agent.registry.collect():
        if family.name == name:
            return sum(one for _, _, _, one in family.samples)
    raise LookupError(name)
