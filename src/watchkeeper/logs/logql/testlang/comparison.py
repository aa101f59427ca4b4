"""Whether an answer is the expected one, and in words where not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from watchkeeper.core.model.go_float import format_plain
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.testlang import almost_equal
from watchkeeper.logs.logql.answer import LogStream
from watchkeeper.logs.logql.printer import quote_text
from watchkeeper.logs.logql.testlang.entries import Entry
from watchkeeper.logs.logql.testlang.script import ExpectedLines
from watchkeeper.logs.logql.units import format_duration_ns

Points = Mapping[int, float]
"""Values by time in ns."""


def compare_series(
    expected: Sequence[tuple[Labels, Points]], found: Sequence[tuple[Labels, Points]], *, ordered: bool
) -> list[str]:
    """What differs between series; their order counts only where `ordered`."""
    problems: list[str] = []
    known = dict(found)
    if len(known) != len(found):
        problems.append(f"a label set stands twice: {_names(found)}")
    wanted = dict(expected)
    problems += [f"unexpected series {labels}: {_points(points)}" for labels, points in found if labels not in wanted]
    for labels, points in expected:
        if labels not in known:
            problems.append(f"missing series {labels}")
        elif not _same(points, known[labels]):
            problems.append(f"series {labels}: expected {_points(points)}, got {_points(known[labels])}")
    if not problems and ordered and [labels for labels, _ in expected] != [labels for labels, _ in found]:
        problems.append(f"wrong order: {_names(found)}")
    return problems


def _same(expected: Points, found: Points) -> bool:
    return expected.keys() == found.keys() and all(almost_equal(expected[at], found[at]) for at in expected)


def _names(series: Sequence[tuple[Labels, Points]]) -> str:
    return ", ".join(str(labels) for labels, _ in series)


def _points(points: Points) -> str:
    return (
        " ".join(f"{format_plain(value)}@{format_duration_ns(at)}" for at, value in sorted(points.items())) or "nothing"
    )


def compare_lines(expected: Sequence[ExpectedLines], found: Sequence[LogStream]) -> list[str]:
    """What differs between streams of lines. The order of streams is not looked at, that of lines is."""
    problems: list[str] = []
    known = {(one.labels, one.structured, one.parsed): list(_entries(one)) for one in found}
    if len(known) != len(found):
        problems.append("streams with the same labels stand twice")
    wanted = {(one.labels, one.structured, one.parsed): list(one.entries) for one in expected}
    for key, entries in known.items():
        if key not in wanted:
            problems.append(f"unexpected stream {_key(key)}: {_lines(entries)}")
    for key, entries in wanted.items():
        if key not in known:
            problems.append(f"missing stream {_key(key)}")
        elif entries != known[key]:
            problems.append(f"stream {_key(key)}: expected {_lines(entries)}, got {_lines(known[key])}")
    return problems


def _entries(stream: LogStream) -> Iterator[Entry]:
    for time_ns, line in zip(stream.times_ns.tolist(), stream.lines, strict=True):
        yield Entry(time_ns, line)


def _key(key: tuple[Labels, Labels, Labels]) -> str:
    labels, structured, parsed = key
    return f"{labels}{f' meta {structured}' if structured else ''}{f' parsed {parsed}' if parsed else ''}"


def _lines(entries: Sequence[Entry]) -> str:
    return ", ".join(
        f"{format_duration_ns(entry.time_ns)} {quote_text(entry.line.decode('utf-8', 'surrogateescape'))}"
        for entry in entries
    )
