"""`limit`: no more lines in a second than a rate."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Integer, Nested, Number, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.entries import Entries
from watchkeeper.logs.agent.stages.stage import Stage, StageContext

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
            bucket = self._bucket("", now_ns)
            n = len(entries)
            if not self._config.drop:
                bucket.tokens -= n
                if bucket.tokens < 0:
                    self._context.sleep(-bucket.tokens / self._config.rate)
                return entries
            taken = min(n, int(bucket.tokens))
            bucket.tokens -= taken
            self._context.drop(REASON, n - taken)
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

    def _bucket(self, key: str, now_ns: int) -> _Bucket:
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) >= self._max_distinct:
                log.warn("limit stage: too many label values; counting begins anew", limit="max_distinct_labels")
                self._buckets.clear()
            found = self._buckets[key] = _Bucket(float(self._config.burst), now_ns)
        elif now_ns != found.last_ns:
            # A clock that was set back brings nothing, and counts from there.
            more = max(0, now_ns - found.last_ns) * self._config.rate / 1e9
            found.tokens = min(float(self._config.burst), found.tokens + more)
            found.last_ns = now_ns
        return found


def make(config: LimitConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return LimitStage(config, context)
