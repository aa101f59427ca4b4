"""`limit`: no more lines in a second than a rate."""

from __future__ import annotations

from collections import deque
from typing import Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Integer, Nested, Number, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.stage import FOREVER_NS, Stage, StageContext

MIN_DISTINCT: Final = 10_000
REASON: Final = "ratelimit_drop_stage"

log = get_logger("agent")


@section
class LimitConfig:
    """`limit`: lines beyond the rate wait, or are dropped; with `by_label_name` each value has a rate of its own."""

    rate: float = setting(Number(0), default=0.0)
    burst: int = setting(Integer(), default=0)
    drop: bool = setting(Boolean(), default=False)
    by_label_name: str = setting(Text(), default="")
    max_distinct_labels: int = setting(Integer(), default=MIN_DISTINCT)

    def checked(self, at: SectionPlace) -> LimitConfig:
        """Reports a stage that lets nothing pass, and one that would wait for each label value."""
        for key in ("rate", "burst"):
            if getattr(self, key) <= 0:
                at.report(key, "limit stage failed to parse rate or burst: it must be more than 0")
        if self.by_label_name and not self.drop:
            at.report("by_label_name", "When ratelimiting by label, drop must be true", involves=("drop",))
        return self


KIND: Final = Nested(LimitConfig)


class _Bucket:
    """Tokens that come back with time."""

    __slots__ = ("last_ns", "tokens")

    def __init__(self, burst: float, now_ns: int) -> None:
        self.tokens = burst
        self.last_ns = now_ns


class LimitStage:
    """Holds a rate."""

    def __init__(self, config: LimitConfig, context: StageContext) -> None:
        self._config = config
        self._context = context
        self._buckets: dict[str, _Bucket] = {}
        self._queue: deque[Entries] = deque()  # What waits, in order: nothing else stands still meanwhile.
        if not config.drop:
            # Only then does the pipeline have to ask this stage for what it holds.
            self.held_from = self._held_from
            self.due = self._due
        self._max_distinct = max(MIN_DISTINCT, config.max_distinct_labels)
        self._by_label = context.registry.counter(
            "logentry_dropped_lines_by_label_total",
            "A count of all log lines dropped as a result of a pipeline stage",
            ("label_name", "label_value"),
        )

    def run(self, entries: Entries) -> Entries:
        """The entries that were in time."""
        name = self._config.by_label_name
        now_ns = self._context.clock_ns()
        if not name:
            if self._queue:
                self._queue.append(entries)
                return entries.picked(())
            n = len(entries)
            bucket = self._bucket("", now_ns)
            taken = min(n, int(bucket.tokens))
            bucket.tokens -= taken
            if self._config.drop:
                self._context.drop(REASON, n - taken)
            elif taken < n:
                self._queue.append(entries.picked(range(taken, n)))
            return entries.take(range(taken))
        values = [labels.get(name) for labels in entries.sets]
        keep: list[int] = []
        for row, code in enumerate(entries.set_of):
            value = values[code]
            if value is not None:
                bucket = self._bucket(value, now_ns)
                if bucket.tokens < 1:
                    self._by_label.labels(name, value).inc()
                    continue
                bucket.tokens -= 1
            keep.append(row)
        self._context.drop(REASON, len(entries) - len(keep))
        return entries.take(keep)

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read until what waits is through."""
        return bool(self._queue)

    def _due(self, now_ns: int) -> list[Entries]:
        out: list[Entries] = []
        while self._queue:
            first = self._queue[0]
            n = taken = len(first)
            if now_ns < FOREVER_NS:
                # Lines that wait use up what comes back at once: no burst bounds it.
                bucket = self._bucket("", now_ns, float("inf"))
                taken = min(n, int(bucket.tokens))
                bucket.tokens -= taken
            if taken:
                out.append(first.take(range(taken)))
            if taken < n:
                self._queue[0] = first.picked(range(taken, n))
                break
            self._queue.popleft()
        return out

    def _held_from(self, origin: str) -> int | None:
        return next((one.at[0] if one.at else 0 for one in self._queue if one.origin == origin), None)

    def _bucket(self, key: str, now_ns: int, most: float = 0.0) -> _Bucket:
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) >= self._max_distinct:
                log.warn("limit stage: too many label values; counting begins anew", limit="max_distinct_labels")
                self._buckets.clear()
            found = self._buckets[key] = _Bucket(float(self._config.burst), now_ns)
        elif now_ns != found.last_ns:
            # A clock that was set back brings nothing, and counts from there.
            more = max(0, now_ns - found.last_ns) * self._config.rate / 1e9
            found.tokens = min(most or float(self._config.burst), found.tokens + more)
            found.last_ns = now_ns
        return found


def make(config: LimitConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return LimitStage(config, context)
