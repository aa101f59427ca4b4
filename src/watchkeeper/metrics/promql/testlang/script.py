"""A test script to its commands. The language is described in tests/scripts/promql/README.md."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.testlang import Expect, Expecting, ExpectKind, ScriptError
from watchkeeper.metrics.promql.lexer import LexError, parse_number, scan_string, unquote
from watchkeeper.metrics.promql.testlang.series import SeriesLine, parse_series, signed_duration_ms


@dataclass(frozen=True, slots=True)
class Load:
    """Series to store, a value every `interval_ms` from 0."""

    line: int
    interval_ms: int
    series: tuple[SeriesLine, ...]
    with_nhcb: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget all series."""

    line: int


@dataclass(frozen=True, slots=True)
class Times:
    """First, last and distance of the times of an answer."""

    start_ms: int
    end_ms: int
    step_ms: int


@dataclass(frozen=True, slots=True)
class Eval(Expecting):
    """A query and what it must answer.

    at_ms, times        of an instant query (then `times` is None), of a range query
    scalar, string      the expected answer where it is one of these
    range_vector        the times of an expected range vector of an instant query
    """

    line: int
    query: str
    at_ms: int = 0
    times: Times | None = None
    series: tuple[SeriesLine, ...] = ()
    scalar: float | None = None
    string: str | None = None
    range_vector: Times | None = None


Command: TypeAlias = Load | Clear | Eval

_LOAD: Final = re.compile(r"(load|load_with_nhcb)\s+(\S+)")
_INSTANT: Final = re.compile(r"eval(?:_(fail|warn|info|ordered))?\s+instant(?:\s+at\s+(\S+))?\s+(.+)")
_RANGE: Final = re.compile(r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)")
_EXPECT: Final = re.compile(
    r"expect\s+(fail|warn|info|no_warn|no_info|ordered)(?:\s+(?:msg:\s*(?P<msg>.*)|regex:\s*(?P<regex>.*)))?"
)
_OLD_EXPECT: Final = re.compile(r"expected_fail_(message|regexp)\s+(.*)")
_RANGE_VECTOR: Final = re.compile(r"expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)")
_STRING: Final = re.compile(r"expect\s+string\s+([\"'`].*)")
_COMMAND: Final = re.compile(r"(?:load|load_with_nhcb|clear|eval\w*)(?:\s|$)")


def parse_script(text: str) -> list[Command]:
    """All commands of a script, in order. Raises ScriptError."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if not line.lstrip().startswith("#")]
    commands: list[Command] = []
    at = 0
    while at < len(lines):
        number, line = lines[at]
        at += 1
        if not line.strip():
            continue
        block: list[tuple[int, str]] = []
        while at < len(lines) and lines[at][1].strip() and not _COMMAND.match(lines[at][1]):
            block.append((lines[at][0], lines[at][1].strip()))
            at += 1
        try:
            commands.append(_command(number, line.strip(), block))
        except ScriptError:
            raise
        except (QueryError, re.error, LexError) as error:
            raise ScriptError(str(error), number) from error
    return commands


def _command(number: int, line: str, block: list[tuple[int, str]]) -> Command:
    if line == "clear":
        return Clear(number)
    if load := _LOAD.fullmatch(line):
        interval_ms = signed_duration_ms(load[2])
        if interval_ms <= 0:
            raise ScriptError("the interval of a load must be positive", number)
        series = tuple(_at_line(inner, text) for inner, text in block)
        return Load(number, interval_ms, series, load[1] == "load_with_nhcb")
    if instant := _INSTANT.fullmatch(line):
        at_ms = 0 if instant[2] is None else signed_duration_ms(instant[2])
        return _expectations(_Draft(number, instant[3], at_ms, None, instant[1]), block)
    if over := _RANGE.fullmatch(line):
        times = _times(over[2], over[3], over[4], number)
        return _expectations(_Draft(number, over[5], 0, times, over[1]), block)
    raise ScriptError(f"not a command: {line!r}", number)


def _at_line(number: int, text: str) -> SeriesLine:
    try:
        return parse_series(text)
    except QueryError as error:
        raise ScriptError(str(error), number) from error


def _times(start: str, end: str, step: str, number: int) -> Times:
    times = Times(signed_duration_ms(start), signed_duration_ms(end), signed_duration_ms(step))
    if times.end_ms < times.start_ms or times.step_ms <= 0:
        raise ScriptError("a range must end after it starts, and its step must be positive", number)
    return times


@dataclass(slots=True)
class _Draft:
    line: int
    query: str
    at_ms: int
    times: Times | None
    old_kind: str | None
    expects: list[Expect] = field(default_factory=list)


def _expectations(draft: _Draft, block: list[tuple[int, str]]) -> Eval:
    """The evaluation with what the lines below it say."""
    series: list[SeriesLine] = []
    scalar: float | None = None
    string: str | None = None
    range_vector: Times | None = None
    if draft.old_kind is not None:
        draft.expects.append(Expect(ExpectKind(draft.old_kind)))
    for number, text in block:
        if expect := _EXPECT.fullmatch(text):
            pattern = None if expect["regex"] is None else re.compile(expect["regex"].strip())
            message = None if expect["msg"] is None else expect["msg"].strip()
            draft.expects.append(Expect(ExpectKind(expect[1]), message, pattern))
        elif old := _OLD_EXPECT.fullmatch(text):
            pattern = re.compile(old[2]) if old[1] == "regexp" else None
            draft.expects.append(Expect(ExpectKind.FAIL, old[2] if pattern is None else None, pattern))
        elif over := _RANGE_VECTOR.fullmatch(text):
            range_vector = _times(over[1], over[2], over[3], number)
        elif literal := _STRING.fullmatch(text):
            if scan_string(literal[1], 0) != len(literal[1]):
                raise ScriptError("text after the expected string", number)
            string = unquote(literal[1])
        elif (value := _scalar(text)) is not None:
            scalar = value
        else:
            series.append(_at_line(number, text))
    return Eval(
        draft.line,
        draft.query,
        draft.at_ms,
        draft.times,
        tuple(series),
        scalar,
        string,
        range_vector,
        expects=tuple(draft.expects),
    )


def _scalar(text: str) -> float | None:
    """A line that is one bare number, or None."""
    sign = -1.0 if text.startswith("-") else 1.0
    try:
        return sign * parse_number(text.lstrip("+-"))
    except (LexError, ValueError):
        return None
