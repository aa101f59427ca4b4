"""The receiver: what is stored, what is refused, and what is said of it."""

from __future__ import annotations

import contextlib
import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.metrics.scrape.memory_store import MemoryStore
from watchkeeper.core.model.errors import WireError
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.metadata import Exemplar, Metadata
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.wire import protobuf as pb
from watchkeeper.core.wire.remote import decode_write, encode_write_v1
from watchkeeper.core.wire.snappy import compress, decompress
from watchkeeper.metrics.interface import AppendResult, Status
from watchkeeper.metrics.remote.receive import MessageType, Receiver, UnsupportedMessage, message_type

NOW_MS = 1_700_000_000_000
BOTH = (MessageType.V1, MessageType.V2)


class AtomicStore(MemoryStore):
    """Refuses a whole batch where it is asked to, and takes a series that stands twice in it, as the real one does."""

    def append(self, batch, *, all_or_nothing=False):
        unique = list(dict.fromkeys(batch.labels))
        row = np.array([unique.index(labels) for labels in batch.labels], np.int32)
        batch = dataclasses.replace(
            batch,
            labels=unique,
            series=row[batch.series],
            histograms=[(row[i], time_ms, value) for i, time_ms, value in batch.histograms],
            exemplars=[(row[i], exemplar) for i, exemplar in batch.exemplars],
        )
        if not all_or_nothing:
            return super().append(batch)
        trial = MemoryStore({labels: list(kept) for labels, kept in self.samples.items()})
        result = trial.append(batch)
        if result.stored_all:
            return super().append(batch)
        return AppendResult(result.samples, np.zeros(len(batch.histograms), np.uint8), result.exemplars)


def receiver(store=None):
    registry = Registry()
    store = store or AtomicStore()
    return Receiver(store, registry, lambda: NOW_MS), store, registry


def request_v1(rows, **more) -> bytes:
    lengths = [len(samples) for _, samples in rows]
    sample_lo = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    pairs = [pair for _, samples in rows for pair in samples]
    times = np.array([time for time, _ in pairs], np.int64)
    values = np.array([value for _, value in pairs], np.float64)
    return compress(encode_write_v1(PackedLabels.of(labels for labels, _ in rows), sample_lo, times, values, **more))


def request_v2(rows, extra: bytes = b"") -> bytes:
    symbols = [b""]
    out = []
    for labels, samples in rows:
        refs = []
        for text in (part for pair in labels for part in pair):
            symbols.append(text.encode())
            refs.append(len(symbols) - 1)
        fields = b"".join(pb.put_bytes(2, pb.put_double(1, value) + pb.put_int(2, time)) for time, value in samples)
        out.append(pb.put_bytes(5, pb.put_varints(1, refs) + fields))
    return compress(b"".join(pb.put_bytes(4, symbol) for symbol in symbols) + b"".join(out) + extra)


def m(i=0):
    return Labels.of(__name__="m", i=str(i))


def test_all_kinds_of_a_request_are_stored():
    made, store, _ = receiver()
    histogram = Histogram(0, 3, 4.5, 0.001, 1, ((0, 2),), (1.0, 1.0))
    exemplar = Exemplar(Labels.of(trace="t"), 0.5, 7)
    body = request_v1(
        [(m(0), [(1, 1.0), (2, 2.0)]), (m(1), [(1, -0.0)])],
        histograms=[(m(2), 5, histogram)],
        exemplars=[(m(0), exemplar)],
        metadata={"m": Metadata("counter", "Help.", "s")},
    )
    written = made.write(body, MessageType.V1)
    assert (written.samples, written.histograms, written.exemplars, written.refused) == (3, 1, 1, "")
    assert store.samples == {m(0): [(1, 1.0), (2, 2.0)], m(1): [(1, 0.0)]}
    assert store.histograms[m(2)][0][1].positive == (1.0, 1.0)
    assert store.exemplars == [(m(0), exemplar)]
    assert store.batches[0].metadata == {"m": Metadata("counter", "Help.", "s")}


def test_version_1_is_all_or_nothing():
    made, store, _ = receiver()
    assert not made.write(request_v1([(m(), [(10, 1.0)])]), MessageType.V1).refused
    written = made.write(request_v1([(m(1), [(11, 1.0)]), (m(), [(9, 1.0), (12, 1.0)])]), MessageType.V1)
    assert written.refused == "out of order sample (1)"
    assert (written.samples, written.histograms, written.exemplars) == (0, 0, 0)
    assert store.samples == {m(): [(10, 1.0)]}


def test_version_2_keeps_the_good_part():
    made, store, _ = receiver()
    rows = [(m(), [(10, 1.0), (9, 1.0), (10, 2.0), (11, 3.0)]), (m(1), [(5, 1.0)])]
    written = made.write(request_v2(rows), MessageType.V2)
    assert written.samples == 3
    assert written.refused == "duplicate sample for timestamp (1); out of order sample (1)"
    assert store.samples == {m(): [(10, 1.0), (11, 3.0)], m(1): [(5, 1.0)]}


