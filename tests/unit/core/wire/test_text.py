import numpy as np
import pytest

from watchkeeper.core.model.errors import ExpositionError
from watchkeeper.core.model.metadata import Exemplar, Labels, Metadata
from watchkeeper.core.model.stale import NORMAL_NAN, bits_of
from watchkeeper.core.wire.exposition import Exposition, Format
from watchkeeper.core.wire.text import TextParser

BODY = b"""# HELP http_requests_total Requests, by \\\\ path\\nand code.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a\\"b\\\\c\\nd\\q"} 1027
http_requests_total {code="404",} 3e2

# plain comment
up 1
temperature_celsius -3.25
"""


def numbers(exposition: Exposition) -> list[int]:
    return list(range(exposition.n_series)) if exposition.index is None else exposition.index.tolist()


def samples(body: bytes, format_: Format = Format.TEXT) -> list[tuple[dict[str, str], float]]:
    exposition = TextParser(format_).parse(body)
    labels = {number: dict(pairs) for number, pairs in exposition.new}
    return [
        (labels[number], value) for number, value in zip(numbers(exposition), exposition.values.tolist(), strict=True)
    ]


def test_first_body() -> None:
    exposition = TextParser().parse(BODY)
    assert exposition.index is None
    assert not exposition.repeated
    assert exposition.values.tolist() == [1027, 300, 1, -3.25]
    assert exposition.new == [
        (0, [("__name__", "http_requests_total"), ("code", "200"), ("path", '/a"b\\c\nd\\q')]),
        (1, [("__name__", "http_requests_total"), ("code", "404")]),
        (2, [("__name__", "up")]),
        (3, [("__name__", "temperature_celsius")]),
    ]
    assert exposition.metadata == {"http_requests_total": Metadata("counter", "Requests, by \\ path\nand code.")}
    assert exposition.times is None
    assert exposition.timed is None
    assert exposition.n_samples == 4


def test_same_series_with_new_values() -> None:
    parser = TextParser()
    parser.parse(BODY)
    exposition = parser.parse(BODY.replace(b"1027", b"1029").replace(b"-3.25", b"NaN"))
    assert exposition.repeated
    assert exposition.new == []
    assert exposition.metadata is None
    assert exposition.gone.tolist() == []
    assert exposition.values[:3].tolist() == [1029, 300, 1]
    assert bits_of(float(exposition.values[3])) == bits_of(NORMAL_NAN)


def test_a_series_goes_and_returns_and_keeps_its_number() -> None:
    parser = TextParser()
    parser.parse(b"a 1\nb 2\nc 3\n")
    exposition = parser.parse(b"a 1\nd 4\nc 3\n")
    assert numbers(exposition) == [0, 3, 2]
    assert exposition.gone.tolist() == [1]
    assert exposition.new == [(3, [("__name__", "d")])]
    assert not exposition.repeated
    exposition = parser.parse(b"a 1\nd 5\nc 3\n")
    assert exposition.repeated
    exposition = parser.parse(b"b 9\na 1\n")
    assert numbers(exposition) == [1, 0]
    assert exposition.gone.tolist() == [2, 3]


def test_a_longer_name_is_not_taken_for_a_known_one() -> None:
    parser = TextParser()
    parser.parse(b"a+1\n")
    exposition = parser.parse(b"a1 5\n")
    assert exposition.new == [(1, [("__name__", "a1")])]
    assert exposition.values.tolist() == [5]
    parser = TextParser()
    parser.parse(b"a 1")
    assert parser.parse(b"a 12\n").values.tolist() == [12]


def test_duplicates_are_left_out_and_counted() -> None:
    parser = TextParser()
    for _ in range(2):
        exposition = parser.parse(b"a 1\nb 2\na 3\na 4\n")
        assert exposition.values.tolist() == [1, 2]
        assert exposition.duplicates == 2
        assert exposition.n_samples == 4
    exposition = parser.parse(b"a 1 1000\nb 2\na 3 2000\na 4 1000\n")
    assert numbers(exposition) == [0, 1, 0]
    assert exposition.values.tolist() == [1, 2, 3]
    assert exposition.duplicates == 1
    assert exposition.timed is not None
    assert exposition.times is not None
    assert exposition.timed.tolist() == [True, False, True]
    assert exposition.times.tolist() == [1000, 0, 2000]


def test_bounds_and_quantiles_are_written_as_floats() -> None:
    body = b"""# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="1000000"} 1
h_bucket{le="+Inf"} 1
h_bucket{le="x"} 1
# TYPE s summary
s{quantile="0.50",le="1"} 1
# TYPE g gauge
g{le="1",quantile="1"} 1
"""
    values = [labels for labels, _ in samples(body)]
    assert [labels.get("le") for labels in values] == ["1.0", "1e+06", "+Inf", "x", "1", "1"]
    assert [labels.get("quantile") for labels in values[4:]] == ["0.5", "1"]


