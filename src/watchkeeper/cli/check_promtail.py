"""`watchkeeper check promtail`: what is wrong with the agent's YAML, and where."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchkeeper.cli.findings import counted, show_problems, without_files
from watchkeeper.core.model.errors import ConfigError

if TYPE_CHECKING:
    from watchkeeper.logs.agent.config.promtail_yml import PromtailConfig


@click.command("promtail")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--syntax-only", is_flag=True, help="Do not look for the files that the configuration names.")
@click.option("--expand-env", is_flag=True, help="Replace ${VAR} and ${VAR:-default}, as -config.expand-env does.")
def check_promtail(files: tuple[Path, ...], syntax_only: bool, expand_env: bool) -> None:
    """Check promtail.yaml files: every problem of every FILE on its own line; exit status 1 if there is one."""
    from watchkeeper.app.agent import check_config
    from watchkeeper.logs.agent.config.promtail_yml import load_promtail_yml

    failed = False
    for path in files:
        try:
            environ = os.environ if expand_env else None
            config = load_promtail_yml(path, environ=environ, files_checked=not syntax_only)
            check_config(config, str(path))
        except ConfigError as error:
            failed = True
            show_problems(error.problems)
            continue
        click.echo(f"{path}: {_summary(config)}")
        for warning in _warnings(config, looks_for_files=not syntax_only):
            click.echo(f"{path}: warning: {warning}", err=True)
    if failed:
        raise SystemExit(1)


def _summary(config: PromtailConfig) -> str:
    stages = sum(len(job.pipeline_stages) for job in config.scrape_configs)
    parts = [
        counted(len(config.scrape_configs), "scrape config"),
        counted(stages, "pipeline stage"),
        counted(len(config.clients), "client"),
    ]
    return f"valid: {', '.join(parts)}"


def _warnings(config: PromtailConfig, *, looks_for_files: bool) -> list[str]:
    out: list[str] = []
    if not config.clients:
        out.append("no client: entries go nowhere, but inside of `watchkeeper up`, whose store takes them")
    for job in config.scrape_configs:
        if job.reads_nothing:
            out.append(
                f'job "{job.job_name}" reads nothing but standard input (-stdin); '
                "give it static_configs, journal, syslog, loki_push_api or gelf"
            )
        if job.discovery.kubernetes:
            out.append(f'kubernetes_sd_configs of job "{job.job_name}" are read but not discovered by this version')
        if not looks_for_files:
            continue
        for file_sd in job.discovery.file:
            out += [
                f'no file matches {pattern} of file_sd_configs in job "{job.job_name}"'
                for pattern in without_files(file_sd.files)
            ]
    return out
