"""The automaton finds what RE2 finds, in texts and in shredded lines; literals it calls required are there."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.oracle import line_regex as oracle
from tests.properties.test_line_block import append, every, shaped
from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.line_regex import Automaton, Unsupported
from watchkeeper.core.kernels.texts import Texts

atoms = st.sampled_from(
    [
        *"aabBkKsS019 _-.^$é\n",
        r"\.", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B", r"\A", r"\z", r"\x41", r"\x{e9}", r"\n", r"\141",
        r"\-", r"\Qa.b\E", "[a-c]", "[^a-c]", "[[:alpha:]]", "[^[:digit:]]", r"[\d_]", r"[\W]", "[]a]", "[a-]", "[é-ü]",
        "[^é]", r"[^\n]", "error", "took", "level", "200", '"', "=", "ms", "(?i)", "(?m)", "(?s)", "(?-i)", "(?i:k)",
        "(?i:err)", "x{2}", "a{,2}", "{", "(?i:[^s])", r"(?i:\W)", r"[\x{10000}-\x{10ffff}]", r"[\x{70}-\x{900}]",
    ]
)  # fmt: skip
expressions = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4).map("".join)
        | st.tuples(inner, inner).map("|".join)
        | inner.map("({})".format)
        | inner.map("(?:{})".format)
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0}", "{2,}", "*?", "+?"])).map(
            lambda both: f"(?:{both[0]}){both[1]}"
        )
    ),
    max_leaves=8,
)
texts = st.lists(
    st.binary(max_size=12)
    | st.text(alphabet="abBkKsS\u212a\u017f019 _-.é\n=\"", max_size=16).map(str.encode)
    | st.sampled_from([b"", b"took 12 ms", b'level="error" 200', b"\xe9", b"\xf0\x90\x80\x80", b"\xed\xa0\x80"]),
    max_size=12,
)  # fmt: skip


def automaton(expression: str) -> Automaton:
    """Gives up the example where RE2 refuses the expression or only RE2 can run it."""
    try:
        return Automaton.regex(expression)
    except ValueError:
        assume(False)
        raise


@given(expressions, texts)
@settings(max_examples=600, deadline=None)
def test_texts_match_as_in_re2(expression: str, lines: list[bytes]) -> None:
    found = automaton(expression)
    expected = oracle.search(expression, lines)
    assert found.search(Texts.of(lines)).astype(bool).tolist() == expected
    for line, matches in zip(lines, expected, strict=True):
        assert not matches or all(literal in line for literal in found.required)


@given(expressions, st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_lines_match_without_being_put_together(expression: str, seed: int) -> None:
    rng = random.Random(seed)
    found = automaton(expression)
    lines = [line for kind in range(5) for line in shaped(rng, kind, rng.choice([2, 40]))]
    lines += [b"", b"\xff", b"took\x00\n 200", b"error"]
    rng.shuffle(lines)
    block = Block()
    append(block, [(i, line, ()) for i, line in enumerate(lines)], dedupe=False)
    expected = oracle.search(expression, lines)
    for each in (block, Block.open(block.seal()[0])):
        assert each.search(found, every(each)).astype(bool).tolist() == expected


@pytest.mark.parametrize(
    ("expression", "required"),
    [
        ("error", (b"error",)),
        (".*error.*", (b"error",)),
        ("(?:conn)ection (re)?set", (b"connection ", b"set")),
        ("a{3}b+", (b"aaa", b"b")),
        ("(foo)+(bar|baz)", (b"foo",)),
        ("a|b", ()),
        ("(?i)error", ()),
        ('status":5..', (b'status":5',)),
        ("^GET", (b"GET",)),
        ("é+", ("é".encode(),)),
        ("", ()),
    ],
)
def test_literals_that_are_required(expression: str, required: tuple[bytes, ...]) -> None:
    assert Automaton.regex(expression).required == required


def test_expressions_that_are_refused() -> None:
    for expression in (r"\pL", "(?i)é", r"\C", "(?:a{0,900}b){0,900}"):
        with pytest.raises(ValueError):
            Automaton.regex(expression)
    for expression in (r"\pL", "(?i)é", "(?:abcdefghij){1000}"):
        with pytest.raises(Unsupported):
            Automaton.regex(expression)
    with pytest.raises(ValueError, match="missing"):
        Automaton.regex("(")


def test_states_that_do_not_fit_are_begun_anew() -> None:
    rng = random.Random(3)
    lines = [bytes(rng.choice(b"ab") for _ in range(3000)) for _ in range(20)]
    lines += [line[:-19] + b"b" + line[-18:] for line in lines]
    expression = "a.{17}b$"
    expected = oracle.search("a.{17}b$", lines)
    assert Automaton.regex(expression).search(Texts.of(lines)).astype(bool).tolist() == expected
    block = Block()
    append(block, [(i, b'{"a":"%s","b":1}' % line, ()) for i, line in enumerate(lines)])
    expected = oracle.search('a.{17}b","b', [b'"' + line + b'","b":1' for line in lines])
    found = block.search(Automaton.regex('a.{17}b","b'), every(block))
    assert found.astype(bool).tolist() == expected


def test_offsets_are_checked() -> None:
    found = Automaton.literal(b"a")
    for offsets in ([0, 5], [-1, 1], [2, 1, 3], []):
        with pytest.raises(ValueError):
            found.search(Texts(b"aaa", np.array(offsets, np.int64)))
    assert found.search(Texts(b"", np.array([0, 0], np.int64))).tolist() == [0]
