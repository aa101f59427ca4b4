"""Standard input: `cat app.log | watchkeeper agent -stdin`."""

from __future__ import annotations

import sys
import time
from typing import BinaryIO

from watchkeeper.logs.agent.sources.job import Job, shown_labels

READ_BYTES = 64 << 10


def read_lines(job: Job, hostname: str, stream: BinaryIO | None = None) -> None:
    """Hands all lines on, with the labels of the job's first static target, or `job` and `hostname`."""
    static = next(iter(job.config.discovery.static), None)
    labels = shown_labels(dict(static.labels)) if static is not None else {}
    labels = labels or {"job": "stdin", "hostname": hostname}
    source = stream or sys.stdin.buffer
    partial = b""
    while data := getattr(source, "read1", source.read)(READ_BYTES):
        data = partial + data
        whole, newline, partial = data.rpartition(b"\n")
        if newline:
            _hand_on(job, labels, whole.split(b"\n"))
    if partial:
        _hand_on(job, labels, [partial])


def _hand_on(job: Job, labels: dict[str, str], lines: list[bytes]) -> None:
    while job.outlet.is_full:
        time.sleep(0.05)
    job.handle(labels, lines, key="stdin")
