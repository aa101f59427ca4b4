import math

import pytest

from tests.properties.test_protobuf_exposition import message, varint
from watchkeeper.core.model.errors import ExpositionError
from watchkeeper.core.model.histogram import ResetHint
from watchkeeper.core.model.metadata import Exemplar, Labels, Metadata
from watchkeeper.core.wire.protobuf_exposition import ProtobufParser


def delimited(*families: bytes) -> bytes:
    return b"".join(varint(len(family)) + family for family in families)


def gauge(name: str, value: float, *pairs: tuple[str, str]) -> bytes:
    labels = [message(f1=label, f2=text) for label, text in pairs]
    return message(f1=name, f2="Help.", f3=1, f4=message(f1=labels, f2=message(f1=value)))


NATIVE = message(
    f1="h_seconds",
    f3=4,
    f5="seconds",
    f4=message(
        f1=message(f1="a", f2="b"),
        f7=message(
            f1=6,
            f2=3.5,
            f3=[message(f1=6, f2=math.inf, f3=message(f1=message(f1="t", f2="1"), f2=0.5))],
            f5=6,
            f6=1e-128,
            f7=1,
            f12=[message(f1=3, f2=2), message(f1=2, f2=0), message(f1=2, f2=1)],
            f13=b"".join(map(varint, (4, 1, 2))),
            f15=message(f1=1, f2=500_000_000),
            f16=[message(f2=1.5, f3=message(f1=2)), message(f2=2.5)],
        ),
    ),
)


def test_plain_families() -> None:
    parser = ProtobufParser()
    body = delimited(gauge("g", 1.5, ("x", "y")), message(f1="empty", f3=1), gauge("g2", math.nan))
    exposition = parser.parse(body)
    assert exposition.new == [(0, [("__name__", "g"), ("x", "y")]), (1, [("__name__", "g2")])]
    assert exposition.values[0] == 1.5
    assert exposition.metadata == {"g": Metadata("gauge", "Help."), "g2": Metadata("gauge", "Help.")}
    assert exposition.index is None
    again = parser.parse(delimited(gauge("g2", 2.0), gauge("g2", 3.0)))
    assert again.index is not None
    assert again.index.tolist() == [1]
    assert again.duplicates == 1
    assert again.gone.tolist() == [0]
    renumbered = parser.compact()
    assert renumbered is not None
    assert renumbered.tolist() == [-1, 0]
    assert parser.generation == 1
    assert parser.parse(delimited(gauge("g2", 2.0))).index is None


def test_native_histogram() -> None:
    exposition = ProtobufParser().parse(delimited(NATIVE))
    assert exposition.values.tolist() == []
    [(number, time_ms, histogram)] = exposition.histograms
    assert (number, time_ms) == (0, None)
    assert (histogram.schema, histogram.count, histogram.sum, histogram.zero_count) == (3, 6, 3.5, 1)
    assert histogram.positive_spans == ((-2, 2), (2, 1))
    assert histogram.positive == (2, 1, 2)
    assert histogram.reset_hint is ResetHint.UNKNOWN
    assert not histogram.is_float
    assert exposition.histogram_created is not None
    assert exposition.histogram_created.tolist() == [1500]
    assert exposition.exemplars == [(0, Exemplar(Labels(), 1.5, 2000))]
    assert exposition.metadata == {"h_seconds": Metadata("histogram", "", "seconds")}
    assert exposition.n_samples == 1


def test_classic_buckets_beside_a_native_histogram() -> None:
    exposition = ProtobufParser(always_classic=True).parse(delimited(NATIVE))
    assert [dict(pairs) for _, pairs in exposition.new] == [
        {"__name__": "h_seconds", "a": "b"},
        {"__name__": "h_seconds_count", "a": "b"},
        {"__name__": "h_seconds_sum", "a": "b"},
        {"__name__": "h_seconds_bucket", "a": "b", "le": "+Inf"},
    ]
    assert exposition.index is not None
    assert exposition.index.tolist() == [1, 2, 3]
    assert exposition.values.tolist() == [6, 3.5, 6]
    assert exposition.created is not None
    assert exposition.created.tolist() == [1500] * 3
    classic = ProtobufParser(native_histograms=False).parse(delimited(NATIVE))
    assert classic.histograms == []
    assert classic.values.tolist() == [6, 3.5, 6]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\x05\x0a", "metric family 1: truncated field"),
        (b"\xff" * 11, "metric family 1: varint of more than 10 bytes"),
        (delimited(gauge("g", 1.0)) + delimited(message(f1=b"\xff", f3=1, f4=b"")), "invalid metric name"),
        (delimited(gauge("", 1.0)), "invalid metric name"),
        (delimited(gauge("g", 1.0, ("a", "1"), ("a", "2"))), 'label name "a" is not unique'),
        (delimited(gauge("g", 1.0, ("", "1"))), 'invalid label name ""'),
        (delimited(gauge("g", 1.0, ("__name__", "1"))), 'label name "__name__" is not unique'),
        (delimited(message(f1="g", f3=9, f4=b"")), "unknown metric type"),
        (delimited(message(f1="g", f3=1, f5="seconds", f4=b"")), 'unit "seconds" not a suffix of metric "g"'),
        (delimited(message(f1="g", f3=1, f4=message(f2=message(f1=5)))), "wrong wire type"),
        (delimited(message(f1="h", f3=4, f4=message(f7=message(f5=18, f6=1.0)))), "invalid schema 9"),
        (delimited(message(f1="h", f3=4, f4=message(f7=message(f12=message(f2=2))))), "different number of buckets"),
    ],
)
def test_refused(body: bytes, text: str) -> None:
    with pytest.raises(ExpositionError, match=text):
        ProtobufParser().parse(body)
