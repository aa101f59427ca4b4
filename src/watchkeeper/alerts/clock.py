"""The wall clock of alerting, which notices when it was set."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

JUMP_NS: Final = 5_000_000_000  # Slewing corrects far less between two readings; stepping corrects more.


class Clock:
    """Nanoseconds since the epoch. Each reading is compared with a clock that never jumps.

    Timers run by the steady clock, so a jump moves none of them. Points in time that were worked out from the old
    clock do move: `on_jump` gets by how much, and the time before and after, before the reading is returned.
    """

    def __init__(
        self, wall_ns: Callable[[], int], steady_s: Callable[[], float], on_jump: Callable[[int, int, int], None]
    ) -> None:
        self._wall_ns = wall_ns
        self._steady_s = steady_s
        self._on_jump = on_jump
        self._lock = threading.Lock()  # Two threads that see one jump would both report it.
        self._offset_ns = wall_ns() - round(steady_s() * 1e9)

    def __call__(self) -> int:
        """The time now."""
        with self._lock:
            now_ns = self._wall_ns()
            offset_ns = now_ns - round(self._steady_s() * 1e9)
            moved_ns = offset_ns - self._offset_ns
            self._offset_ns = offset_ns
        if abs(moved_ns) > JUMP_NS:
            self._on_jump(moved_ns, now_ns - moved_ns, now_ns)
        return now_ns
