"""Answers as JSON: always valid, every line once, in the query's direction, whatever its bytes and labels are."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import orjson
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.logql.answer import Answer, LogStream, LogStreams, Matrix, Vector
from watchkeeper.web.loki.answer_json import dumps, legacy_query_json, query_json

texts = st.text(max_size=6)
label_sets = st.dictionaries(st.sampled_from(["a", "b", "c", "ü"]), texts, max_size=3).map(Labels.of)
lines = st.binary(max_size=12) | st.sampled_from([b'"', b"\\", b"\n", b"\xff", b"\xed\xa0\x80", "é€😀".encode()])


@st.composite
def log_streams(draw: st.DrawFn, forward: bool) -> LogStreams:
    """As the engine gives them: no two with the same three label sets, times in the query's direction."""
    keys = draw(st.lists(st.tuples(label_sets, label_sets, label_sets), unique=True, max_size=5))
    out = []
    for labels, structured, parsed in keys:
        rows = draw(st.lists(st.tuples(st.integers(0, 20), lines), min_size=1, max_size=6))
        rows.sort(key=lambda row: row[0], reverse=not forward)
        times = np.array([ts for ts, _ in rows], np.int64)
        out.append(LogStream(labels, structured, parsed, times, Texts.of(line for _, line in rows)))
    return LogStreams(out)


def clean(value: Any) -> Any:
    """As JSON can hold it: half a surrogate pair is a question mark."""
    if isinstance(value, dict):
        return {clean(key): clean(inner) for key, inner in value.items()}
    return value.encode("utf-8", "replace").decode()


def one_by_one(streams: LogStreams, categorize: bool) -> Counter[bytes]:
    """Every line with its labels, the slow way."""
    out: Counter[bytes] = Counter()
    for stream in streams.streams:
        rest = {}
        if stream.structured.pairs:
            rest["structuredMetadata"] = clean(stream.structured.as_dict())
        if stream.parsed.pairs:
            rest["parsed"] = clean(stream.parsed.as_dict())
        shown = clean((stream.labels if categorize else stream.merged).as_dict())
        for ts, line in zip(stream.times_ns.tolist(), stream.lines, strict=True):
            value = [str(ts), line.decode("utf-8", "replace"), *([rest] if categorize else [])]
            out[orjson.dumps([shown, value], option=orjson.OPT_SORT_KEYS)] += 1
    return out


@given(st.data(), st.booleans(), st.booleans())
def test_streams_agree_with_lines_one_by_one(data: st.DataObject, forward: bool, categorize: bool) -> None:
    streams = data.draw(log_streams(forward))
    document = orjson.loads(query_json(Answer(streams), categorize=categorize, forward=forward))
    result = document["data"]["result"]
    found: Counter[bytes] = Counter()
    for stream in result:
        stamps = [int(value[0]) for value in stream["values"]]
        assert stamps == sorted(stamps, reverse=not forward)
        for value in stream["values"]:
            found[orjson.dumps([stream["stream"], value], option=orjson.OPT_SORT_KEYS)] += 1
    assert found == one_by_one(streams, categorize)
    assert sum(len(stream["values"]) for stream in result) == streams.n_lines


@given(st.data())
def test_the_old_form_has_every_line(data: st.DataObject) -> None:
    streams = data.draw(log_streams(False))
    document = orjson.loads(legacy_query_json(streams, Answer(streams).stats))
    assert sum(len(stream["entries"]) for stream in document["streams"]) == streams.n_lines


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, -0.0, 1e-7, 1e21, 123456789.5])


@given(st.lists(label_sets, min_size=1, max_size=4), st.data())
def test_matrices_agree_with_cells_one_by_one(labels: list[Labels], data: st.DataObject) -> None:
    n_steps = data.draw(st.integers(1, 4))
    shape = (len(labels), n_steps)
    cells = data.draw(st.lists(numbers, min_size=shape[0] * n_steps, max_size=shape[0] * n_steps))
    values = np.array(cells).reshape(shape)
    there = data.draw(st.lists(st.booleans(), min_size=values.size, max_size=values.size))
    present = np.array(there, bool).reshape(shape)
    present[:, 0] = True  # The engine leaves out series without any value.
    times = np.arange(n_steps, dtype=np.int64) * 1_500_000_000
    answer = Answer(Matrix(labels, times, values, present))
    result = orjson.loads(query_json(answer, categorize=False))["data"]["result"]
    assert [one["metric"] for one in result] == [clean(one.as_dict()) for one in labels]
    for i, one in enumerate(result):
        assert [stamp for stamp, _ in one["values"]] == [times[k] / 1e9 for k in np.flatnonzero(present[i])]
        told = np.array([float(text) for _, text in one["values"]])
        np.testing.assert_array_equal(told, values[i][present[i]])
        assert not any("e" in text for _, text in one["values"])


@given(st.lists(st.tuples(label_sets, numbers), max_size=5))
def test_vectors_agree_with_values_one_by_one(rows: list[tuple[Labels, float]]) -> None:
    answer = Answer(Vector([labels for labels, _ in rows], 1_500_000_000, np.array([value for _, value in rows])))
    result = orjson.loads(query_json(answer, categorize=False))["data"]["result"]
    np.testing.assert_array_equal([float(one["value"][1]) for one in result], [value for _, value in rows])
    assert all(one["value"][0] == 1.5 for one in result)


def test_half_a_surrogate_pair_becomes_a_question_mark_anywhere() -> None:
    assert orjson.loads(dumps({"a\ud800": ["\udfff", ("x", 1, None)]})) == {"a?": ["?", ["x", 1, None]]}
