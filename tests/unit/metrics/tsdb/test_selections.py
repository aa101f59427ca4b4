"""Which series passed which matchers is remembered, and only as long as it holds."""

from __future__ import annotations

import numpy as np

from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.metrics.interface import Budget
from watchkeeper.metrics.tsdb import selections
from watchkeeper.metrics.tsdb.db import TSDB
from watchkeeper.metrics.tsdb.options import TSDBOptions
from watchkeeper.metrics.tsdb.selections import Selections, SeriesChanges

NAME = [Matcher("__name__", MatchType.EQUAL, "m")]
REFS = np.arange(2, dtype=np.uint32)


def sets(*values: str) -> LabelSets:
    return LabelSets.of(Labels.of(a=value) for value in values)


def test_an_answer_holds_for_one_state_of_the_series():
    known = Selections()
    labels = sets("x", "y")
    known.put(NAME, 1, REFS, labels)
    found = known.get(NAME, 1)
    assert found is not None
    assert found[1] is labels
    assert known.get(NAME, 2) is None
    assert known.get(NAME, 1) is None  # It was given up.


def test_only_changes_that_matchers_may_see_count(monkeypatch):
    changes = SeriesChanges()
    other = [Matcher("__name__", MatchType.EQUAL, "other"), Matcher("a", MatchType.EQUAL, "x")]
    any_name = [Matcher("__name__", MatchType.REGEX, "m.*")]
    no_name = [Matcher("__name__", MatchType.EQUAL, ""), Matcher("a", MatchType.EQUAL, "x")]

    def change(make) -> list[bool]:
        questions = (NAME, other, any_name, no_name)
        before = [changes.seen_by(matchers) for matchers in questions]
        make()
        return [changes.seen_by(matchers) != seen for matchers, seen in zip(questions, before, strict=True)]

    assert change(lambda: changes.came(["m"])) == [True, False, True, True]
    assert change(lambda: changes.came(["more"])) == [False, False, True, True]
    assert change(changes.went) == [True, True, True, True]
    assert change(lambda: changes.came(["other", "m"])) == [True, True, True, True]
    monkeypatch.setattr(selections, "MAX_NAMES", 3)
    assert change(lambda: changes.came(["1", "2"])) == [True, True, True, True]


def test_the_oldest_answers_make_room(monkeypatch):
    monkeypatch.setattr(selections, "MAX_SELECTIONS", 2)
    known = Selections()
    keys = [[Matcher("a", MatchType.EQUAL, str(i))] for i in range(3)]
    known.put(keys[0], 1, REFS, sets("x"))
    known.put(keys[1], 1, REFS, sets("x"))
    assert known.get(keys[0], 1) is not None
    known.put(keys[2], 1, REFS, sets("x"))
    assert [known.get(key, 1) is not None for key in keys] == [True, False, True]


def test_a_large_answer_is_not_kept(monkeypatch):
    monkeypatch.setattr(selections, "MAX_CELLS", 400)
    known = Selections()
    known.put(NAME, 1, REFS, sets(*(str(i) for i in range(100))))
    assert known.get(NAME, 1) is None
    for i in range(50):
        known.put([Matcher("a", MatchType.EQUAL, str(i))], 1, REFS, sets("x"))
    assert known._cells <= 400


def test_a_store_gives_the_same_label_sets_until_series_come_or_go(tmp_path):
    now_ms = [0]
    store = TSDB.open(tmp_path, TSDBOptions(block_ms=60_000), clock=lambda: now_ms[0])
    source = store.source("s")
    querier = store.querier()

    def write(*names: str) -> None:
        now_ms[0] += 10_000
        columns = source.columns([Labels.of(__name__="m", a=name) for name in names])
        row = np.full(source.n_columns, 1.0)
        assert len(columns)
        source.append(now_ms[0], row)

    def ask() -> LabelSets:
        return querier.select(NAME, now_ms[0] - 5000, now_ms[0], Budget(), newest=True).labels

    write("x", "y")
    first = ask()
    write("x", "y")
    assert ask() is first
    write("x", "y", "z")
    second = ask()
    assert [labels.get("a") for labels in second] == ["x", "y", "z"]
    assert ask() is second
    source.close()
    source = store.source("t")
    for _ in range(30):
        write("x")
        store.tick(now_ms[0])
    store.tick(now_ms[0] + 60_000)
    assert [labels.get("a") for labels in ask()] == ["x"]
    store.close()
