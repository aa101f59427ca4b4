"""How many shards a queue wants: from what comes in, what goes out and how far behind it is. Pure.

Source of the idea and its numbers: Prometheus storage/remote, calculateDesiredShards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Final

UPDATE_S: Final = 10.0
EWMA_WEIGHT: Final = 0.2
TOLERANCE: Final = 0.3  # A count that is this near is not worth a change.
CATCH_UP: Final = 0.05  # Of the backlog, in each second.


@dataclass(slots=True)
class _Rate:
    per_s: float | None = None
    pending: float = 0.0

    def update(self) -> float:
        now = self.pending / UPDATE_S
        self.pending = 0.0
        self.per_s = now if self.per_s is None else EWMA_WEIGHT * now + (1 - EWMA_WEIGHT) * self.per_s
        return self.per_s


@dataclass(slots=True)
class ShardCount:
    """Call `read` and `sent` as it happens, and `update` every UPDATE_S."""

    least: int
    most: int
    current: int
    desired: float = 0.0
    _in: _Rate = field(default_factory=_Rate)
    _out: _Rate = field(default_factory=_Rate)
    _busy: _Rate = field(default_factory=_Rate)

    def read(self, n_samples: int) -> None:
        """So many samples were handed to the shards."""
        self._in.pending += n_samples

    def sent(self, n_samples: int, took_s: float) -> None:
        """So many samples were sent in this time."""
        self._out.pending += n_samples
        self._busy.pending += took_s

    def update(self, behind_s: float) -> int:
        """The number of shards to run now; `behind_s` is how much newer the newest stored sample is than the sent."""
        rate_in, rate_out, busy = self._in.update(), self._out.update(), self._busy.update()
        if rate_out <= 0:
            return self.current
        backlog = max(behind_s - UPDATE_S, 0.0) * max(rate_in, rate_out)
        self.desired = busy / rate_out * (rate_in + CATCH_UP * backlog)
        if self.current * (1 - TOLERANCE) <= self.desired <= self.current * (1 + TOLERANCE):
            return self.current
        wanted = min(max(ceil(self.desired), self.least), self.most)
        # Fewer only once there is no backlog.
        self.current = wanted if wanted > self.current or behind_s < 2 * UPDATE_S else self.current
        return self.current
