"""What the checks of files print."""

from __future__ import annotations

import glob
from collections.abc import Iterable

import click

from watchkeeper.core.model.errors import ConfigProblem


def show_problems(problems: Iterable[ConfigProblem]) -> None:
    """Each on a line of its own, on the error output."""
    for problem in problems:
        click.echo(str(problem), err=True)


def show_warnings(warnings: Iterable[ConfigProblem]) -> None:
    """Each on a line of its own, on the error output, as what it is."""
    for warning in warnings:
        where = f"{warning.path}: " if warning.path else ""
        place = f"{warning.file}:{warning.line}:{warning.column}"
        click.echo(f"{place}: warning: {where}{warning.message}", err=True)


def counted(number: int, noun: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def without_files(patterns: Iterable[str]) -> list[str]:
    """The patterns that no file matches."""
    return [pattern for pattern in patterns if not glob.glob(pattern)]
