"""`watchkeeper check rules`: what is wrong with rule files, and what of them is surely not meant."""

from __future__ import annotations

import glob
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from watchkeeper.cli.findings import counted, show_problems, show_warnings
from watchkeeper.cli.promql_features import parser_options
from watchkeeper.core.model.errors import ConfigError

if TYPE_CHECKING:
    from watchkeeper.rules.files.loaded import LoadedGroup
    from watchkeeper.rules.files.rule_file import Reading

STDIN: Final = "-"
LINT_FATAL: Final = 3  # The exit status.


@dataclass(frozen=True, slots=True)
class Checked:
    """What checks found: problems, and findings of lints."""

    failed: bool = False
    n_findings: int = 0


@click.command("rules")
@click.argument("files", nargs=-1)
@click.option(
    "--lint",
    "lints",
    default="duplicate-rules",
    show_default=True,
    help="What to look for beside errors: all, none, or some of duplicate-rules, bool-comparison, template-labels.",
)
@click.option("--lint-fatal", is_flag=True, help="Exit with 3 where a lint finds something.")
@click.option("--ignore-unknown-fields", is_flag=True, help="Keys that are not known are warnings.")
@click.option("--enable-feature", "features", multiple=True, help="Experimental abilities, by upstream's names.")
@click.option("--loki", is_flag=True, help="The files are those of Loki's ruler, with LogQL.")
def check_rules(
    files: tuple[str, ...],
    lints: str,
    lint_fatal: bool,
    ignore_unknown_fields: bool,
    features: tuple[str, ...],
    loki: bool,
) -> None:
    """Check rule files: every problem of every FILE on its own line, and how many rules each has.

    A FILE may be a pattern; without one, or for `-`, the text is read from standard input. Exit status 1 for a problem,
    3 for a finding of a lint where --lint-fatal is given.
    """
    from watchkeeper.rules.files.rule_file import Reading
    from watchkeeper.rules.files.syntax import LogQLSyntax, PromQLSyntax

    names = lint_names(lints)
    language = LogQLSyntax() if loki else PromQLSyntax(parser_options(features))
    reading = Reading(language, lenient=ignore_unknown_fields, ruler=loki)
    exit_with(check_rule_files(_expanded(files), reading, names), lint_fatal=lint_fatal)


def lint_names(text: str, *more: str) -> list[str]:
    """The lints that an option's value names, `more` than those of rules among them."""
    from watchkeeper.rules.files.lint import LINTS

    known = [*LINTS, *more]
    names: list[str] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        if name == "all":
            return known
        if name == "none":
            return []
        if name not in known:
            raise click.BadParameter(f"{name} is none of all, none, {', '.join(known)}", param_hint="--lint")
        names.append(name)
    return names


def exit_with(checked: Checked, *, lint_fatal: bool) -> None:
    """Exits as promtool does, where there is a reason."""
    if checked.failed:
        raise SystemExit(1)
    if checked.n_findings and lint_fatal:
        raise SystemExit(LINT_FATAL)


def _expanded(files: Sequence[str]) -> list[str]:
    """The files; those of a pattern that the shell left alone in order of their names."""
    found: list[str] = []
    for file in files or (STDIN,):
        matching = [] if file == STDIN or Path(file).exists() else sorted(glob.glob(file))
        found += matching or [file]
    return found


def check_rule_files(files: Iterable[str], reading: Reading, lints: Sequence[str]) -> Checked:
    """Checks files one after the other, and shows what is found."""
    from watchkeeper.rules.files.lint import lint
    from watchkeeper.rules.files.load import read_rule_file, read_rules

    failed, n_findings = False, 0
    for file in files:
        try:
            if file == STDIN:
                read = read_rules(_stdin_text(), "standard input", reading)
            else:
                read = read_rule_file(file, reading)
        except ConfigError as error:
            failed = True
            show_problems(error.problems)
            click.echo(f"{_shown(file)}: not valid: {counted(len(error.problems), 'problem')}")
            continue
        show_warnings(read.warnings)
        findings = lint(read.groups, lints)
        n_findings += len(findings)
        for finding in findings:
            click.echo(str(finding), err=True)
        click.echo(f"{_shown(file)}: {_summary(read.groups)}")
    return Checked(failed, n_findings)


def _shown(file: str) -> str:
    return "standard input" if file == STDIN else file


def _stdin_text() -> str:
    """Raises ConfigError where it is no UTF-8."""
    from watchkeeper.core.model.errors import ConfigProblem

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError([ConfigProblem("standard input", 1, 1, "", "the text is not UTF-8")]) from None


def _summary(groups: Sequence[LoadedGroup]) -> str:
    n_rules = sum(len(group.rules) for group in groups)
    n_alerts = sum(rule.kind == "alert" for group in groups for rule in group.rules)
    parts = f"{counted(n_alerts, 'alert')} and {counted(n_rules - n_alerts, 'recording rule')}"
    return f"valid: {counted(n_rules, 'rule')} found in {counted(len(groups), 'group')} ({parts})"
