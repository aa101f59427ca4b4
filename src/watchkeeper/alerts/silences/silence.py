"""One silence: where it stands, whether it makes sense, and what of it may be changed.

A silence is changed in place only where the past stays true: its matchers stay, an active one keeps its start, one
that has ended stays ended. Any other change ends it and makes a new one.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from watchkeeper.alerts.interface import Silence
from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.model.matcher import Matcher

SECOND_NS: Final = 1_000_000_000


class SilenceError(WatchkeeperError):
    """A silence that makes no sense; the text is upstream's."""


class SilenceState(enum.StrEnum):
    """Where a silence is between being made and being forgotten."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


def state_of(silence: Silence, now_ns: int) -> SilenceState:
    """The state at a time; a silence has expired from its end on."""
    if now_ns < silence.starts_ns:
        return SilenceState.PENDING
    return SilenceState.ACTIVE if now_ns < silence.ends_ns else SilenceState.EXPIRED


def size_bytes(silence: Silence) -> int:
    """About what the silence takes: its texts in UTF-8 and a few bytes around each."""
    texts = [silence.id, silence.created_by, silence.comment]
    texts += [text for matcher in silence.matchers for text in (matcher.name, matcher.value)]
    return sum(len(text.encode("utf-8", "replace")) + 2 for text in texts) + 4 * len(silence.matchers) + 48


def check(silence: Silence) -> None:
    """Raises SilenceError where the silence makes no sense at any time."""
    if not silence.matchers:
        raise SilenceError("silence invalid: at least one matcher required")
    for i, matcher in enumerate(silence.matchers):
        if not matcher.name or not _is_utf8(matcher.name):
            raise SilenceError(f"silence invalid: invalid label matcher {i}: invalid label name {matcher.name!r}")
        if not _is_utf8(matcher.value):
            raise SilenceError(f"silence invalid: invalid label matcher {i}: invalid label value {matcher.value!r}")
    if all(matcher.matches_empty for matcher in silence.matchers):
        raise SilenceError("silence invalid: at least one matcher must not match the empty string")
    if not silence.ends_ns:
        raise SilenceError("silence invalid: invalid zero end timestamp")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def may_change(old: Silence, new: Silence, now_ns: int) -> bool:
    """Whether `old` can become `new` without changing what was silenced so far."""
    if old.matchers != new.matchers:
        return False
    match state_of(old, now_ns):
        case SilenceState.ACTIVE:
            # APIs round to parts of a second; the second is what a person means.
            return new.starts_ns // SECOND_NS == old.starts_ns // SECOND_NS and new.ends_ns >= now_ns
        case SilenceState.PENDING:
            return new.starts_ns >= now_ns
        case SilenceState.EXPIRED:
            return False


def ended(silence: Silence, now_ns: int) -> Silence:
    """The silence, ended now; one that was to come never was."""
    return replace(silence, starts_ns=min(silence.starts_ns, now_ns), ends_ns=now_ns, updated_ns=later(silence, now_ns))


def later(silence: Silence, now_ns: int) -> int:
    """Now, and in any case after its last change: one by an instance whose clock is ahead must not outlast this one."""
    return max(now_ns, silence.updated_ns + 1)


def passes_filters(silence: Silence, filters: Sequence[Matcher]) -> bool:
    """As the API's filter: the text that the silence has for a label must pass, as if it were the label's value.

    Source: Alertmanager api/v2, CheckSilenceMatchesFilterLabels.
    """
    texts = {matcher.name: matcher.value for matcher in silence.matchers}
    return all(wanted.matches(texts.get(wanted.name, "")) for wanted in filters)
