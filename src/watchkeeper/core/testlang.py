"""What the test scripts of both query languages have in common: what is expected, and what became of it."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.errors import QueryError
from watchkeeper.core.model.stale import is_stale

RELATIVE_TOLERANCE: Final = 1e-6
SMALLEST_NORMAL: Final = 2.2250738585072014e-308


class ScriptError(QueryError):
    """A line that is no command; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


class ExpectKind(enum.Enum):
    """What an `expect` line asks for."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"
    NO_WARN = "no_warn"
    NO_INFO = "no_info"
    ORDERED = "ordered"


@dataclass(frozen=True, slots=True)
class Expect:
    """One `expect` line: the whole text of the error or annotation, or a pattern found in it, or neither."""

    kind: ExpectKind
    message: str | None = None
    pattern: re.Pattern[str] | None = None

    def matches(self, text: str) -> bool:
        """Whether an error or annotation is the expected one."""
        if self.message is not None:
            return text == self.message
        return self.pattern is None or self.pattern.search(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expecting:
    """A case with its `expect` lines."""

    expects: tuple[Expect, ...] = ()

    def wants(self, kind: ExpectKind) -> list[Expect]:
        """The `expect` lines of one kind."""
        return [expect for expect in self.expects if expect.kind is kind]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one `eval` (or of a `load` that failed): `problems` is empty where it holds."""

    line: int
    query: str
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the case holds."""
        return not self.problems


def failure_problems(error: QueryError, expects: Sequence[Expect]) -> list[str]:
    """What is wrong with a query that failed, where these failures are expected."""
    if not expects:
        return [f"failed: {error}"]
    return [
        f"failed with another text: {error}, expected {expect.message or expect.pattern}"
        for expect in expects
        if not expect.matches(str(error))
    ]


def annotation_problems(kind: str, found: Sequence[str], expects: Sequence[Expect]) -> list[str]:
    """Annotations that are expected and missing, or there and not expected; `kind` is what they are called."""
    missing = [expect for expect in expects if not any(map(expect.matches, found))]
    surplus = [text for text in found if not any(expect.matches(text) for expect in expects)]
    return [f"missing {kind}: {expect.message or expect.pattern or 'any'}" for expect in missing] + [
        f"unexpected {kind}: {text}" for text in surplus
    ]


def almost_equal(first: float, second: float) -> bool:
    """Equal to a relative tolerance; NaN equals NaN, a stale marker only another one."""
    if is_stale(first) or is_stale(second):
        return is_stale(first) and is_stale(second)
    if math.isnan(first) or math.isnan(second):
        return math.isnan(first) and math.isnan(second)
    if first == second:
        return True
    difference = abs(first - second)
    if first == 0 or second == 0 or abs(first) + abs(second) < SMALLEST_NORMAL:
        return difference < RELATIVE_TOLERANCE * SMALLEST_NORMAL
    return difference / min(abs(first) + abs(second), 1.7976931348623157e308) < RELATIVE_TOLERANCE
