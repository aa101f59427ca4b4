"""Explore beyond its first steps: links, lines, several data sources, cardinality."""

from __future__ import annotations

import json

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import Stack

pytestmark = pytest.mark.process

MANY = 240  # Of which the first page has 100: more than are in view and just beyond.


@pytest.fixture(scope="module")
def turns(lines: Stack) -> Stack:
    """The stack with lines of JSON, every tenth an error."""
    rows = ({"level": "info" if n % 10 else "error", "msg": "turn", "n": n, "end": 1} for n in range(MANY))
    lines.push_lines({"job": "turns"}, *(json.dumps(row, separators=(",", ":")) for row in rows))
    return lines


def test_links(lines: Stack, chromium: Chromium) -> None:
    chromium.do("explore.links", url=lines.url)


def test_lines(turns: Stack, chromium: Chromium) -> None:
    chromium.do("explore.lines", url=turns.url, job="turns", many=MANY)


def test_several(turns: Stack, chromium: Chromium) -> None:
    chromium.do("explore.several", url=turns.url, job="turns")


def test_the_plan_of_a_query_for_lines(turns: Stack, chromium: Chromium) -> None:
    chromium.do("explore.plan", url=turns.url, job="turns")


def test_cardinality(lines: Stack, chromium: Chromium) -> None:
    chromium.do("explore.cardinality", url=lines.url)
