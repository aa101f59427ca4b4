"""`printf` and its kin, as Go's fmt has them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from watchkeeper.core.template.formatting import MAX_DEPTH, show, sprint, sprintf, sprintln
from watchkeeper.core.template.times import Duration
from watchkeeper.core.template.values import StringMap, ValueProblem


@pytest.mark.parametrize(
    ("form", "args", "expected"),
    [
        # Strings.
        ("%s|%v|%q", ["a", "b", 'c"\n'], 'a|b|"c\\"\\n"'),
        ("%5s|%-5s|%.2s|%5.1s|%05s", ["ab", "ab", "abc", "abc", "ab"], "   ab|ab   |ab|    a|000ab"),
        ("%x|%X|% x|%#x|%# x", ["hi", "hi", "hi", "hi", "hi"], "6869|6869|68 69|0x6869|0x68 0x69"),
        ("%#q|%+q|%#v", ["a", "ü", "x"], '`a`|"\\u00fc"|"x"'),
        ("%6.2f%%", [99.5], " 99.50%"),
        # Integers.
        ("%d|%5d|%-5d|%05d|%+d|% d", [42, 42, 42, 42, 42, 42], "42|   42|42   |00042|+42| 42"),
        ("%d|%05d|%.4d|%8.4d", [-42, -42, 42, 42], "-42|-0042|0042|    0042"),
        ("%b|%o|%O|%x|%X|%#x|%#o|%#b", [5, 8, 8, 255, 255, 255, 8, 5], "101|10|0o10|ff|FF|0xff|010|0b101"),
        ("%x|%v", [-255, -1], "-ff|-1"),
        ("%c|%q|%U|%#U", [65, 65, 8364, 8364], "A|'A'|U+20AC|U+20AC '€'"),
        ("%c", [-1], "\ufffd"),
        # Floats.
        ("%f|%.2f|%8.3f|%-8.1f|%08.2f|%+.1f", [1.5, 1.005, 3.14159, 2.5, -3.14159, 2.0],
         "1.500000|1.00|   3.142|2.5     |-0003.14|+2.0"),
        ("%e|%E|%.2e", [123456.789, 0.00012, 1e100], "1.234568e+05|1.200000E-04|1.00e+100"),
        ("%g|%g|%g|%.3g|%G", [100000.0, 1000000.0, 1e-5, 1234.5678, 1e20], "100000|1e+06|1e-05|1.23e+03|1E+20"),
        ("%v|%v|%v", [1.0, 0.1, 1e21], "1|0.1|1e+21"),
        ("%v|%f|%+v|%5.1f", [math.inf, -math.inf, math.nan, math.nan], "+Inf|-Inf|NaN|  NaN"),
        ("%#g|%#.3f", [1.0, 2.0], "1.00000|2.000"),
        # Booleans and nothing.
        ("%t|%v|%5t", [True, False, True], "true|false| true"),
        ("%v|%s|%d", [None, None, None], "<nil>|%!s(<nil>)|%!d(<nil>)"),
        # Types.
        ("%T|%T|%T|%T|%T", ["a", 1, 1.5, True, None], "string|int|float64|bool|<nil>"),
        ("%T|%T|%T|%T", [[1], {"a": 1}, StringMap(), Duration(1)],
         "[]interface {}|map[string]interface {}|map[string]string|time.Duration"),
        # Compounds: every part by the verb.
        ("%v|%d|%s", [[1, "a"], [1, 2], ["a", "b"]], "[1 a]|[1 2]|[a b]"),
        ("%v|%+v|%#v", [{"b": 1, "a": [2]}, {"a": 1}, {"a": "x"}],
         'map[a:[2] b:1]|map[a:1]|map[string]interface {}{"a":"x"}'),
        ("%#v", [["a", 1]], '[]interface {}{"a", 1}'),
        ("%q|%x", [["a", "b"], ["a", "b"]], '["a" "b"]|[61 62]'),
        ("%v|%s|%d", [Duration(90_000_000_000), Duration(1500), Duration(7)], "1m30s|1.5µs|7"),
        # What is wrong.
        ("%d|%s|%t|%f", ["x", 1, 1, 1], "%!d(string=x)|%!s(int=1)|%!t(int=1)|%!f(int=1)"),
        ("%z|%!", [1], "%!z(int=1)|%!!(MISSING)"),
        ("%d %d", [1], "1 %!d(MISSING)"),
        ("%d", [1, "a", None], "1%!(EXTRA string=a, <nil>)"),
        ("50%", [], "50%!(NOVERB)"),
        ("%", [1], "%!(NOVERB)%!(EXTRA int=1)"),
        ("%d", [[1, "a"]], "[1 %!d(string=a)]"),
        ("%*d|%-*d|%.*f", [5, 42, 5, 42, 2, 3.14159], "   42|42   |3.14"),
        ("%*d", ["a", 42], "%!(BADWIDTH)42"),
        ("%.*d", ["a", 42], "%!(BADPREC)42"),
        ("%[2]d %[1]d", [1, 2], "2 1"),
        ("%[3]d", [1, 2], "%!d(BADINDEX)"),
        ("%[1]d %d", [1, 2], "1 2"),
        ("%[x]d", [1], "%!d(BADINDEX)"),
        ("%%|%5%", [], "%|%"),
    ],
)  # fmt: skip
def test_printf(form: str, args: list[Any], expected: str) -> None:
    assert sprintf(form, args) == expected


def test_print() -> None:
    assert sprint([]) == ""
    assert sprint([1, 2, "a", "b", 3.5, None, True]) == "1 2ab3.5 <nil> true"
    assert sprintln([1, "a", "b"]) == "1 a b\n"


def test_bytes_that_are_no_utf8() -> None:
    text = "\udcffa"
    assert sprintf("%s", [text]) == text
    assert sprintf("%q %x", [text, text]) == '"\\xffa" ff61'


def test_values_in_values_have_a_limit() -> None:
    value: Any = "x"
    for _ in range(MAX_DEPTH + 2):
        value = [value]
    with pytest.raises(ValueProblem, match="nested too deeply"):
        show(value)


def test_widths_have_a_limit() -> None:
    assert sprintf("%1000001d", [1]) == "1"
