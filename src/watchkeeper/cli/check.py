"""`watchkeeper check`: what is wrong with a file, and where."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchkeeper.cli.check_alertmanager import check_alertmanager
from watchkeeper.cli.check_loki import check_loki
from watchkeeper.cli.check_promtail import check_promtail
from watchkeeper.cli.findings import counted, show_problems, without_files
from watchkeeper.core.model.errors import ConfigError

if TYPE_CHECKING:
    from watchkeeper.app.prometheus_yml import PrometheusConfig


@click.group()
def check() -> None:
    """Check files before they are used."""


check.add_command(check_alertmanager)
check.add_command(check_loki)
check.add_command(check_promtail)


@check.command("config")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--syntax-only", is_flag=True, help="Do not look for the files that the configuration names.")
def check_config(files: tuple[Path, ...], syntax_only: bool) -> None:
    """Check prometheus.yml files: every problem of every FILE on its own line; exit status 1 if there is one."""
    from watchkeeper.app.prometheus_yml import load_prometheus_yml

    failed = False
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
    if failed:
        raise SystemExit(1)


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