def test_quoted_names() -> None:
    assert samples(b'{"my.metric",l="v", "a.b" = "c"} 1\n{"x"} 2\n{a="1","y"} 3\n') == [
        ({"__name__": "my.metric", "l": "v", "a.b": "c"}, 1),
        ({"__name__": "x"}, 2),
        ({"__name__": "y", "a": "1"}, 3),
    ]


OPEN = b"""# TYPE foo_seconds histogram
# UNIT foo_seconds seconds
# HELP foo_seconds A \\"quoted\\" help.
foo_seconds_bucket{le="1"} 3 # {trace_id="abc"} 0.5 1520879607.789
foo_seconds_bucket{le="+Inf"} 4 1520879607.9 # {} 2
foo_seconds_sum 3.5
foo_seconds_count 4
foo_seconds_created 1520430000.123
# EOF
"""


def test_open_metrics() -> None:
    parser = TextParser(Format.OPENMETRICS)
    exposition = parser.parse(OPEN)
    assert exposition.values.tolist() == [3, 4, 3.5, 4, 1520430000.123]
    assert exposition.metadata == {"foo_seconds": Metadata("histogram", 'A "quoted" help.', "seconds")}
    assert exposition.exemplars == [
        (0, Exemplar(Labels([("trace_id", "abc")]), 0.5, 1520879607789)),
        (1, Exemplar(Labels(), 2.0, None)),
    ]
    assert exposition.times is not None
    assert exposition.times.tolist() == [0, 1520879607900, 0, 0, 0]
    again = parser.parse(OPEN.replace(b'"abc"', b'"abd"'))
    assert again.exemplars == [(0, Exemplar(Labels([("trace_id", "abd")]), 0.5, 1520879607789))]
    assert again.repeated


def test_created_series_as_start_times() -> None:
    parser = TextParser(Format.OPENMETRICS, use_created=True)
    for _ in range(2):
        exposition = parser.parse(OPEN)
        assert exposition.values.tolist() == [3, 4, 3.5, 4]
        assert exposition.created is not None
        assert exposition.created.tolist() == [1520430000123] * 4
    assert [number for number, _ in TextParser(Format.OPENMETRICS, use_created=True).parse(OPEN).new] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        (b"a 1\na\n", 2, "expected value after metric"),
        (b"a{b='c'} 1\n", 1, "expected label value"),
        (b'a{b="c} 1\n', 1, "unterminated label value"),
        (b'a{b="c', 1, "unterminated label value"),
        (b'a{b="c\\\n"} 1\n', 1, "unterminated label value"),
        (b'a{b="c"', 1, "expected label name"),
        (b'a{b="\xff"} 1\n', 1, "invalid UTF-8 label value"),
        (b'a{"\xff"="c"} 1\n', 1, "invalid UTF-8 name"),
        (b'{"\xff"} 1\n', 1, "invalid UTF-8 name"),
        (b"a\xff 1\n", 1, "invalid syntax"),
        (b"# HELP a \xff\n", 1, "is not a valid utf8 string"),
        (b"# TYPE a counter\r\n", 1, 'invalid metric type "counter\\\\r"'),
        (b"a 1\r\n", 1, 'parsing "1\\\\r": invalid syntax'),
        (b"a 1 2 3\n", 1, "expected next entry after timestamp"),
        (b"a 1 x\n", 1, "expected timestamp or new record"),
        (b"a 1 -5\n", 1, "expected timestamp or new record"),
        (b"a 1 99999999999999999999\n", 1, "value out of range"),
        (b"a 1_0\n", 1, "unsupported character in float"),
        (b"a 0x1p2\n", 1, "unsupported character in float"),
        (b"a 1e999\n", 1, "value out of range"),
        (b"\x00a 1\n", 1, "expected a valid start token"),
        (b"a \x001\n", 1, "invalid syntax"),
        (b"{} 1\n", 1, "metric name not set"),
        (b'{""} 1\n', 1, "metric name not set"),
        (b'a{"b"} 1\n', 1, "metric name already set"),
        (b'a{b="1",b="2"} 1\n', 1, 'label name "b" is not unique'),
        (b'a{__name__="b"} 1\n', 1, 'label name "__name__" is not unique'),
        (b'a{b="1",,} 1\n', 1, "expected label name"),
        (b'a{b="1"} {\n', 1, "expected value after metric"),
        (b"ok 1\n# TYPE 1a counter\n", 2, "expected metric name after TYPE"),
        (b"# TYPE a info\n", 1, "invalid metric type"),
    ],
)
def test_refused_text(body: bytes, line: int, message: str) -> None:
    with pytest.raises(ExpositionError, match=message) as caught:
        TextParser().parse(body)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a 1\n", "data does not end with # EOF"),
        (b"", "data does not end with # EOF"),
        (b"a 1", "data does not end with # EOF"),
        (b"# EOF\na 1\n", "unexpected data after # EOF"),
        (b"# EOF\n# EOF\n", "unexpected data after # EOF"),
        (b"a  1\n# EOF\n", "expected value after metric"),
        (b"\n# EOF\n", "expected a valid start token"),
        (b"# comment\n# EOF\n", "expected a valid start token"),
        (b"# TYPE a\n# EOF\n", "expected text in TYPE"),
        (b"# TYPE a untyped\n# EOF\n", "invalid metric type"),
        (b"# TYPE a gauge\n# TYPE a gauge\n# EOF\n", 'second TYPE for metric "a"'),
        (b"# UNIT a seconds\n# EOF\n", 'unit "seconds" not a suffix of metric "a"'),
        (b"a 1 NaN\n# EOF\n", "invalid timestamp NaN"),
        (b'a{b="x\ny"} 1\n# EOF\n', "unterminated label value"),
        (b'a{b="x" } 1\n# EOF\n', "expected comma or brace close"),
        (b'a 1 # {b="x"}\n# EOF\n', "expected value after exemplar labels"),
        (b'a 1 # {b="x"} 1 Inf\n# EOF\n', "invalid exemplar timestamp Inf"),
        (b'a 1 # {"b"} 1\n# EOF\n', "expected equal"),
        (b"a 1 # {} 1 2 3\n# EOF\n", "expected next entry after exemplar timestamp"),
    ],
)
def test_refused_open_metrics(body: bytes, message: str) -> None:
    with pytest.raises(ExpositionError, match=message):
        TextParser(Format.OPENMETRICS).parse(body)


