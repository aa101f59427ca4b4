"""The alerts of one rule, as columns: what each is, since when, and when it was told of.

Source of the states and of their changes: Prometheus rules/alerting.go, Eval and needsSending.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchkeeper.core.model.labels import EMPTY, Labels

INACTIVE: Final = 0  # It fired and has ended.
PENDING: Final = 1
FIRING: Final = 2
NEVER: Final = -(1 << 62)
RESOLVED_RETENTION_MS: Final = 15 * 60_000  # How long an alert that ended is kept, to be told of again.

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

_TIMES: Final = ("active", "fired", "resolved", "sent", "valid_until", "keep_since", "seen")


class ActiveAlerts:
    """Alerts by row; a row keeps its number until `remove`. Times are int64 ms, NEVER where there is none.

    state         int8: INACTIVE, PENDING or FIRING
    values        float64: of the newest sample that the expression gave
    seen          when that was
    sources       the labels of that sample, the metric's name among them
    annotations   expanded; None where they have yet to be
    """

    def __init__(self) -> None:
        self.labels: list[Labels] = []
        self.sources: list[Labels] = []
        self.annotations: list[Labels | None] = []
        self.row_of: dict[Labels, int] = {}
        self.state = np.empty(0, np.int8)
        self.values = np.empty(0)
        self.active = self.fired = self.resolved = self.keep_since = np.empty(0, np.int64)
        self.sent = self.valid_until = self.seen = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self.labels)

    def add(self, labels: Sequence[Labels], time_ms: int) -> None:
        """New alerts, pending from now on; one that ended begins anew in its old row."""
        again = [row for row in (self.row_of.get(one) for one in labels) if row is not None]
        if again:
            self.state[again] = PENDING
            for name in _TIMES:
                getattr(self, name)[again] = time_ms if name == "active" else NEVER
            for row in again:
                self.annotations[row] = None
        new = [one for one in labels if one not in self.row_of] if again else labels
        if not new:
            return
        for i, one in enumerate(new, len(self.labels)):
            self.row_of[one] = i
        self.labels.extend(new)
        self.sources.extend([EMPTY] * len(new))
        self.annotations.extend([None] * len(new))
        self.state = np.concatenate((self.state, np.full(len(new), PENDING, np.int8)))
        self.values = np.concatenate((self.values, np.zeros(len(new))))
        for name in _TIMES:
            column = np.full(len(new), time_ms if name == "active" else NEVER, np.int64)
            setattr(self, name, np.concatenate((getattr(self, name), column)))

    def advance(self, present: Flags, time_ms: int, *, for_ms: int, keep_firing_for_ms: int) -> tuple[Flags, Flags]:
        """Let the states follow what the expression gave.

        present   bool (n,): which alerts it gave
        returns   which are pending or firing now, and which are to be removed
        """
        state, absent = self.state, ~present
        kept = np.zeros(len(state), np.bool_)
        if keep_firing_for_ms:
            held = absent & (state == FIRING)
            self.keep_since[held & (self.keep_since == NEVER)] = time_ms
            kept = held & (time_ms - self.keep_since < keep_firing_for_ms)
            self.keep_since[present] = NEVER
        over = (state == INACTIVE) & (self.resolved != NEVER) & (time_ms - self.resolved > RESOLVED_RETENTION_MS)
        gone = absent & ((state == PENDING) | over)
        ended = absent & (state != INACTIVE) & ~kept
        state[ended] = INACTIVE
        self.resolved[ended] = time_ms
        alive = present | kept
        fires = alive & (state == PENDING) & (time_ms - self.active >= for_ms)
        state[fires] = FIRING
        self.fired[fires] = time_ms
        return alive, gone

    def due(self, time_ms: int, resend_delay_ms: int) -> Rows:
        """The alerts that Alertmanager is to be told of now."""
        # What was told later than now was told before the clock was set back, and has an end that is far away.
        told_late = (self.sent + resend_delay_ms < time_ms) | (self.sent > time_ms)
        return np.flatnonzero((self.state != PENDING) & ((self.resolved > self.sent) | told_late))

    def remove(self, gone: Flags) -> None:
        """Forget alerts; rows are renumbered."""
        kept = np.flatnonzero(~gone)
        numbers = kept.tolist()
        self.labels = [self.labels[i] for i in numbers]
        self.sources = [self.sources[i] for i in numbers]
        self.annotations = [self.annotations[i] for i in numbers]
        self.row_of = {one: i for i, one in enumerate(self.labels)}
        for name in ("state", "values", *_TIMES):
            setattr(self, name, getattr(self, name)[kept])
