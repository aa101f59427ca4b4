"""Scripts to commands."""

from __future__ import annotations

import pytest

from watchkeeper.core.testlang import ExpectKind, ScriptError
from watchkeeper.metrics.promql.testlang.script import (
    Clear,
    Eval,
    Load,
    Times,
    parse_script,
)

SCRIPT = """
# A comment.
load 1m30s
	a{b="c"} 1+1x2
	# A comment inside.
	d 5

load_with_nhcb 10s
  x_bucket{le="1"} 1
clear

eval instant at 1m a + 1
	expect warn msg: text (1:1)
	expect no_info
	{b="c"} 2
eval range from 0 to 10m step 5m sum(a)
	{} 1 _ 3

eval instant at -5s scalar(a)
	-1.5

eval instant at 1m "x"
	expect string `x`

eval instant at 1m a[1m]
	expect range vector from 10s to 1m step 10s
	a 1 2

eval_ordered instant at 0 sort(a)
	a 1

eval_fail instant at 0 a a
	expected_fail_regexp unex.*

eval instant at 1m b
	expect fail regex: x.*y
"""


def test_all_commands() -> None:
    load, nhcb, clear, first, over, scalar, string, vector, ordered, old, new = parse_script(SCRIPT)
    assert isinstance(load, Load)
    assert (load.line, load.interval_ms, len(load.series), load.with_nhcb) == (3, 90_000, 2, False)
    assert isinstance(nhcb, Load)
    assert nhcb.with_nhcb
    assert clear == Clear(10)
    assert isinstance(first, Eval)
    assert (first.query, first.at_ms, len(first.series)) == ("a + 1", 60_000, 1)
    assert [expect.kind for expect in first.expects] == [ExpectKind.WARN, ExpectKind.NO_INFO]
    assert first.expects[0].matches("text (1:1)")
    assert not first.expects[0].matches("a text (1:1)")
    assert isinstance(over, Eval)
    assert over.times == Times(0, 600_000, 300_000)
    assert isinstance(scalar, Eval)
    assert (scalar.at_ms, scalar.scalar) == (-5000, -1.5)
    assert isinstance(string, Eval)
    assert string.string == "x"
    assert isinstance(vector, Eval)
    assert vector.range_vector == Times(10_000, 60_000, 10_000)
    assert isinstance(ordered, Eval)
    assert ordered.wants(ExpectKind.ORDERED)
    assert isinstance(old, Eval)
    assert [expect.matches("unexpected") for expect in old.wants(ExpectKind.FAIL)] == [True, True]
    assert isinstance(new, Eval)
    assert new.wants(ExpectKind.FAIL)[0].matches("an x and y")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("what is this", 1),
        ("\nload", 2),
        ("load 5x", 1),
        ("load 0s\n a 1", 1),
        ("load 1m\n\ta{ 1", 2),
        ("eval instant at x a", 1),
        ("eval range from 5m to 1m step 1m a", 1),
        ("eval range from 0 to 1m step 0s a", 1),
        ("eval instant at 0 a\n\texpect fail regex: (", 1),
        ("eval instant at 0 a\n\texpect string foo", 2),
        ("eval instant at 0 a\n\n\texpect maybe", 3),
    ],
)
def test_errors_name_the_line(text: str, line: int) -> None:
    with pytest.raises(ScriptError, match=f"line {line}: ") as caught:
        parse_script(text)
    assert caught.value.line == line
