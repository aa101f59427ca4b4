"""Columns of codes into texts."""

from __future__ import annotations

import numpy as np
import pytest

from watchkeeper.core.kernels.texts import Coded, Texts
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.logs.logql.columns import FEW_TEXTS, Column, Values, equal_to, gathered, joined, merged, without


def column(*texts: str | None) -> Column:
    known = list(dict.fromkeys(text for text in texts if text is not None))
    codes = np.array([-1 if text is None else known.index(text) for text in texts], np.int32)
    return Column(codes, Values(Texts.of(text.encode() for text in known)))


@pytest.mark.parametrize(
    ("type_", "value", "wanted"),
    [
        (MatchType.EQUAL, "a", [True, False, False, False]),
        (MatchType.NOT_EQUAL, "a", [False, True, True, True]),
        (MatchType.EQUAL, "", [False, False, True, True]),
        (MatchType.NOT_EQUAL, "", [True, True, False, False]),
        (MatchType.REGEX, "a|é", [True, True, False, False]),
        (MatchType.NOT_REGEX, ".+", [False, False, True, True]),
    ],
)
def test_matchers(type_: MatchType, value: str, wanted: list[bool]) -> None:
    assert column("a", "é", "", None).passes(Matcher("x", type_, value)).tolist() == wanted


def test_equal_to_looks_at_all_bytes() -> None:
    texts = Texts.of([b"abc", b"abd", b"", b"abcd", b"xbc", b"abc"])
    assert equal_to(texts, b"abc").tolist() == [True, False, False, False, False, True]
    assert equal_to(texts, b"").tolist() == [False, False, True, False, False, False]
    assert equal_to(texts, b"zzzzz").tolist() == [False] * 6


def test_merged_and_without() -> None:
    upper, lower = column("a", None, None), column("x", "y", None)
    assert merged(upper, lower).strings() == ["a", "y", ""]
    assert merged(upper, lower).present.tolist() == [True, True, False]
    assert without(lower, np.array([True, False, False])).strings() == ["", "y", ""]


@pytest.mark.parametrize("n", [2, FEW_TEXTS + 1])
def test_joined_parts(n: int) -> None:
    texts = Texts.of(b"%d" % i for i in range(n))
    first = Coded(np.array([0, -1], np.int32), texts)
    second = Coded(np.array([1], np.int32), texts)
    found = joined([(np.array([0, 3]), first), (np.array([1]), second)], 4)
    assert found.strings() == ["0", "1", "", ""]
    assert found.present.tolist() == [True, True, False, False]
    assert len(found.values) == (2 if n == 2 else 2 * n)
    assert joined([], 2).strings() == ["", ""]


def test_gathered() -> None:
    texts = Texts.of([b"a", b"", b"ccc", b"dd"])
    assert list(gathered(texts, np.array([3, 0, 2, 1]))) == [b"dd", b"a", b"ccc", b""]
    assert list(gathered(texts, np.array([False, True, True, False]))) == [b"", b"ccc"]
    assert len(gathered(texts, np.zeros(4, np.bool_))) == 0


def test_used_codes_of_few_rows() -> None:
    values = Values(Texts.of(b"%d" % i for i in range(1000)))
    assert Column(np.array([7, -1, 7, 3], np.int32), values).used().tolist() == [3, 7]


def test_numbers_and_what_is_none() -> None:
    floats, errors = Values(Texts.of([b"1.5", b"x", b"-3", b"0x1p4"])).floats()
    assert floats.tolist() == [1.5, 0, -3, 16]
    assert errors == {1: 'strconv.ParseFloat: parsing "x": invalid syntax'}
