"""The state of the process that health and readiness routes show."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Lifecycle:
    """Ready once the stores are read back, until the process stops."""

    ready: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def serving(self) -> bool:
        """Whether queries and writes are taken."""
        return self.ready.is_set() and not self.stopping.is_set()
