"""Remote read: requests to matchers, and series to the two forms of answer.

Source: Prometheus prompb/remote.proto and the streamed form of storage/remote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.crc32c import crc32c
from watchkeeper.core.kernels.xor_chunk import encode as encode_xor
from watchkeeper.core.model.errors import WireError
from watchkeeper.core.model.histogram import HistogramSamples
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.regex import RegexError
from watchkeeper.core.wire import protobuf as pb
from watchkeeper.core.wire.remote_histogram import encode_histogram

CHUNK_SAMPLES: Final = 120  # As upstream cuts its chunks; clients are tuned to it.
_TYPES: Final = (MatchType.EQUAL, MatchType.NOT_EQUAL, MatchType.REGEX, MatchType.NOT_REGEX)
_XOR: Final = 1
_STREAMED: Final = 1


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """One selection; both ends are included."""

    matchers: tuple[Matcher, ...]
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Selections, and whether the client takes the streamed form."""

    queries: tuple[ReadQuery, ...]
    streamed: bool


@dataclass(frozen=True, slots=True)
class ReadSeries:
    """One series of an answer, without absent cells."""

    labels: Labels
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    histograms: HistogramSamples | None = None


def decode_read(data: bytes) -> ReadRequest:
    """An uncompressed request. Raises WireError where it is none."""
    queries: list[ReadQuery] = []
    accepted: list[int] = []
    for number, wire_type, value in pb.fields(data):
        if number == 1:
            queries.append(_query(pb.as_bytes(value)))
        elif number == 2:
            accepted += pb.packed_varints(wire_type, value)
    return ReadRequest(tuple(queries), _STREAMED in accepted)


def encode_read(request: ReadRequest) -> bytes:
    """The request's message."""
    out = []
    for query in request.queries:
        matchers = b"".join(
            pb.put_bytes(
                3,
                pb.put_int(1, _TYPES.index(matcher.type))
                + pb.put_text(2, matcher.name)
                + pb.put_text(3, matcher.value),
            )
            for matcher in query.matchers
        )
        out.append(pb.put_bytes(1, pb.put_int(1, query.start_ms) + pb.put_int(2, query.end_ms) + matchers))
    return b"".join(out) + pb.put_varints(2, [_STREAMED, 0] if request.streamed else [0])


def encode_samples(results: Iterable[Iterable[ReadSeries]]) -> bytes:
    """A ReadResponse: for each query its series with their samples."""
    return b"".join(pb.put_bytes(1, b"".join(pb.put_bytes(1, _time_series(row)) for row in rows)) for rows in results)


def stream_chunks(results: Iterable[Iterable[ReadSeries]], frame_bytes: int) -> Iterator[bytes]:
    """Framed ChunkedReadResponses of about `frame_bytes`; a series may be spread over several."""
    for index, rows in enumerate(results):
        for row in rows:
            labels = _labels(row.labels)
            left, chunks = frame_bytes - len(labels), b""
            for lo in range(0, len(row.times), CHUNK_SAMPLES):
                times, values = row.times[lo : lo + CHUNK_SAMPLES], row.values[lo : lo + CHUNK_SAMPLES]
                chunk = (
                    pb.put_int(1, int(times[0]))
                    + pb.put_int(2, int(times[-1]))
                    + pb.put_int(3, _XOR)
                    + pb.put_bytes(4, encode_xor(times, values))
                )
                chunks += pb.put_bytes(2, chunk)
                if len(chunks) >= left:
                    yield _frame(labels + chunks, index)
                    chunks = b""
            if chunks:
                yield _frame(labels + chunks, index)


def decode_samples(data: bytes) -> list[list[tuple[Labels, list[tuple[int, float]]]]]:
    """The series of a ReadResponse, for clients: (time_ms, value) pairs."""
    return [
        [_read_time_series(pb.as_bytes(row)) for number, _, row in pb.fields(pb.as_bytes(result)) if number == 1]
        for field, _, result in pb.fields(data)
        if field == 1
    ]


def _query(message: bytes) -> ReadQuery:
    start_ms = end_ms = 0
    matchers = []
    for number, _, value in pb.fields(message):
        if number == 1:
            start_ms = pb.signed(value)
        elif number == 2:
            end_ms = pb.signed(value)
        elif number == 3:
            parts = {field: raw for field, _, raw in pb.fields(pb.as_bytes(value))}
            kind = pb.as_int(parts.get(1, 0))
            if kind >= len(_TYPES):
                raise WireError(f"remote read: matcher type {kind} is not known")
            name, text = pb.as_text(parts.get(2, b"")), pb.as_text(parts.get(3, b""))
            try:
                matchers.append(Matcher(name, _TYPES[kind], text))
            except RegexError as error:
                raise WireError(f"remote read: {error}") from None
    return ReadQuery(tuple(matchers), start_ms, end_ms)


def _labels(labels: Labels) -> bytes:
    return b"".join(pb.put_bytes(1, pb.put_text(1, name) + pb.put_text(2, value)) for name, value in labels)


def _time_series(row: ReadSeries) -> bytes:
    out = [_labels(row.labels)]
    for time_ms, value in zip(row.times.tolist(), row.values.tolist(), strict=True):
        out.append(pb.put_bytes(2, pb.put_double(1, value) + pb.put_int(2, time_ms)))
    if row.histograms is not None:
        for time_ms, histogram in zip(row.histograms.times.tolist(), row.histograms.values, strict=True):
            out.append(pb.put_bytes(4, encode_histogram(time_ms, histogram)))
    return b"".join(out)


def _frame(series: bytes, index: int) -> bytes:
    message = pb.put_bytes(1, series) + pb.put_int(2, index)
    return pb.varint(len(message)) + crc32c(message).to_bytes(4, "big") + message


def _read_time_series(message: bytes) -> tuple[Labels, list[tuple[int, float]]]:
    pairs: list[tuple[str, str]] = []
    samples: list[tuple[int, float]] = []
    for number, _, value in pb.fields(message):
        if number == 1:
            parts = {field: pb.as_text(text) for field, _, text in pb.fields(pb.as_bytes(value))}
            pairs.append((parts.get(1, ""), parts.get(2, "")))
        elif number == 2:
            sample = {field: raw for field, _, raw in pb.fields(pb.as_bytes(value))}
            samples.append((pb.signed(sample.get(2, 0)), pb.double(sample.get(1, 0))))
    return Labels(pairs), samples
