"""The program's own metrics: counters, gauges, histograms and summaries in a registry that writes their text.

A metric with labels is a group: `metric.labels("GET")` gives the child that counts. A metric without labels counts
itself. Each metric has one lock, so that threads lose no increment; a change costs a fraction of a microsecond.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import ceil
from typing import Final, TypeAlias, TypeVar

from watchkeeper.core.model.labels import is_legacy_name
from watchkeeper.core.telemetry.family import Family, format_value, render
from watchkeeper.core.telemetry.log import get_logger

log = get_logger("telemetry")

Collector: TypeAlias = Callable[[], Iterable[Family]]
Clock: TypeAlias = Callable[[], float]

DEFAULT_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DEFAULT_QUANTILES: Final = (0.5, 0.9, 0.99)
SUMMARY_WINDOW_S: Final = 600.0  # Upstream's default age of what a quantile speaks of.
SUMMARY_SAMPLES: Final = 500  # Newest observations a summary's child keeps: 500 pairs, about 50 kB at most.


class _Family:
    """What the parent and the children of one metric share."""

    __slots__ = ("help", "label_names", "lock", "name", "type")

    def __init__(self, name: str, type_: str, help_: str, label_names: tuple[str, ...]) -> None:
        self.name = name
        self.type = type_
        self.help = help_
        self.label_names = label_names
        self.lock = threading.Lock()


M = TypeVar("M", bound="Metric")


class Metric:
    """The base of the four kinds: either one value, or a group of children by label values."""

    __slots__ = ("_children", "_family", "_lock")

    def __init__(self, family: _Family, *, is_child: bool = False) -> None:
        self._family = family
        self._lock = family.lock
        self._children: dict[tuple[str, ...], Metric] | None = {} if family.label_names and not is_child else None

    def _new_child(self) -> Metric:
        return type(self)(self._family, is_child=True)

    def labels(self: M, *values: str) -> M:
        """The child of these label values, in the order of the label names; made when first asked for.

        Raises ValueError where the number of values is not that of the names.
        """
        children = self._children
        if children is not None:
            child = children.get(values)
            if child is not None:
                return child  # type: ignore[return-value]
        if children is None or len(values) != len(self._family.label_names):
            raise ValueError(f"{self._family.name} has labels {self._family.label_names}, got {len(values)} values")
        with self._lock:
            return children.setdefault(values, self._new_child())  # type: ignore[return-value]

    def remove(self, *values: str) -> None:
        """Forget one child; nothing happens where there is none."""
        if self._children is not None:
            with self._lock:
                self._children.pop(values, None)

    def clear(self) -> None:
        """Forget all children."""
        if self._children is not None:
            with self._lock:
                self._children.clear()

    def _refuse(self) -> None:
        raise ValueError(f"{self._family.name} has labels {self._family.label_names}: choose a child with labels()")

    def collect(self) -> Family:
        """The family as it stands now; children that are made meanwhile may be missing."""
        family = Family(self._family.name, self._family.type, self._family.help, self._family.label_names)
        if self._children is None:
            self._write((), family)
        else:
            with self._lock:
                children = sorted(self._children.items())
            for values, child in children:
                child._write(values, family)
        return family

    def _write(self, values: tuple[str, ...], family: Family) -> None:
        raise NotImplementedError


class _Number(Metric):
    __slots__ = ("_function", "_value")

    def __init__(self, family: _Family, *, is_child: bool = False) -> None:
        super().__init__(family, is_child=is_child)
        self._value: float = 0
        self._function: Callable[[], float] | None = None

    @property
    def value(self) -> float:
        """The value now; of a metric with a function, what the function says."""
        return self._value if self._function is None else self._function()

    def set_function(self, function: Callable[[], float]) -> None:
        """Ask `function` for the value at each exposition; it should be quick, and its failure shows as NaN."""
        if self._children is not None:
            self._refuse()
        self._function = function

    def _write(self, values: tuple[str, ...], family: Family) -> None:
        try:
            value = self.value
        except Exception:  # One broken callback must not take the page away.
            value = float("nan")
        family.samples.append(("", family.label_names, values, value))


class Counter(_Number):
    """A number that only grows."""

    __slots__ = ()

    def inc(self, amount: float = 1) -> None:
        """Add `amount`, which must not be negative (ValueError)."""
        if amount < 0:
            raise ValueError(f"{self._family.name}: a counter can't decrease")
        if self._children is not None:
            self._refuse()
        with self._lock:
            self._value += amount


class Gauge(_Number):
    """A number that goes up and down."""

    __slots__ = ()

    def set(self, value: float) -> None:
        """Replace the value."""
        if self._children is not None:
            self._refuse()
        self._value = value

    def inc(self, amount: float = 1) -> None:
        """Add `amount`."""
        if self._children is not None:
            self._refuse()
        with self._lock:
            self._value += amount

    def dec(self, amount: float = 1) -> None:
        """Subtract `amount`."""
        self.inc(-amount)


class _Distribution(Metric):
    __slots__ = ("_count", "_sum")

    def __init__(self, family: _Family, *, is_child: bool = False) -> None:
        super().__init__(family, is_child=is_child)
        self._count = 0
        self._sum = 0.0

    @property
    def count(self) -> int:
        """The number of observations."""
        return self._count

    @property
    def sum(self) -> float:
        """The sum of all observations."""
        return self._sum

    def _write_totals(self, values: tuple[str, ...], family: Family, count: int, total: float) -> None:
        family.samples.append(("_sum", family.label_names, values, total))
        family.samples.append(("_count", family.label_names, values, count))


class Histogram(_Distribution):
    """Observations counted in classic buckets; an observation belongs to the first bound it does not exceed."""

    __slots__ = ("_bounds", "_counts")

    def __init__(self, family: _Family, bounds: tuple[float, ...], *, is_child: bool = False) -> None:
        super().__init__(family, is_child=is_child)
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)

    def _new_child(self) -> Metric:
        return Histogram(self._family, self._bounds, is_child=True)

    def observe(self, value: float) -> None:
        """Count one observation."""
        if self._children is not None:
            self._refuse()
        at = bisect_left(self._bounds, value) if value == value else len(self._bounds)
        with self._lock:
            self._counts[at] += 1
            self._count += 1
            self._sum += value

    def _write(self, values: tuple[str, ...], family: Family) -> None:
        with self._lock:
            counts, count, total = self._counts.copy(), self._count, self._sum
        names = (*family.label_names, "le")
        running = 0
        for bound, in_bucket in zip((*self._bounds, float("inf")), counts, strict=True):
            running += in_bucket
            family.samples.append(("_bucket", names, (*values, format_value(bound)), running))
        self._write_totals(values, family, count, total)


class Summary(_Distribution):
    """Quantiles of the newest observations within a time window, and the sum and count of all ever made."""

    __slots__ = ("_clock", "_quantiles", "_recent", "_window_s")

    def __init__(
        self, family: _Family, quantiles: tuple[float, ...], window_s: float, clock: Clock, *, is_child: bool = False
    ) -> None:
        super().__init__(family, is_child=is_child)
        self._quantiles = quantiles
        self._window_s = window_s
        self._clock = clock
        self._recent: deque[tuple[float, float]] = deque(maxlen=SUMMARY_SAMPLES)

    def _new_child(self) -> Metric:
        return Summary(self._family, self._quantiles, self._window_s, self._clock, is_child=True)

    def observe(self, value: float) -> None:
        """Count one observation."""
        if self._children is not None:
            self._refuse()
        now_s = self._clock()
        with self._lock:
            self._recent.append((now_s, value))
            self._count += 1
            self._sum += value

    def _write(self, values: tuple[str, ...], family: Family) -> None:
        oldest_s = self._clock() - self._window_s
        with self._lock:
            while self._recent and self._recent[0][0] < oldest_s:
                self._recent.popleft()
            recent, count, total = sorted(value for _, value in self._recent), self._count, self._sum
        names = (*family.label_names, "quantile")
        for quantile in self._quantiles:
            # The nearest rank: the smallest observation that at least this share does not exceed.
            at = max(0, ceil(quantile * len(recent)) - 1)
            value = recent[at] if recent else float("nan")
            family.samples.append(("", names, (*values, format_value(quantile)), value))
        self._write_totals(values, family, count, total)


class Registry:
    """All metrics of a process by name, and the collectors that add families at exposition.

    clock   seconds that never jump; the windows of summaries are measured with it
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._metrics: dict[str, Metric] = {}
        self._collectors: list[Collector] = []

    def counter(self, name: str, help: str, labels: Sequence[str] = ()) -> Counter:
        """The counter of this name, made when first asked for.

        Raises ValueError where the name is not a metric name, or is taken by another type or other label names;
        so do the three other kinds.
        """
        return self._get(Counter, self._family("counter", name, help, labels), Counter)

    def gauge(self, name: str, help: str, labels: Sequence[str] = ()) -> Gauge:
        """The gauge of this name, made when first asked for."""
        return self._get(Gauge, self._family("gauge", name, help, labels), Gauge)

    def histogram(
        self, name: str, help: str, buckets: Sequence[float] = DEFAULT_BUCKETS, labels: Sequence[str] = ()
    ) -> Histogram:
        """The histogram of this name; `buckets` are ascending upper bounds, `+Inf` is added."""
        bounds = tuple(bound for bound in buckets if bound != float("inf"))
        if not bounds or any(low >= high for low, high in pairwise(bounds)):
            raise ValueError(f"{name}: histogram buckets must ascend: {bounds}")
        return self._get(
            Histogram, self._family("histogram", name, help, labels), lambda family: Histogram(family, bounds)
        )

    def summary(
        self,
        name: str,
        help: str,
        quantiles: Sequence[float] = DEFAULT_QUANTILES,
        labels: Sequence[str] = (),
        window_s: float = SUMMARY_WINDOW_S,
    ) -> Summary:
        """The summary of this name; its quantiles speak of the newest observations, at most `window_s` old."""
        wanted = tuple(quantiles)
        return self._get(
            Summary,
            self._family("summary", name, help, labels),
            lambda family: Summary(family, wanted, window_s, self._clock),
        )

    def add_collector(self, collector: Collector) -> None:
        """Ask `collector` for families at each exposition; one that raises costs only its own families."""
        self._collectors.append(collector)

    def collect(self) -> list[Family]:
        """All families as they stand now, in no order."""
        with self._lock:
            metrics = list(self._metrics.values())
        families = [metric.collect() for metric in metrics]
        for collector in self._collectors:
            try:
                families.extend(collector())
            except Exception as error:
                log.error("a collector of own metrics failed", err=error)
        return families

    def exposition(self, openmetrics: bool = False) -> bytes:
        """The page: text format 0.0.4, or OpenMetrics 1.0; families sorted by name, empty ones left out."""
        return render(self.collect(), openmetrics=openmetrics)

    @staticmethod
    def _family(type_: str, name: str, help_: str, labels: Sequence[str]) -> _Family:
        if not is_legacy_name(name, colon=True):
            raise ValueError(f"not a metric name: {name!r}")
        for label in labels:
            if not is_legacy_name(label) or label.startswith("__") or label in ("le", "quantile"):
                raise ValueError(f"{name}: not a label name for a metric: {label!r}")
        return _Family(name, type_, help_, tuple(labels))

    def _get(self, kind: type[M], family: _Family, make: Callable[[_Family], M]) -> M:
        with self._lock:
            metric = self._metrics.get(family.name)
            if metric is None:
                metric = self._metrics[family.name] = make(family)
        known = metric._family
        if not isinstance(metric, kind) or known.label_names != family.label_names:
            raise ValueError(
                f"{family.name} is already a {known.type} with labels {known.label_names}, "
                f"not a {family.type} with labels {family.label_names}"
            )
        return metric
