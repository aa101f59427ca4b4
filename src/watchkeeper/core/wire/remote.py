"""Remote write, both versions: an uncompressed request to columns, and columns to a request.

Source: the Prometheus remote-write specification 1.0 and 2.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import remote_write
from watchkeeper.core.model.errors import WireError
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.metadata import Exemplar, Metadata
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.wire import protobuf as pb
from watchkeeper.core.wire.remote_histogram import decode_histogram, encode_histogram

_EXEMPLAR: Final = 0
_HISTOGRAM: Final = 1
# The numbers of both versions' metadata types.
METADATA_TYPES: Final = (
    "unknown",
    "counter",
    "gauge",
    "histogram",
    "gaugehistogram",
    "summary",
    "info",
    "stateset",
)


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One request's contents; series that can't be named (no metric name, a label twice) are not in it.

    labels       one set for each series, as sent: a set may stand twice
    series       int32 (n,): the series of each sample
    times        int64 ms (n,);  values  float64 (n,);  start_times  int64 ms (n,) or None
    histograms   (series, time_ms, value);  exemplars  (series, exemplar);  metadata  by family name
    invalid      how many series could not be named
    empty        how many series carried neither a sample nor a histogram
    """

    labels: PackedLabels
    series: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    start_times: npt.NDArray[np.int64] | None
    histograms: list[tuple[int, int, Histogram]]
    exemplars: list[tuple[int, Exemplar]]
    metadata: dict[str, Metadata]
    invalid: int
    empty: int


def decode_write(data: bytes, version: int) -> WriteRequest:
    """A request of version 1 or 2. Raises WireError where the bytes are no such message."""
    decoded = remote_write.decode(data, version)
    if decoded is None:
        raise WireError("remote write: the body is not a valid protobuf message of its type")
    buffer, offsets, valid, series, times, values, start_times, others, symbol_spans = decoded
    keep = valid.astype(bool)
    # Series numbers after the unnameable ones are left out; -1 for those.
    number = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
    symbols = [data[lo:hi] for lo, hi in symbol_spans] if others else []
    histograms: list[tuple[int, int, Histogram]] = []
    exemplars: list[tuple[int, Exemplar]] = []
    metadata: dict[str, Metadata] = {}
    labels = PackedLabels(buffer, np.append(offsets[:1], offsets[1:][keep]))
    for kind, row, lo, hi in others:
        if row >= 0 and number[row] < 0:
            continue
        message = data[lo:hi]
        if kind == _HISTOGRAM:
            time_ms, histogram = decode_histogram(message)
            histograms.append((int(number[row]), time_ms, histogram))
        elif kind == _EXEMPLAR:
            exemplars.append((int(number[row]), _exemplar(message, version, symbols)))
        elif version == 1:
            family, told = _metadata_v1(message)
            metadata[family] = told
        else:
            metadata[labels[int(number[row])].name] = _metadata_v2(message, symbols)
    taken = keep[series] if len(series) else np.zeros(0, bool)
    rows = number[series][taken]
    carrying = np.zeros(len(labels), bool)
    carrying[rows] = True
    carrying[[row for row, _, _ in histograms]] = True
    return WriteRequest(
        labels,
        rows,
        times[taken],
        values[taken],
        None if start_times is None else start_times[taken],
        histograms,
        exemplars,
        metadata,
        invalid=int(len(keep) - keep.sum()),
        empty=int(len(carrying) - carrying.sum()),
    )


def encode_write_v1(
    labels: PackedLabels,
    sample_lo: npt.NDArray[np.int64],
    times: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    histograms: list[tuple[Labels, int, Histogram]] | None = None,
    exemplars: list[tuple[Labels, Exemplar]] | None = None,
    metadata: dict[str, Metadata] | None = None,
) -> bytes:
    """A version-1 request: set i has samples `sample_lo[i]` to `sample_lo[i + 1]`."""
    parts = [remote_write.encode(labels.buffer, labels.offsets, sample_lo, times, values)]
    for series, time_ms, histogram in histograms or ():
        parts.append(pb.put_bytes(1, _labels(series) + pb.put_bytes(4, encode_histogram(time_ms, histogram))))
    for series, exemplar in exemplars or ():
        parts.append(pb.put_bytes(1, _labels(series) + pb.put_bytes(3, encode_exemplar(exemplar))))
    for family, told in (metadata or {}).items():
        kind = METADATA_TYPES.index(told.type) if told.type in METADATA_TYPES else 0
        message = pb.put_int(1, kind) + pb.put_text(2, family) + pb.put_text(4, told.help) + pb.put_text(5, told.unit)
        parts.append(pb.put_bytes(3, message))
    return b"".join(parts)


def encode_exemplar(exemplar: Exemplar) -> bytes:
    """The version-1 message of an exemplar."""
    return _labels(exemplar.labels) + pb.put_double(2, exemplar.value) + pb.put_int(3, exemplar.time_ms or 0)


def decode_exemplar(message: bytes) -> Exemplar:
    """The exemplar of a version-1 message. Raises WireError."""
    return _exemplar(message, 1, [])


def _labels(labels: Labels) -> bytes:
    return b"".join(pb.put_bytes(1, pb.put_text(1, name) + pb.put_text(2, value)) for name, value in labels)


def _exemplar(message: bytes, version: int, symbols: list[bytes]) -> Exemplar:
    pairs: list[tuple[str, str]] = []
    refs: list[int] = []
    value = 0.0
    time_ms = 0
    for number, wire_type, raw in pb.fields(message):
        if number == 1 and version == 1:
            pair = {field: pb.as_text(text) for field, _, text in pb.fields(pb.as_bytes(raw))}
            pairs.append((pair.get(1, ""), pair.get(2, "")))
        elif number == 1:
            refs += pb.packed_varints(wire_type, raw)
        elif number == 2:
            value = pb.double(raw)
        elif number == 3:
            time_ms = pb.signed(raw)
    if len(refs) % 2:
        raise WireError("remote write: an exemplar's label has no value")
    pairs += [
        (_symbol(symbols, name), _symbol(symbols, text)) for name, text in zip(refs[::2], refs[1::2], strict=True)
    ]
    return Exemplar(Labels(pairs), value, time_ms or None)


def _symbol(symbols: list[bytes], ref: int) -> str:
    if ref >= len(symbols):
        raise WireError(f"remote write: symbol {ref} is not in the table")
    return pb.as_text(symbols[ref])


def _metadata_v1(message: bytes) -> tuple[str, Metadata]:
    found = {number: value for number, _, value in pb.fields(message)}
    kind = pb.as_int(found.get(1, 0))
    told = Metadata(_type(kind), pb.as_text(found.get(4, b"")), pb.as_text(found.get(5, b"")))
    return pb.as_text(found.get(2, b"")), told


def _metadata_v2(message: bytes, symbols: list[bytes]) -> Metadata:
    found = {number: pb.as_int(value) for number, _, value in pb.fields(message)}
    help_text = _symbol(symbols, found[3]) if 3 in found else ""
    return Metadata(_type(found.get(1, 0)), help_text, _symbol(symbols, found[4]) if 4 in found else "")


def _type(number: int) -> str:
    return METADATA_TYPES[number] if number < len(METADATA_TYPES) else METADATA_TYPES[0]
