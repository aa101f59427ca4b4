"""The receiver of remote write: a request body in, an answer with counts out."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.wire.remote import WriteRequest, decode_write
from watchkeeper.core.wire.snappy import decompress
from watchkeeper.metrics.interface import Appender, AppendResult, SampleBatch, Status

MAX_AHEAD_MS: Final = 600_000  # Samples further in the future are refused, as a wrong clock would block its series.
MAX_DECODED_BYTES: Final = 32 << 20
AHEAD_TEXT: Final = "out of bounds: timestamp is too far in the future"

_TEXTS: Final = {
    Status.OUT_OF_ORDER: "out of order sample",
    Status.DUPLICATE: "duplicate sample for timestamp",
    Status.TOO_OLD: "too old sample",
    Status.OUT_OF_BOUNDS: "out of bounds",
}

log = get_logger("remote")


class MessageType(enum.Enum):
    """The two messages of remote write, by their content type's `proto` parameter."""

    V1 = "prometheus.WriteRequest"
    V2 = "io.prometheus.write.v2.Request"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one request; `refused` is empty where all was stored."""

    samples: int
    histograms: int
    exemplars: int
    refused: str = ""


class UnsupportedMessage(WireError):
    """A content type or encoding that is not accepted here."""


def message_type(content_type: str, content_encoding: str, accepted: tuple[MessageType, ...]) -> MessageType:
    """The message a request says it carries. Raises UnsupportedMessage with what would be right."""
    media, *parameters = (part.strip() for part in content_type.split(";"))
    proto = MessageType.V1.value
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "proto":
            proto = value.strip().strip('"')
    names = [kind.value for kind in accepted]
    if media not in ("application/x-protobuf", "") or proto not in names:
        raise UnsupportedMessage(
            f"{content_type or 'no'} content type is not accepted; want application/x-protobuf;proto= one of {names}"
        )
    if content_encoding not in ("snappy", ""):
        raise UnsupportedMessage(
            f"{content_encoding} encoding (compression) is not accepted by this server; want snappy"
        )
    return MessageType(proto)


class Receiver:
    """Stores requests through an appender, and counts them under upstream's names."""

    def __init__(self, appender: Appender, registry: Registry, now_ms: Callable[[], int]) -> None:
        self._appender = appender
        self._now_ms = now_ms
        self._invalid = registry.counter(
            "prometheus_api_remote_write_invalid_labels_samples_total",
            "The total number of received remote write samples and histogram samples which were rejected or had "
            "their labels fixed due to invalid labels.",
        )
        self._without_metadata = registry.counter(
            "prometheus_api_remote_write_without_metadata_samples_total",
            "The total number of received remote write samples (and histogram samples) which were ingested without "
            "corresponding metadata.",
        )

    def write(self, body: bytes, kind: MessageType) -> Written:
        """Stores one snappy-compressed request; on return it is in the WAL.

        Version 1 is all or nothing; version 2 keeps the good part. Raises WireError where the body is no request.
        """
        version = 1 if kind is MessageType.V1 else 2
        request = decode_write(decompress(body, MAX_DECODED_BYTES), version)
        if request.invalid:
            log.warning("series without a valid name or labels were left out", series=request.invalid)
            self._invalid.inc(request.invalid)
        refused = Counter[str]()
        if version == 2 and request.invalid:
            refused["invalid labels"] += request.invalid
        if version == 2 and request.empty:
            refused["TimeSeries must contain at least one sample or histogram for series"] += request.empty
        batch = self._batch(request)
        batch, n_ahead = _without_ahead(batch, self._now_ms() + MAX_AHEAD_MS)
        if n_ahead:
            if version == 1:
                return Written(0, 0, 0, AHEAD_TEXT)
            refused[AHEAD_TEXT] += n_ahead
        result = self._appender.append(batch, all_or_nothing=version == 1)
        refused += _refusals(result)
        text = "; ".join(f"{reason} ({count})" for reason, count in sorted(refused.items()))
        if version == 1 and not result.stored_all and (result.samples.any() or result.histograms.any()):
            return Written(0, 0, 0, text)
        return Written(
            int((result.samples == Status.STORED).sum()),
            int((result.histograms == Status.STORED).sum()),
            int((result.exemplars == Status.STORED).sum()),
            text if version == 2 else "",
        )

    @staticmethod
    def _batch(request: WriteRequest) -> SampleBatch:
        return SampleBatch(
            labels=request.labels,
            series=request.series,
            times=request.times,
            values=request.values,
            histograms=request.histograms,
            start_times=request.start_times,
            exemplars=request.exemplars,
            metadata=request.metadata,
        )


def _without_ahead(batch: SampleBatch, limit_ms: int) -> tuple[SampleBatch, int]:
    """The batch without samples and histograms later than the limit, and how many those were."""
    keep = batch.times <= limit_ms
    histograms = [one for one in batch.histograms if one[1] <= limit_ms]
    n_ahead = int(len(keep) - keep.sum()) + len(batch.histograms) - len(histograms)
    if not n_ahead:
        return batch, 0
    starts = None if batch.start_times is None else batch.start_times[keep]
    kept = SampleBatch(
        batch.labels,
        batch.series[keep],
        batch.times[keep],
        batch.values[keep],
        histograms,
        starts,
        batch.exemplars,
        batch.metadata,
    )
    return kept, n_ahead


def _refusals(result: AppendResult) -> Counter[str]:
    counts = Counter[str]()
    for statuses in (result.samples, result.histograms):
        for status, text in _TEXTS.items():
            if count := int((statuses == status).sum()):
                counts[text] += count
    return counts
