"""All silences, and which of them concern an alert."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.quick_test import quick_test
from watchkeeper.alerts.silences.silence import (
    SilenceError,
    SilenceState,
    check,
    ended,
    later,
    may_change,
    passes_filters,
    size_bytes,
    state_of,
)
from watchkeeper.core.model.errors import LimitExceeded, NotFoundError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType

MAX_TESTS: Final = 10_000  # Kept for the next silence that has the same matcher.


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    """0 is no limit; see AlertOptions."""

    max_silences: int = 0
    max_silence_bytes: int = 0
    max_matchers: int = 1000


class _Compiled:
    """A silence that has not ended, ready to be asked; `key` is an equality that every alert of it must have."""

    __slots__ = ("key", "tests", "version")

    def __init__(self, silence: Silence, version: int, tests: Callable[[Matcher], Callable[[str], bool]]) -> None:
        equal = [m for m in silence.matchers if m.type is MatchType.EQUAL and m.value]
        # Many alerts share a severity or a namespace, few an instance: the longest value is the likeliest to be rare.
        chosen = max(equal, key=lambda m: len(m.value), default=None)
        self.key = (chosen.name, chosen.value) if chosen else None
        self.tests = [(m.name, tests(m)) for m in silence.matchers if m is not chosen]
        self.version = version

    def passes(self, values: dict[str, str]) -> bool:
        """Whether labels that have the key pass the other matchers too."""
        # Several times as fast as all() of a generator, and asked millions of times.
        for name, test in self.tests:  # noqa: SIM110
            if not test(values.get(name, "")):
                return False
        return True


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Which silences concern one label set, as of a version: those that have started and those to come.

    Replaced, never changed: a thread that is late with an older one causes another look, and no wrong answer.
    """

    version: int
    ids: tuple[str, ...]


OnChange = Callable[[Sequence[Silence]], None]
"""Gets silences that were made, changed or ended here, before anyone is told that they were."""


