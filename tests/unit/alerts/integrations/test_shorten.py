from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.alerts.integrations.shorten import shorten_bytes, shorten_runes


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("", 0, ""), ("abc", 3, "abc"), ("abcd", 3, "abc"), ("äöüß", 4, "äöüß"), ("äöüßx", 4, "äöü…"), ("abc", 0, "")],
)
def test_runes(text, limit, expected):
    assert shorten_runes(text, limit) == (expected, expected != text)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "…"),
        ("abcd", 2, "<<"),
        ("abcdefgh", 7, "abcd…"),
        ("aäöü", 6, "aä…"),
        ("äöü", 5, "ä…"),
        ("\U0001f600\U0001f600", 6, "…"),
    ],
)
def test_bytes(text, limit, expected):
    assert shorten_bytes(text, limit) == (expected, True) if expected != text else (text, False)


@given(st.text(), st.integers(0, 40))
def test_nothing_is_longer_than_allowed(text, limit):
    runes, cut = shorten_runes(text, limit)
    assert len(runes) <= limit
    assert cut == (len(text) > limit)
    shown, cut = shorten_bytes(text, limit)
    assert len(shown.encode()) <= limit
    assert cut == (len(text.encode("utf-8", "replace")) > limit)
