"""Queries that would take memory or time without end: each ends with the error of a limit that has a name."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.oracle.log_memory import Entry, MemoryLogs
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.errors import LimitExceeded, QueryTimeout
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.vector.window import reduce_windows
from watchkeeper.logs.logql import columns, rows, samples
from watchkeeper.logs.logql.answer import Answer, LogStreams, Matrix, QueryLimits, Request
from watchkeeper.logs.logql.engine import Engine
from watchkeeper.logs.logql.errors import LogQLParseError
from watchkeeper.logs.logql.parser import parse

SECOND = 1_000_000_000
ENGINE = Engine(2)
LINES = 400
LOGS = MemoryLogs(
    [Entry(Labels.of(app="a"), n * SECOND, b'{"n":%d,"m":"word %d %s"}' % (n, n, b"x" * 100)) for n in range(LINES)]
)
MIB = 1 << 20


def ask(text: str, max_bytes: int = MIB, timeout_s: float = 60.0, **changes: int) -> Answer:
    settings = {"start_ns": 0, "end_ns": LINES * SECOND, "step_ns": 60 * SECOND, "limit": LINES} | changes
    limits = QueryLimits(max_memory_bytes=max_bytes, timeout_s=timeout_s, max_query_series=10_000)
    return ENGINE.run(Request(parse(text), text, **settings), LOGS, limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        '{app="a"} | line_format `{{ repeat 100000 "x" }}`',
        '{app="a"} | json | line_format `{{ repeat 10000 .n }}`',
        '{app="a"} | json | label_format x=`{{ repeat 10000 .n }}`',
        '{app="a"} | json ' + "| label_format n=`{{.n}}{{.n}}`" * 30,
        'count(count_over_time({app="a"} | json | label_format x=`{{ repeat 10000 .n }}` [1m]))',
        'sum by (x) (count_over_time({app="a"} | json | label_format x=`{{ repeat 10000 .n }}` [1m]))',
        '{app="a"} | regexp "' + "".join(f"(?P<a{n}>" for n in range(200)) + ".*" + ")" * 200 + '"',
        '{app="a"} | json ' + ",".join(f'a{n}="m"' for n in range(400)),
    ],
)
def test_what_stages_make_is_counted(text: str) -> None:
    with pytest.raises(LimitExceeded, match=r"more than 1\.0 MiB for intermediate results") as caught:
        ask(text)
    assert caught.value.limit == "max_memory_bytes"
    assert isinstance(ask('{app="a"} | json').data, LogStreams)


def test_what_stages_made_of_lines_that_are_gone_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{app="a"} | json | label_format x=`{{ repeat 1000 .n }}` | n < 2 | drop x, m'
    monkeypatch.setattr("tests.unit.logs.logql.test_bounds.ENGINE", Engine(1))
    data = ask(text).data  # Of all lines more than 2 MiB is made, of those of one block a sixth of that.
    assert isinstance(data, LogStreams)
    assert data.n_lines == 2
    assert isinstance(
        ask(
            'count(sum by (n) (count_over_time({app="a"} | json | label_format x=`{{ repeat 1000 .n }}` [1m])))', MIB
        ).data,
        Matrix,
    )


def test_label_replace_has_a_longest_value() -> None:
    text = "label_replace(" * 30 + 'count_over_time({app="a"}[1m])' + ', "app", "$1$1$1", "app", "(.*)")' * 30
    with pytest.raises(LimitExceeded, match=r"^label_replace\(\) would make a label value longer than 4194304 char"):
        ask(text, 1 << 30)
    once = (
        'label_replace(sum by (n) (count_over_time({app="a"} | json [1m])), "n", "${1}'
        + "x" * 100_000
        + '", "n", "(.*)")'
    )
    with pytest.raises(LimitExceeded, match="intermediate results"):
        ask(once)


@pytest.mark.parametrize(
    "text",
    [
        '{app="a"} | json | line_format `{{ regexReplaceAll (printf "\\\\pL{99}%s" .n) .m "x" }}`',
        '{app="a"} | json | line_format `'
        + '{{ $x := repeat 90000 "a b" | b64enc | lower | count "[0-9]" }}' * 99
        + "`",
    ],
)
def test_slow_templates_end_with_the_time(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(QueryTimeout):
        ask(text, 1 << 30, 0.1)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("op", ["stddev_over_time", "quantile_over_time", "max_over_time", "avg_over_time"])
def test_long_windows_are_walked_in_parts(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    param = "0.3, " if op == "quantile_over_time" else ""
    text = f'{op}({param}{{app="a"}} | json | unwrap n [100s]) by (app)'
    changes = {"step_ns": 7 * SECOND}
    whole = ask(text, **changes).data
    checks: list[int] = []
    monkeypatch.setattr(samples, "MOST_VISITS", 100)

    def counted(*args: object, **more: object) -> object:
        checks.append(args[2].n_steps)  # type: ignore[attr-defined]
        return reduce_windows(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(samples, "reduce_windows", counted)
    parts = ask(text, **changes).data
    assert isinstance(whole, Matrix)
    assert isinstance(parts, Matrix)
    assert len(checks) > 3
    np.testing.assert_array_equal(whole.present, parts.present)
    np.testing.assert_allclose(whole.values[whole.present], parts.values[parts.present], rtol=1e-12)


def test_rows_in_portions_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a{n}" for n in range(20)]
    for stage in (
        'regexp "(?P<a0>' + "".join(f"(?P<{name}>" for name in names[1:]) + r"\\w+ \\d+" + ")" * 20 + '"',
        "json " + ",".join(f'{name}="m"' for name in names),
    ):
        text = f'sum by (a0, a19) (count_over_time({{app="a"}} | {stage} [1m]))'
        whole = ask(text, 1 << 30).data
        with monkeypatch.context() as patch:
            patch.setattr(rows, "PORTION_BYTES", 3000)
            parts = ask(text, 1 << 30).data
        assert isinstance(whole, Matrix)
        assert isinstance(parts, Matrix)
        assert len(whole.labels) > 300
        assert list(whole.labels) == list(parts.labels)
        np.testing.assert_array_equal(whole.values, parts.values)


def test_texts_are_gathered_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = Texts.of([b"", b"a", b"b" * 50, b"", b"cc"])
    places = np.array([4, 2, 2, 0, 1, 3, 2, 4], np.intp)
    monkeypatch.setattr(columns, "GATHER_BYTES", 7)
    found = columns.gathered(texts, places)
    assert list(found) == [texts[int(place)] for place in places]


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ('{app="a"}' + "".join(f'|~"\\\\pL{{100}}{n}"' for n in range(9)), "too large together, the limit"),
        ('{app="a"}' + "".join(f'| a=~"\\\\pL{{100}}{n}"' for n in range(9)), "the limit is 500000 instructions"),
        ("{" + ",".join(f'app=~"\\\\pL{{100}}{n}"' for n in range(9)) + "}", "the limit is 500000 instructions"),
        ('{app="a"}' + "| json" * 501, "too many stages, the limit is 500"),
        ('{app="a"}' + "| logfmt " + ",".join(f"a{n}" for n in range(1001)), "extracted by name, the limit is 1000"),
        (
            '{app="a"}' + "".join(f'| pattern "<a{n}> <b{n}>"' for n in range(499))
            + '| regexp "(?P<x>.)(?P<y>.)(?P<z>)"',
            "extracted by name, the limit is 1000",
        ),
    ],
)  # fmt: skip
def test_what_would_take_long_to_read_is_refused(text: str, limit: str) -> None:
    began = time.monotonic()
    with pytest.raises(LogQLParseError, match=limit):
        parse(text)
    assert time.monotonic() - began < 5


def test_many_small_parts_are_no_reason_to_refuse() -> None:
    parse('{app="a"}' + "".join(f'!= "text {n}" !~ "[a-z]+ {n}"' for n in range(2000)))
    parse('{app="a"}' + '|~"\\\\pL{100}"' * 50)
