"""A test script to its commands. The language is described in tests/scripts/logql/README.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

from watchkeeper.core.model.labels import Labels
from watchkeeper.core.testlang import Expect, Expecting, ExpectKind, ScriptError
from watchkeeper.logs.logql.testlang.entries import (
    Entry,
    EntryError,
    parse_entries,
    parse_label_set,
    parse_time_ns,
)


@dataclass(frozen=True, slots=True)
class Load:
    """Entries to store, by stream."""

    line: int
    streams: tuple[tuple[Labels, tuple[Entry, ...]], ...]


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget all entries."""

    line: int


@dataclass(frozen=True, slots=True)
class Range:
    """First and last time, and the distance of steps. A log query's end is not in it."""

    start_ns: int
    end_ns: int
    step_ns: int = 0


@dataclass(frozen=True, slots=True)
class ExpectedSeries:
    """One series: a value for each step, None where there is none."""

    labels: Labels
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ExpectedLines:
    """Lines with all their labels in common, in the query's direction."""

    labels: Labels
    structured: Labels
    parsed: Labels
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Eval(Expecting):
    """A metric query and what it must answer; an instant one where `range` is None."""

    line: int
    query: str
    at_ns: int = 0
    range: Range | None = None
    series: tuple[ExpectedSeries, ...] = ()
    scalar: float | None = None


@dataclass(frozen=True, slots=True)
class EvalLogs(Expecting):
    """A log query and what it must answer. Without `forward`, newest first."""

    line: int
    query: str
    range: Range
    forward: bool = False
    limit: int = 1000
    interval_ns: int = 0
    streams: tuple[ExpectedLines, ...] = ()


Command: TypeAlias = Load | Clear | Eval | EvalLogs

_INSTANT: Final = re.compile(r"eval\s+instant\s+at\s+(\S+)\s+(.+)", re.DOTALL)
_RANGE: Final = re.compile(r"eval\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)", re.DOTALL)
_LOGS: Final = re.compile(
    r"eval\s+logs\s+from\s+(\S+)\s+to\s+(\S+)((?:\s+(?:forward|limit\s+[0-9]+|interval\s+[0-9]\S*))*)\s+(.+)", re.DOTALL
)
_LIMIT: Final = re.compile(r"limit\s+([0-9]+)")
_INTERVAL: Final = re.compile(r"interval\s+(\S+)")
_EXPECT: Final = re.compile(r"expect\s+(fail|warn|ordered)(?:\s+(?:msg:\s*(?P<msg>.*)|regex:\s*(?P<regex>.*)))?")
_SERIES: Final = re.compile(r"(\{.*\})\s+([^}\"]+)")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9].*|\.[0-9].*|inf|nan)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    indent: int


def parse_script(text: str) -> list[Command]:
    """The commands of a script, in order. Raises ScriptError."""
    return [_command(block) for block in _blocks(text)]


def _blocks(text: str) -> Iterator[list[_Line]]:
    """The lines of one command: up to a blank line, or the next that is not indented. A line that ends with a
    backslash goes on in the next."""
    block: list[_Line] = []
    held = ""
    first = 0
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.lstrip().startswith("#") and not held:
            continue
        if raw.endswith("\\"):
            first = first or number
            held += raw[:-1].rstrip() + " " if not held else raw[:-1].strip() + " "
            continue
        whole = held + raw.strip() if held else raw
        line = _Line(first or number, whole.strip(), len(whole) - len(whole.lstrip()))
        held, first = "", 0
        if not line.text or line.indent == 0:
            if block:
                yield block
            block = []
        if line.text:
            block.append(line)
    if block:
        yield block


def _command(block: list[_Line]) -> Command:
    head = block[0]
    if head.indent:
        _fail("an indented line stands alone", head)
    try:
        if head.text == "clear":
            return Clear(head.number)
        if head.text == "load":
            return _load(block)
        if found := _INSTANT.fullmatch(head.text):
            case = Eval(head.number, found[2], parse_time_ns(found[1]))
            return _metric(case, block[1:])
        if found := _RANGE.fullmatch(head.text):
            times = Range(parse_time_ns(found[1]), parse_time_ns(found[2]), parse_time_ns(found[3]))
            return _metric(Eval(head.number, found[4], range=times), block[1:])
        if found := _LOGS.fullmatch(head.text):
            return _logs(head, found, block[1:])
    except EntryError as error:
        _fail(str(error), head)
    raise ScriptError(f"no command: {head.text}", head.number)


