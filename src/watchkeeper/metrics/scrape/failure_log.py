"""`scrape_failure_log_file`: a line of JSON for each scrape that failed, with upstream's keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import IO

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.scrape.clock import Clock
from watchkeeper.metrics.scrape.target import Target

log = get_logger("scrape manager")


class FailureLog:
    """One file; several jobs may share it. A file that can't be written costs only its lines."""

    def __init__(self, path: str, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._file: IO[str] | None = None
        self._is_broken = False

    def write(self, target: Target, error: str) -> None:
        """Add one failure."""
        now = datetime.fromtimestamp(self._clock.wall_s(), UTC)
        line = {
            "time": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z",
            "level": "ERROR",
            "msg": error,
            "job_name": target.pool,
            "target": target.url,
        }
        try:
            if self._file is None:
                self._file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115  # It stays open.
            self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
            self._file.flush()
            self._is_broken = False
        except OSError as problem:
            if not self._is_broken:
                log.error("Scrape failures can't be logged", file=self.path, err=problem)
            self._is_broken = True

    def reopen(self) -> None:
        """Follow a file that was rotated away."""
        self.close()

    def close(self) -> None:
        """Close the file; the next failure opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None
