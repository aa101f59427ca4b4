"""`watchkeeper test rules`: runs unit tests of rules in promtool's format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchkeeper.cli.findings import counted, show_problems, show_warnings
from watchkeeper.cli.promql_features import parser_options
from watchkeeper.core.model.errors import ConfigError, ConfigProblem, describe_os_error

if TYPE_CHECKING:
    from watchkeeper.rules.testlang.outcome import FileOutcome
    from watchkeeper.rules.testlang.runner import RunOptions


@click.command("rules")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--run", "runs", multiple=True, metavar="RE", help="Only tests whose name this expression finds.")
@click.option(
    "--debug", is_flag=True, help="Show all samples of each test, input and recorded, as they are at its end."
)
@click.option("--diff", is_flag=True, help="Accepted and without effect: differences are always shown.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write the outcome to this file, as JUnit's XML.")
@click.option("--ignore-unknown-fields", is_flag=True, help="Keys that are not known are warnings.")
@click.option("--enable-feature", "features", multiple=True, help="Experimental abilities, by upstream's names.")
def test_rules(
    files: tuple[Path, ...],
    runs: tuple[str, ...],
    debug: bool,
    diff: bool,
    junit: Path | None,
    ignore_unknown_fields: bool,
    features: tuple[str, ...],
) -> None:
    """Run unit tests of rules: input series, alerts and expressions that are to come of them.

    The files are those of `promtool test rules`. Every case that does not hold is shown with what was expected and what
    came. Exit status 1 if there is one, or a file that can't be run.
    """
    from watchkeeper.core.telemetry.log import get_level, set_level
    from watchkeeper.rules.testlang.junit import junit_xml
    from watchkeeper.rules.testlang.runner import RunOptions

    del diff
    options = RunOptions(_chosen(runs), parser_options(features), ignore_unknown_fields, debug)
    level = get_level()
    set_level("error")  # What rules would log here stands in the outcome.
    try:
        outcomes = [_run(path, options) for path in files]
    finally:
        set_level(level)
    if junit is not None:
        try:
            junit.write_text(junit_xml(outcomes), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"can't write {describe_os_error(error)}") from None
    if len(files) > 1:
        held = sum(outcome.passed for outcome in outcomes)
        click.echo(f"{len(files)} files: {held} of {len(files)} hold")
    if not all(outcome.passed for outcome in outcomes):
        raise SystemExit(1)


def _chosen(runs: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a test is to be run, by its name."""
    from watchkeeper.core.model.regex import RegexError, compile_re2

    if not runs:
        return lambda name: True
    try:
        expressions = [compile_re2(text) for text in runs]
    except RegexError as error:
        raise click.BadParameter(str(error), param_hint="--run") from None
    return lambda name: any(expression.search(name) for expression in expressions)


def _run(path: Path, options: RunOptions) -> FileOutcome:
    """Runs the tests of one file and shows what became of them."""
    from watchkeeper.core.config.document import read_text
    from watchkeeper.rules.testlang.outcome import FileOutcome, failure_lines
    from watchkeeper.rules.testlang.runner import rule_paths, run_unit_tests
    from watchkeeper.rules.testlang.unit_file import read_unit_file

    file = str(path)
    warnings: list[ConfigProblem] = []
    try:
        tests = read_unit_file(read_text(path), file, lenient=options.lenient, warnings=warnings)
        warnings += (
            ConfigProblem(file, 1, 1, "rule_files", f"no file matches pattern {pattern}")
            for pattern in rule_paths(tests, path.parent)[1]
        )
        outcome = FileOutcome(file, tuple(run_unit_tests(tests, path.parent, options, warnings)))
    except ConfigError as error:
        show_warnings(warnings)
        show_problems(error.problems)
        click.echo(f"{file}: could not be run")
        return FileOutcome(file, error=str(error))
    show_warnings(warnings)
    for test in outcome.tests:
        for text in test.dump:
            click.echo(f"{file}:{test.line}: {test.name}: {text}")
        if test.failures:
            click.echo(f'{file}:{test.line}: test "{test.name}" does not hold')
            for failure in test.failures:
                for text in failure_lines(file, failure):
                    click.echo(f"    {text}")
    n, failed = len(outcome.tests), outcome.n_failed
    n_cases = counted(sum(test.n_cases for test in outcome.tests), "case")
    click.echo(f"{file}: {n - failed} of {counted(n, 'test')} with {n_cases} hold")
    return outcome
