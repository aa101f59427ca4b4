"""The systemd journal, by way of `journalctl`."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import suppress
from typing import Any, Final

import orjson

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.config.sources import JournalConfig
from watchkeeper.logs.agent.sources.job import Job
from watchkeeper.logs.agent.sources.labelling import Groups, Labelling

log = get_logger("agent")

PRIORITIES: Final = ("emerg", "alert", "crit", "error", "warning", "notice", "info", "debug")
READ_BYTES: Final = 256 << 10
MAX_LINE_BYTES: Final = 16 << 20
MIN_RESTART_S: Final = 1.0
MAX_RESTART_S: Final = 60.0


class JournalSource:
    """Follows the journal from where it was left."""

    def __init__(self, job: Job, config: JournalConfig, command: str = "journalctl") -> None:
        self._job = job
        self._config = config
        self._command = command
        self._key = f"journal-{job.name}"
        self._labelling = Labelling(config.labels, job.config.relabel_configs)
        self._cursor = job.positions.get(self._key)
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._oldest_ns = 0
        registry = job.metrics.registry
        self._lines = registry.counter(
            "promtail_journal_target_lines_total", "Total number of successful journal lines read"
        )
        self._errors = registry.counter(
            "promtail_journal_target_parsing_errors_total",
            "Total number of parsing errors while reading journal messages",
            ("error",),
        )

    async def start(self) -> None:
        """Begins to follow; says so where there is no journalctl."""
        if shutil.which(self._command) is None:
            log.error(
                "the journal can't be read: journalctl is not installed here; run the agent on the host, "
                "or in an image that has it",
                job=self._job.name,
            )
            self._job.metrics.targets_failed.labels("error").inc()
            return
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Ends the command."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._end()

    def status(self) -> dict[str, Any]:
        """What its page shows."""
        return {"type": "Journal", "labels": self._config.labels, "path": self._config.path, "cursor": self._cursor}

    def arguments(self, now_s: float) -> list[str]:
        """The command: from the cursor on, or from as far back as entries may be."""
        config = self._config
        out = [self._command, "--output=json", "--follow", "--no-tail", "--all", "--quiet"]
        if config.path:
            out.append(f"--directory={config.path}")
        if self._cursor:
            out.append(f"--after-cursor={self._cursor}")
        else:
            out.append(f"--since=@{now_s - config.max_age_ns / 1e9:.0f}")
        return [*out, *config.matches.split()]

    async def _run(self) -> None:
        wait_s = MIN_RESTART_S
        while True:
            now_s = time.time()
            self._oldest_ns = int(now_s * 1e9) - self._config.max_age_ns
            try:
                got = await self._follow(self.arguments(now_s))
            except OSError as error:
                log.error("the journal can't be read", job=self._job.name, error=error)
                got = False
            wait_s = MIN_RESTART_S if got else min(MAX_RESTART_S, wait_s * 2)
            await asyncio.sleep(wait_s)

    async def _follow(self, arguments: list[str]) -> bool:
        """Runs the command to its end; whether it gave anything."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *arguments, stdout=pipe, stderr=pipe, stdin=asyncio.subprocess.DEVNULL
        )
        self._process = process
        assert process.stdout is not None
        assert process.stderr is not None
        partial = b""
        got = False
        while data := await process.stdout.read(READ_BYTES):
            whole, newline, partial = (partial + data).rpartition(b"\n")
            if newline:
                got = True
                await self._hand_on(whole.split(b"\n"))
            elif len(partial) > MAX_LINE_BYTES:
                self._errors.labels("too_long").inc()
                partial = b""
        words = (await process.stderr.read(2000)).decode("utf-8", "replace").strip()
        status = await process.wait()
        log.warn("journalctl has ended; it is started again", job=self._job.name, status=status, said=words)
        if status and "cursor" in words.lower():
            # The entry of the cursor is gone: begin with the oldest that may be.
            self._cursor = ""
        return got

    async def _hand_on(self, lines: list[bytes]) -> None:
        groups = Groups()
        for text in lines:
            try:
                fields: dict[str, Any] = orjson.loads(text)
                self._cursor = fields.get("__CURSOR", self._cursor)
                time_ns = int(fields.get("__REALTIME_TIMESTAMP", 0)) * 1000
            except (orjson.JSONDecodeError, ValueError, AttributeError):
                self._errors.labels("json").inc()
                continue
            line = text if self._config.json else _bytes(fields.get("MESSAGE"))
            if line is None:
                self._errors.labels("no_message").inc()
                continue
            if time_ns < self._oldest_ns:
                continue
            labels = self._labelling.labels(journal_labels(fields))
            if labels is None:
                self._errors.labels("empty_labels").inc()
                continue
            groups.add(labels, line, time_ns)
            self._lines.inc()
        await self._job.handle_groups(groups, key=self._key, position=self._cursor)

    async def _end(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(2.0):
                    await process.wait()
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def _bytes(value: Any) -> bytes | None:
    """A field: text, or bytes that are no UTF-8 as a list of numbers; of several values the last."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, list) and value:
        if all(isinstance(item, int) and 0 <= item < 256 for item in value):
            return bytes(value)
        return _bytes(value[-1])
    return None


def journal_labels(fields: dict[str, Any]) -> dict[str, str]:
    """`__journal_*` of an entry: the names of its fields in small letters, and the priority's word."""
    out = {
        f"__journal_{name.lower()}": value
        for name, value in fields.items()
        if isinstance(value, str) and name != "MESSAGE"
    }
    priority = out.get("__journal_priority", "")
    if priority.isdecimal() and int(priority) < len(PRIORITIES):
        out["__journal_priority_keyword"] = PRIORITIES[int(priority)]
    return out
