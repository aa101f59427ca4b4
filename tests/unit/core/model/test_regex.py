"""Anchored expressions: what they match, whatever their size and however many states they have."""

from __future__ import annotations

import random
import re

import pytest

from watchkeeper.core.model.regex import Regex


@pytest.mark.parametrize("n_names", [10, 1000, 10_000, 50_000])
def test_many_names(n_names: int) -> None:
    names = [f"pod-{number * 7919 % 1_000_003:x}-{number}" for number in range(n_names)]
    expression = Regex("|".join(names))
    assert all(map(expression.matches, names))
    assert not any(expression.matches(f"{name}x") for name in names)


@pytest.mark.parametrize("text", ["(a|b)*a(a|b){14}", "(a|b)*a(a|b){40}(a|b)*|x"])
def test_more_states_than_are_kept(text: str) -> None:
    source = random.Random(1)
    values = ["".join(source.choices("ab", k=60)) for _ in range(20_000)]
    expression, other = Regex(text), re.compile(text)
    found = [expression.matches(value) for value in values]
    assert found[-2000:] == [other.fullmatch(value) is not None for value in values[-2000:]]
