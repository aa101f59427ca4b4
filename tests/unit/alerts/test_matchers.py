"""Matchers in three modes: what is taken, what it means, what is said of the rest, and how it is written."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.alerts.matchers import (
    MatcherError,
    Mode,
    is_label_name,
    matcher_order,
    matcher_text,
    matchers_text,
    parse_matcher,
    parse_matchers,
)
from watchkeeper.core.model.matcher import Matcher, MatchType

EQ, NE, RE, NR = MatchType.EQUAL, MatchType.NOT_EQUAL, MatchType.REGEX, MatchType.NOT_REGEX

# Text; what the classic form makes of it; what the UTF-8 form does. None where a form refuses it.
BOTH = {
    "": ([], []),
    "{}": ([], []),
    "a=b": ([("a", EQ, "b")], [("a", EQ, "b")]),
    ' { a = b , c != "d" } ': (None, [("a", EQ, "b"), ("c", NE, "d")]),
    "{a=b,}": ([("a", EQ, "b")], [("a", EQ, "b")]),
    "a=b,": ([("a", EQ, "b")], [("a", EQ, "b")]),
    'a=~"b|c",d!~e': ([("a", RE, "b|c"), ("d", NR, "e")], [("a", RE, "b|c"), ("d", NR, "e")]),
    'a="b,c"': ([("a", EQ, "b,c")], [("a", EQ, "b,c")]),
    "a=": ([("a", EQ, "")], None),
    'a=""': ([("a", EQ, "")], [("a", EQ, "")]),
    "a=b c": ([("a", EQ, "b c")], None),
    "a=b=c": ([("a", EQ, "b=c")], None),
    "a==b": ([("a", EQ, "=b")], None),
    "a=~": ([("a", RE, "")], None),
    "a:b=c": ([("a:b", EQ, "c")], [("a:b", EQ, "c")]),
    "a-b=c": (None, [("a-b", EQ, "c")]),
    "größe=ß": (None, [("größe", EQ, "ß")]),
    '"a b"=c': (None, [("a b", EQ, "c")]),
    '"a\\"b"="\\n"': (None, [('a"b', EQ, "\n")]),
    '""=a': (None, [("", EQ, "a")]),
    'a="\\d"': ([("a", EQ, "\\d")], None),
    'a="\\\\d"': ([("a", EQ, "\\d")], [("a", EQ, "\\d")]),
    'a="\\t"': ([("a", EQ, "\\t")], [("a", EQ, "\t")]),
    'a="\\u00e9"': ([("a", EQ, "\\u00e9")], [("a", EQ, "é")]),
    'a="\\xff"': ([("a", EQ, "\\xff")], None),
    "a=b\\": ([("a", EQ, "b\\")], None),
    'a="b\\n"': ([("a", EQ, "b\n")], [("a", EQ, "b\n")]),
    "a=b\nc": ([("a", EQ, "b\nc")], None),
    "a='b'": ([("a", EQ, "'b'")], None),
    'a="b': (None, None),
    'a=b"': (None, None),
    'a="b" c': (None, None),
    "a": (None, None),
    "a!b": (None, None),
    "a!": (None, None),
    "=b": (None, None),
    ",": (None, None),
    "a=b,,c=d": (None, None),
    "{a=b": ([("a", EQ, "b")], None),
    "a=b}": ([("a", EQ, "b")], None),
    "a={b}": ([("a", EQ, "{b")], None),
    "{{a=b}}": (None, None),
    "{a=b}{": ([("a", EQ, "b}{")], None),
    "a=b c=d": ([("a", EQ, "b c=d")], None),
    'a=~"("': (None, None),
    "a=~[": (None, None),
    "a=\U0001f600": ([("a", EQ, "\U0001f600")], [("a", EQ, "\U0001f600")]),
    "a=b\u00a0": ([("a", EQ, "b")], [("a", EQ, "b")]),  # The list's end is trimmed by Unicode's spaces.
}


def read(text, mode, warn=None):
    try:
        return [(matcher.name, matcher.type, matcher.value) for matcher in parse_matchers(text, mode, warn)]
    except MatcherError:
        return None


@pytest.mark.parametrize("text", BOTH)
def test_each_form_reads(text):
    classic, utf8 = BOTH[text]
    assert read(text, Mode.CLASSIC) == classic
    assert read(text, Mode.UTF8) == utf8


@pytest.mark.parametrize("text", BOTH)
def test_fallback_prefers_the_classic_meaning_and_warns_where_the_forms_differ(text):
    classic, utf8 = BOTH[text]
    warnings = []
    assert read(text, Mode.FALLBACK, warnings.append) == (utf8 if classic is None else classic)
    assert len(warnings) == (classic is not None and classic != utf8)
    if warnings:
        # What it suggests means the same in both forms.
        suggested = warnings[0].rpartition("write ")[2]
        assert read(suggested, Mode.UTF8) == read(suggested, Mode.CLASSIC) == classic


@pytest.mark.parametrize(
    ("text", "problem", "column"),
    [
        ("{", "0:1: end of input: expected close brace", 1),
        ("}", "0:1: }: expected opening brace", 0),
        ("a=b}", "0:4: }: expected opening brace", 3),
        ("{a=b", "0:4: end of input: expected close brace", 4),
        ("=b", "0:1: unexpected =: expected label name", 0),
        ("a", "end of input: expected an operator such as '=', '!=', '=~' or '!~'", 1),
        ("a,", "1:2: unexpected ,: expected an operator such as '=', '!=', '=~' or '!~'", 1),
        ("a=", "end of input: expected label value", 2),
        ("a=,", "2:3: unexpected ,: expected label value", 2),
        ("a=b c", "4:5: unexpected c: expected a comma or close brace", 4),
        ("a=b,,", "4:5: unexpected ,: expected a matcher or close brace after comma", 4),
        ("{a=b}c", "5:6: c: expected end of input", 5),
        ("a!b", "1:2: !: expected one of '=~'", 1),
        ("a=`b`", "2:3: `: invalid input", 2),
        ('größe="', '6:7: ": missing end "', 6),
        ('a="\\q"', '2:6: "\\q": invalid input', 2),
        ('a=~"[b"', "failed to create matcher: error parsing regexp: missing closing ]: `[b)$`", 3),
    ],
)
def test_the_utf8_form_says_where(text, problem, column):
    with pytest.raises(MatcherError) as caught:
        parse_matchers(text, Mode.UTF8)
    assert str(caught.value) == problem
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a", "bad matcher format: a"),
        ("a b=c", "bad matcher format: a b=c"),
        ('a="b', 'matcher value contains unescaped double quote: "b'),
        ('a=b"c', 'matcher value contains unescaped double quote: b"c'),
        ('a="b"c"', 'matcher value contains unescaped double quote: "b"c"'),
        ("a=~(", "error parsing regexp: missing closing ): `^(?:()$`"),
    ],
)
def test_where_no_form_reads_a_text_the_classic_one_says_why(text, problem):
    for mode in (Mode.CLASSIC, Mode.FALLBACK):
        with pytest.raises(MatcherError) as caught:
            parse_matcher(text, mode)
        assert str(caught.value) == problem


@pytest.mark.parametrize("mode", [Mode.FALLBACK, Mode.UTF8])
@pytest.mark.parametrize("text", ["{a=b}", "{a=b", "a=b}"])
def test_one_matcher_has_no_braces(text, mode):
    with pytest.raises(MatcherError, match="unexpected open or close brace"):
        parse_matcher(text, mode)


def test_one_matcher_is_one():
    assert parse_matcher("a=b") == Matcher("a", EQ, "b")
    assert parse_matcher("a=b,c") == Matcher("a", EQ, "b,c")  # The classic form takes the rest as the value.
    with pytest.raises(MatcherError, match="expected 1 matcher, found 2"):
        parse_matcher('a="b",c="d"', Mode.UTF8)
    with pytest.raises(MatcherError, match="no matchers"):
        parse_matcher("", Mode.UTF8)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.builds(Matcher, names, st.sampled_from([EQ, NE]), values), max_size=4))
@settings(max_examples=150, deadline=None)
def test_what_is_written_reads_as_the_same(matchers):
    text = matchers_text(matchers)
    assert list(parse_matchers(text, Mode.UTF8)) == matchers


@given(st.text(st.sampled_from("ab={}!~,\"\\ \n'`1é"), max_size=14))
@settings(max_examples=300, deadline=None)
def test_any_text_is_matchers_or_an_error_in_every_mode(text):
    classic, utf8 = read(text, Mode.CLASSIC), read(text, Mode.UTF8)
    assert read(text, Mode.FALLBACK) == (utf8 if classic is None else classic)


def test_how_matchers_are_written():
    assert matcher_text(Matcher("a", NE, 'b"\n\\')) == 'a!="b\\"\\n\\\\"'
    assert matcher_text(Matcher("größe", EQ, "x")) == 'größe="x"'
    assert matcher_text(Matcher("a b", NE, "\t")) == '"a b"!="\\t"'
    assert matchers_text([]) == "{}"
    assert matchers_text([Matcher("a", EQ, "b"), Matcher("c", NR, "d")]) == '{a="b",c!~"d"}'


def test_the_order_is_name_value_type():
    mixed = [Matcher("b", EQ, "a"), Matcher("a", RE, "x"), Matcher("a", NE, "x"), Matcher("a", NR, "w")]
    assert sorted(mixed, key=matcher_order) == [mixed[3], mixed[2], mixed[1], mixed[0]]


def test_label_names_by_mode():
    assert is_label_name("a_1")
    assert is_label_name("a b", Mode.UTF8)
    assert not is_label_name("")
    assert not is_label_name("a.b", Mode.CLASSIC)


@pytest.mark.parametrize("mode", list(Mode))
def test_huge_texts_take_a_time_in_proportion(mode):
    started_s = time.monotonic()
    many = ",".join(f'name{i}="value {i}"' for i in range(20_000))
    assert len(parse_matchers(many, mode)) == 20_000
    long = 'a="' + "x\\\\" * 100_000 + '"'
    assert len(parse_matchers(long, mode)[0].value) == 200_000
    assert read("{" * 100_000, mode) is None
    assert read('"' * 100_001, mode) is None
    assert time.monotonic() - started_s < 10
