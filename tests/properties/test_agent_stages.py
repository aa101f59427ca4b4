"""The agent's quick readers agree with slow and obvious ones."""

import json
import re
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.logs.agent.stages.running import NOW_NS, Bench
from watchkeeper.logs.agent.stages.rfc3339 import TimeReader

CRI = re.compile(r"^([^ ]+) (stdout|stderr) ([^ ]+) (.*)$", re.DOTALL)

stamps = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)).map(lambda one: one.isoformat())
zones = st.sampled_from(["Z", "+00:00", "-07:30", "z", ""])
fractions = st.sampled_from(["", ".5", ".123456789", ".1234567890", "."])
times = st.builds(lambda stamp, fraction, zone: stamp[:19] + fraction + zone, stamps, fractions, zones)
words = st.text("ab {}\"'", max_size=6)
lines = st.builds(
    lambda *parts: " ".join(parts),
    times | words,
    st.sampled_from(["stdout", "stderr", "stdin", ""]),
    st.sampled_from(["F", "X", "", "F:tag"]),
    words,
)


def slow_time(text):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", text)
    if match is None:
        return None
    whole = datetime.fromisoformat(match[1] + (match[3] if match[3] not in "Zz" else "+00:00"))
    return round(whole.timestamp()) * 10**9 + int((match[2] or "0")[:9].ljust(9, "0"))


@given(st.lists(times, max_size=20))
def test_times(texts):
    reader = TimeReader()
    assert [reader.read(text) for text in texts] == [slow_time(text) for text in texts]


@given(st.lists(lines | words, max_size=20))
def test_cri_without_parts(texts):
    found = Bench("[cri: {}]").run(*texts)
    expected = []
    for i, text in enumerate(texts):
        match = CRI.match(text)
        if match is None:
            expected.append((text, {"job": "a"}, NOW_NS + i))
        else:
            time_ns = slow_time(match[1])
            labels = {"job": "a", "stream": match[2]}
            expected.append((match[4], labels, NOW_NS + i if time_ns is None else time_ns))
    assert [(one["line"], one["labels"], one["time_ns"]) for one in found] == expected


@given(st.lists(st.tuples(st.sampled_from("PF"), st.sampled_from(["stdout", "stderr"]), words), max_size=20), st.data())
def test_cri_joins_whatever_the_reads(parts, data):
    bench = Bench("[cri: {}]")
    texts = [f"2024-01-01T00:00:00Z {stream} {flag} {text}" for flag, stream, text in parts]
    found, rest = [], list(texts)
    while rest:
        cut = data.draw(st.integers(1, len(rest)))
        found += bench.run(*rest[:cut], at=list(range(cut)))
        rest = rest[cut:]
    found += bench.seen(bench.pipeline.flush())
    for stream in ("stdout", "stderr"):
        joined, expected = "", []
        is_open = False
        for flag, of, text in parts:
            if of == stream:
                joined, is_open = joined + text, flag == "P"
                if flag == "F":
                    expected.append(joined)
                    joined = ""
        if is_open:
            expected.append(joined)
        assert [one["line"] for one in found if one["labels"]["stream"] == stream] == expected


scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5)
objects = st.dictionaries(st.sampled_from(["level", "msg", "x"]), scalars | st.lists(scalars, max_size=2), max_size=3)


@given(st.lists(objects.map(json.dumps) | words, max_size=15))
def test_json_one_by_one_and_together(texts):
    stages = "[{json: {expressions: {level: , other: x}}}, {labels: {level: , other: }}]"
    together = Bench(stages).run(*texts)
    alone = [one for text in texts for one in Bench(stages).run(text)]
    for one in (*together, *alone):
        one.pop("time_ns")
    # What is extracted by name, a line that has none of it included.
    assert together == alone
