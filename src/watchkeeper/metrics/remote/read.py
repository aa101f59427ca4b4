"""The server side of remote read: a request body in, a body or a stream of frames out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from watchkeeper.core.model.errors import LimitExceeded
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import missing_mask
from watchkeeper.core.wire.remote_read import ReadQuery, ReadSeries, decode_read, encode_samples, stream_chunks
from watchkeeper.core.wire.snappy import compress, decompress
from watchkeeper.metrics.interface import Budget, Querier, Series
from watchkeeper.metrics.remote.receive import MAX_DECODED_BYTES

STREAM_TYPE = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"


@dataclass(frozen=True, slots=True)
class Answer:
    """Headers, and the body in pieces."""

    headers: dict[str, str]
    frames: Iterable[bytes]


class ReadServer:
    """Answers one request from a querier.

    external_labels   stand on every series of an answer; a matcher for exactly one of them is satisfied by it
    sample_limit      of the form that is not streamed
    frame_bytes       about how large a frame of the streamed form gets
    """

    def __init__(
        self, querier: Querier, *, external_labels: dict[str, str], sample_limit: int, frame_bytes: int
    ) -> None:
        self._querier = querier
        self._external = external_labels
        self._sample_limit = sample_limit
        self._frame_bytes = frame_bytes

    def read(self, body: bytes, budget: Budget) -> Answer:
        """Raises WireError where the body is no request, LimitExceeded where the answer would be too large."""
        request = decode_read(decompress(body, MAX_DECODED_BYTES))
        found = [self._select(query, budget) for query in request.queries]
        if request.streamed and not any(series.histograms for series in found):
            frames = stream_chunks((self._rows(series) for series in found), self._frame_bytes)
            return Answer({"Content-Type": STREAM_TYPE}, frames)
        n_samples = sum(_count(series) for series in found)
        if self._sample_limit and n_samples > self._sample_limit:
            raise LimitExceeded(
                f"exceeded sample limit ({self._sample_limit})", limit="storage.remote.read-sample-limit"
            )
        message = compress(encode_samples(self._rows(series) for series in found))
        return Answer({"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}, [message])

    def _select(self, query: ReadQuery, budget: Budget) -> Series:
        matchers = [matcher for matcher in query.matchers if not self._is_external(matcher)]
        return self._querier.select(matchers, query.start_ms, query.end_ms, budget)

    def _is_external(self, matcher: Matcher) -> bool:
        return matcher.type is MatchType.EQUAL and self._external.get(matcher.name) == matcher.value

    def _rows(self, series: Series) -> Iterator[ReadSeries]:
        labelled = [Labels({**self._external, **labels.as_dict()}.items()) for labels in series.labels]
        for i in sorted(range(len(labelled)), key=labelled.__getitem__):
            lo, hi = int(series.value_lo[i]), int(series.value_hi[i])
            time_lo = int(series.time_lo[i])
            values = series.values[lo:hi]
            present = ~missing_mask(values)
            times = series.times[time_lo : time_lo + hi - lo][present]
            yield ReadSeries(labelled[i], np.ascontiguousarray(times), values[present], series.histograms.get(i))


def _count(series: Series) -> int:
    """How many samples there are; absent cells are none."""
    present = np.zeros(len(series.values) + 1, np.int64)
    np.cumsum(~missing_mask(np.ascontiguousarray(series.values)), out=present[1:])
    n_floats = int((present[series.value_hi] - present[series.value_lo]).sum())
    return n_floats + sum(len(found.values) for found in series.histograms.values())
