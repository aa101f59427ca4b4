"""Rows as streams of an answer: one for each distinct set of stream labels, structured metadata and parsed labels."""

from __future__ import annotations

from operator import itemgetter
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import Stream
from watchkeeper.logs.logql.answer import LogStream, LogStreams
from watchkeeper.logs.logql.columns import Column
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS, BlockRows
from watchkeeper.logs.logql.series import Named, distinct_rows, texts_at

Ints: TypeAlias = npt.NDArray[np.int64]
Key: TypeAlias = tuple[Labels, Labels, Labels]
Entry: TypeAlias = tuple[Key, bytes]
"""A row's labels by origin, and its line."""


class StreamsBuilder:
    """Puts entries into their streams."""

    def __init__(self) -> None:
        self._groups: dict[Key, list[tuple[int, int, bytes]]] = {}

    def add(self, entry: Entry, rank: int, time_ns: int) -> None:
        """An entry with its place in the whole answer."""
        key, line = entry
        self._groups.setdefault(key, []).append((rank, time_ns, line))

    def finished(self) -> LogStreams:
        """The streams in order of their labels, entries by rank."""
        streams = []
        for (labels, structured, parsed), found in self._groups.items():
            found.sort(key=itemgetter(0))
            times = np.array([time_ns for _, time_ns, _ in found], np.int64)
            streams.append(LogStream(labels, structured, parsed, times, Texts.of(line for _, _, line in found)))
        streams.sort(key=lambda stream: (stream.labels.pairs, stream.structured.pairs, stream.parsed.pairs))
        return LogStreams(streams)


def entries_of(rows: BlockRows) -> list[Entry]:
    """The entry of each row."""
    keys, group = label_keys(rows)
    return [(keys[number], line) for number, line in zip(group.tolist(), rows.lines, strict=True)]


def streams_of(rows: BlockRows) -> LogStreams:
    """Rows of one block as streams, in the order of the rows."""
    builder = StreamsBuilder()
    for rank, (entry, time_ns) in enumerate(zip(entries_of(rows), rows.times.tolist(), strict=True)):
        builder.add(entry, rank, time_ns)
    return builder.finished()


def label_keys(rows: BlockRows) -> tuple[list[Key], Ints]:
    """The distinct label sets of rows by origin, and which of them each row has."""
    rows.resolve_all()
    constant: list[tuple[int, str, str]] = []
    columns: list[tuple[int, str, Column]] = []
    for origin, labels in enumerate((rows.stream, rows.structured, rows.parsed)):
        for name in sorted(labels):
            found = rows.resolved(labels, name)
            if isinstance(found, str):
                constant.append((origin, name, found))
            elif found is not None:
                columns.append((origin, name, found))
    for name in (ERROR, ERROR_DETAILS):
        column = rows.column(name)
        if column is not None:
            columns.append((2, name, column))
    group, firsts = distinct_rows([column for _, _, column in columns], len(rows))
    keys = []
    for row in firsts:
        by_origin: list[dict[str, str]] = [{}, {}, {}]
        for origin, name, text in constant:
            by_origin[origin][name] = text
        for origin, name, column in columns:
            named: Named = [(name, column)]
            by_origin[origin].update(texts_at(named, row))
        stream, structured, parsed = by_origin
        # What hides a label takes its place.
        for name in (*structured, *parsed):
            stream.pop(name, None)
        for name in parsed:
            structured.pop(name, None)
        keys.append((_labels(rows.of, stream), Labels(structured.items()), Labels(parsed.items())))
    return keys, group


def _labels(of: Stream, pairs: dict[str, str]) -> Labels:
    return of.labels if len(pairs) == len(of.labels) and pairs == dict(of.labels.pairs) else Labels(pairs.items())
