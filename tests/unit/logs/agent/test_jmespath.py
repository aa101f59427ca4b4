"""JMESPath, by the examples of its specification and tutorial, written down by hand."""

import re

import pytest

from watchkeeper.logs.agent.jmespath import JmesPathError, compile_path

DATA = {
    "a": {"b": {"c": {"d": "value"}}},
    "foo": [{"n": 1, "s": "x"}, {"n": 3, "s": "y"}, {"n": 2}],
    "nums": [0, 1, 2, 3, 4, 5],
    "nested": [[0, 1], 2, [3], [4, [5, 6]]],
    "ops": {"f1": {"k": 1}, "f2": {"k": 2}, "f3": {"x": 3}},
    "with-dash": 7,
    "t": True,
    "z": None,
    "e": [],
    "text": "hello",
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a.b.c.d", "value"),
        ("a.b.x.d", None),
        ('"with-dash"', 7),
        ('a."b".c', {"d": "value"}),
        ("foo[0].n", 1),
        ("foo[-1].n", 2),
        ("foo[9]", None),
        ("nums[1:3]", [1, 2]),
        ("nums[::2]", [0, 2, 4]),
        ("nums[::-1]", [5, 4, 3, 2, 1, 0]),
        ("nums[:-4]", [0, 1]),
        ("foo[*].s", ["x", "y"]),
        ("foo[*].n | [0]", 1),
        ("foo[].n", [1, 3, 2]),
        ("nested[]", [0, 1, 2, 3, 4, [5, 6]]),
        ("nested[][]", [0, 1, 2, 3, 4, 5, 6]),
        ("ops.*.k", [1, 2]),
        ("*.f1.k", [1]),
        ("foo[?n > `1`].n", [3, 2]),
        ("foo[?s == 'x'] | [0].n", 1),
        ("foo[?s && n >= `3`].s", ["y"]),
        ("foo[?!s].n", [2]),
        ("foo[?n == `1` || n == `2`].n", [1, 2]),
        ("[a.b.c.d, text]", ["value", "hello"]),
        ("{x: text, y: nums[0]}", {"x": "hello", "y": 0}),
        ("foo[*].{num: n, str: s}[0]", {"num": 1, "str": "x"}),
        ("foo[0].{num: n}", {"num": 1}),
        ("a.b.[c, x]", [{"d": "value"}, None]),
        ("@.text", "hello"),
        ('`{"a": 1}`.a', 1),
        ("`text`", "text"),
        ("'it\\'s'", "it's"),
        ("z || text", "hello"),
        ("e || `0`", 0),
        ("t && text", "hello"),
        ("!e", True),
        ("text == 'hello'", True),
        ("text != 'x'", True),
        ("t == `1`", False),
        ("text < 'x'", None),
        ("length(text)", 5),
        ("length(nums)", 6),
        ("keys(ops)", ["f1", "f2", "f3"]),
        ("values(a.b.c)", ["value"]),
        ("max(nums)", 5),
        ("max_by(foo, &n).s", "y"),
        ("min_by(foo, &n).s", "x"),
        ("sort_by(foo, &n)[*].n", [1, 2, 3]),
        ("sum(nums)", 15),
        ("avg(nums)", 2.5),
        ("join(',', foo[*].s)", "x,y"),
        ("contains(text, 'ell')", True),
        ("contains(nums, `9`)", False),
        ("starts_with(text, 'he')", True),
        ("ends_with(text, 'lo')", True),
        ("to_string(nums)", "[0,1,2,3,4,5]"),
        ("to_number('12.5')", 12.5),
        ("to_number(text)", None),
        ("type(z)", "null"),
        ("not_null(z, x, text)", "hello"),
        ("reverse(text)", "olleh"),
        ("map(&n, foo)", [1, 3, 2]),
        ('merge(a.b.c, `{"e": 1}`)', {"d": "value", "e": 1}),
        ("to_array(text)", ["hello"]),
        ("abs(`-3`)", 3),
        ("ceil(`1.2`)", 2),
        ("sort(keys(ops))[0]", "f1"),
        ("foo.n", None),
        ("(foo[*].n)[0]", 1),
    ],
)
def test_expressions(expression, expected):
    found = compile_path(expression)(DATA)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "unexpected end of the expression"),
        ("a.", "unexpected end"),
        ("a[", "unexpected end"),
        ("a b", 'unexpected "b" at column 3'),
        ("a[1:2:3:4]", "unexpected"),
        ("a#", "unexpected character '#' at column 2"),
        ("nofunc(a)", "unknown function nofunc"),
        ("length()", "takes 1 argument"),
        ("length(&a)", "takes no expression"),
        ("nums[::0]", "step can't be 0"),
        ("(" * 200, "nested deeper"),
        ('"\\x"', "invalid text"),
    ],
)
def test_what_is_no_expression(expression, message):
    with pytest.raises(JmesPathError, match=re.escape(message) if "(" in message else message):
        compile_path(expression)


def test_functions_refuse_wrong_values():
    with pytest.raises(JmesPathError, match="length.*expected string or array or object, found number"):
        compile_path("length(nums[0])")(DATA)
