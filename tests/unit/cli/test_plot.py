"""The drawing: where lines run, what the axes say, and that no size or number breaks it."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.cli.plot import Style, draw

PLAIN = Style(width=40, height=9, is_unicode=False, is_coloured=False)


def test_a_rising_line_in_plain_characters():
    lines = draw([[(0, 0.0), (30, 10.0)]], 0, 30, 30, PLAIN)
    assert len(lines) == 9 + 2
    area = [line[5:] for line in lines[:9]]
    first = [row.index("*") for row in area]
    assert first == sorted(first, reverse=True)
    assert lines[0].lstrip().startswith("10 +")
    assert lines[8].lstrip().startswith("0 +")


def test_gaps_are_not_bridged():
    lines = draw([[(0, 1.0), (1, 1.0), (50, 1.0), (51, 1.0)]], 0, 60, 1, PLAIN)
    row = next(line for line in lines if "*" in line)
    assert "*  " in row


def test_a_constant_has_its_value_on_the_axis():
    assert any(line.lstrip().startswith("7 ") and "*" in line for line in draw([[(0, 7.0), (1, 7.0)]], 0, 1, 1, PLAIN))


def test_series_have_marks_and_colours():
    lines = [[(0, 1.0), (1, 1.0)], [(0, 2.0), (1, 2.0)]]
    plain = "\n".join(draw(lines, 0, 1, 1, PLAIN))
    assert "*" in plain
    coloured = "\n".join(draw(lines, 0, 1, 1, Style(width=40, height=9)))
    assert coloured.count("\x1b[38;5;39m") == 1
    assert coloured.count("\x1b[38;5;208m") == 1
    assert coloured.count("\x1b[0m") == 2


def test_bytes_have_ticks_that_are_round_in_their_unit():
    lines = draw([[(0, 0.0), (1, 1.5 * 1024**3)]], 0, 1, 1, Style(width=60, height=12, unit="bytes", is_coloured=False))
    assert any("1.5 GiB" in line for line in lines)
    assert any("500 MiB" not in line for line in lines)


def test_nothing_to_draw():
    assert draw([], 0, 1, 1, PLAIN) == ["no numbers to draw"]
    assert draw([[(0, math.nan), (1, math.inf)]], 0, 1, 1, PLAIN) == ["no numbers to draw"]


def test_ticks_of_nearby_values_differ():
    lines = draw([[(0, 1_000_000.1), (1, 1_000_000.9)]], 0, 1, 1, PLAIN)
    labels = [line.partition("+")[0].strip() for line in lines[:9] if "+" in line]
    assert len(set(labels)) == len(labels)


numbers = st.floats(allow_nan=True, allow_infinity=True, width=64)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.floats(0, 100), numbers), max_size=8).map(sorted), max_size=4),
    st.integers(1, 120),
    st.integers(1, 30),
    st.booleans(),
    st.sampled_from(["", "bytes"]),
)
def test_no_numbers_and_no_size_break_it(lines, width, height, is_unicode, unit):
    style = Style(width=width, height=height, is_unicode=is_unicode, is_coloured=False, unit=unit)
    out = draw(lines, 0, 100, 10, style)
    assert out == ["no numbers to draw"] or len(out) == height + 2
