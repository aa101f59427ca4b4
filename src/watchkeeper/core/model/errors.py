"""The tree of errors. `web/errors.py` alone maps them to an HTTP status and a body.

WatchkeeperError
├── ConfigError            one file's problems, each with its place
├── QueryError
│   ├── ParseError         the text is not a query; has a span
│   ├── TypeMismatch       a function or operator got the wrong kind of value; has a span
│   ├── ExecutionError     the query is valid and its evaluation failed
│   ├── LimitExceeded      a named limit was reached
│   ├── QueryTimeout
│   └── QueryCanceled
├── AppendError
│   ├── OutOfOrder
│   ├── DuplicateSample
│   ├── TooOld
│   └── OutOfBounds
├── WireError              bytes that are not what their protocol says
│   └── ExpositionError    a scrape body that does not parse; has a line
├── CorruptionError        bytes on disk that fail their checksum; has file and offset
├── TargetError            a scrape that failed
├── NotFoundError
└── UnavailableError       a part that is switched off or not ready
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from watchkeeper.core.model.span import Span


class WatchkeeperError(Exception):
    """The root: everything this program raises on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class ConfigProblem:
    """One thing wrong in one file: `line` and `column` count from 1; `path` is the key, as `rule_files[2]`."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        return f"{where}{self.path}: {self.message}" if self.path else f"{where}{self.message}"


class ConfigError(WatchkeeperError):
    """A configuration that can't be used; `problems` holds all that is wrong with it, in file order."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class QueryError(WatchkeeperError):
    """A query that can't be answered. `span` is its place in the text, where one is known."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        self.message = message
        self.span = span
        super().__init__(message)


class ParseError(QueryError):
    """Text that is not a query. `str(error)` is upstream's form, `1:7: parse error: …`."""

    def __init__(self, message: str, span: Span, query: str) -> None:
        super().__init__(message, span)
        self.query = query

    def __str__(self) -> str:
        line, column = self.span.place(self.query) if self.span else (1, 1)
        return f"{line}:{column}: parse error: {self.message}"


class TypeMismatch(ParseError):
    """A valid tree whose parts do not fit, such as a range vector where an instant vector is needed."""


class ExecutionError(QueryError):
    """An evaluation that failed, as by a label set that stands twice in a vector."""


class LimitExceeded(QueryError):
    """A named limit was reached; `limit` is the setting that holds it."""

    def __init__(self, message: str, limit: str = "") -> None:
        super().__init__(message)
        self.limit = limit


class QueryTimeout(QueryError):
    """The query ran longer than its time."""


class QueryCanceled(QueryError):
    """The client went away, or the server is stopping."""


class AppendError(WatchkeeperError):
    """A sample that was not stored; `reason` is the word that metrics and texts use."""

    reason: ClassVar[str] = "append failed"


class OutOfOrder(AppendError):
    reason = "out of order sample"


class DuplicateSample(AppendError):
    reason = "duplicate sample for timestamp"


class TooOld(AppendError):
    reason = "too old sample"


class OutOfBounds(AppendError):
    reason = "out of bounds"


class WireError(WatchkeeperError):
    """Bytes that are not what their protocol says."""


class ExpositionError(WireError):
    """A scrape body that does not parse; `line` counts from 1."""

    def __init__(self, message: str, line: int = 0) -> None:
        self.line = line
        super().__init__(f"line {line}: {message}" if line else message)


class CorruptionError(WatchkeeperError):
    """Bytes on disk that fail their checksum or their format."""

    def __init__(self, file: str, offset: int, message: str) -> None:
        self.file = file
        self.offset = offset
        super().__init__(f"{file}, offset {offset}: {message}")


class TargetError(WatchkeeperError):
    """A scrape that failed: what the target's page shows as its last error."""


class NotFoundError(WatchkeeperError):
    """What was asked for does not exist."""


class UnavailableError(WatchkeeperError):
    """A part that is switched off or not ready."""


def describe_os_error(error: OSError) -> str:
    """`path: reason`, as people read it; the error's own text where it knows no path."""
    if error.filename is None or error.strerror is None:
        return str(error.strerror or error)
    return f"{error.filename}: {error.strerror}"
