"""Errors of templates, in Go's words."""

from __future__ import annotations

from watchkeeper.core.model.errors import WatchkeeperError


class TemplateError(WatchkeeperError):
    """A text that is no template, or one that can't be executed. `str(error)` is Go's whole line.

    line     counted from 1
    column   counted from 1, in characters; 0 where only the line is known
    problem  without the place
    """

    def __init__(self, message: str, line: int, column: int, problem: str) -> None:
        self.line = line
        self.column = column
        self.problem = problem
        super().__init__(message)
