"""What a tail sends: lines one by one, in messages of the new and of the old form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from watchkeeper.logs.interface import TailBatch
from watchkeeper.logs.logql.answer import LogStreams
from watchkeeper.web.loki.answer_json import CATEGORIZE, line_texts
from watchkeeper.web.loki.params import rfc3339
from watchkeeper.web.loki.tail_queue import Waiting


class Filter(Protocol):
    """A query over rows just stored."""

    def rows(self, batch: TailBatch) -> LogStreams:
        """The lines that pass, as the query shows them."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One line to be sent."""

    ts_ns: int
    labels: dict[str, str]
    rest: dict[str, dict[str, str]]
    line: str
    text: str  # The labels as text, for the old form.

    @property
    def key(self) -> tuple[int, str, str]:
        """What is the same in two copies of one line."""
        return self.ts_ns, self.line, self.text


def look(filter: Filter, waiting: Waiting, categorize: bool) -> tuple[list[Entry], list[dict[str, Any]]]:
    """Lines that pass, oldest first, and what is to be told of those that found no room. Runs on a worker thread."""
    entries: list[Entry] = []
    for batch in waiting.batches:
        entries += entries_of(filter.rows(batch), categorize)
    entries.sort(key=lambda entry: entry.ts_ns)
    dropped = []
    for batch in waiting.dropped:
        labels = batch.stream.labels.as_dict()
        dropped += [{"timestamp": str(ts), "labels": labels} for ts in batch.block.times[batch.rows].tolist()]
    return entries, dropped


def entries_of(streams: LogStreams, categorize: bool) -> list[Entry]:
    """One for each line, oldest first; a page of them, never a whole answer."""
    out = []
    for stream in streams.streams:
        shown = stream.labels if categorize else stream.merged
        labels, text = shown.as_dict(), str(shown)
        rest = {}
        if stream.structured.pairs:
            rest["structuredMetadata"] = stream.structured.as_dict()
        if stream.parsed.pairs:
            rest["parsed"] = stream.parsed.as_dict()
        times = stream.times_ns.tolist()
        out += [Entry(ts, labels, rest, line, text) for ts, line in zip(times, line_texts(stream.lines), strict=True)]
    out.sort(key=lambda entry: entry.ts_ns)
    return out


def message_of(entries: Sequence[Entry], categorize: bool) -> dict[str, Any]:
    if not categorize:
        return {"streams": [{"stream": entry.labels, "values": [(str(entry.ts_ns), entry.line)]} for entry in entries]}
    streams = [{"stream": entry.labels, "values": [(str(entry.ts_ns), entry.line, entry.rest)]} for entry in entries]
    return {"streams": streams, "encodingFlags": [CATEGORIZE]}


def legacy_message(entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        "streams": [
            {"labels": entry.text, "entries": [{"ts": rfc3339(entry.ts_ns), "line": entry.line}]} for entry in entries
        ]
    }
