"""Expressions that are run in one walk find what RE2 finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.properties.test_line_fields import rows
from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.regexp import Regexp, RegexpError
from watchkeeper.logs.lines.regexp_program import compile_program

ATOMS = (
    *("a", "b", "é", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", "[ab]", "[^ ]", "[^a-c]", "[]a]", "[^]]", "[a-]"),
    *(
        "[0-9.]",
        r"\.",
        r"\[",
        r"[\]x]",
        r"[\d-]",
        " ",
        "=",
        "-",
        r"\t",
        '"',
        "{",
        "x{",
        "\U0001f600",
        r"[\w.]",
        "]",
        "}",
    ),
)
QUANTIFIERS = ("", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{2,}", "{0}", "{1,2}", "{3}?")
parts = st.builds(lambda atom, quantifier: atom + quantifier, st.sampled_from(ATOMS), st.sampled_from(QUANTIFIERS))
groups = st.builds(
    lambda head, inside, tail: f"({head}{''.join(inside)}){tail}",
    st.sampled_from(["?P<{}>", "?P<{}>", "", "?:", "?P<{}>(?:", "?i"]),
    st.lists(parts, max_size=3),
    st.sampled_from(["", "", "", "?", "*", "|a"]),
)
expressions = st.builds(
    lambda start, pieces, end: start + "".join(pieces) + end,
    st.sampled_from(["", "", "^", r"\b"]),
    st.lists(parts | groups, min_size=1, max_size=5),
    st.sampled_from(["", "", "$", r"\z"]),
)

# Of the kind that people write: most have a program.
PLAIN = (
    r"(?P<{}>\S+)",
    " ",
    r"(?P<{}>\d+)",
    "=",
    r"(?P<{}>[^=]+)",
    r"\s+",
    "a",
    r"(?P<{}>[ab]*)",
    "é",
    r"(\w+)",
    ".",
    r"[^\]]*",
    "]",
)
plain_expressions = st.builds(
    lambda start, pieces, end: start + "".join(pieces) + end,
    st.sampled_from(["", "^"]),
    st.lists(st.sampled_from(PLAIN), min_size=1, max_size=5),
    st.sampled_from(["", "$"]),
)


def named(expression: str) -> str:
    """The expression with a name in each group that is to have one, and one group at least."""
    count = 0
    while "{}" in expression:
        expression = expression.replace("{}", f"g{count}", 1)
        count += 1
    expression = expression.replace("(?:)", "(?:")
    return expression if count else f"(?P<all>{expression})"


PIECES = (
    "a",
    "b",
    "ab",
    "é",
    "1",
    "23",
    " ",
    "=",
    "-",
    ".",
    "[",
    "]",
    '"',
    "\n",
    "\t",
    "x{",
    "\U0001f600",
    "c",
    "{",
    "}",
)
texts = st.lists(st.sampled_from(PIECES), max_size=12).map(lambda drawn: "".join(drawn).encode())


@given(expressions | plain_expressions, st.lists(texts, max_size=5))
@example(r"^(?P<{}>\S+) \[(?P<{}>[^\]]+)\]", [b"a [b c] d", b"a [b c", b" a [b]"])
@example("(?P<{}>a+)b", [b"aaac aab", b"aaa", b""])
@example("a(?P<{}>.*?)$", ["xaé\n".encode(), "xaé".encode()])
@example("(?P<{}>.)=", ["éé=".encode(), "é=".encode()])
def test_programs_find_what_re2_finds(expression: str, given_lines: list[bytes]) -> None:
    expression = named(expression)
    try:
        regexp = Regexp(expression)
    except RegexpError:
        return
    lines = Texts.of(given_lines)
    assert rows(regexp.fields(lines), len(lines)) == rows(regexp.fields_by_re2(lines), len(lines))


@pytest.mark.parametrize(
    "expression",
    [
        r'^(?P<ip>\S+) (?P<ident>\S+) (?P<user>\S+) \[(?P<ts>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) [^"]*" (\d{3})',
        r"level=(?P<level>\w+)",
        r"took (?P<ms>\d+) ms$",
        r'msg="(?P<msg>[^"]*)" .*',
        r"^\[(?P<thread>.+?)\n",
        r"(?P<pid>\d+)[^\d]*$",
    ],
)
def test_common_expressions_have_programs(expression: str) -> None:
    assert compile_program(expression) is not None


@pytest.mark.parametrize(
    "expression",
    [
        r"(?P<a>.*) (?P<b>\d+)",  # A dot takes spaces too: where it ends hangs on what follows.
        r"(?P<a>a|b)",
        r"(?i)(?P<a>x)",
        r"(?P<a>x)?y",
        r"\b(?P<a>x)",
        r"(?P<a>\d+)\w",
        r"(?P<a>x*?)",
        r"(?P<a>é+)",
        r"(?P<a>[[:alpha:]]+)",
        r"(?P<a>\pL)",
        r"(?P<a>x$)y",
    ],
)
def test_other_expressions_are_left_to_re2(expression: str) -> None:
    assert compile_program(expression) is None


def test_a_line_on_which_the_walk_takes_too_long_is_left_to_re2() -> None:
    line = b"ab" * 20000
    regexp = Regexp("a(?P<run>[ab]+)=")
    assert compile_program(regexp.expression) is not None
    program = compile_program(regexp.expression)
    assert program is not None
    _, found = line_fields.captures(
        Texts.of([line]), program.anchored, program.kinds, program.args, program.sets, program.names
    )
    assert found.tolist() == [2]
    assert rows(regexp.fields(Texts.of([line, line + b"="])), 2) == [{}, {"run": (line + b"=")[1:-1]}]


def test_programs_that_are_none_are_refused() -> None:
    lines = Texts.of([b"x"])
    sets = bytes(256)
    assert line_fields.captures(lines, True, bytes([5, 0, 6]), bytes(3), sets, ("a",))[1].tolist() == [0]
    for kinds, args, names in (
        (bytes([0]), bytes([1]), ()),
        (bytes([8]), bytes([0]), ()),
        (bytes([5]), bytes([0]), ("a",)),
        (bytes([6, 5]), bytes([0, 0]), ("a",)),
        (bytes([5, 6]), bytes([0, 1]), ("a",)),
        (bytes([0]), b"", ()),
    ):
        with pytest.raises(ValueError, match=r"."):
            line_fields.captures(lines, True, kinds, args, sets, names)
    assert np.array_equal(line_fields.captures(lines, False, b"", b"", b"", ())[1], [1])