def _load(block: list[_Line]) -> Load:
    streams: list[tuple[Labels, list[Entry]]] = []
    for line in block[1:]:
        try:
            if line.text.startswith("{"):
                streams.append((parse_label_set(line.text), []))
            elif not streams:
                _fail("entries need a stream", line)
            else:
                streams[-1][1].extend(parse_entries(line.text))
        except EntryError as error:
            _fail(str(error), line)
    return Load(block[0].number, tuple((labels, tuple(entries)) for labels, entries in streams))


def _expect(line: _Line) -> Expect | None:
    found = _EXPECT.fullmatch(line.text)
    if found is None:
        return None
    message = found["msg"]
    if message is not None:
        message = message.replace("\\n", "\n")
    return Expect(ExpectKind(found[1]), message, re.compile(found["regex"]) if found["regex"] else None)


def _metric(case: Eval, lines: list[_Line]) -> Eval:
    expects: list[Expect] = []
    series: list[ExpectedSeries] = []
    scalar: float | None = None
    for line in lines:
        expect = _expect(line)
        if expect is not None:
            expects.append(expect)
        elif _NUMBER.fullmatch(line.text):
            scalar = _value(line.text, line)
        elif found := _SERIES.fullmatch(line.text):
            try:
                labels = parse_label_set(found[1])
            except EntryError as error:
                _fail(str(error), line)
            series.append(ExpectedSeries(labels, tuple(_values(found[2], line))))
        else:
            _fail(f"no expectation: {line.text}", line)
    return Eval(case.line, case.query, case.at_ns, case.range, tuple(series), scalar, expects=tuple(expects))


def _values(text: str, line: _Line) -> Iterator[float | None]:
    for word in text.split():
        base, _, count = word.partition("x")
        for _i in range(int(count) if count.isdecimal() else 1):
            yield None if base == "_" else _value(base, line)


def _value(text: str, line: _Line) -> float:
    try:
        return float(text)
    except ValueError:
        _fail(f"no number: {text}", line)


def _logs(head: _Line, found: re.Match[str], lines: list[_Line]) -> EvalLogs:
    expects: list[Expect] = []
    streams: list[tuple[tuple[Labels, Labels, Labels], list[Entry]]] = []
    for line in lines:
        try:
            expect = _expect(line)
            if expect is not None:
                expects.append(expect)
            elif line.text.startswith("{"):
                streams.append((_label_sets(line), []))
            elif not streams:
                _fail("lines need labels", line)
            else:
                streams[-1][1].extend(parse_entries(line.text))
        except EntryError as error:
            _fail(str(error), line)
    options = found[3]
    limit, interval = _LIMIT.search(options), _INTERVAL.search(options)
    return EvalLogs(
        head.number,
        found[4],
        Range(parse_time_ns(found[1]), parse_time_ns(found[2])),
        "forward" in options,
        int(limit[1]) if limit else 1000,
        parse_time_ns(interval[1]) if interval else 0,
        tuple(ExpectedLines(*labels, tuple(entries)) for labels, entries in streams),
        expects=tuple(expects),
    )


def _label_sets(line: _Line) -> tuple[Labels, Labels, Labels]:
    """`{stream} meta {…} parsed {…}`"""
    rest = line.text
    sets: dict[str, Labels] = {}
    name = "labels"
    while rest:
        end = _end_of_set(rest, line)
        sets[name] = parse_label_set(rest[:end])
        rest = rest[end:].strip()
        if rest:
            name, _, rest = rest.partition(" ")
            if name not in ("meta", "parsed") or not rest.startswith("{"):
                _fail(f"expected `meta {{…}}` or `parsed {{…}}`: {line.text}", line)
    return sets["labels"], sets.get("meta", Labels()), sets.get("parsed", Labels())


_SET: Final = re.compile(r"\{(?:[^\"`{}]|\"(?:[^\"\\]|\\.)*\"|`[^`]*`)*\}")


def _end_of_set(text: str, line: _Line) -> int:
    found = _SET.match(text)
    if found is None:
        _fail(f"no label set: {text}", line)
    return found.end()


def _fail(message: str, line: _Line) -> NoReturn:
    raise ScriptError(message, line.number)
