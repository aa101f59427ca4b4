"""kernels.number_text agrees with Python's own digits, and what it writes is JSON."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.oracle import number_text as oracle
from watchkeeper.core.kernels import number_text as kernel
from watchkeeper.core.model.histogram import Histogram
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.vector.frame import Frame
from watchkeeper.metrics.promql.result import Matrix, Result, Scalar, String, Vector
from watchkeeper.metrics.promql.result_json import histogram_json, result_json

any_float = st.one_of(
    st.floats(),
    st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]),
    st.integers(-(10**18), 10**18).map(float),
    st.integers(-(10**9), 10**9).map(lambda n: n / 1000),
)


@given(any_float)
@example(-0.0)
@example(1e21)
@example(1e-6)
@example(9.999999999999999e-7)
@example(5e-324)
@example(123456789012345678901.0)
@settings(max_examples=300, deadline=None)
def test_numbers(x: float) -> None:
    assert kernel.format_float(x) == oracle.format_float(x)
    assert kernel.format_plain(x) == oracle.format_plain(x)
    if math.isfinite(x):
        assert float(kernel.format_float(x)) == x
        assert float(kernel.format_general(x)) == x


@pytest.mark.parametrize(
    ("x", "text"),
    [(1e6, "1e+06"), (123456.0, "123456"), (0.0001, "0.0001"), (0.00001, "1e-05"), (1234567.0, "1.234567e+06")],
)
def test_the_general_form_changes_where_go_does(x: float, text: str) -> None:
    assert kernel.format_general(x) == text


def test_a_general_form_with_a_precision() -> None:
    assert kernel.format_general(1234.5, 2) == "1.2e+03"
    assert kernel.format_general(0.5, 2) == "0.5"
    with pytest.raises(ValueError, match="precision"):
        kernel.format_general(1.0, 31)


@given(st.integers(-(2**63), 2**63 - 1))
@settings(deadline=None)
def test_times(time_ms: int) -> None:
    assert kernel.format_time(time_ms) == oracle.format_time(time_ms)


label_maps = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=4),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=6),
    max_size=3,
)


@given(st.lists(label_maps, max_size=4), st.integers(1, 4), st.booleans(), st.data())
@settings(max_examples=80, deadline=None)
def test_results(maps: list[dict[str, str]], n_steps: int, single: bool, data: st.DataObject) -> None:
    n_steps = 1 if single else n_steps
    n = len(maps)
    cells = data.draw(st.lists(any_float, min_size=n * n_steps, max_size=n * n_steps))
    there = data.draw(st.lists(st.booleans(), min_size=n * n_steps, max_size=n * n_steps))
    labels = LabelSets.of([Labels.of(labels) for labels in maps])
    values = np.array(cells, np.float64).reshape(n, n_steps)
    present = np.array(there, np.bool_).reshape(n, n_steps)
    frame = Frame(labels, values, present)
    times = np.array([1500 * (k - 1) for k in range(n_steps)], np.int64)
    result = Result(Vector(int(times[0]), frame) if single else Matrix(times, frame))
    decoded = json.loads(result_json(result))
    series = [
        (labels[i].as_dict(), [(int(times[k]), float(values[i, k])) for k in range(n_steps) if present[i, k]])
        for i in range(n)
    ]
    assert decoded["result"] == oracle.result(series, single)
    assert decoded["resultType"] == ("vector" if single else "matrix")


def test_scalars_strings_and_histograms() -> None:
    assert result_json(Result(Scalar(1500, math.inf))) == b'{"resultType":"scalar","result":[1.500,"+Inf"]}'
    assert result_json(Result(String(0, 'a"b'))) == b'{"resultType":"string","result":[0,"a\\"b"]}'
    histogram = Histogram(
        schema=0,
        count=10,
        sum=5,
        zero_threshold=0.5,
        zero_count=1,
        positive_spans=((1, 2),),
        positive=(2.0, 4.0),
        negative_spans=((1, 1),),
        negative=(3.0,),
    )
    assert json.loads(histogram_json(histogram)) == {
        "count": "10",
        "sum": "5",
        "buckets": [[1, "-2", "-1", "3"], [3, "-0.5", "0.5", "1"], [0, "1", "2", "2"], [0, "2", "4", "4"]],
    }
    cells = np.array([None, histogram], np.object_)
    frame = Frame(LabelSets.of([Labels.of(a="b")]), np.array([[7.0, 0.0]]), np.array([[True, False]]), {0: cells})
    decoded = json.loads(result_json(Result(Matrix(np.array([0, 1000], np.int64), frame))))
    assert decoded["result"][0]["values"] == [[0, "7"]]
    assert decoded["result"][0]["histograms"][0][0] == 1


def test_arrays_that_do_not_fit_are_refused() -> None:
    codes = np.array([[2]], np.int32)
    good = (b'"x"', np.array([0, 0, 3], np.int64), np.zeros((1, 1)), np.ones((1, 1), np.uint8), np.zeros(1, np.int64))
    with pytest.raises(ValueError, match="code out of range"):
        kernel.result_json([b'"a":'], codes, *good, True, {})
    with pytest.raises(ValueError, match="text offsets"):
        kernel.result_json([b'"a":'], codes, b"", *good[1:], True, {})
    with pytest.raises(ValueError, match="differ in shape"):
        kernel.result_json([], codes, *good, True, {})
