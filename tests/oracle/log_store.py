"""A log store as a set of rows for each stream, and batches made entry by entry: the slow twin of `LogStore`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.core.kernels.line_block import Block, Metadata
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.logs.interface import EntryBatch, LogQuerier
from watchkeeper.logs.wire.push_protobuf import decode_protobuf, encode_batch

Pairs = tuple[tuple[str, str], ...]
Row = tuple[int, bytes, Pairs]
"""Time, line, structured metadata."""

FAR_NS = 1 << 62


def batch_of(streams: Sequence[tuple[Labels | str, Sequence[Row]]], *, with_body: bool = False) -> EntryBatch:
    """A batch; `with_body` it comes from a protobuf push that it can be decoded from again."""
    data = bytearray()
    entry_lo, times, line_at, line_end = [0], [], [], []
    pair_lo, places = [0], [[], [], [], []]
    for _, rows in streams:
        for time_ns, line, pairs in rows:
            times.append(time_ns)
            line_at.append(len(data))
            data += line
            line_end.append(len(data))
            for pair in pairs:
                for i, text in enumerate(pair):
                    places[2 * i].append(len(data))
                    data += text.encode()
                    places[2 * i + 1].append(len(data))
            pair_lo.append(len(places[0]))
        entry_lo.append(len(times))
    metadata = Metadata(_ints(pair_lo), *map(_ints, places)) if places[0] else None
    batch = EntryBatch(
        [labels for labels, _ in streams],
        _ints(entry_lo), _ints(times), bytes(data), _ints(line_at), _ints(line_end), metadata,
    )  # fmt: skip
    return decode_protobuf(encode_batch(batch)) if with_body else batch


def _ints(numbers: Iterable[int]) -> np.typing.NDArray[np.int64]:
    return np.array(list(numbers), np.int64)


def pairs_of_rows(block: Block, rows: np.typing.NDArray[np.int32]) -> list[Pairs]:
    """The structured metadata of rows, without `detected_level`."""
    out = []
    shapes, shape_of = block.shapes(), block.shape_of(rows)
    for i, shape in enumerate(shape_of.tolist()):
        pairs = []
        for position, name in enumerate(shapes[shape]):
            coded = block.metadata_values(shape, position, rows[i : i + 1])
            if name != "detected_level":
                pairs.append((name, coded.values[int(coded.codes[0])].decode()))
        out.append(tuple(pairs))
    return out


def read(
    querier: LogQuerier,
    matchers: Sequence[Matcher],
    start_ns: int = -FAR_NS,
    end_ns: int = FAR_NS,
    needles: Sequence[bytes] = (),
) -> dict[str, list[Row]]:
    """All rows that slices hold, by the text of their stream, sorted; checks what `Slice` promises."""
    out: dict[str, list[Row]] = {}
    slices = querier.select(matchers, start_ns, end_ns, needles)
    order = [(one.min_ns, one.stream.id) for one in slices]
    assert order == sorted(order)
    for one in slices:
        block, rows = one.load()
        times = block.times[rows]
        assert (np.diff(times) >= 0).all()
        assert ((times >= start_ns) & (times < end_ns)).all()
        assert len(np.unique(rows)) == len(rows)
        if one.whole:
            assert len(rows) == one.n_rows
        if len(rows):
            assert one.min_ns <= times[0]
            assert times[-1] <= one.max_ns
        assert all(matcher.matches(one.stream.labels.get(matcher.name)) for matcher in matchers)
        lines = list(block.lines(rows))
        out.setdefault(one.stream.text, []).extend(zip(times.tolist(), lines, pairs_of_rows(block, rows), strict=True))
    return {text: sorted(rows) for text, rows in out.items() if rows}


@dataclass(slots=True)
class StoreModel:
    """What was acknowledged: a row counts once, however often and in whatever order it came."""

    rows: dict[Labels, set[Row]] = field(default_factory=dict)

    def push(self, streams: Sequence[tuple[Labels, Sequence[Row]]]) -> None:
        """Take entries."""
        for labels, rows in streams:
            if rows:
                self.rows.setdefault(labels, set()).update(rows)

    def delete(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int, is_hit: Callable[[bytes], bool]) -> None:
        """Forget rows from start to end, both included."""
        for labels, rows in self.rows.items():
            if all(matcher.matches(labels.get(matcher.name)) for matcher in matchers):
                rows -= {row for row in rows if start_ns <= row[0] <= end_ns and is_hit(row[1])}

    def read(self, matchers: Sequence[Matcher], start_ns: int = -FAR_NS, end_ns: int = FAR_NS) -> dict[str, list[Row]]:
        """As `read` of a store."""
        found = {
            str(labels): sorted(row for row in rows if start_ns <= row[0] < end_ns)
            for labels, rows in self.rows.items()
            if all(matcher.matches(labels.get(matcher.name)) for matcher in matchers)
        }
        return {text: rows for text, rows in found.items() if rows}
