"""Merges segments while there are some to merge."""

from __future__ import annotations

import time
from typing import Final

from watchkeeper.core.model.errors import CorruptionError, UnavailableError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.store.merge import plan
from watchkeeper.logs.store.workshop import Workshop

log = get_logger("logs.store")

RETRY_S: Final = 60.0


class Merging:
    """Does what `merge.plan` plans."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._failed: dict[str, float] = {}  # Segments that could not be merged, and when to try again.

    def run(self) -> int:
        """Merge until nothing is left to merge; how many merges were done. Failures are logged and counted."""
        done = 0
        while not self._shop.is_stopping and self._merge_next():
            done += 1
        return done

    def _merge_next(self) -> bool:
        now_ns, now_s = self._shop.clock_ns(), time.monotonic()
        self._failed = {name: until_s for name, until_s in self._failed.items() if until_s > now_s}
        current = {segment.name: segment for segment in self._shop.segments.current}
        names = plan([segment.info for segment in current.values()], self._shop.options, now_ns, self._failed)
        if not names:
            return False
        inputs = self._shop.segments.loaded([current[name] for name in names])
        if len(inputs) < len(names):  # Some were set aside, or can't be read now: another plan, another time.
            self._failed |= dict.fromkeys(set(names) - {one.name for one in inputs}, now_s + RETRY_S)
            return True
        began = time.perf_counter()
        self._shop.metrics.compactor_running.set(1)
        try:
            self._shop.rebuild(inputs, join=True)
        except (OSError, UnavailableError, CorruptionError) as error:
            self._shop.metrics.merges_failed.inc()
            self._shop.metrics.compactions.labels("failure").inc()
            self._failed |= dict.fromkeys(names, now_s + RETRY_S)
            log.error("segments could not be merged; they serve as they are", err=str(error))
            return True
        finally:
            self._shop.metrics.compactor_running.set(0)
        took_s = time.perf_counter() - began
        self._shop.metrics.merges.inc()
        self._shop.metrics.compactions.labels("success").inc()
        self._shop.metrics.merge_seconds.observe(took_s)
        self._shop.metrics.compaction_seconds.set(took_s)
        self._shop.metrics.compaction_success.set(now_ns / 1e9)
        log.debug("segments merged", segments=len(inputs), duration_ms=round(took_s * 1000))
        return True
