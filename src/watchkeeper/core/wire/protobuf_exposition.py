"""Delimited protobuf (io.prometheus.client.MetricFamily): a body → an `Exposition`.

Counters, gauges and untyped metrics are one sample each; summaries and classic histograms are taken apart into
`_count`, `_sum` and their quantiles or buckets (a +Inf bucket is added where it is missing), as in text formats.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.protobuf_exposition import Layout, ScanError
from watchkeeper.core.model.errors import ExpositionError
from watchkeeper.core.model.histogram import Histogram, ResetHint, Spans
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.metadata import Exemplar, Metadata
from watchkeeper.core.wire.exposition import Exposition

_NO_TIME = np.iinfo(np.int64).min
_NONE = np.empty(0, np.int32)
_NONE.flags.writeable = False


class ProtobufParser:
    """The parser of one target's protobuf bodies; see `exposition.ExpositionParser`."""

    def __init__(self, *, native_histograms: bool = True, always_classic: bool = False) -> None:
        """
        native_histograms  take native histograms (`scrape_native_histograms`); else only their classic buckets
        always_classic     take the classic buckets of a native histogram too (`always_scrape_classic_histograms`)
        """
        self._layout = Layout(native_histograms, always_classic)
        self._generation = 0

    def parse(self, body: bytes) -> Exposition:
        """Parse one body. ExpositionError refuses all of it and leaves the parser as it was."""
        layout = self._layout
        try:
            (index, repeated, values, times, created, new, gone, duplicates, exemplars, families, natives) = (
                layout.scan(body)
            )
        except ScanError as error:
            raise ExpositionError(str(error)) from None
        exposition = Exposition(
            n_series=layout.n_series,
            index=index,
            repeated=repeated,
            values=values,
            created=created,
            new=new,
            gone=_NONE if gone is None else gone,
            duplicates=duplicates,
        )
        if times is not None:
            exposition.timed = times != _NO_TIME
            exposition.times = np.where(exposition.timed, times, 0)
        if exemplars:
            exposition.exemplars = [
                (number, Exemplar(Labels(pairs), value, time_ms)) for number, pairs, value, time_ms in exemplars
            ]
        if families is not None:
            exposition.metadata = {name: Metadata(type_, help_, unit) for name, type_, help_, unit in families}
        # A loop over series: native histograms are values of their own and not many.
        for native in natives:
            exposition.histograms.append((native[0], native[1], _histogram(*native[3:])))
        if any(native[2] for native in natives):
            exposition.histogram_created = np.array([native[2] for native in natives], np.int64)
        return exposition

    @property
    def n_series(self) -> int:
        """How many series numbers are given out."""
        return self._layout.n_series

    @property
    def n_gone(self) -> int:
        """How many of them the last body did not have."""
        return self._layout.n_gone

    @property
    def generation(self) -> int:
        """Changes whenever numbers lose their meaning."""
        return self._generation

    @property
    def size_bytes(self) -> int:
        """The memory it holds."""
        return self._layout.size_bytes

    def compact(self, absent_for: int = 0) -> npt.NDArray[np.int32] | None:
        """Give up numbers of series that are absent; see `ExpositionParser.compact`."""
        renumbered = self._layout.compact(absent_for)
        if renumbered is not None:
            self._generation += 1
        return renumbered

    def reset(self) -> None:
        """Forget everything, as if new."""
        self._layout.clear()
        self._generation += 1


def _histogram(
    schema: int,
    count: float,
    total: float,
    zero_threshold: float,
    zero_count: float,
    positive_spans: Spans,
    positive: tuple[float, ...],
    negative_spans: Spans,
    negative: tuple[float, ...],
    is_gauge: bool,
    is_float: bool,
) -> Histogram:
    return Histogram(
        schema=schema,
        count=count,
        sum=total,
        zero_threshold=zero_threshold,
        zero_count=zero_count,
        positive_spans=positive_spans,
        positive=positive,
        negative_spans=negative_spans,
        negative=negative,
        reset_hint=ResetHint.GAUGE if is_gauge else ResetHint.UNKNOWN,
        is_float=is_float,
    )
