"""The steps that a query is evaluated at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Grid:
    """`n_steps` times from `start_ms` on, `step_ms` apart; 0 apart where every step looks at one pinned time."""

    start_ms: int
    step_ms: int
    n_steps: int

    @classmethod
    def of(cls, start_ms: int, end_ms: int, step_ms: int) -> Grid:
        """From start to end, both included where the step meets the end."""
        return cls(start_ms, step_ms, (end_ms - start_ms) // step_ms + 1 if end_ms >= start_ms else 0)

    @classmethod
    def instant(cls, time_ms: int) -> Grid:
        """One step."""
        return cls(time_ms, 1, 1)

    @property
    def end_ms(self) -> int:
        """The last step."""
        return self.start_ms + (self.n_steps - 1) * self.step_ms

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """int64 ms (n_steps,), fresh."""
        return np.int64(self.start_ms) + np.arange(self.n_steps, dtype=np.int64) * np.int64(self.step_ms)

    def moved(self, offset_ms: int, at_ms: int | None) -> Grid:
        """The times that a selector with this offset and `@` looks at from these steps."""
        if at_ms is not None:
            return Grid(at_ms - offset_ms, 0, self.n_steps)
        return Grid(self.start_ms - offset_ms, self.step_ms, self.n_steps)
