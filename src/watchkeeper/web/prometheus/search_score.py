"""How well a name fits what somebody typed: between 0 (not at all) and 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

ALGORITHMS: Final = ("subsequence", "jarowinkler")
PREFIX_BONUS: Final = 0.1  # For each of up to four equal first letters. Source: Winkler 1990.

Score = Callable[[str], float | None]
"""The score of a name, None where it does not fit."""


def scorer(searches: Sequence[str], algorithm: str, threshold: float, *, case_sensitive: bool) -> Score:
    """Judges names by the best of several texts; without texts every name fits with 1."""
    if not searches:
        return lambda _: 1.0
    wanted = [text if case_sensitive else text.lower() for text in searches]
    judge = _by_subsequence if algorithm == "subsequence" else _by_likeness

    def score(name: str) -> float | None:
        shown = name if case_sensitive else name.lower()
        found = [value for text in wanted if (value := judge(text, shown, threshold)) is not None]
        return max(found) if found else None

    return score


def _by_subsequence(text: str, name: str, threshold: float) -> float | None:
    if name.startswith(text):
        return 1.0
    value = subsequence_score(text, name)
    return value if value > 0 and value >= threshold else None


def _by_likeness(text: str, name: str, threshold: float) -> float | None:
    if text in name:
        return 1.0
    if threshold <= 0:
        return None
    value = jaro_winkler(text, name)
    return value if value >= threshold else None


def subsequence_score(text: str, name: str) -> float:
    """0 where the letters of `text` do not all stand in `name` in order; the fewer and longer the runs that hold
    them, and the shorter the gaps between, the nearer to 1."""
    if not text:
        return 1.0
    best = 0.0
    at = name.find(text[0])
    while at >= 0:
        runs, gaps, place = 1, 0, at
        for letter in text[1:]:
            following = name.find(letter, place + 1)
            if following < 0:
                return best
            runs += following != place + 1
            gaps += following - place - 1
            place = following
        joined = (len(text) - runs + 1) / len(text)
        best = max(best, joined * len(text) / (len(text) + gaps + at / len(name)))
        at = name.find(text[0], at + 1)
    return best


def jaro_winkler(one: str, other: str) -> float:
    """The share of letters that agree nearly in place, raised for an equal beginning."""
    if one == other:
        return 1.0
    if not one or not other:
        return 0.0
    reach = max(max(len(one), len(other)) // 2 - 1, 0)
    taken = [False] * len(other)
    matched: list[str] = []
    for i, letter in enumerate(one):
        for k in range(max(0, i - reach), min(len(other), i + reach + 1)):
            if not taken[k] and other[k] == letter:
                taken[k] = True
                matched.append(letter)
                break
    if not matched:
        return 0.0
    in_other = [letter for letter, used in zip(other, taken, strict=True) if used]
    moved = sum(a != b for a, b in zip(matched, in_other, strict=True)) / 2
    count = len(matched)
    jaro = (count / len(one) + count / len(other) + (count - moved) / count) / 3
    prefix = 0
    for a, b in zip(one[:4], other[:4], strict=False):
        if a != b:
            break
        prefix += 1
    return jaro + prefix * PREFIX_BONUS * (1 - jaro)
