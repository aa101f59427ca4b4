"""The receiver of OpenTelemetry's metrics: a request body in, samples into the store."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from watchkeeper.core.kernels.number_text import format_float
from watchkeeper.core.model.histogram import CUSTOM_BUCKETS_SCHEMA, Histogram, Spans
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.metadata import Exemplar, Metadata
from watchkeeper.core.model.stale import STALE
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.wire.otlp import CUMULATIVE, Attributes, Buckets, OtlpMetric, Point, Resource, Scope, decode_otlp
from watchkeeper.metrics.interface import Appender, SampleBatch, Status
from watchkeeper.metrics.remote.otlp_names import Namer
from watchkeeper.metrics.remote.receive import MAX_AHEAD_MS

MAX_SCHEMA: Final = 8
MIN_SCHEMA: Final = -4
ZERO_THRESHOLD: Final = 1e-128  # Of senders that say none.
MAX_EXEMPLAR_RUNES: Final = 128
MAX_INFO_SAMPLES: Final = 1000  # Of `target_info` in one request, whatever times its points claim.
MAX_FILLED_GAP: Final = 2  # Empty buckets that are cheaper to write than a new span.
IDENTIFYING: Final = ("service.namespace", "service.name", "service.instance.id")
TYPES: Final = {"gauge": "gauge", "histogram": "histogram", "exponential_histogram": "histogram", "summary": "summary"}

log = get_logger("otlp")


@dataclass(frozen=True, slots=True)
class OtlpSettings:
    """The block `otlp` of the configuration, and the labels that are put on everything."""

    namer: Namer = field(default_factory=Namer)
    promote_all: bool = False
    promoted: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    keep_identifying: bool = False
    custom_buckets: bool = False
    promote_scope: bool = False
    lookback_ms: int = 300_000


class OtlpReceiver:
    """Stores requests through an appender."""

    def __init__(self, appender: Appender, settings: Callable[[], OtlpSettings], now_ms: Callable[[], int]) -> None:
        self._appender = appender
        self._settings = settings
        self._now_ms = now_ms

    def write(self, body: bytes, *, is_json: bool) -> str:
        """Stores one request; on return it is in the WAL. What was refused and why, empty where all was stored.

        Metrics that have no form here (delta temporality, unknown kinds) are left out and logged, as upstream does.
        Raises WireError where the body is no request.
        """
        resources = decode_otlp(body, is_json=is_json)
        translation = Translation(self._settings(), self._now_ms() + MAX_AHEAD_MS)
        for resource in resources:
            translation.add(resource)
        if translation.left_out:
            said = "; ".join(f"{reason} ({count})" for reason, count in sorted(translation.left_out.items()))
            log.warning("some metrics have no form here and were left out", reasons=said)
        result = self._appender.append(translation.batch())
        refused = Counter(
            Status(status).name.lower().replace("_", " ")
            for statuses in (result.samples, result.histograms)
            for status in statuses[statuses != Status.STORED].tolist()
        )
        if translation.n_ahead:
            refused["out of bounds: timestamp is too far in the future"] = translation.n_ahead
        return "; ".join(f"{reason} ({count})" for reason, count in sorted(refused.items()))


class Translation:
    """Collects the samples of one request. A point is a series with one sample, so this loops over series."""

    def __init__(self, settings: OtlpSettings, latest_ms: int) -> None:
        """Points after `latest_ms` are left out and counted in `n_ahead`."""
        self._settings = settings
        self._latest_ms = latest_ms
        self.n_ahead = 0
        self._namer = settings.namer
        self._series: dict[Labels, int] = {}
        self._rows: list[int] = []
        self._times: list[int] = []
        self._values: list[float] = []
        self._starts: list[int] = []
        self._histograms: list[tuple[int, int, Histogram]] = []
        self._exemplars: list[tuple[int, Exemplar]] = []
        self._metadata: dict[str, Metadata] = {}
        self._info: set[tuple[Labels, int]] = set()
        self.left_out = Counter[str]()

    def batch(self) -> SampleBatch:
        """All that was added."""
        return SampleBatch(
            labels=list(self._series),
            series=np.array(self._rows, np.int32),
            times=np.array(self._times, np.int64),
            values=np.array(self._values, np.float64),
            histograms=self._histograms,
            start_times=np.array(self._starts, np.int64),
            exemplars=self._exemplars,
            metadata=self._metadata,
        )

    def add(self, resource: Resource) -> None:
        """Adds a resource's metrics, and the `target_info` of the resource."""
        points = [point for scope in resource.scopes for metric in scope.metrics for point in metric.points]
        times = [time_ms for point in points if (time_ms := _ms(point.time_ns)) <= self._latest_ms]
        for scope in resource.scopes:
            common = self._common(resource, scope)
            for metric in scope.metrics:
                self._add_metric(metric, common)
        if times:
            self._add_info(resource, min(times), max(times))

    def _common(self, resource: Resource, scope: Scope) -> tuple[Attributes, Attributes]:
        """Labels that the point's own ones stand over, and labels that stand over the point's."""
        settings, given = self._settings, resource.attributes
        below: Attributes = {}
        for name in sorted(given):
            chosen = name not in settings.ignored if settings.promote_all else name in settings.promoted
            if chosen:
                below.setdefault(self._namer.label(name), given[name])
        above: Attributes = {}
        if settings.promote_scope and scope.name:
            above |= {
                "otel_scope_name": scope.name,
                "otel_scope_version": scope.version,
                "otel_scope_schema_url": scope.schema_url,
            }
            above |= {self._namer.label(f"otel_scope_{name}"): text for name, text in scope.attributes.items()}
        return below, above | _identity(given)

    def _add_metric(self, metric: OtlpMetric, common: tuple[Attributes, Attributes]) -> None:
        if metric.kind == "":
            self.left_out["unsupported metric type"] += 1
            return
        if metric.kind in ("sum", "histogram", "exponential_histogram") and metric.temporality != CUMULATIVE:
            self.left_out["only cumulative temporality is stored"] += 1
            return
        is_counter = metric.kind == "sum" and metric.is_monotonic
        name = self._namer.metric(metric.name, metric.unit, is_counter=is_counter, is_gauge=metric.kind == "gauge")
        if not name:
            self.left_out["a name without a letter or digit"] += 1
            return
        kind = "counter" if is_counter else TYPES.get(metric.kind, "gauge")
        self._metadata[name] = Metadata(kind, metric.description, metric.unit)
        for point in metric.points:
            if _ms(point.time_ns) > self._latest_ms:
                self.n_ahead += 1
                continue
            labels = self._labels(point.attributes, common)
            match metric.kind:
                case "gauge" | "sum":
                    row = self._add(name, labels, point, point.value, has_start=is_counter)
                    self._add_exemplars(row, point)
                case "histogram" if not self._settings.custom_buckets:
                    self._add_histogram(name, labels, point)
                case "histogram" | "exponential_histogram":
                    self._add_native(name, labels, point, metric.kind)
                case _:
                    self._add_summary(name, labels, point)

    def _labels(self, attributes: Attributes, common: tuple[Attributes, Attributes]) -> Attributes:
        below, above = common
        labels: Attributes = {}
        for name in sorted(attributes):
            made = self._namer.label(name)
            # Two attributes may become one label: neither is lost.
            labels[made] = f"{labels[made]};{attributes[name]}" if made in labels else attributes[name]
        return {**below, **labels, **above}

    def _row(self, name: str, labels: Attributes) -> int:
        pairs = {key: text for key, text in labels.items() if key and text}
        pairs[METRIC_NAME] = name
        return self._series.setdefault(Labels(pairs.items()), len(self._series))

    def _add(self, name: str, labels: Attributes, point: Point, value: float, *, has_start: bool = True) -> int:
        row = self._row(name, labels)
        self._rows.append(row)
        self._times.append(_ms(point.time_ns))
        self._values.append(STALE if point.is_stale else value)
        self._starts.append(_ms(point.start_ns) if has_start else 0)
        return row

    def _add_histogram(self, name: str, labels: Attributes, point: Point) -> None:
        if point.sum is not None:
            self._add(f"{name}_sum", labels, point, point.sum)
        self._add(f"{name}_count", labels, point, point.count)
        running, rows = 0, []
        for bound, count in zip(point.bounds, point.bucket_counts, strict=False):
            running += count
            rows.append((bound, self._add(f"{name}_bucket", labels | {"le": format_float(bound)}, point, running)))
        rows.append((math.inf, self._add(f"{name}_bucket", labels | {"le": "+Inf"}, point, point.count)))
        for exemplar in _exemplars(point):
            row = next((row for bound, row in rows if exemplar.value <= bound), None)
            if row is not None:
                self._exemplars.append((row, exemplar))

    def _add_native(self, name: str, labels: Attributes, point: Point, kind: str) -> None:
        made = _custom(point) if kind == "histogram" else _exponential(point)
        if made is None:
            self.left_out[f"an exponential histogram of a scale below {MIN_SCHEMA}"] += 1
            return
        row = self._row(name, labels)
        self._histograms.append((row, _ms(point.time_ns), made))
        self._add_exemplars(row, point)

    def _add_summary(self, name: str, labels: Attributes, point: Point) -> None:
        self._add(f"{name}_sum", labels, point, point.sum or 0.0)
        self._add(f"{name}_count", labels, point, point.count)
        for quantile, value in point.quantiles:
            self._add(name, labels | {"quantile": format_float(quantile)}, point, value, has_start=False)

    def _add_exemplars(self, row: int, point: Point) -> None:
        self._exemplars += [(row, exemplar) for exemplar in _exemplars(point)]

    def _add_info(self, resource: Resource, first_ms: int, last_ms: int) -> None:
        given = resource.attributes
        rest = [name for name in given if name not in IDENTIFYING]
        identity = _identity(given)
        if not rest or not identity:
            return
        kept = given if self._settings.keep_identifying else {name: given[name] for name in rest}
        labels = self._labels(kept, ({}, identity))
        self._metadata["target_info"] = Metadata("gauge", "Target metadata", "")
        # Often enough that a query between the samples finds it.
        step_ms = max(1, self._settings.lookback_ms // 2)
        first_ms = max(first_ms, last_ms - MAX_INFO_SAMPLES * step_ms)
        for time_ms in (*range(first_ms, last_ms, step_ms), last_ms):
            key = (Labels(labels.items()), time_ms)
            if key not in self._info:
                self._info.add(key)
                self._add("target_info", labels, Point(time_ns=time_ms * 1_000_000), 1.0)


def _identity(attributes: Attributes) -> Attributes:
    """`job` and `instance`, as far as the resource says who it is."""
    labels: Attributes = {}
    if "service.name" in attributes:
        space = attributes.get("service.namespace")
        labels["job"] = f"{space}/{attributes['service.name']}" if space is not None else attributes["service.name"]
    if "service.instance.id" in attributes:
        labels["instance"] = attributes["service.instance.id"]
    return labels


def _exemplars(point: Point) -> Iterator[Exemplar]:
    for given in point.exemplars:
        ids = {name: text for name, text in (("trace_id", given.trace_id), ("span_id", given.span_id)) if text}
        runes = sum(len(name) + len(text) for name, text in (*ids.items(), *given.attributes.items()))
        labels = ids if runes > MAX_EXEMPLAR_RUNES else {**given.attributes, **ids}
        yield Exemplar(Labels(labels.items()), given.value, _ms(given.time_ns))


def _exponential(point: Point) -> Histogram | None:
    """None where the scale has no schema here; finer scales than ours are merged into the finest."""
    if point.scale < MIN_SCHEMA:
        return None
    down = max(0, point.scale - MAX_SCHEMA)
    positive_spans, positive = _sparse(point.positive, down, 1)
    negative_spans, negative = _sparse(point.negative, down, 1)
    return Histogram(
        schema=point.scale - down,
        count=float(point.count),
        sum=STALE if point.is_stale else point.sum or 0.0,
        zero_threshold=point.zero_threshold or ZERO_THRESHOLD,
        zero_count=float(point.zero_count),
        positive_spans=positive_spans,
        positive=positive,
        negative_spans=negative_spans,
        negative=negative,
        is_float=False,
    )


def _custom(point: Point) -> Histogram:
    spans, counts = _sparse(Buckets(0, point.bucket_counts), 0, 0)
    return Histogram(
        schema=CUSTOM_BUCKETS_SCHEMA,
        count=float(point.count),
        sum=STALE if point.is_stale else point.sum or 0.0,
        positive_spans=spans,
        positive=counts,
        custom_values=tuple(point.bounds),
        is_float=False,
    )


def _sparse(buckets: Buckets, down: int, shift: int) -> tuple[Spans, tuple[float, ...]]:
    """Spans and counts of dense buckets; `2**down` neighbours become one, and indexes grow by `shift`."""
    merged: dict[int, int] = {}
    for i, count in enumerate(buckets.counts):
        if count:
            at = ((buckets.offset + i) >> down) + shift
            merged[at] = merged.get(at, 0) + count
    spans: list[tuple[int, int]] = []
    counts: list[float] = []
    end = 0
    for at in sorted(merged):
        gap = at - end
        if spans and gap <= MAX_FILLED_GAP:
            counts += [0.0] * gap
            spans[-1] = (spans[-1][0], spans[-1][1] + gap + 1)
        else:
            spans.append((gap, 1))
        counts.append(float(merged[at]))
        end = at + 1
    return tuple(spans), tuple(counts)


def _ms(time_ns: int) -> int:
    return time_ns // 1_000_000
