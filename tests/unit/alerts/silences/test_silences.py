"""Silences: how they come, change and go, and what they mute."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace

import pytest

from tests.unit.alerts.harness import HOUR, SECOND, equal
from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.quick_test import quick_test
from watchkeeper.alerts.silences.silence import SilenceError, SilenceState
from watchkeeper.alerts.silences.silences import SilenceLimits, Silences
from watchkeeper.core.model.errors import LimitExceeded, NotFoundError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType

X = Labels.of(alertname="X", host="a")


class World:
    """Silences at a time that the test sets, with ids s1, s2, …"""

    def __init__(self, limits: SilenceLimits | None = None) -> None:
        self.now_ns = 1000 * SECOND
        self.changed: list[Silence] = []
        numbers = itertools.count(1)
        self.silences = Silences(
            lambda: self.now_ns,
            retention_ns=HOUR,
            limits=limits,
            on_change=self.changed.extend,
            new_id=lambda: f"s{next(numbers)}",
        )

    def make(self, *matchers: Matcher, start_s: int = 0, end_s: int = 100, id: str = "") -> Silence:
        return Silence(
            matchers or (equal("alertname", "X"),),
            (1000 + start_s) * SECOND, (1000 + end_s) * SECOND, "me", "why", id,
        )  # fmt: skip

    def add(self, *matchers: Matcher, start_s: int = 0, end_s: int = 100) -> str:
        return self.silences.set(self.make(*matchers, start_s=start_s, end_s=end_s))

    def at(self, second: int) -> World:
        self.now_ns = (1000 + second) * SECOND
        return self

    def muted(self, labels: Labels = X) -> tuple[str, ...]:
        return self.silences.muted_by(labels, self.now_ns)

    def states(self) -> dict[str, str]:
        return {
            silence.id: state
            for state in SilenceState
            for silence in self.silences.query(states=[state])
        }  # fmt: skip


def test_mutes_from_its_start_until_its_end() -> None:
    world = World()
    assert world.add(start_s=10, end_s=20) == "s1"
    assert world.muted() == ()
    assert world.states() == {"s1": "pending"}
    assert world.at(10).muted() == ("s1",)
    assert world.states() == {"s1": "active"}
    assert world.at(20).muted() == ()
    assert world.states() == {"s1": "expired"}


def test_start_of_a_new_one_is_now_at_the_earliest() -> None:
    world = World()
    world.add(start_s=-500)
    world.silences.set(replace(world.make(), starts_ns=0))
    assert [s.starts_ns for s in world.silences.query()] == [world.now_ns] * 2


@pytest.mark.parametrize(
    ("silence", "message"),
    [
        (Silence((), 1, 2 * 10**18), "silence invalid: at least one matcher required"),
        (
            Silence((equal("a", ""), Matcher("b", MatchType.REGEX, ".*")), 1, 2 * 10**18),
            "silence invalid: at least one matcher must not match the empty string",
        ),
        (Silence((equal("", "x"),), 1, 2 * 10**18), "silence invalid: invalid label matcher 0: invalid label name ''"),
        (Silence((equal("a", "\ud800"),), 1, 2 * 10**18), "invalid label value"),
        (Silence((equal("a", "x"),), 1, 0), "silence invalid: invalid zero end timestamp"),
        (Silence((equal("a", "x"),), 10**18, 10**18), "start time must be before end time"),
        (Silence((equal("a", "x"),), 1, 2), "end time can't be in the past"),
    ],
)
def test_refused(silence: Silence, message: str) -> None:
    world = World()
    with pytest.raises(SilenceError, match=message):
        world.silences.set(silence)
    assert world.changed == []


def test_active_one_is_prolonged_in_place() -> None:
    world = World()
    id = world.add()
    assert world.at(50).silences.set(world.make(end_s=500, id=id)) == id
    assert world.at(200).muted() == (id,)
    assert len(world.silences) == 1


@pytest.mark.parametrize(
    ("change", "at_s"),
    [
        ({"matchers": (equal("alertname", "Y"),)}, 50),
        ({"start_s": 10}, 50),  # An active one keeps its start.
        ({"start_s": 10, "end_s": 300}, 150),  # One that has ended stays so.
    ],
)
def test_other_changes_end_the_old_and_make_a_new_one(change: dict[str, object], at_s: int) -> None:
    world = World()
    id = world.add()
    ended_ns = world.at(at_s).make().ends_ns if at_s > 100 else world.now_ns
    changed = world.make(*change.pop("matchers", ()), **{"end_s": 300, **change}, id=id)  # type: ignore[arg-type, misc]
    assert world.silences.set(changed) == "s2"
    old, new = world.silences.get("s1"), world.silences.get("s2")
    assert old is not None
    assert new is not None
    assert old.ends_ns == ended_ns
    assert (new.starts_ns, new.ends_ns) == (max(changed.starts_ns, world.now_ns), changed.ends_ns)


def test_pending_one_may_move_into_the_future_but_not_into_the_past() -> None:
    world = World()
    id = world.add(start_s=50)
    assert world.silences.set(world.make(start_s=20, id=id)) == id
    assert world.at(10).silences.set(world.make(start_s=5, id=id)) == "s2"
    first = world.silences.get("s1")
    assert first is not None
    assert first.starts_ns == first.ends_ns == world.now_ns


def test_unknown_id() -> None:
    world = World()
    with pytest.raises(NotFoundError):
        world.silences.set(world.make(id="nobody"))
    with pytest.raises(NotFoundError):
        world.silences.expire("nobody")
    assert world.silences.get("nobody") is None


def test_expire_ends_active_and_pending_ones_and_leaves_others() -> None:
    world = World()
    world.add()
    world.add(start_s=50)
    world.at(10)
    world.silences.expire("s1")
    world.silences.expire("s2")
    assert set(world.states().values()) == {"expired"}
    assert world.muted() == ()
    changes = len(world.changed)
    world.silences.expire("s1")
    assert len(world.changed) == changes


def test_gone_after_the_retention() -> None:
    world = World()
    world.add(end_s=100)
    world.add(end_s=200)
    assert world.muted() == ("s1", "s2")
    assert world.at(3699).silences.collect() == 0
    assert world.at(3700).silences.collect() == 1
    assert [s.id for s in world.silences.all()] == ["s2"]
    assert world.muted() == ()


def test_query_by_ids_labels_and_filters() -> None:
    world = World()
    world.add(equal("alertname", "X"))
    world.add(Matcher("host", MatchType.REGEX, "a|b"))
    world.add(equal("alertname", "Y"))
    ids = lambda **query: [s.id for s in world.silences.query(**query)]  # noqa: E731
    assert ids() == ["s1", "s2", "s3"]
    assert ids(ids=["s3", "nobody", "s1"]) == ["s3", "s1"]
    assert ids(labels=X) == ["s1", "s2"]
    assert ids(matchers=[Matcher("alertname", MatchType.REGEX, "X|Y")]) == ["s1", "s3"]
    assert ids(matchers=[equal("host", "a|b")]) == ["s2"]


def test_verdicts_follow_every_change() -> None:
    world = World()
    assert world.muted() == ()
    world.add(equal("host", "a"))
    assert world.muted() == ("s1",)
    world.add(Matcher("host", MatchType.NOT_EQUAL, "b"), equal("alertname", "X"))
    world.add(equal("host", "b"))
    assert world.muted() == ("s1", "s2")
    world.silences.expire("s1")
    assert world.muted() == ("s2",)
    world.silences.merge([replace(world.make(equal("host", "a"), id="far"), updated_ns=5)])
    assert world.muted() == ("far", "s2")
    world.silences.forget([X])
    assert world.muted() == ("far", "s2")


def test_merge_takes_what_is_newer() -> None:
    world = World()
    id = world.add()
    mine = world.silences.get(id)
    assert mine is not None
    assert world.silences.merge([replace(mine, comment="older", updated_ns=mine.updated_ns - 1)]) == []
    assert world.silences.merge([replace(mine, comment="same")]) == []
    newer = replace(mine, ends_ns=mine.starts_ns, updated_ns=mine.updated_ns + 1)
    assert world.silences.merge([newer]) == [newer]
    assert world.muted() == ()
    assert world.at(5000).silences.merge([replace(newer, id="ancient")]) == []


def test_limits_are_named_and_nothing_changes() -> None:
    world = World(SilenceLimits(max_silences=1, max_silence_bytes=200, max_matchers=3))
    with pytest.raises(LimitExceeded, match=r"matchers: 1000000 \(limit: 3") as caught:
        world.add(*[equal("a", "x")] * 1_000_000)
    assert caught.value.limit == "silences.max-matchers"
    with pytest.raises(LimitExceeded, match="exceeded maximum size") as caught:
        world.add(equal("a", "x" * 300))
    assert caught.value.limit == "silences.max-silence-size-bytes"
    id = world.add()
    with pytest.raises(LimitExceeded, match=r"number of silences: 1 \(limit: 1\)") as caught:
        world.add()
    assert caught.value.limit == "silences.max-silences"
    with pytest.raises(LimitExceeded):
        world.silences.set(world.make(equal("alertname", "Y"), id=id))  # Would be a second one.
    assert world.states() == {id: "active"}
    assert world.silences.set(world.make(end_s=500, id=id)) == id


@pytest.mark.parametrize(
    "pattern", ["a|b", "web.*", "we", "web-?1", "x{0}y", "(?i)WEB", "^web", "a||b", "", "wéb|x", "w|e.", "web$"]
)
def test_shortcuts_of_expressions_change_no_answer(pattern: str) -> None:
    for type_ in (MatchType.REGEX, MatchType.NOT_REGEX):
        matcher = Matcher("host", type_, pattern)
        test = quick_test(matcher)
        for value in (
            "",
            "a",
            "b",
            "a|b",
            "web",
            "we",
            "web-1",
            "web1",
            "y",
            "xy",
            "WEB",
            "wéb",
            "x",
            "w",
            "ex",
            "web$",
        ):
            assert test(value) is matcher.matches(value), (matcher, value)
            assert test(value) is matcher.matches(value), "as remembered"


def test_counts_by_state() -> None:
    world = World()
    world.add()
    world.add(start_s=50)
    assert world.silences.count(world.now_ns) == {"pending": 1, "active": 1, "expired": 0}


def test_many_alerts_and_silences_are_quick() -> None:
    world = World()
    for i in range(300):
        world.add(Matcher("host", MatchType.REGEX, f"web-{i}\\d*"), equal("zone", f"z{i % 10}"))
        world.add(Matcher("host", MatchType.REGEX, f"db-{i}.*"))
    alerts = [Labels.of(alertname="X", host=f"web-{i}", zone=f"z{i % 10}") for i in range(10_000)]
    began_s = time.process_time()
    n_muted = sum(bool(world.muted(labels)) for labels in alerts)
    assert n_muted > 0
    first_s = time.process_time() - began_s
    began_s = time.process_time()
    assert sum(bool(world.muted(labels)) for labels in alerts) == n_muted
    assert first_s < 4
    assert time.process_time() - began_s < 0.5  # Known by now.


@pytest.mark.parametrize("is_collected", [False, True])
def test_a_clock_that_was_ahead_for_a_while(is_collected: bool) -> None:
    """What seemed to have ended then is active again."""
    world = World()
    id = world.add()
    assert world.muted() == (id,)
    world.at(3000)
    assert world.muted() == ()
    if is_collected:
        assert world.silences.collect() == 0  # It is kept to be shown, and asked no more.
    world.at(10).silences.clock_was_set()
    assert world.muted() == (id,)


def test_prolonged_by_another_instance_just_before_its_end() -> None:
    """The news comes after the end, when it is known here as ended."""
    world = World()
    id = world.add()
    assert world.muted() == (id,)
    assert world.at(101).muted() == ()
    old = world.silences.get(id)
    assert old is not None
    world.silences.merge([replace(old, ends_ns=1200 * SECOND, updated_ns=1099 * SECOND)])
    assert world.muted() == (id,)


def test_a_silence_that_is_made_while_a_thread_looks() -> None:
    """The thread that tells of alerts must not take the half-finished look of another for the answer."""
    world = World()
    silences = world.silences
    asked, answered = threading.Event(), threading.Event()

    class Slow:
        """A test of a matcher that waits where another thread may come between."""

        def __call__(self, value: str) -> bool:
            if threading.current_thread() is looking:
                asked.set()
                answered.wait(10)
            return True

    looking = threading.Thread(target=lambda: silences.muted_by(X, world.now_ns))
    slow = Matcher("host", MatchType.REGEX, "a|b")
    silences._tests[slow] = Slow()
    id = world.add(slow)
    looking.start()
    assert asked.wait(10)
    try:
        assert world.muted() == (id,)
    finally:
        answered.set()
        looking.join()
    assert world.muted() == (id,)
