"""Entries by their streams: what is sent of a batch of entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.labels import quote
from watchkeeper.logs.agent.entries import TENANT, Entries, LabelSet, Metadata

MAX_KNOWN: Final = 100_000  # Label sets that are remembered with their text.


@dataclass(frozen=True, slots=True)
class StreamKey:
    """One stream: its labels, the text that stands for them in a push, and the tenant that it names itself."""

    labels: tuple[tuple[str, str], ...]
    text: str
    tenant: str


@dataclass(slots=True)
class Run:
    """Entries of one stream in order; metadata is None where none has any."""

    stream: StreamKey
    times_ns: list[int]
    lines: list[bytes]
    metadata: list[Metadata] | None

    def __len__(self) -> int:
        return len(self.lines)

    def cut(self, lo: int, hi: int) -> Run:
        """Some of the entries."""
        return Run(
            self.stream,
            self.times_ns[lo:hi],
            self.lines[lo:hi],
            None if self.metadata is None else self.metadata[lo:hi],
        )


class StreamKeys:
    """The key of each label set; the same few come again and again."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, str], ...], StreamKey] = {}

    def key(self, labels: LabelSet) -> StreamKey:
        """Of a label set, hidden labels left out."""
        pairs = tuple(sorted(labels.items()))
        found = self._known.get(pairs)
        if found is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            shown = tuple((name, value) for name, value in pairs if value and not name.startswith("__"))
            found = self._known[pairs] = StreamKey(shown, stream_text(shown), labels.get(TENANT, ""))
        return found

    def runs(self, entries: Entries) -> Iterator[Run]:
        """The entries, stream by stream."""
        used = set(entries.set_of)
        if len(used) == 1:
            key = self.key(entries.sets[next(iter(used))])
            if key.labels:
                yield Run(key, entries.times_ns, entries.lines, entries.metadata)
            return
        rows: dict[int, list[int]] = {}
        for row, code in enumerate(entries.set_of):
            if code in rows:
                rows[code].append(row)
            else:
                rows[code] = [row]
        lines, times, metadata = entries.lines, entries.times_ns, entries.metadata
        for code, listed in rows.items():
            key = self.key(entries.sets[code])
            if key.labels:  # A stream without labels is none.
                yield Run(
                    key,
                    [times[row] for row in listed],
                    [lines[row] for row in listed],
                    None if metadata is None else [metadata[row] for row in listed],
                )


def stream_text(labels: tuple[tuple[str, str], ...]) -> str:
    """Sorted labels as a push has them: `{app="shop", env="prod"}`."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}"
