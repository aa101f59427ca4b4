"""`watchkeeper check loki`: what is wrong with Loki's configuration files, and what of them is no longer needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchkeeper.cli.findings import counted, show_problems
from watchkeeper.core.model.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from watchkeeper.logs.store.config import LokiConfig


@click.command("loki")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--config.expand-env",
    "expand_env",
    is_flag=True,
    help="Replace ${VAR} and ${VAR:default} by the environment first.",
)
def check_loki(files: tuple[Path, ...], expand_env: bool) -> None:
    """Check Loki's configuration files: problems and warnings of every FILE, each on its own line.

    Keys that were removed, moved or never were are warnings that say what to use instead. The exit status is 1 where
    there is a problem; warnings leave it 0.
    """
    from watchkeeper.app.ruler_remote import RulerRemoteWrite
    from watchkeeper.logs.store.config import load_loki_config

    failed = False
    for path in files:
        try:
            config = load_loki_config(path, expand_env=expand_env, remote_write=RulerRemoteWrite)
        except ConfigError as error:
            failed = True
            show_problems(error.problems)
            continue
        _warn(config.warnings)
        click.echo(f"{path}: {_summary(config)}")
        failed = not _check_overrides(config) or failed
    if failed:
        raise SystemExit(1)


def _check_overrides(config: LokiConfig) -> bool:
    """Whether the files of runtime_config can be used; prints what is wrong with them."""
    from watchkeeper.logs.store.overrides import read_overrides

    try:
        by_tenant, warnings = read_overrides(config.runtime_files, config.limits_config)
    except ConfigError as error:
        show_problems(error.problems)
        return False
    _warn(warnings)
    if config.runtime_files:
        names = ", ".join(map(str, config.runtime_files))
        click.echo(f"{names}: valid: limits of {counted(len(by_tenant), 'tenant')}")
    return True


def _summary(config: LokiConfig) -> str:
    """What the file amounts to: where entries are kept, and for how long."""
    from watchkeeper.core.config.go_kinds import format_duration_ns

    settings = config.store_settings(Path("data"))
    objects = settings.objects
    bucket = getattr(objects, "bucket", getattr(objects, "container", ""))
    where = f"bucket {bucket}" if objects is not None else f"folder {settings.segments_directory}"
    limits = config.limits_config
    kept = "for ever"
    if settings.retention_enabled and (limits.retention_period_ns or limits.retention_stream):
        period = limits.retention_period_ns
        kept = f"for {format_duration_ns(period)}" if period else "for ever"
        kept += f", {counted(len(limits.retention_stream), 'rule')} for streams" if limits.retention_stream else ""
    tenants = "several tenants" if config.auth_enabled else "one tenant"
    return f"valid: entries of {tenants} are kept in {where} {kept}"


def _warn(warnings: Sequence[ConfigProblem]) -> None:
    for warning in warnings:
        place = f"{warning.file}:{warning.line}:{warning.column}"
        where = f"{warning.path}: " if warning.path else ""
        click.echo(f"{place}: warning: {where}{warning.message}", err=True)
