"""kill -9 while lines are pushed, flushed and merged: what was acknowledged is there, once."""

from __future__ import annotations

import random
import threading
import time
import urllib.error
from contextlib import suppress
from pathlib import Path

import pytest

from tests.processes.log_server import LogServer, log_server
from tests.processes.running import started

pytestmark = pytest.mark.process

KILLS = 6
SENDERS = 3


class Sender(threading.Thread):
    """Pushes numbered lines to a stream of its own, and remembers which were acknowledged."""

    def __init__(self, server: LogServer, name: str) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._stream = name
        self._stopping = threading.Event()
        self.acknowledged: list[str] = []
        self.sent = 0

    def run(self) -> None:
        """Until stopped. A batch without an answer is left alone: it may have been stored, or not."""
        rng = random.Random(self._stream)
        while not self._stopping.is_set():
            now = time.time_ns()
            batch = [(now + i, f"{self._stream} {self.sent + i} {rng.getrandbits(60):x}") for i in range(50)]
            self.sent += len(batch)
            with suppress(OSError, urllib.error.URLError):
                status, _ = self._server.push({'{job="kill", sender="%s"}' % self._stream: batch})
                if status == 204:
                    self.acknowledged += [line for _, line in batch]
                    time.sleep(0.01)
                    continue
            time.sleep(0.05)

    def stop(self) -> None:
        """No more after the one under way."""
        self._stopping.set()
        self.join()


def test_what_was_acknowledged_survives_kills_under_load(tmp_path: Path) -> None:
    rng = random.Random(3)
    server = log_server(tmp_path)
    with started(server):
        senders = [Sender(server, f"s{number}") for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        slowest_s = 0.0
        for number in range(KILLS):
            time.sleep(rng.uniform(0.3, 1.2))
            if number % 2:
                # In the middle of writing segments.
                flushing = threading.Thread(target=lambda: suppressed_flush(server))
                flushing.start()
                time.sleep(rng.uniform(0, 0.05))
            server.kill()
            slowest_s = max(slowest_s, server.start())
        for sender in senders:
            sender.stop()
        acknowledged = sum(len(sender.acknowledged) for sender in senders)
        assert acknowledged > 1000
        check(server, senders)
        # The same from segments alone.
        assert server.request("/flush", b"", "POST")[0] == 204
        check(server, senders)
        assert slowest_s < 15
        assert "Traceback" not in server.log.read_text()
        assert server.stop() == 0


def check(server: LogServer, senders: list[Sender]) -> None:
    """Every acknowledged line is answered, and no line twice."""
    for sender in senders:
        found: list[str] = []
        # By parts, so that no answer reaches the limit of lines.
        for digit in "0123456789abcdef":
            found += server.lines('{sender="%s"} |~ "%s$"' % (sender._stream, digit))
        assert len(found) == len(set(found))
        missing = set(sender.acknowledged) - set(found)
        assert not missing, (len(missing), sorted(missing)[:3])


def suppressed_flush(server: LogServer) -> None:
    """Asks for a flush that nobody waits for."""
    with suppress(OSError, urllib.error.URLError):
        server.request("/flush", b"", "POST")
