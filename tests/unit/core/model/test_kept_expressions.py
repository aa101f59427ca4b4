"""Compiled expressions are kept, and those that are too many or too large together are not."""

from __future__ import annotations

import pytest

from watchkeeper.core.model import kept_expressions
from watchkeeper.core.model.kept_expressions import LEAST, KeptExpressions


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(kept_expressions, "MAX_INSTRUCTIONS", 10 * LEAST)
    return []


def kept(compiled: list[str], size: int) -> KeptExpressions[str]:
    def compile(text: str) -> str:
        compiled.append(text)
        if text == "(":
            raise ValueError(text)
        return text.upper()

    return KeptExpressions(compile, lambda made: size * len(made))


def test_one_is_compiled_once(compiled: list[str]) -> None:
    expressions = kept(compiled, 1)
    assert [expressions.get(text) for text in ("a", "b", "a", "a")] == ["A", "B", "A", "A"]
    assert compiled == ["a", "b"]


def test_what_was_asked_for_long_ago_goes_first(compiled: list[str]) -> None:
    expressions = kept(compiled, 1)
    for text in "abcdefghij":
        expressions.get(text)
    expressions.get("a")
    expressions.get("k")
    compiled.clear()
    for text in "acdefghijk":
        expressions.get(text)
    assert compiled == []
    expressions.get("b")
    assert compiled == ["b"]


def test_large_ones_leave_room_for_few(compiled: list[str]) -> None:
    expressions = kept(compiled, 4 * LEAST)
    for text in "abcabc":
        expressions.get(text)
    assert compiled == list("abcabc")
    assert expressions.get("c") == "C"
    assert expressions.get("x" * 100) == "X" * 100
    assert compiled == [*"abcabc", "x" * 100]
    expressions.get("x" * 100)
    assert len(compiled) == 7, "one alone is kept, however large it is"


def test_what_can_not_be_compiled_is_not_kept(compiled: list[str]) -> None:
    expressions = kept(compiled, 1)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"\("):
            expressions.get("(")
    assert compiled == ["(", "("]
