"""A thread that brings logs to the device every so often."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from watchkeeper.core.disk.wal import Wal


class Syncer:
    """Calls `sync` on logs, in their order, every `interval_s`, until stopped.

    on_synced    gets the seconds of each sync that had something to do
    on_failed    gets the error; the log stays dirty and is tried again
    """

    def __init__(
        self,
        logs: Sequence[Wal],
        interval_s: float,
        on_synced: Callable[[float], None],
        on_failed: Callable[[OSError], None],
    ) -> None:
        self._logs = logs
        self._interval_s = interval_s
        self._on_synced = on_synced
        self._on_failed = on_failed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wal-sync", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            self.sync()

    def sync(self) -> None:
        """One round now, in the calling thread."""
        for log in self._logs:
            try:
                seconds = log.sync()
            except OSError as error:
                self._on_failed(error)
            else:
                if seconds is not None:
                    self._on_synced(seconds)

    def stop(self) -> None:
        """End the thread; a running round ends first."""
        self._stopping.set()
        self._thread.join()
