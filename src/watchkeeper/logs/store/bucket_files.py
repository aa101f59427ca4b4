"""Small files of the store's folder that the bucket has too, so that they survive the folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.objects.objects import ObjectMissing, Objects

STATE: Final = "state/"


class BucketFiles:
    """Files by name; each is brought up as a whole where it has changed."""

    def __init__(self, objects: Objects, home: Path, names: Sequence[str]) -> None:
        self._objects = objects
        self._home = home
        self._names = names
        self._uploaded: dict[str, bytes] = {}

    def upload(self) -> None:
        """Bring up what has changed since the last time. Raises ObjectError, OSError."""
        for name in self._names:
            try:
                data = (self._home / name).read_bytes()
            except FileNotFoundError:
                continue
            if self._uploaded.get(name) != data:
                self._objects.put(STATE + name, data)
                self._uploaded[name] = data

    def restore(self) -> list[str]:
        """Bring back what is not in the folder; the names of what came. Raises ObjectError, OSError."""
        restored = []
        for name in self._names:
            if (self._home / name).exists():
                continue
            try:
                data = self._objects.get(STATE + name)
            except ObjectMissing:
                continue
            write_atomically(self._home / name, data)
            restored.append(name)
        return restored