class Silences:
    """All silences there are. Any thread may ask, and may change them.

    on_change   brings changes to disk and to other instances
    on_query    gets the seconds of each query
    """

    def __init__(
        self,
        clock_ns: Callable[[], int],
        *,
        retention_ns: int,
        limits: SilenceLimits | None = None,
        on_change: OnChange = lambda silences: None,
        on_query: Callable[[float], None] = lambda seconds: None,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._clock_ns = clock_ns
        self._retention_ns = retention_ns
        self._limits = limits or SilenceLimits()
        self._on_change = on_change
        self._on_query = on_query
        self._new_id = new_id
        self._lock = threading.RLock()  # Held to change anything; who asks needs none.
        self._silences: dict[str, Silence] = {}
        self._live: dict[str, _Compiled] = {}
        # Replaced, not changed, for they are gone through without the lock.
        self._by_key: dict[tuple[str, str], dict[str, _Compiled]] = {}
        self._without_key: dict[str, _Compiled] = {}
        self._newest: list[tuple[int, str]] = []  # Version and id of silences in the order they came to be asked.
        self._version = 0
        self._verdicts: dict[Labels, _Verdict] = {}
        self._tests: dict[Matcher, Callable[[str], bool]] = {}

    def __len__(self) -> int:
        return len(self._silences)

    @property
    def version(self) -> int:
        """Grows whenever there is a silence that was not there before."""
        return self._version

    # Asking.

    def get(self, id: str) -> Silence | None:
        """The silence of this id; None where there is none."""
        return self._silences.get(id)

    def _existing(self, id: str) -> Silence:
        silence = self._silences.get(id)
        if silence is None:
            raise NotFoundError("silence not found")
        return silence

    def query(
        self,
        matchers: Iterable[Matcher] = (),
        ids: Iterable[str] | None = None,
        states: Iterable[SilenceState] | None = None,
        labels: Labels | None = None,
    ) -> list[Silence]:
        """Silences in the order they were made.

        matchers   only those whose own matchers' texts pass these, as the API's filter means it
        ids        only these
        states     only those in one of these states now
        labels     only those that would mute an alert of these labels
        """
        began_s = time.perf_counter()
        now_ns = self._clock_ns()
        found: Iterable[Silence] = self.all()
        if ids is not None:
            found = [self._silences[id] for id in dict.fromkeys(ids) if id in self._silences]
        if states is not None:
            wanted = frozenset(states)
            found = [silence for silence in found if state_of(silence, now_ns) in wanted]
        filters = tuple(matchers)
        if filters:
            found = [silence for silence in found if passes_filters(silence, filters)]
        if labels is not None:
            found = [silence for silence in found if all(m.matches(labels.get(m.name)) for m in silence.matchers)]
        result = list(found)
        self._on_query(time.perf_counter() - began_s)
        return result

    def muted_by(self, labels: Labels, now_ns: int) -> tuple[str, ...]:
        """The ids of the silences that mute an alert of these labels now, in order; () where there is none.

        What was found out is kept: only silences that came since are looked at again.
        """
        if not self._live:
            return ()
        verdict = self._verdicts.get(labels)
        version = self._version  # What is made meanwhile may be seen or not; then it is looked at again.
        if verdict is None or verdict.version != version:
            verdict = self._verdicts[labels] = _Verdict(version, tuple(self._concerning(labels, verdict)))
        if not verdict.ids:
            return ()
        active, ended = [], False
        for id in verdict.ids:
            silence = self._silences.get(id)
            if silence is None or now_ns >= silence.ends_ns:
                ended = True
            elif silence.starts_ns <= now_ns:
                active.append(id)
        if ended:
            left = [id for id in verdict.ids if (s := self._silences.get(id)) is not None and now_ns < s.ends_ns]
            self._verdicts[labels] = _Verdict(verdict.version, tuple(left))
        return tuple(sorted(active))

    def _concerning(self, labels: Labels, last: _Verdict | None) -> list[str]:
        """The ids of the silences that concern an alert of these labels; `last` knew the older ones."""
        values = labels.as_dict()
        newest = self._newest
        if last is not None and len(newest) and newest[0][0] <= last.version:
            ids = list(last.ids)
            for version, id in reversed(newest):
                if version <= last.version:
                    break
                live = self._live.get(id)
                if live is not None and live.version == version and self._concerns(live, values):
                    ids = [*(other for other in ids if other != id), id]
            return ids
        ids = [id for id, live in self._without_key.items() if live.passes(values)]
        for pair in labels.pairs:
            keyed = self._by_key.get(pair)
            if keyed:
                ids += [id for id, live in keyed.items() if live.passes(values)]
        return ids

    @staticmethod
    def _concerns(live: _Compiled, values: dict[str, str]) -> bool:
        if live.key is not None and values.get(live.key[0]) != live.key[1]:
            return False
        return live.passes(values)

    def forget(self, gone: Iterable[Labels]) -> None:
        """Let go of what is known of alerts that are gone from the store."""
        for labels in gone:
            self._verdicts.pop(labels, None)

    # Changing.

    def set(self, silence: Silence) -> str:
        """Make a silence, or change the one of its id; the id it has now, a new one where the old can't be changed.

        Raises SilenceError, NotFoundError, and LimitExceeded with the limit's name; nothing has changed then.
        """
        with self._lock:
            return self._set(silence)

    def _set(self, silence: Silence) -> str:
        now_ns = self._clock_ns()
        if not silence.starts_ns:
            silence = replace(silence, starts_ns=now_ns)
        if self._limits.max_matchers and len(silence.matchers) > self._limits.max_matchers:
            raise LimitExceeded(
                f"silence exceeded maximum number of matchers: {len(silence.matchers)} "
                f"(limit: {self._limits.max_matchers}, silences.max-matchers)",
                "silences.max-matchers",
            )
        if silence.ends_ns and silence.starts_ns >= silence.ends_ns:
            raise SilenceError("start time must be before end time")
        if silence.ends_ns and silence.ends_ns < now_ns:
            raise SilenceError("end time can't be in the past")
        check(silence)
        old = None
        if silence.id:
            old = self._existing(silence.id)
            if may_change(old, silence, now_ns):
                silence = replace(silence, updated_ns=later(old, now_ns))
                self._check_size(silence)
                self._store([silence])
                return silence.id
        if self._limits.max_silences and len(self._silences) >= self._limits.max_silences:
            raise LimitExceeded(
                f"exceeded maximum number of silences: {len(self._silences)} (limit: {self._limits.max_silences})",
                "silences.max-silences",
            )
        silence = replace(silence, id=self._new_id(), starts_ns=max(silence.starts_ns, now_ns), updated_ns=now_ns)
        self._check_size(silence)
        changed = [silence]
        if old is not None and state_of(old, now_ns) is not SilenceState.EXPIRED:
            changed.insert(0, ended(old, now_ns))
        self._store(changed)
        return silence.id

    def expire(self, id: str) -> None:
        """End a silence now; one that has ended stays as it is. Raises NotFoundError."""
        with self._lock:
            now_ns = self._clock_ns()
            silence = self._existing(id)
            if state_of(silence, now_ns) is not SilenceState.EXPIRED:
                self._store([ended(silence, now_ns)])

    def merge(self, silences: Iterable[Silence]) -> list[Silence]:
        """Take over what another instance or the disk knows, where it is newer; what was taken."""
        taken = []
        with self._lock:
            now_ns = self._clock_ns()
            for silence in silences:
                old = self._silences.get(silence.id)
                is_kept = silence.ends_ns + self._retention_ns > now_ns
                if is_kept and (old is None or old.updated_ns < silence.updated_ns):
                    self._put(silence, now_ns)
                    taken.append(silence)
        return taken

    def collect(self) -> int:
        """Remove the silences that ended longer than the retention ago; how many went."""
        with self._lock:
            now_ns = self._clock_ns()
            gone = [s.id for s in self._silences.values() if s.ends_ns + self._retention_ns <= now_ns]
            for id in gone:
                del self._silences[id]
            for id in [id for id in self._live if id not in self._silences or now_ns >= self._silences[id].ends_ns]:
                self._drop(id)
            self._newest = [(version, id) for version, id in self._newest if id in self._live]
        return len(gone)

    def clock_was_set(self) -> None:
        """Forget what was found out by another clock: what seemed to have ended may be active now."""
        with self._lock:
            now_ns = self._clock_ns()
            self._verdicts = {}
            for silence in self.all():
                if silence.id not in self._live and now_ns < silence.ends_ns:
                    self._put(silence, now_ns)

    def all(self) -> list[Silence]:
        """Every silence, in the order they were made."""
        return list(self._silences.values())

    def count(self, now_ns: int) -> dict[SilenceState, int]:
        """How many are in each state."""
        counts = dict.fromkeys(SilenceState, 0)
        for silence in self.all():
            counts[state_of(silence, now_ns)] += 1
        return counts

    def _check_size(self, silence: Silence) -> None:
        limit = self._limits.max_silence_bytes
        if limit and size_bytes(silence) > limit:
            raise LimitExceeded(
                f"silence exceeded maximum size: {size_bytes(silence)} bytes (limit: {limit} bytes)",
                "silences.max-silence-size-bytes",
            )

    def _store(self, silences: Sequence[Silence]) -> None:
        self._on_change(silences)
        now_ns = self._clock_ns()
        for silence in silences:
            self._put(silence, now_ns)

    def _put(self, silence: Silence, now_ns: int) -> None:
        old = self._silences.get(silence.id)
        self._silences[silence.id] = silence
        if now_ns >= silence.ends_ns:
            self._drop(silence.id)
        elif (
            silence.id not in self._live
            or old is None
            or old.matchers != silence.matchers
            or old.ends_ns <= now_ns  # Another instance has prolonged it in time; who asked here knows it as ended.
        ):
            self._drop(silence.id)
            version = self._version + 1
            live = self._live[silence.id] = _Compiled(silence, version, self._test)
            if live.key is None:
                self._without_key = {**self._without_key, silence.id: live}
            else:
                self._by_key[live.key] = {**self._by_key.get(live.key, {}), silence.id: live}
            self._newest.append((version, silence.id))
            self._version = version  # Last: who sees the version finds the silence.

    def _drop(self, id: str) -> None:
        live = self._live.pop(id, None)
        if live is None:
            return
        if live.key is None:
            self._without_key = _without(self._without_key, id)
        else:
            keyed = self._by_key[live.key] = _without(self._by_key[live.key], id)
            if not keyed:
                del self._by_key[live.key]

    def _test(self, matcher: Matcher) -> Callable[[str], bool]:
        """The matcher's test, one for all silences that have it."""
        test = self._tests.get(matcher)
        if test is None:
            if len(self._tests) > MAX_TESTS:
                self._tests.clear()
            test = self._tests[matcher] = quick_test(matcher)
        return test


def _without(silences: dict[str, _Compiled], id: str) -> dict[str, _Compiled]:
    return {other: live for other, live in silences.items() if other != id}
