"""Log queries: the newest, or the oldest, lines that pass, and no more blocks read than it takes to know them.

Blocks are looked at in order of time. A row is settled once no block that is left can hold one that comes before it;
when enough rows are settled, the rest is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.interface import Slice, Stream, Times
from watchkeeper.logs.logql.answer import LogStream, LogStreams, Request
from watchkeeper.logs.logql.ast import LogQuery
from watchkeeper.logs.logql.columns import Column
from watchkeeper.logs.logql.plan import Pipeline, plan_lines
from watchkeeper.logs.logql.rows import ERROR, ERROR_DETAILS, PIECE_ROWS, BlockRows
from watchkeeper.logs.logql.series import Named, distinct_rows, texts_at
from watchkeeper.logs.logql.structured_metadata import with_metadata

if TYPE_CHECKING:
    from watchkeeper.logs.logql.evaluate import Evaluation

Ints: TypeAlias = npt.NDArray[np.int64]
Key: TypeAlias = tuple[Labels, Labels, Labels]


MANY: Final = 4  # Times the limit of an answer's lines: so many rows wait to be chosen from, and MANY_ROWS more.
MANY_ROWS: Final = 4096


def run_stages(pipeline: Pipeline, rows: BlockRows) -> None:
    """Put rows through a pipeline."""
    for stage in pipeline.first:
        stage.run(rows)
        if not len(rows):
            return
    with_metadata(rows, pipeline.metadata)
    for stage in pipeline.stages:
        stage.run(rows)
        if not len(rows):
            return


@dataclass(slots=True)
class _Found:
    """Rows of one block that passed.

    order  the block's place among blocks
    base   no row has a place in the block before this
    """

    rows: BlockRows
    times: Ints
    order: int
    base: int


class _Pool:
    """Rows that passed, of which the first `limit` in the query's direction count."""

    def __init__(self, request: Request) -> None:
        self._limit = request.limit
        self._sign = 1 if request.forward else -1
        self._interval_ns = request.interval_ns
        self._found: list[_Found] = []
        self._settled = 0

    @property
    def bound(self) -> int | None:
        """The signed time behind which no row counts any more; None while there is room."""
        if self._interval_ns:
            return None
        keys = self._keys()
        if len(keys) < self._limit:
            return None
        return int(np.partition(keys, self._limit - 1)[self._limit - 1])

    def _keys(self) -> Ints:
        if not self._found:
            return np.zeros(0, np.int64)
        return np.concatenate([found.times for found in self._found]) * self._sign

    def add(self, found: _Found) -> None:
        """More rows."""
        if len(found.times):
            self._found.append(found)

    def is_full(self, next_key: int) -> bool:
        """Whether rows from signed time `next_key` on can't be in the answer."""
        keys = self._keys()
        if self._interval_ns:
            settled = np.sort(keys[keys < next_key])
            return len(_thinned(settled, self._interval_ns, self._limit)) >= self._limit
        return int(np.count_nonzero(keys < next_key)) >= self._limit

    def chosen(self) -> list[tuple[BlockRows, npt.NDArray[np.intp], Ints]]:
        """The rows of the answer: for each block, places in its rows, and their ranks in the answer."""
        if not self._found:
            return []
        streams = {id(found.rows): found.rows.of.text for found in self._found}
        by_text = {text: i for i, text in enumerate(sorted(set(streams.values())))}
        sizes = [len(found.times) for found in self._found]
        which = np.repeat(np.arange(len(self._found)), sizes)
        place = np.concatenate([np.arange(size) + found.base for size, found in zip(sizes, self._found, strict=True)])
        text = np.repeat([by_text[streams[id(found.rows)]] for found in self._found], sizes)
        block = np.repeat([found.order for found in self._found], sizes)
        keys = self._keys()
        order = np.lexsort((place * self._sign, block * self._sign, text * self._sign, keys))
        if self._interval_ns:
            order = order[_thinned(keys[order], self._interval_ns, self._limit)]
        order = order[: self._limit]
        rank = np.arange(len(order))
        out = []
        for i, found in enumerate(self._found):
            mine = which[order] == i
            if mine.any():
                places = place[order[mine]] - found.base
                ascending = np.argsort(places, kind="stable")
                out.append((found.rows, places[ascending], rank[mine][ascending]))
        return out

    def prune(self) -> None:
        """Let go of rows that can't be in the answer any more, where they have become many."""
        if sum(len(found.times) for found in self._found) <= MANY * self._limit + MANY_ROWS:
            return
        bound = self.bound
        if bound is None:
            return
        kept = []
        for found in self._found:
            mask = found.times * self._sign <= bound
            if mask.all():
                kept.append(found)
            elif mask.any():
                found.rows.keep(mask)
                kept.append(_Found(found.rows, found.times[mask], found.order, found.base))
        self._found = kept


