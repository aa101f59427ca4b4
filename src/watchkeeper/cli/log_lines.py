"""Log lines on a terminal: time, level in its colour, the labels that differ, the line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import click

LEVEL_COLOURS: Final = {
    "trace": "bright_black",
    "debug": "blue",
    "info": "green",
    "warn": "yellow",
    "error": "red",
    "critical": "bright_red",
    "fatal": "magenta",
}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HIDDEN: Final = frozenset(("detected_level", "level", "service_name"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line as the API gives it."""

    ts_ns: int
    labels: dict[str, str]
    line: str

    @property
    def level(self) -> str:
        """What the server found, else the line's own label; empty where unknown."""
        level = self.labels.get("detected_level") or self.labels.get("level") or ""
        return "" if level == "unknown" else level


def entries_of(streams: Sequence[Any]) -> list[Entry]:
    """All lines of a `streams` result, oldest first; of one time, in the order they came."""
    found = [
        Entry(int(value[0]), stream["stream"], value[1]) for stream in streams for value in stream.get("values") or []
    ]
    return sorted(found, key=lambda entry: entry.ts_ns)


class Printer:
    """Writes lines in one form: pretty, raw or jsonl."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._common: dict[str, str] | None = None

    def show(self, entries: Sequence[Entry]) -> None:
        """All of these, at once."""
        if not entries:
            return
        match self._form:
            case "raw":
                texts = [entry.line for entry in entries]
            case "jsonl":
                texts = [_json(entry) for entry in entries]
            case _:
                if self._common is None:
                    self._common = _common(entries)
                    _tell_common(self._common)
                texts = [pretty(entry, self._common) for entry in entries]
        # Raw is raw, in a pipe too; what was coloured here is not.
        click.echo("\n".join(texts), color=True if self._form == "raw" else None)
        sys.stdout.flush()


def pretty(entry: Entry, common: dict[str, str]) -> str:
    """`12:00:00.123 INFO  {pod="a"} the line`; control characters are shown as escapes, so that no line can act on
    the terminal."""
    moment = datetime.fromtimestamp(entry.ts_ns // 1_000_000_000, UTC).astimezone()
    stamp = click.style(f"{moment:%Y-%m-%d %H:%M:%S}.{entry.ts_ns // 1_000_000 % 1000:03d}", fg="bright_black")
    level = click.style(f"{entry.level.upper()[:5]:5}", fg=LEVEL_COLOURS.get(entry.level))
    differing = {
        name: value for name, value in entry.labels.items() if name not in _HIDDEN and common.get(name) != value
    }
    labels = click.style(_labels(differing), fg="cyan") + " " if differing else ""
    return f"{stamp} {level} {labels}{safe(entry.line)}"


def safe(text: str) -> str:
    """The text with control characters, but tabs, as `\\x1b`."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def _json(entry: Entry) -> str:
    moment = datetime.fromtimestamp(entry.ts_ns // 1_000_000_000, UTC)
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{entry.ts_ns % 1_000_000_000:09d}Z"
    return json.dumps({"timestamp": stamp, "labels": entry.labels, "line": entry.line}, ensure_ascii=False)


def _common(entries: Sequence[Entry]) -> dict[str, str]:
    shared = dict(entries[0].labels)
    for entry in entries[1:]:
        shared = {name: value for name, value in shared.items() if entry.labels.get(name) == value}
    return shared


def _tell_common(common: dict[str, str]) -> None:
    shown = {name: value for name, value in common.items() if name not in _HIDDEN}
    if shown:
        click.echo(f"all: {_labels(shown)}", err=True)


def _labels(labels: dict[str, str]) -> str:
    return (
        "{" + ", ".join(f"{name}={json.dumps(safe(value), ensure_ascii=False)}" for name, value in labels.items()) + "}"
    )
