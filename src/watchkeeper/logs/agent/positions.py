"""Promtail's positions file: how far each file, journal and socket has been read and handed on."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from watchkeeper.core.disk.atomic import write_atomically
from watchkeeper.core.model.errors import ConfigError, ConfigProblem
from watchkeeper.core.telemetry.log import get_logger

log = get_logger("agent")

KEPT: Final = ("cursor-", "journal-")  # Keys that name no file and are never cleaned away.


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """How far one key has come.

    order      grows with each mark of a key, so that a later one is known as later
    value      an offset, a count of lines, or a cursor
    beginning  the first bytes of the file that an offset belongs to, as hexadecimal digits; None where it is no file
    """

    order: int
    value: str
    beginning: str | None = None


Marks = Mapping[str, Mark]


class Positions:
    """What is done, by key. Several clients may have to be done with it: a position is where the slowest is.

    A change is in the file when `save` has run; clients journal theirs, so that it survives a kill before.
    """

    def __init__(self, path: Path | None, n_clients: int = 1, *, ignore_invalid: bool = False) -> None:
        """Reads the file, if there is one. Raises ConfigError where it is damaged, unless that is to be ignored."""
        self._path = path
        self._lock = threading.Lock()
        self._values: dict[str, str] = {} if path is None else _read(path, ignore_invalid)
        self._done: list[dict[str, Mark]] = [{} for _ in range(max(1, n_clients))]
        self._dirty = False
        self._beginnings = {} if path is None else _read_beginnings(_beside(path))

    def beginning(self, key: str) -> bytes:
        """The first bytes of the file that a position belongs to, where they are known."""
        with self._lock:
            return self._beginnings.get(key, b"")

    def get(self, key: str) -> str:
        """The position of a key; the empty text where there is none."""
        with self._lock:
            return self._values.get(key, "")

    def offset(self, path: str) -> int:
        """The position of a file; 0 where there is none, or none that is a number."""
        text = self.get(path)
        return int(text) if text.isdecimal() else 0

    def recover(self, journals: Sequence[Marks]) -> None:
        """Takes what clients journalled after the file was written; of a key that all have, what the slowest has."""
        with self._lock:
            for key in set(journals[0]).intersection(*journals[1:]) if journals else ():
                marks = [journal[key] for journal in journals]
                if all(mark.value.isdecimal() for mark in marks):
                    self._set(key, min(marks, key=lambda mark: int(mark.value)))
                elif len({mark.value for mark in marks}) == 1:
                    self._set(key, marks[0])

    def _set(self, key: str, mark: Mark) -> None:
        if self._values.get(key) != mark.value:
            self._values[key] = mark.value
            self._dirty = True
        if mark.beginning is not None and self._beginnings.get(key, b"").hex() != mark.beginning:
            self._beginnings[key] = bytes.fromhex(mark.beginning)
            self._dirty = True

    def commit(self, client: int, marks: Marks) -> None:
        """One client is done with these."""
        if not marks:
            return
        with self._lock:
            done = self._done[client]
            for key, mark in marks.items():
                done[key] = mark
                slowest = mark
                for other in self._done:
                    found = other.get(key)
                    if found is None:
                        break
                    slowest = min(slowest, found)
                else:
                    self._set(key, slowest)

    def remove(self, key: str) -> None:
        """The file has gone."""
        with self._lock:
            for done in self._done:
                done.pop(key, None)
            self._beginnings.pop(key, None)
            if self._values.pop(key, None) is not None:
                self._dirty = True

    def clean(self) -> None:
        """Forgets files that are no more."""
        with self._lock:
            keys = [key for key in self._values if not key.startswith(KEPT)]
        for key in keys:
            if not os.path.exists(key):
                self.remove(key)

    def snapshot(self) -> dict[str, str]:
        """All positions now."""
        with self._lock:
            return dict(self._values)

    def save(self) -> bool:
        """Writes the file if anything has changed; whether it is as it should be. Failures are logged."""
        with self._lock:
            if not self._dirty or self._path is None:
                return True
            self._dirty = False
            values = dict(self._values)
            heads = {key: head.hex() for key, head in self._beginnings.items() if key in values}
        text = "positions:\n" + "".join(
            f"  {_quoted(key)}: {_quoted(values[key], always=True)}\n" for key in sorted(values)
        )
        try:
            with suppress(FileExistsError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(_beside(self._path), json.dumps(heads).encode())
            write_atomically(self._path, (text if values else "positions: {}\n").encode("utf-8", "surrogateescape"))
        except OSError as error:
            self._dirty = True
            log.error("error writing positions file", path=self._path, error=error.strerror)
            return False
        return True


def _beside(path: Path) -> Path:
    """Where the beginnings are: the positions file itself is as Promtail has it."""
    return path.with_name(path.name + ".beginnings")


def _read_beginnings(path: Path) -> dict[str, bytes]:
    try:
        return {key: bytes.fromhex(head) for key, head in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # Without it a rotation is what it is to Promtail.


_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+")


def _quoted(text: str, *, always: bool = False) -> str:
    if not always and text[:1] in ("/", "c", "j") and not set(text) - _PLAIN:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in escaped) + '"'


def _read(path: Path, ignore_invalid: bool) -> dict[str, str]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError([ConfigProblem(str(path), 1, 1, "", f"can't be read: {error.strerror}")]) from None
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = yaml.load(raw.decode("utf-8", "surrogateescape") or "{}", loader)
        values = (found or {}).get("positions") or {}
        return {str(key): str(value) for key, value in values.items()}
    except (yaml.YAMLError, AttributeError, ValueError) as error:
        if ignore_invalid:
            log.warn("ignoring invalid positions file", path=path, error=str(error).splitlines()[0])
            return {}
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        why = "invalid positions file; remove it, or set positions.ignore_invalid_yaml to start over"
        raise ConfigError([ConfigProblem(str(path), line, column, "", why)]) from None
