"""`watchkeeper agent -dry-run` and `-inspect`: what would be sent, and what each stage does to it."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO, cast

from watchkeeper.app.agent import AgentFlags, lazy_matcher, spool_dir
from watchkeeper.core.telemetry.log import capture_stdlib, configure
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.agent.agent import Agent, AgentOptions
from watchkeeper.logs.agent.config.promtail_yml import PromtailConfig
from watchkeeper.logs.agent.pipeline import Pipeline
from watchkeeper.logs.agent.positions import Marks
from watchkeeper.logs.agent.preview import BeforeAfter, Printer, inspect_pipeline
from watchkeeper.logs.agent.send.streams import Run


class _Printed:
    """Takes entries and prints them."""

    is_full = False

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    def add(self, runs: Sequence[Run], marks: Marks) -> None:
        """Prints entries as they would be sent."""
        for run in runs:
            self._printer.run(run)


def preview(
    config: PromtailConfig, flags: AgentFlags, *, dry_run: bool, inspect: bool, out: TextIO | None = None
) -> int:
    """Runs the agent; prints instead of sending with `dry_run`. Ends at the end of standard input, or by a signal."""
    configure(flags.log_level or config.server.log_level, flags.log_format or config.server.log_format)
    capture_stdlib()
    stream = out or sys.stdout
    printer = Printer(stream, colored=stream.isatty() or os.environ.get("FORCE_COLOR") == "1")
    if dry_run:
        # What is only looked at is not done: the positions stay as they are, and are not asked.
        config = dataclasses.replace(config, positions=dataclasses.replace(config.positions, filename=""))
        options = AgentOptions(matcher=lazy_matcher, destinations=lambda *_: [_Printed(printer)])
    else:
        options = AgentOptions(spool_dir=spool_dir(config, flags), matcher=lazy_matcher)
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(config, options, printer, inspect=inspect, compare=dry_run and not inspect))
    return 0


async def _run(
    config: PromtailConfig, options: AgentOptions, printer: Printer, *, inspect: bool, compare: bool
) -> None:
    agent = Agent(config, Registry(), options)
    for job in agent.jobs.values():
        if inspect:
            inspect_pipeline(job.pipeline, printer)
        elif compare and printer.is_colored:
            # Only for people: what reads a pipe gets entries and nothing else, as upstream has it.
            job.pipeline = cast(Pipeline, BeforeAfter(job.pipeline, printer))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await agent.start()
    if config.target_config.stdin:
        await agent.read_stdin()
    else:
        await stop.wait()
    await agent.stop()
