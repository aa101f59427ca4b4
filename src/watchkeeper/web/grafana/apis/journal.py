"""What has changed among the resources of one kind, as far as somebody looked: so that a watch goes on where a list, or
an earlier watch, ended."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchkeeper.web.grafana.apis.resource import Meta

MAX_CHANGES: Final = 1000
ADDED: Final = "ADDED"
MODIFIED: Final = "MODIFIED"
DELETED: Final = "DELETED"


@dataclass(frozen=True, slots=True)
class Change:
    """`version` counts up from change to change; `seen` is the version that the resource itself shows."""

    version: int
    kind: str
    name: str
    seen: str


class Journal:
    """In memory, for the last changes. May be used on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, str] | None = None
        self._changes: list[Change] = []
        self._oldest = 0  # The version before the first of the changes.
        self.version = 0

    def note(self, now: Mapping[str, Meta], now_ms: int) -> int:
        """Notes what is there now, of all that is there; the version after it."""
        shown = {name: meta.resource_version for name, meta in now.items()}
        with self._lock:
            known, self._known = self._known, shown
            if known is None:
                self.version = self._oldest = max(map(int, shown.values()), default=1)
                return self.version
            changed = [name for name, seen in shown.items() if known.get(name) != seen]
            for name in sorted(changed, key=lambda name: int(shown[name])):
                self._add(MODIFIED if name in known else ADDED, name, int(shown[name]), shown[name])
            for name in known.keys() - shown.keys():
                self._add(DELETED, name, now_ms * 10_000, "")
            return self.version

    def since(self, version: str) -> list[Change] | None:
        """The changes after a version that a list, a watch or a resource showed; None where it is too old to tell."""
        with self._lock:
            if version == str(self.version):
                return []
            for at in range(len(self._changes) - 1, -1, -1):
                if version in (str(self._changes[at].version), self._changes[at].seen):
                    return self._changes[at + 1 :]
            return list(self._changes) if version == str(self._oldest) else None

    def _add(self, kind: str, name: str, wanted: int, seen: str) -> None:
        self.version = max(self.version + 1, wanted)
        self._changes.append(Change(self.version, kind, name, seen))
        if len(self._changes) > MAX_CHANGES:
            self._oldest = self._changes.pop(0).version
