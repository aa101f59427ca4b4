"""What is done beside the writing: merging, retention, deletes. One thread does it, a thing at a time."""

from __future__ import annotations

import threading
from typing import Final

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.store.erasing import Erasing
from watchkeeper.logs.store.merging import Merging
from watchkeeper.logs.store.options import HOUR_NS
from watchkeeper.logs.store.rebuild import Stopped
from watchkeeper.logs.store.retiring import Retiring
from watchkeeper.logs.store.workshop import Workshop

log = get_logger("logs.store")

RETRY_S: Final = 60.0
FORGET_NS: Final = HOUR_NS  # How often it is looked for streams that are nowhere any more.


class Upkeep:
    """A thread for work that takes long; `wake` says when to look."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._retiring = Retiring(shop)
        self._erasing = Erasing(shop)
        self._merging = Merging(shop)
        self._wake = threading.Event()
        self._pause = threading.Event()
        self._work = threading.Lock()
        self._thread: threading.Thread | None = None
        self._next_retention_ns = 0
        self._next_forget_ns = 0
        self._unused: set[int] = set()

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._run, name="logs-upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what it is at is given up."""
        self._shop.is_stopping = True
        self._pause.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Look for work now."""
        self._wake.set()

    def run(self) -> None:
        """Do all that is due, and retention in any case, in the calling thread."""
        with self._work:
            self._next_retention_ns = 0
            self._step()

    def _run(self) -> None:
        while not self._shop.is_stopping:
            self._wake.wait()
            self._wake.clear()
            try:
                with self._work:
                    self._step()
            except Stopped:
                return
            except Exception as error:
                log.error("upkeep failed; it is tried again", err=error, after_s=round(RETRY_S))
                self._pause.wait(RETRY_S)

    def _step(self) -> None:
        shop = self._shop
        now_ns = shop.clock_ns()
        self._retiring.drop_empty()
        if now_ns >= self._next_retention_ns:
            self._next_retention_ns = now_ns + min(shop.settings.retention_interval_ns, HOUR_NS)
            self._retiring.by_age(now_ns)
        self._retiring.by_size()
        self._erasing.run(now_ns)
        self._merging.run()
        if now_ns >= self._next_forget_ns:
            self._next_forget_ns = now_ns + FORGET_NS
            self._forget_streams()

    def _forget_streams(self) -> None:
        """Forget streams that were in no segment and not in memory, now and an hour ago: a query may still be at it."""
        streams = self._shop.segments.streams
        with self._shop.head.pushes, streams.changes:
            used = set(self._shop.head.by_id)
            for held in list(self._shop.head.pending):
                used.add(held.stream.id)
            for segment in self._shop.segments.current:
                used |= segment.known_ids()
            unused = streams.ids() - used
            gone, self._unused = unused & self._unused, unused
            if gone:
                streams.forget(gone)
                self._unused -= gone
