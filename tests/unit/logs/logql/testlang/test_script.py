"""Scripts to commands."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.testlang import ExpectKind, ScriptError
from watchkeeper.logs.logql.testlang.entries import Entry, EntryError, parse_entries, parse_label_set, parse_time_ns
from watchkeeper.logs.logql.testlang.script import (
    Clear,
    Eval,
    EvalLogs,
    Load,
    Range,
    parse_script,
)

S = 10**9

SCRIPT = r"""
# A comment.
load
  {app="a", pod="p"}
    0s "one"
    # Inside of a block.
    10s+5sx2 `tick {i}` trace="t{i}" x="y"
  {app="b"}
    1m "\xff\n"
clear
eval instant at 1m sum(count_over_time({app="a"}[1m])) \
      by (app)
  {app="a"} 3
  expect ordered
eval instant at 0s 1 + 1
  2
eval range from 0s to 20s step 10s rate({app="a"}[1m])
  {app="a"} 1 _x1 NaN
  {} -Infx2 _

eval logs from -5s to 1m forward limit 5 interval 2s {app="a"} | json
  {app="a"} meta {trace="t"} parsed {x="a } b", y="1"}
    0s "one"
  {app="b"}
    1s "two"
eval logs from 0s to 1m {app="a"
  expect fail msg: parse error\nat all
  expect fail regex: ^parse
"""


def test_commands() -> None:
    load, clear, instant, scalar, over, logs, fails = parse_script(SCRIPT)
    assert load == Load(
        3,
        (
            (
                Labels.of(app="a", pod="p"),
                (
                    Entry(0, b"one"),
                    Entry(10 * S, b"tick 0", (("trace", "t0"), ("x", "y"))),
                    Entry(15 * S, b"tick 1", (("trace", "t1"), ("x", "y"))),
                    Entry(20 * S, b"tick 2", (("trace", "t2"), ("x", "y"))),
                ),
            ),
            (Labels.of(app="b"), (Entry(60 * S, b"\xff\n"),)),
        ),
    )
    assert clear == Clear(10)
    assert isinstance(instant, Eval)
    assert (instant.line, instant.at_ns, instant.query) == (11, 60 * S, 'sum(count_over_time({app="a"}[1m])) by (app)')
    assert [(one.labels, one.values) for one in instant.series] == [(Labels.of(app="a"), (3.0,))]
    assert instant.wants(ExpectKind.ORDERED)
    assert isinstance(scalar, Eval)
    assert (scalar.scalar, scalar.series) == (2.0, ())
    assert isinstance(over, Eval)
    assert over.range == Range(0, 20 * S, 10 * S)
    assert [len(one.values) for one in over.series] == [3, 3]
    assert over.series[0].values[:2] == (1.0, None)
    assert over.series[1].values == (float("-inf"), float("-inf"), None)
    assert isinstance(logs, EvalLogs)
    assert (logs.range, logs.forward, logs.limit, logs.interval_ns) == (Range(-5 * S, 60 * S), True, 5, 2 * S)
    first, second = logs.streams
    assert (first.structured, first.parsed) == (Labels.of(trace="t"), Labels.of(x="a } b", y="1"))
    assert (second.labels, second.entries) == (Labels.of(app="b"), (Entry(S, b"two"),))
    assert isinstance(fails, EvalLogs)
    message, pattern = fails.wants(ExpectKind.FAIL)
    assert message.matches("parse error\nat all")
    assert not message.matches("parse error")
    assert pattern.matches("parse error: x")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", "line 1: no command: nonsense"),
        ("  indented", "line 1: an indented line stands alone"),
        ("load\n  1s `x`", "line 2: entries need a stream"),
        ('load\n  {a="b"}\n  1s x', "line 3: a quoted string is missing: x"),
        ('load\n  {a="b"}\n  1q "x"', 'line 3: not a valid duration string: "1q"'),
        ('load\n  {a="b"}\n  1s "x" y', "line 3: not structured metadata: y"),
        ('load\n  {a=~"b"}', 'line 2: {a=~"b"}: not a label set'),
        ("eval instant at 1x 1", 'line 1: not a valid duration string: "1x"'),
        ("eval instant at 1s 1\n  ???", "line 2: no expectation: ???"),
        ('eval instant at 1s 1\n  {a="b"} one', "line 2: no number: one"),
        ('eval logs from 0s to 1s {a="b"}\n  1s "x"', "line 2: lines need labels"),
        ('eval logs from 0s to 1s {a="b"}\n  {a="b"} also {c="d"}', "line 2: expected `meta {…}` or `parsed {…}`"),
    ],
)
def test_what_is_no_script(text: str, problem: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse_script(text)
    assert str(caught.value).startswith(problem)


def test_parts() -> None:
    assert parse_time_ns("-1m30s") == -90 * S
    assert parse_label_set("{}") == Labels()
    assert parse_entries('1h "a b"') == [Entry(3600 * S, b"a b")]
    for text in ("", '"x"', "1s", '1s "x', '1s "x" a=b'):
        with pytest.raises(EntryError):
            parse_entries(text)
