"""The queries that the log store is measured with, and what their answers must be."""

from __future__ import annotations

import json
import statistics
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.peers import Peer

SPAN = "1h"
WORD = "retrying"
EXPRESSION = "took [0-9]{3} ms|after [12][0-9]+ ms"
EVERYTHING = '{job=~".+"}'
FULL_SCANS = ("one word, all", "absent word", "regex, all")


@dataclass(frozen=True, slots=True)
class Expected:
    """What was written between start and end."""

    start_ns: int
    end_ns: int
    n_lines: int
    n_word: int
    n_expression: int
    app_lines: int
    app_errors: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Case:
    """One question: how to ask it, and the number that its answer comes to."""

    name: str
    run: Callable[[], int]
    expected: int


def ask(peer: Peer, path: str, **parameters: Any) -> Any:
    """The data of a Loki answer."""
    return json.loads(peer.get(f"/loki/api/v1/{path}?{urllib.parse.urlencode(parameters)}", 300))["data"]


def count(peer: Peer, expression: str, at_ns: int) -> int:
    """All lines of a log query up to a moment."""
    return _vector(peer, f"sum(count_over_time({expression} [{SPAN}]))", at_ns)


def _vector(peer: Peer, query: str, at_ns: int) -> int:
    return int(sum(float(row["value"][1]) for row in ask(peer, "query", query=query, time=at_ns)["result"]))


def cases(peer: Peer, told: Expected) -> list[Case]:
    """All questions."""
    span = {"start": told.start_ns, "end": told.end_ns}

    def lines(query: str, limit: int) -> int:
        found = ask(peer, "query_range", query=query, limit=limit, **span)["result"]
        return sum(len(stream["values"]) for stream in found)

    def points(query: str) -> int:
        found = ask(peer, "query_range", query=query, step="60", **span)["result"]
        return int(sum(float(value) for series in found for _, value in series["values"]))

    def p99() -> int:
        inner = f'{EVERYTHING} | json | __error__="" | unwrap duration_ms [{SPAN}]'
        query = f"quantile_over_time(0.99, {inner}) by ()"
        return len(ask(peer, "query", query=query, time=told.end_ns)["result"])

    app = '{app="app-00"} | json'
    errors = f"sum(count_over_time({app} | status >= 500 [1m]))"
    by_app = f"sum by (app) (count_over_time({EVERYTHING}[{SPAN}]))"
    return [
        Case("needle (uuid)", lambda: lines(f'{EVERYTHING} |= "{told.request_id}"', 100), 1),
        Case("one word, all", lambda: count(peer, f'{EVERYTHING} |= "{WORD}"', told.end_ns), told.n_word),
        Case("absent word", lambda: lines(f'{EVERYTHING} |= "zebracrossing"', 100), 0),
        Case("regex, all", lambda: count(peer, f'{EVERYTHING} |~ "{EXPRESSION}"', told.end_ns), told.n_expression),
        Case("by level, one app", lambda: points(f"sum by (level) (count_over_time({app} [1m]))"), told.app_lines),
        Case("status >= 500, one app", lambda: points(errors), told.app_errors),
        Case("p99 of a JSON field, all", p99, 1),
        Case("count by app, all", lambda: _vector(peer, by_app, told.end_ns), told.n_lines),
        Case("newest 100, one app", lambda: lines('{app="app-00"}', 100), 100),
        Case("newest 1000 errors, json", lambda: lines(f'{EVERYTHING} | json | level="error"', 1000), 1000),
    ]  # fmt: skip


def timed(case: Case, rounds: int) -> tuple[float, float, int]:
    """The median of some rounds and the first of all, in ms, and the answer."""
    took_ms: list[float] = []
    answer = -1
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = case.run()
        took_ms.append((time.perf_counter() - began) * 1000)
    return statistics.median(took_ms[1:]), took_ms[0], answer