def _thinned(keys: Ints, interval_ns: int, limit: int) -> npt.NDArray[np.intp]:
    """Places of keys, ascending, of which none is nearer to the one before it than the interval."""
    out: list[int] = []
    at = 0
    while at < len(keys) and len(out) < limit:  # A loop over the lines of the answer.
        out.append(at)
        at = max(at + 1, int(np.searchsorted(keys, keys[at] + interval_ns, "left")))
    return np.array(out, np.intp)


def log_lines(ev: Evaluation, query: LogQuery, request: Request) -> LogStreams:
    """The lines of a log query."""
    pipeline = plan_lines(query)
    if request.limit <= 0 or request.end_ns <= request.start_ns:
        return LogStreams([])
    parts = ev.select(pipeline, request.start_ns, request.end_ns)
    sign = 1 if request.forward else -1
    first = [part.min_ns if request.forward else -part.max_ns for part in parts]
    order = sorted(range(len(parts)), key=first.__getitem__)
    pool = _Pool(request)
    # Written by this thread, read by workers: an old value only lets them do more than they need.
    bound: int | None = None

    def work(number: int) -> list[_Found]:
        if bound is not None and first[number] > bound:
            return []
        return _passed(ev, pipeline, parts[number], request, bound, sign, number)

    results = ev.workers.map(work, order, ev.guard.check, soon=True)
    for at, several in enumerate(results):
        if several:
            for found in several:
                pool.add(found)
            pool.prune()
            bound = pool.bound
        if at + 1 < len(order) and pool.is_full(first[order[at + 1]]):
            break
    results.close()
    return streams_of(pool.chosen())


def _passed(
    ev: Evaluation, pipeline: Pipeline, part: Slice, request: Request, bound: int | None, sign: int, number: int
) -> list[_Found]:
    block, chosen = ev.stats.load(part)
    times: Times | None = None
    if bound is not None and (part.max_ns if sign > 0 else -part.min_ns) > bound:
        times = block.times[chosen]
        wanted = times * sign <= bound
        chosen, times = chosen[wanted], times[wanted]
    if not pipeline.drops_rows and not request.interval_ns and len(chosen) > request.limit:
        # No stage drops any: only the first rows in the query's direction can be in the answer.
        where = slice(0, request.limit) if request.forward else slice(-request.limit, None)
        chosen = chosen[where]
        times = times[where] if times is not None else None
    out: list[_Found] = []
    left = request.limit
    pieces = range(0, len(chosen), PIECE_ROWS)
    for lo in pieces if request.forward else reversed(pieces):
        piece = slice(lo, lo + PIECE_ROWS)
        rows = BlockRows(block, part.stream, chosen[piece], times[piece] if times is not None else None)
        run_stages(pipeline, rows)
        ev.stats.passed(part, len(rows))
        if not len(rows):
            continue
        if not request.interval_ns:
            if len(rows) > left:
                keep = np.zeros(len(rows), np.bool_)
                keep[slice(0, left) if request.forward else slice(-left, None)] = True
                rows.keep(keep)
            left -= len(rows)
        out.append(_Found(rows, rows.times, number, lo))
        if left == 0:
            break
    return out


def streams_of(parts: Sequence[tuple[BlockRows, npt.NDArray[np.intp], Ints]]) -> LogStreams:
    """Rows as streams, one for each distinct set of labels; by rank within each."""
    groups: dict[Key, list[tuple[int, int, bytes]]] = {}
    for rows, places, ranks in parts:
        rows.keep(places)
        keys, group = label_keys(rows)
        members = [groups.setdefault(key, []) for key in keys]
        # A loop over the lines of the answer, most of which often are streams of their own.
        for number, entry in zip(
            group.tolist(), zip(ranks.tolist(), rows.times.tolist(), rows.lines, strict=True), strict=True
        ):
            members[number].append(entry)
    streams = []
    for (labels, structured, parsed), found in groups.items():
        found.sort(key=itemgetter(0))
        times = np.array([time for _, time, _ in found], np.int64)
        streams.append(LogStream(labels, structured, parsed, times, Texts.of(line for _, _, line in found)))
    streams.sort(key=lambda stream: (stream.labels.pairs, stream.structured.pairs, stream.parsed.pairs))
    return LogStreams(streams)


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
