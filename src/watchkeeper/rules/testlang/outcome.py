"""What became of unit tests, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.rules.testlang.comparison import Difference


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that does not hold, or a rule that failed.

    line         of the test file
    what         in words, with the time
    difference   where something was to be compared
    """

    line: int
    what: str
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What became of one test."""

    __test__ = False  # Not a test of pytest's.

    name: str
    line: int
    n_cases: int
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    dump: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of the tests of one file, or why they could not be run."""

    file: str
    tests: tuple[TestOutcome, ...] = ()
    error: str = ""

    @property
    def n_failed(self) -> int:
        """How many tests do not hold."""
        return sum(bool(test.failures) for test in self.tests)

    @property
    def passed(self) -> bool:
        """Whether it could be run, and all of it holds."""
        return not self.error and not self.n_failed


def failure_lines(file: str, failure: Failure) -> list[str]:
    """A failure for readers: its place and what it is, and below what differs."""
    lines = [f"{file}:{failure.line}: {failure.what}"]
    if failure.difference is not None:
        lines[0] += " is not as expected (- expected, + got)"
        lines += [f"    {line}" for line in failure.difference.lines()]
    return lines
