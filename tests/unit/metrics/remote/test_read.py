"""The server side of remote read: both forms of answer, read back as a client would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.kernels.crc32c import crc32c
from watchkeeper.core.kernels.xor_chunk import decode as decode_xor
from watchkeeper.core.model.errors import LimitExceeded, WireError
from watchkeeper.core.model.histogram import Histogram, HistogramSamples
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import MISSING, STALE, STALE_BITS
from watchkeeper.core.wire import protobuf as pb
from watchkeeper.core.wire.remote_histogram import decode_histogram
from watchkeeper.core.wire.remote_read import ReadQuery, ReadRequest, decode_read, encode_read
from watchkeeper.core.wire.snappy import compress, decompress
from watchkeeper.metrics.interface import Budget, Series
from watchkeeper.metrics.remote.read import ReadServer

Rows = dict[Labels, list[tuple[int, float]]]


class Rigid:
    """A `Querier` that knows a few series on one shared axis."""

    def __init__(self, rows: Rows, histograms: dict[Labels, HistogramSamples] | None = None) -> None:
        self.rows = rows
        self.histograms = histograms or {}
        self.asked: list[tuple[tuple[Matcher, ...], int, int]] = []

    def select(self, matchers, start_ms, end_ms, budget):
        self.asked.append((tuple(matchers), start_ms, end_ms))
        chosen = [
            labels
            for labels in (*self.rows, *self.histograms)
            if all(matcher.matches(labels.get(matcher.name)) for matcher in matchers)
        ]
        axis = sorted(
            {time for labels in chosen for time, _ in self.rows.get(labels, []) if start_ms <= time <= end_ms}
        )
        n = len(axis)
        values = np.full((len(chosen), n), MISSING)
        for i, labels in enumerate(chosen):
            for time, value in self.rows.get(labels, []):
                if start_ms <= time <= end_ms:
                    values[i, axis.index(time)] = value
        lo = np.arange(len(chosen), dtype=np.int64) * n
        return Series(
            LabelSets.of(chosen),
            np.array(axis, np.int64),
            values.ravel(),
            lo,
            lo + n,
            np.zeros(len(chosen), np.int64),
            {i: self.histograms[labels] for i, labels in enumerate(chosen) if labels in self.histograms},
        )


def server(querier, **more):
    settings = {"external_labels": {}, "sample_limit": 0, "frame_bytes": 1 << 20, **more}
    return ReadServer(querier, **settings)


def request(*queries: ReadQuery, streamed: bool) -> bytes:
    return compress(encode_read(ReadRequest(queries, streamed)))


def query(*matchers: Matcher, start_ms: int = 0, end_ms: int = 1 << 40) -> ReadQuery:
    return ReadQuery(matchers, start_ms, end_ms)


def labels_of(message: bytes) -> tuple[str, str]:
    parts = {number: pb.as_text(value) for number, _, value in pb.fields(message)}
    return parts.get(1, ""), parts.get(2, "")


def of_samples(answer) -> list[list[tuple[Labels, list[tuple[int, int]], list[tuple[int, Histogram]]]]]:
    """For each query: (labels, (time, bits) of samples, histograms) of each series."""
    assert answer.headers == {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    (body,) = answer.frames
    results = []
    for number, _, result in pb.fields(decompress(body, 1 << 30)):
        assert number == 1
        rows = []
        for _, _, series in pb.fields(result):
            pairs, samples, histograms = [], [], []
            for field, _, value in pb.fields(series):
                if field == 1:
                    pairs.append(labels_of(value))
                elif field == 2:
                    parts = {inner: raw for inner, _, raw in pb.fields(value)}
                    samples.append((pb.signed(parts.get(2, 0)), parts.get(1, 0)))
                elif field == 4:
                    histograms.append(decode_histogram(value))
            rows.append((Labels(pairs), samples, histograms))
        results.append(rows)
    return results


def of_frames(answer) -> tuple[list[tuple[int, Labels, list[tuple[int, int]]]], list[int]]:
    """(query, labels, (time, bits)) in the order of the frames, and the sizes of the frames."""
    assert answer.headers == {"Content-Type": "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"}
    found: list[tuple[int, Labels, list[tuple[int, int]]]] = []
    sizes = []
    for frame in answer.frames:
        size, at = pb.read_varint(frame, 0)
        message = frame[at + 4 :]
        assert len(message) == size
        assert int.from_bytes(frame[at : at + 4], "big") == crc32c(message)
        sizes.append(size)
        index, chunked = 0, []
        for number, _, value in pb.fields(message):
            if number == 1:
                chunked.append(value)
            elif number == 2:
                index = value
        for series in chunked:
            pairs, samples = [], []
            for field, _, value in pb.fields(series):
                if field == 1:
                    pairs.append(labels_of(value))
                    continue
                chunk = {inner: raw for inner, _, raw in pb.fields(value)}
                assert chunk[3] == 1
                times, values = decode_xor(chunk[4])
                assert 0 < len(times) <= 120
                assert (pb.signed(chunk.get(1, 0)), pb.signed(chunk.get(2, 0))) == (times[0], times[-1])
                samples += zip(times.tolist(), values.view(np.uint64).tolist(), strict=True)
            found.append((index, Labels(pairs), samples))
    return found, sizes


def bits(samples: list[tuple[int, float]]) -> list[tuple[int, int]]:
    return [(time, int(np.float64(value).view(np.uint64))) for time, value in samples]


A, B, C = (Labels.of(__name__="m", i=str(i)) for i in range(3))
ROWS: Rows = {
    B: [(5, 1.0), (15, STALE)],
    A: [(5, -0.0), (10, float("inf")), (15, 2.5)],
    C: [(10, 7.0)],
}
M = Matcher("__name__", MatchType.EQUAL, "m")


def test_samples_are_sorted_and_without_holes():
    querier = Rigid(ROWS)
    (rows,) = of_samples(server(querier).read(request(query(M), streamed=False), Budget()))
    assert [(labels, samples) for labels, samples, _ in rows] == [(s, bits(ROWS[s])) for s in (A, B, C)]
    assert rows[1][1][1] == (15, STALE_BITS)
    assert querier.asked == [((M,), 0, 1 << 40)]


def test_streamed_frames():
    answer = server(Rigid(ROWS)).read(request(query(M), query(M, start_ms=10, end_ms=10), streamed=True), Budget())
    found, _ = of_frames(answer)
    assert found == [
        (0, A, bits(ROWS[A])),
        (0, B, bits(ROWS[B])),
        (0, C, bits(ROWS[C])),
        *[(1, labels, samples) for labels, samples in ((A, bits([(10, float("inf"))])), (C, bits([(10, 7.0)])))],
    ]


def test_long_series_are_cut_into_frames_of_about_the_size():
    rows = {A: [(i, float(np.sin(i))) for i in range(5000)], B: [(i, 1.0) for i in range(300)]}
    answer = server(Rigid(rows), frame_bytes=4000).read(request(query(M), streamed=True), Budget())
    found, sizes = of_frames(answer)
    assert len(sizes) > 5
    assert max(sizes) < 6000
    for labels in rows:
        joined = [one for _, of, samples in found if of == labels for one in samples]
        assert joined == bits(rows[labels])


@pytest.mark.parametrize("streamed", [False, True])
def test_histograms_are_sent_as_samples(streamed):
    histogram = Histogram(1, 3, 4.5, 0.001, 1, ((0, 2),), (1.0, 1.0))
    samples = HistogramSamples(np.array([5, 9], np.int64), [histogram, histogram])
    querier = Rigid({B: [(5, 1.0)]}, {A: samples})
    (rows,) = of_samples(server(querier).read(request(query(M), streamed=streamed), Budget()))
    assert [(time_ms, value.sum) for time_ms, value in rows[0][2]] == [(5, 4.5), (9, 4.5)]
    assert rows[1][1] == bits([(5, 1.0)])


def test_external_labels_are_added_and_satisfy_their_matcher():
    querier = Rigid({A: [(5, 1.0)], Labels.of(__name__="m", site="own"): [(5, 2.0)]})
    made = server(querier, external_labels={"site": "lab"})
    site = Matcher("site", MatchType.EQUAL, "lab")
    (rows,) = of_samples(made.read(request(query(M, site), streamed=False), Budget()))
    assert querier.asked[0][0] == (M,)
    assert {str(labels) for labels, _, _ in rows} >= {str(A.with_(site="lab"))}


def test_the_sample_limit_is_of_the_form_that_is_not_streamed():
    made = server(Rigid(ROWS), sample_limit=5)
    with pytest.raises(LimitExceeded, match=r"exceeded sample limit \(5\)"):
        made.read(request(query(M), streamed=False), Budget())
    assert of_frames(made.read(request(query(M), streamed=True), Budget()))[0]
    # Absent cells are no samples.
    assert of_samples(server(Rigid(ROWS), sample_limit=6).read(request(query(M), streamed=False), Budget()))


def test_queries_survive_the_wire():
    matchers = tuple(Matcher("a", kind, "x.*") for kind in MatchType)
    asked = ReadRequest((ReadQuery(matchers, -5, 1 << 50), ReadQuery((), 0, 0)), True)
    assert decode_read(encode_read(asked)) == asked


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xff",
        compress(b"\xff"),
        compress(pb.put_bytes(1, pb.put_bytes(3, pb.put_int(1, 9)))),
        compress(pb.put_bytes(1, pb.put_bytes(3, pb.put_int(1, 2) + pb.put_text(2, "a") + pb.put_text(3, "(")))),
        compress(pb.put_bytes(1, pb.put_bytes(3, pb.put_bytes(2, b"\xff")))),
    ],
)
def test_broken_requests(body):
    with pytest.raises(WireError):
        server(Rigid({})).read(body, Budget())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes(data):
    try:
        server(Rigid({})).read(compress(data), Budget())
    except WireError:
        return


def test_a_bomb():
    with pytest.raises(WireError, match="exceeds the limit"):
        server(Rigid({})).read(compress(bytes(33 << 20)), Budget())