def test_samples_far_in_the_future():
    late = NOW_MS + 600_001
    made, store, _ = receiver()
    written = made.write(request_v1([(m(), [(1, 1.0), (late, 1.0)])]), MessageType.V1)
    assert "too far in the future" in written.refused
    assert not store.samples
    written = made.write(request_v2([(m(), [(1, 1.0), (NOW_MS + 600_000, 2.0), (late, 1.0)])]), MessageType.V2)
    assert written.samples == 2
    assert written.refused == "out of bounds: timestamp is too far in the future (1)"


def test_histograms_far_in_the_future_are_refused_too():
    late = NOW_MS + 600_001
    made, store, _ = receiver()
    body = request_v1([(m(), [(1, 1.0)])], histograms=[(m(1), late, Histogram())])
    assert "too far in the future" in made.write(body, MessageType.V1).refused
    assert not store.samples
    assert not store.histograms


def test_series_without_a_name_are_left_out():
    nameless = Labels.of(i="1")
    made, store, registry = receiver()
    written = made.write(request_v1([(nameless, [(1, 1.0)]), (m(), [(1, 1.0)])]), MessageType.V1)
    assert (written.samples, written.refused) == (1, "")
    assert b"invalid_labels_samples_total 1" in registry.exposition()
    written = made.write(request_v2([(nameless, [(1, 1.0)]), (m(1), [(1, 1.0)])]), MessageType.V2)
    assert (written.samples, written.refused) == (1, "invalid labels (1)")
    assert set(store.samples) == {m(), m(1)}


def test_version_2_series_without_samples():
    made, _, _ = receiver()
    written = made.write(request_v2([(m(), []), (m(1), [(1, 1.0)])]), MessageType.V2)
    assert written.samples == 1
    assert "must contain at least one sample or histogram" in written.refused


def test_an_exemplar_label_without_a_value_is_a_broken_request():
    made, _, _ = receiver()
    series = pb.put_bytes(5, pb.put_varints(1, [1, 2]) + pb.put_bytes(4, pb.put_varints(1, [1])))
    symbols = b"".join(pb.put_bytes(4, text) for text in (b"", b"__name__", b"m"))
    with pytest.raises(WireError):
        made.write(compress(symbols + series), MessageType.V2)


def test_a_body_that_is_nothing():
    made, store, _ = receiver()
    for body in (b"", b"\xff" * 20, b"\x05hello", compress(b"\x0a\xff"), compress(b"\xff" * 50), request_v1([])[:-1]):
        for kind in BOTH:
            with pytest.raises(WireError):
                made.write(body, kind)
    assert not store.batches


def test_a_body_that_unpacks_to_more_than_32_mb():
    made, _, _ = receiver()
    bomb = compress(bytes(33 << 20))
    assert len(bomb) < 2 << 20
    with pytest.raises(WireError, match="exceeds the limit of 33554432"):
        made.write(bomb, MessageType.V1)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(BOTH), st.booleans())
def test_hostile_bytes_are_a_wire_error_or_a_request(data, kind, packed):
    made, _, _ = receiver()
    with contextlib.suppress(WireError):
        made.write(compress(data) if packed else data, kind)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_requests_are_a_wire_error_or_a_request(data):
    histogram = Histogram(0, 3, 4.5, 0.001, 1, ((0, 2),), (1.0, 1.0), custom_values=(1.0,))
    good = bytearray(
        decompress(
            request_v1(
                [(m(), [(1, 1.0)])],
                histograms=[(m(2), 5, histogram)],
                exemplars=[(m(), Exemplar(Labels.of(t="1"), 1.0, 5))],
                metadata={"m": Metadata("gauge", "h", "u")},
            ),
            1 << 20,
        )
    )
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    for version in (1, 2):
        with contextlib.suppress(WireError):
            decode_write(bytes(good), version)


@pytest.mark.parametrize(
    ("content_type", "encoding", "expected"),
    [
        ("application/x-protobuf", "snappy", MessageType.V1),
        ("application/x-protobuf;proto=prometheus.WriteRequest", "snappy", MessageType.V1),
        ("application/x-protobuf; proto=io.prometheus.write.v2.Request", "snappy", MessageType.V2),
        ('application/x-protobuf; proto="io.prometheus.write.v2.Request"', "", MessageType.V2),
        ("", "", MessageType.V1),
        ("application/json", "snappy", None),
        ("application/x-protobuf;proto=other", "snappy", None),
        ("application/x-protobuf", "gzip", None),
    ],
)
def test_message_types(content_type, encoding, expected):
    if expected is None:
        with pytest.raises(UnsupportedMessage, match="not accepted"):
            message_type(content_type, encoding, BOTH)
    else:
        assert message_type(content_type, encoding, BOTH) is expected


def test_a_message_that_was_not_enabled():
    with pytest.raises(UnsupportedMessage, match="want"):
        message_type("application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", (MessageType.V1,))


def test_every_status_has_a_word():
    made, _, _ = receiver(_Refusing())
    for status in list(Status)[1:]:
        _Refusing.status = status
        assert made.write(request_v2([(m(), [(1, 1.0)])]), MessageType.V2).refused.endswith("(1)")


class _Refusing(MemoryStore):
    status = Status.TOO_OLD

    def append(self, batch, *, all_or_nothing=False):
        none = np.zeros(0, np.uint8)
        return AppendResult(np.full(len(batch.times), self.status, np.uint8), none, none)
