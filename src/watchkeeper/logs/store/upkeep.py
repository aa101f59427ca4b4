"""What is done beside the writing: cutting by age, merging, retention, deletes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.store.flush import Flusher
from watchkeeper.logs.store.head import Head
from watchkeeper.logs.store.merge import plan
from watchkeeper.logs.store.metrics import StoreMetrics
from watchkeeper.logs.store.options import StoreOptions
from watchkeeper.logs.store.rebuild import Rebuild, Stopped
from watchkeeper.logs.store.segments import Segments
from watchkeeper.logs.store.settings import StoreSettings

log = get_logger("logs.store")


class Upkeep:
    """A thread for work that takes long; `tick` says when to look."""

    def __init__(
        self,
        head: Head,
        segments: Segments,
        flusher: Flusher,
        settings: StoreSettings,
        options: StoreOptions,
        metrics: StoreMetrics,
        clock_ns: Callable[[], int],
    ) -> None:
        self._head = head
        self._segments = segments
        self._flusher = flusher
        self._settings = settings
        self._options = options
        self._metrics = metrics
        self._clock_ns = clock_ns
        self._wake = threading.Event()
        self._work = threading.Lock()
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        self._failed: set[str] = set()

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._run, name="logs-upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what it is at is given up."""
        self._is_stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Look for work now."""
        self._wake.set()

    def _run(self) -> None:
        while not self._is_stopping:
            self._wake.wait()
            self._wake.clear()
            try:
                with self._work:
                    self._step()
            except Stopped:
                return
            except Exception as error:
                log.error("upkeep failed", err=error)

    def _step(self) -> None:
        self.merge_all()

    def run(self) -> None:
        """Do all that is due, in the calling thread."""
        with self._work:
            self._step()

    def merge_all(self) -> int:
        """Merge until nothing is left to merge; how many merges were done. Failures are logged and counted."""
        done = 0
        while not self._is_stopping and self._merge_next():
            done += 1
        return done

    def _merge_next(self) -> bool:
        now_ns = self._clock_ns()
        current = {segment.name: segment for segment in self._segments.current}
        names = plan([segment.info for segment in current.values()], self._options, now_ns, self._failed)
        if not names:
            return False
        inputs = self._segments.loaded([current[name] for name in names])
        if len(inputs) < len(names):  # Some were set aside, or can't be read now: another plan, another time.
            self._failed |= set(names) - {segment.name for segment in inputs}
            return True
        began = time.perf_counter()
        self._metrics.compactor_running.set(1)
        try:
            rebuild = Rebuild(
                self._segments,
                self._options,
                inputs,
                first_log=self._head.first_segment(),
                now_ns=now_ns,
                should_stop=lambda: self._is_stopping,
            )
            made = rebuild.run()
        except (OSError, UnavailableError, CorruptionError) as error:
            self._metrics.merges_failed.inc()
            self._metrics.compactions.labels("failure").inc()
            self._failed |= set(names)
            log.error("segments could not be merged; they serve as they are", err=str(error))
            return True
        finally:
            self._metrics.compactor_running.set(0)
        took_s = time.perf_counter() - began
        self._metrics.merges.inc()
        self._metrics.compactions.labels("success").inc()
        self._metrics.merge_seconds.observe(took_s)
        self._metrics.compaction_seconds.set(took_s)
        self._metrics.compaction_success.set(now_ns / 1e9)
        log.debug(
            "segments merged",
            segments=len(inputs),
            made=len(made),
            bytes=sum(info.size_bytes for info in made),
            duration_ms=round(took_s * 1000),
        )
        return True
