"""What a healthy part of a server does while something else is attacked: answers, samples, memory."""

from __future__ import annotations

import re
import threading
import time
from itertools import pairwise
from pathlib import Path

from tests.processes.running import Process

# An answer, a scrape or a notification that comes within this was not held up by what else goes on: that takes longer,
# or never ends. A busy machine alone may be late with one by a second or two.
PATIENCE_S = 4.0


class Watch(threading.Thread):
    """Asks all the time; remembers what was not answered well, and the longest wait."""

    def __init__(self, server: Process, asks: str = "/api/v1/query?query=up") -> None:
        super().__init__(daemon=True)
        self.server = server
        self.asks = asks
        self.problems: list[str] = []
        self.slowest_s = 0.0
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(0.02):
            began_s = time.monotonic()
            try:
                status, text, _ = self.server.request(self.asks)
            except OSError as error:
                self.problems.append(repr(error))
                continue
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)
            if status != 200:
                self.problems.append(f"{status}: {text.decode()}")

    def stop(self) -> list[str]:
        """The problems there were."""
        self._stopping.set()
        self.join()
        return self.problems


def spacing(server: Process, series: str, window: str = "1m") -> float:
    """The longest time between two samples, in seconds."""
    times = [time_s for time_s, _ in server.query(f"{series}[{window}]")[0]["values"]]
    return float(max(after - before for before, after in pairwise(times)))


def memory_bytes(server: Process, line: str = "VmRSS") -> int:
    """What the server holds now, or with `VmHWM` at its worst."""
    text = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(rf"^{line}:\s+(\d+) kB$", text, re.M)
    assert found, text
    return int(found[1]) * 1024
