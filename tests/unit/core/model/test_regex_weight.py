"""Regular expressions that are too large together are refused; the same one counts once."""

from __future__ import annotations

import pytest

from watchkeeper.core.model.regex import RegexError, compile_re2
from watchkeeper.core.model.regex_weight import RegexWeight


def test_the_same_counts_once() -> None:
    weight = RegexWeight()
    for _ in range(100):
        weight.add(compile_re2(r"\pL{100}"))
    others = [compile_re2(rf"\pL{{100}}{number}") for number in range(15)]
    with pytest.raises(RegexError, match="too large together, the limit is 500000 instructions"):
        list(map(weight.add, others))


def test_ten_thousand_names_are_few() -> None:
    weight = RegexWeight()
    weight.add(compile_re2("|".join(f"pod-{number * 7919 % 1_000_003:x}-{number}" for number in range(10_000))))