def test_a_refused_body_changes_nothing() -> None:
    parser = TextParser()
    parser.parse(b"# HELP a x\na 1\nb 2\n")
    for _ in range(2):
        with pytest.raises(ExpositionError):
            parser.parse(b"# HELP a y\na 1\nnew 3\nbroken\n")
    assert parser.n_series == 2
    exposition = parser.parse(b"# HELP a x\na 1\nb 2\n")
    assert exposition.repeated
    assert exposition.metadata is None
    assert parser.parse(b"a 1\nb 2\nnew 3\n").new == [(2, [("__name__", "new")])]


def test_compaction_renumbers() -> None:
    parser = TextParser()
    parser.parse(b"a 1\nb 2\nc 3\n")
    assert parser.compact() is None
    parser.parse(b"c 3\nd 4\n")
    assert parser.n_gone == 2
    assert parser.compact(absent_for=1) is None
    parser.parse(b"c 3\nd 4\n")
    renumbered = parser.compact(absent_for=1)
    assert renumbered is not None
    assert renumbered.tolist() == [-1, -1, 0, 1]
    assert parser.generation == 1
    exposition = parser.parse(b"c 5\nd 6\n")
    assert exposition.index is None
    assert not exposition.repeated
    assert exposition.values.tolist() == [5, 6]
    assert parser.parse(b"c 5\na 6\nd 1\n").new == [(2, [("__name__", "a")])]
    parser.reset()
    assert parser.n_series == 0
    assert parser.parse(b"z 1\n").new == [(0, [("__name__", "z")])]


def test_hostile_sizes() -> None:
    long_value = b"x" * (1 << 20)
    body = b'a{b="' + long_value + b'"} 1\n'
    parser = TextParser()
    assert parser.parse(body).new[0][1][1][1] == long_value.decode()
    assert parser.parse(body).repeated
    with pytest.raises(ExpositionError) as caught:
        TextParser().parse(b'a{b="' + long_value)
    assert len(str(caught.value)) < 1000
    many = b"a+1\n" * 200_000
    parser = TextParser()
    assert parser.parse(many).duplicates == 199_999
    assert parser.parse(many).duplicates == 199_999
    labels = b",".join(b'l%d="v"' % i for i in range(50_000))
    assert len(TextParser().parse(b"a{" + labels + b"} 1\n").new[0][1]) == 50_001


def test_memory_of_one_target() -> None:
    body = b"".join(
        b'http_request_duration_seconds_bucket{handler="/api/v1/query",le="%d"} %d\n' % (i, i) for i in range(1000)
    )
    parser = TextParser()
    parser.parse(body)
    assert parser.size_bytes < len(body) + 80_000
    assert parser.parse(body).values.dtype == np.float64
