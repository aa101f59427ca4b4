"""Labels, durations, matchers, regular expressions, staleness bits, label sets: the nouns as values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.model.duration import DurationError, format_duration_ms, parse_duration_ms
from watchkeeper.core.model.label_sets import LabelSets, unified
from watchkeeper.core.model.labels import Labels, is_legacy_name, quote
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.model.regex import RegexError, regex
from watchkeeper.core.model.span import Span, caret
from watchkeeper.core.model.stale import MISSING, NORMAL_NAN, STALE, is_stale, missing_mask, stale_mask

label_sets = st.lists(
    st.dictionaries(st.sampled_from(["__name__", "a", "b", "é"]), st.text(max_size=3), max_size=4).map(Labels.of),
    max_size=8,
)


def test_labels_are_sorted_and_without_empty_values() -> None:
    labels = Labels([("b", "2"), ("a", "1"), ("gone", ""), ("a", "3")])
    assert labels.pairs == (("a", "3"), ("b", "2"))
    assert labels == Labels.of(b="2", a="3")
    assert hash(labels) == hash(Labels.of(a="3", b="2"))
    assert (labels.get("a"), labels.get("c"), "a" in labels, "c" in labels) == ("3", "", True, False)
    assert labels.with_(a="", c="4") == Labels.of(b="2", c="4")
    assert (labels.keep(["a"]), labels.drop(["a"])) == (Labels.of(a="3"), Labels.of(b="2"))
    assert str(Labels.of({"__name__": "up", "my.label": 'q"'})) == '{__name__="up", "my.label"="q\\""}'


def test_names() -> None:
    assert [is_legacy_name(name) for name in ("a_b1", "1a", "", "a.b", "é", "a:b")] == [True] + [False] * 5
    assert is_legacy_name("a:b", colon=True)
    assert quote("tab\there\x00é\u2028") == '"tab\\there\\x00é\\u2028"'


@pytest.mark.parametrize(
    ("text", "ms"),
    [("0", 0), ("1d", 86_400_000), ("1h30m", 5_400_000), ("1y2w3d4h5m6s7ms", 33_019_506_007), ("15s", 15_000)],
)
def test_durations(text: str, ms: int) -> None:
    assert parse_duration_ms(text) == ms
    assert parse_duration_ms(format_duration_ms(ms)) == ms


@pytest.mark.parametrize("text", ["", "1", "1h1d", "-1s", "1.5s", "s", "1s1s", "99999999y", "5 m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(DurationError):
        parse_duration_ms(text)


@given(st.integers(0, 10**12))
def test_durations_come_back(ms: int) -> None:
    assert parse_duration_ms(format_duration_ms(ms)) == ms


def test_expressions_are_anchored_and_cross_lines() -> None:
    assert regex("a|b").matches("b")
    assert not regex("a|b").matches("ab")
    assert regex("a.c").matches("a\nc")
    assert regex("").matches("")
    assert regex(".*").matches("\x00é")
    expression = regex("(?P<x>a+)(b)?")
    found = expression.search("aa")
    assert found is not None
    assert expression.replacement("$0 $1 <$2> ${x}").expand(found) == "aa aa <> aa"
    assert regex("(a)").search("b") is None
    with pytest.raises(RegexError, match="missing"):
        regex("(a")
    with pytest.raises(RegexError):
        regex("(?=a)")
    with pytest.raises(RegexError):
        regex("((a{1000}){1000})")


@given(st.sampled_from(["a*", "(ab|b)+", "[^a]b?", "a{2,3}|", "(?i)AB"]), st.text("abAB\n", max_size=6))
def test_tests_and_searches_agree(pattern: str, text: str) -> None:
    assert regex(pattern).matches(text) == (regex(pattern).search(text) is not None)


def test_matchers() -> None:
    cases = [
        (MatchType.EQUAL, "x", [True, False, False]),
        (MatchType.NOT_EQUAL, "x", [False, True, True]),
        (MatchType.REGEX, "x|", [True, False, True]),
        (MatchType.NOT_REGEX, "x|", [False, True, False]),
    ]
    for kind, value, expected in cases:
        matcher = Matcher("l", kind, value)
        assert [matcher.matches(text) for text in ("x", "y", "")] == expected
        assert matcher.matches_empty == expected[2]
    assert str(Matcher("my.l", MatchType.NOT_REGEX, "a\n")) == '"my.l"!~"a\\n"'
    with pytest.raises(RegexError):
        Matcher("l", MatchType.REGEX, "(")


def test_the_nans_are_different_bits() -> None:
    values = np.array([STALE, MISSING, NORMAL_NAN, 1.0])
    assert stale_mask(values).tolist() == [True, False, False, False]
    assert missing_mask(values).tolist() == [False, True, False, False]
    assert [is_stale(value) for value in values.tolist()] == [True, False, False, False]


def test_places_count_bytes_and_lines() -> None:
    text = "é +\nsum(x"
    assert Span(2, 3).place(text) == (1, 4)
    assert Span(4, 7).place(text) == (2, 1)
    assert caret(text, Span(7, 8)) == "sum(x\n   ^"
    assert Span(5, 6).join(Span(1, 2)) == Span(1, 6)


@given(label_sets)
def test_label_sets_hold_what_was_put_in(rows: list[Labels]) -> None:
    columns = LabelSets.of(rows)
    assert list(columns) == rows
    assert list(PackedLabels.of(rows)) == rows
    assert [columns[i] for i in columns.sort_order()] == sorted(rows)
    assert list(columns.drop(["a"])) == [row.drop(["a"]) for row in rows]
    assert list(columns.keep(["a", "é"])) == [row.keep(["a", "é"]) for row in rows]
    first, group = columns.distinct()
    assert [rows[i] for i in first.tolist()] == list(dict.fromkeys(rows))
    assert [rows[first[g]] for g in group.tolist()] == rows


@given(label_sets, label_sets, st.data())
def test_label_sets_are_united_and_taken(one: list[Labels], two: list[Labels], data: st.DataObject) -> None:
    joined, places = unified([LabelSets.of(one), LabelSets.of(two)])
    assert list(joined) == one + two
    assert [list(joined.take(np.arange(len(one) + len(two))[place])) for place in places] == [one, two]
    if one:
        rows = data.draw(st.lists(st.integers(0, len(one) - 1), max_size=5))
        taken = LabelSets.of(one).take(np.array(rows, np.intp))
        assert list(taken) == [one[i] for i in rows]
        assert set(taken.names) == {name for labels in taken for name, _ in labels}
