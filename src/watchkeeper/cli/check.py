"""`watchkeeper check`: what is wrong with a file, and where."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from watchkeeper.cli.check_alertmanager import check_alertmanager
from watchkeeper.cli.check_loki import check_loki
from watchkeeper.cli.check_promtail import check_promtail
from watchkeeper.cli.check_rules import Checked, check_rule_files, check_rules, exit_with, lint_names
from watchkeeper.cli.findings import counted, show_problems, without_files
from watchkeeper.cli.promql_features import parser_options
from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.core.model.errors import ConfigError

if TYPE_CHECKING:
    from watchkeeper.app.prometheus_yml import PrometheusConfig

TOO_LONG_INTERVAL: Final = "too-long-scrape-interval"
LOOKBACK_MS: Final = 300_000  # The default of --query.lookback-delta.


@click.group()
def check() -> None:
    """Check files before they are used."""


check.add_command(check_alertmanager)
check.add_command(check_loki)
check.add_command(check_promtail)
check.add_command(check_rules)


@check.command("config")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--syntax-only", is_flag=True, help="Do not look for the files that the configuration names.")
@click.option(
    "--lint",
    "lints",
    default="duplicate-rules",
    show_default=True,
    help="What to look for beside errors: all, none, or some of duplicate-rules, bool-comparison, template-labels, "
    f"{TOO_LONG_INTERVAL}.",
)
@click.option("--lint-fatal", is_flag=True, help="Exit with 3 where a lint finds something.")
@click.option("--ignore-unknown-fields", is_flag=True, help="Keys of rule files that are not known are warnings.")
@click.option("--enable-feature", "features", multiple=True, help="Experimental abilities, by upstream's names.")
def check_config(
    files: tuple[Path, ...],
    syntax_only: bool,
    lints: str,
    lint_fatal: bool,
    ignore_unknown_fields: bool,
    features: tuple[str, ...],
) -> None:
    """Check prometheus.yml files and the rule files they name: every problem of every FILE on its own line.

    Exit status 1 if there is one, 3 for a finding of a lint where --lint-fatal is given.
    """
    from watchkeeper.app.prometheus_yml import load_prometheus_yml
    from watchkeeper.rules.files.rule_file import Reading
    from watchkeeper.rules.files.syntax import PromQLSyntax

    names = lint_names(lints, TOO_LONG_INTERVAL)
    rules_language = PromQLSyntax(parser_options(features))
    failed, n_findings = False, 0
    for path in files:
        try:
            config = load_prometheus_yml(path, environ=os.environ, files_checked=not syntax_only)
        except ConfigError as error:
            failed = True
            show_problems(error.problems)
            continue
        click.echo(f"{path}: {_summary(config)}")
        if not syntax_only:
            for pattern in without_files(config.rule_files):
                click.echo(f"{path}: warning: no rule file matches {pattern}", err=True)
            failed = not _check_target_files(path, config) or failed
            legacy = config.global_.metric_name_validation_scheme == "legacy"
            reading = Reading(rules_language, legacy_names=legacy, lenient=ignore_unknown_fields)
            rules = check_rule_files(config.rule_paths, reading, [name for name in names if name != TOO_LONG_INTERVAL])
            failed, n_findings = failed or rules.failed, n_findings + rules.n_findings
            if TOO_LONG_INTERVAL in names:
                n_findings += _lint_intervals(path, config)
    exit_with(Checked(failed, n_findings), lint_fatal=lint_fatal)


def _lint_intervals(path: Path, config: PrometheusConfig) -> int:
    """How many jobs scrape so rarely that their samples are too old before the next one; prints them."""
    slow = [job for job in config.jobs if (job.scrape_interval_ms or 0) >= LOOKBACK_MS]
    for job in slow:
        interval = format_duration_ms(job.scrape_interval_ms or 0)
        click.echo(
            f'{path}: {TOO_LONG_INTERVAL}: job "{job.job_name}" has an interval of {interval}, which is not shorter '
            f"than the {format_duration_ms(LOOKBACK_MS)} that queries look back",
            err=True,
        )
    return len(slow)


def _summary(config: PrometheusConfig) -> str:
    parts = [counted(len(config.jobs), "scrape config"), counted(len(config.rule_paths), "rule file")]
    for number, noun in (
        (len(config.alerting.alertmanagers), "alertmanager config"),
        (len(config.remote_write), "remote write"),
        (len(config.remote_read), "remote read"),
    ):
        if number:
            parts.append(counted(number, noun))
    return f"valid: {', '.join(parts)}"


def _check_target_files(path: Path, config: PrometheusConfig) -> bool:
    """Whether all files of file_sd_configs can be read; prints what is wrong with them."""
    from watchkeeper.discovery.file import read_groups

    patterns = {pattern: job.job_name for job in config.jobs for item in job.discovery.file for pattern in item.files}
    for pattern in without_files(patterns):
        job = patterns[pattern]
        click.echo(f'{path}: warning: no file matches {pattern} of file_sd_configs in job "{job}"', err=True)
    is_good = True
    for target_file in sorted({found for pattern in patterns for found in glob.glob(pattern)}):
        try:
            read_groups(target_file)
        except ConfigError as error:
            click.echo(str(error), err=True)
        except OSError as error:
            click.echo(f"{target_file}:1:1: can't be read: {error.strerror}", err=True)
        except ValueError as error:
            click.echo(f"{target_file}:1:1: {error}", err=True)
        else:
            continue
        is_good = False
    return is_good
