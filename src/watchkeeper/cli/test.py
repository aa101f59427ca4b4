"""`watchkeeper test`: runs test scripts, and says which cases do not hold and how."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from watchkeeper.cli.test_rules import test_rules
from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.testlang import CaseResult


@click.group()
def test() -> None:
    """Run test scripts."""


test.add_command(test_rules)


@test.command("promql")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-v", "--verbose", is_flag=True, help="Name the cases that hold, too.")
def test_promql(files: tuple[Path, ...], verbose: bool) -> None:
    """Run PromQL test scripts: `load` series, `eval` queries, compare.

    Every case that does not hold is shown as FILE:LINE with its query and what differs. Exit status 1 if there is one,
    or a file that can't be read.
    """
    from watchkeeper.metrics.promql.testlang.engine_adapter import EngineAdapter
    from watchkeeper.metrics.promql.testlang.runner import run_script

    _run(files, verbose, lambda text: run_script(text, EngineAdapter()))


@test.command("logql")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-v", "--verbose", is_flag=True, help="Name the cases that hold, too.")
def test_logql(files: tuple[Path, ...], verbose: bool) -> None:
    """Run LogQL test scripts: `load` streams, `eval` queries, compare.

    Every case that does not hold is shown as FILE:LINE with its query and what differs. Exit status 1 if there is one,
    or a file that can't be read.
    """
    from watchkeeper.logs.logql.engine import Engine
    from watchkeeper.logs.logql.testlang.runner import run_script

    engine = Engine(os.cpu_count() or 1)
    _run(files, verbose, lambda text: run_script(text, engine))


def _run(files: Sequence[Path], verbose: bool, run: Callable[[str], Sequence[CaseResult]]) -> None:
    n_cases = n_failed = n_unreadable = 0
    for path in files:
        try:
            results = run(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, WatchkeeperError) as error:
            n_unreadable += 1
            click.echo(f"{path}: {error}", err=True)
            continue
        failed = [result for result in results if not result.passed]
        n_cases, n_failed = n_cases + len(results), n_failed + len(failed)
        for result in results:
            if verbose or not result.passed:
                _show(path, result)
        held = len(results) - len(failed)
        click.echo(f"{path}: {held} of {len(results)} cases hold" + (f", {len(failed)} do not" if failed else ""))
    if len(files) > 1:
        unreadable = f", {n_unreadable} files could not be run" if n_unreadable else ""
        click.echo(f"{len(files)} files: {n_cases - n_failed} of {n_cases} cases hold{unreadable}")
    if n_failed or n_unreadable:
        raise SystemExit(1)


def _show(path: Path, result: CaseResult) -> None:
    click.echo(f"{path}:{result.line}: {'holds' if result.passed else 'does not hold'}: {result.query}")
    for problem in result.problems:
        click.echo(f"    {problem}")
