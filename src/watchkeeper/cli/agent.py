"""`watchkeeper agent`: reads this machine's logs and sends them, with Promtail's flags and YAML."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from watchkeeper.core.model.errors import ConfigError

_SWITCHES: Final = frozenset(
    (
        "config.expand-env",
        "dry-run",
        "inspect",
        "stdin",
        "print-config-stderr",
        "log-config-reverse-order",
        "check-syntax",
        "server.disable",
        "server.enable-runtime-reload",
        "server.register-instrumentation",
        "server.profiling-enabled",
        "version",
        "help",
    )
)
_TRUE: Final = ("true", "1", "t", "T", "TRUE", "True")
_FALSE: Final = ("false", "0", "f", "F", "FALSE", "False")
# Flags of upstream's server and clients that have no effect here, all with a value.
_IGNORED: Final = (
    "server.grpc-",
    "server.http-listen-network",
    "server.http-conn-limit",
    "server.http-read-timeout",
    "server.http-write-timeout",
    "server.graceful-shutdown-timeout",
    "server.log-source-ips",
    "server.log-request",
    "server.tls-",
    "server.http-tls-",
    "server.throughput",
    "server.proxy-protocol",
    "client.stream-lag-labels",
    "pattern.",
    "config.file-watch",
)


def plain_arguments(arguments: Sequence[str]) -> list[str]:
    """Arguments as Go's flags may be written, as click takes them: one dash or two, switches with a value."""
    out: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            out += [argument, *rest]
            break
        if not argument.startswith("-") or len(argument.lstrip("-")) < 2:
            out.append(argument)
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        if name in _SWITCHES:
            if not equals or value in _TRUE:
                out.append(f"--{name}")
            elif value not in _FALSE:
                out.append(f"--{name}={value}")
        elif name.startswith(_IGNORED):
            if not equals:
                next(rest, None)
            click.echo(f"watchkeeper: -{name} has no effect here and is ignored", err=True)
        else:
            out.append(f"--{name}{equals}{value}")
    return out


class AgentCommand(click.Command):
    """Takes flags as Promtail does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments that are left."""
        return super().parse_args(ctx, plain_arguments(args))


class GoDurationType(click.ParamType[int]):
    """A duration as Go writes it, in nanoseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises a usage error that names the flag."""
        from watchkeeper.logs.agent.config.kinds import parse_duration_ns

        if isinstance(value, int):
            return value
        try:
            return parse_duration_ns(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class LabelsType(click.ParamType[dict[str, str]]):
    """`a=b,c=d`."""

    name = "labels"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        """Raises a usage error that names the flag."""
        if isinstance(value, dict):
            return value
        found: dict[str, str] = {}
        for part in value.strip("{}").split(","):
            name, equals, text = part.partition("=")
            if part.strip():
                if not equals or not name.strip():
                    self.fail(f"{part!r} is not name=value", param, ctx)
                found[name.strip()] = text.strip().strip('"')
        return found


_DURATION: Final = GoDurationType()
_PLACES: Final = {
    "http_listen_address": ("server", "http_listen_address"),
    "http_listen_port": ("server", "http_listen_port"),
    "http_path_prefix": ("server", "http_path_prefix"),
    "disable": ("server", "disable"),
    "enable_runtime_reload": ("server", "enable_runtime_reload"),
    "external_url": ("server", "external_url"),
    "positions_file": ("positions", "filename"),
    "positions_sync_period": ("positions", "sync_period_ns"),
    "target_sync_period": ("target_config", "sync_period_ns"),
    "tenant_id": ("client", "tenant_id"),
    "batch_wait": ("client", "batchwait_ns"),
    "batch_size_bytes": ("client", "batchsize"),
    "timeout": ("client", "timeout_ns"),
}


@click.command("agent", cls=AgentCommand)
@click.option("--config.file", "config_file", type=click.Path(path_type=Path), help="promtail.yaml.")
@click.option("--config.expand-env", "expand_env", is_flag=True, help="Replace ${VAR} and ${VAR:-default} in it.")
@click.option("--check-syntax", "check_syntax", is_flag=True, help="Check the configuration and end.")
@click.option("--dry-run", "dry_run", is_flag=True, help="Print entries; send nothing and write no positions.")
@click.option("--inspect", "inspect", is_flag=True, help="Print what each stage changes.")
@click.option("--stdin", "stdin", is_flag=True, help="Read lines from standard input.")
@click.option(
    "--print-config-stderr", "print_config", is_flag=True, help="Print the configuration as it is understood."
)
@click.option(
    "--log-config-reverse-order", "log_config", is_flag=True, help="Log it, a line at a time, last line first."
)
@click.option("--client.url", "client_url", default="", help="Send here too.")
@click.option("--client.external-labels", "external_labels", type=LabelsType(), help="For all entries: a=b,c=d.")
@click.option("--client.tenant-id", "tenant_id")
@click.option("--client.batch-wait", "batch_wait", type=_DURATION)
@click.option("--client.batch-size-bytes", "batch_size_bytes", type=click.IntRange(1))
@click.option("--client.timeout", "timeout", type=_DURATION)
@click.option("--client.min-backoff", "min_backoff", type=_DURATION)
@click.option("--client.max-backoff", "max_backoff", type=_DURATION)
@click.option("--client.max-retries", "max_retries", type=click.IntRange(0))
@click.option("--positions.file", "positions_file", type=str)
@click.option("--positions.sync-period", "positions_sync_period", type=_DURATION)
@click.option("--target.sync-period", "target_sync_period", type=_DURATION)
@click.option("--server.http-listen-address", "http_listen_address")
@click.option("--server.http-listen-port", "http_listen_port", type=click.IntRange(0, 65535))
@click.option("--server.path-prefix", "http_path_prefix")
@click.option("--server.external-url", "external_url")
@click.option("--server.disable", "disable", is_flag=True, default=None)
@click.option("--server.enable-runtime-reload", "enable_runtime_reload", is_flag=True, default=None)
@click.option("--server.register-instrumentation", is_flag=True, hidden=True, expose_value=False)
@click.option("--server.profiling-enabled", is_flag=True, hidden=True, expose_value=False)
@click.option("--data-dir", "data_dir", type=click.Path(path_type=Path), help="For what waits to be sent.")
@click.option("--spool-limit", "spool_limit_bytes", type=click.IntRange(0), default=1 << 30, show_default=True)
@click.option("--log.level", "log_level", type=click.Choice(["debug", "info", "warn", "error"]))
@click.option("--log.format", "log_format", type=click.Choice(["logfmt", "json"]))
@click.option("--version", "version", is_flag=True, help="Show the version.")
def agent(
    check_syntax: bool,
    dry_run: bool,
    inspect: bool,
    print_config: bool,
    log_config: bool,
    version: bool,
    **flags: Any,
) -> None:
    """Read this machine's logs and send them to a server, as Promtail does and from its YAML.

    Flags may be written with one dash. Without a configuration file it follows /var/log and the journal, and sends to
    the log store of this machine.
    """
    if version:
        from watchkeeper import __version__

        click.echo(f"watchkeeper agent {__version__}")
        return
    from watchkeeper.app.agent import load_config, run

    made = _flags(flags)
    try:
        config = load_config(made, os.environ)
        if print_config or log_config:
            from watchkeeper.core.config.dump import dump

            text = dump(config)
            if print_config:
                click.echo(text, err=True)
            if log_config:
                for line in reversed(text.splitlines()):
                    click.echo(line, err=True)
        if check_syntax:
            from watchkeeper.app.agent import check_config

            check_config(config)
            click.echo("Valid config file! No syntax issues found", err=True)
            return
        if dry_run or inspect or config.target_config.stdin:
            from watchkeeper.app.agent_preview import preview

            raise SystemExit(preview(config, made, dry_run=dry_run or inspect, inspect=inspect))
        status = run(made)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        raise SystemExit(1) from None
    raise SystemExit(status)


def _flags(flags: dict[str, Any]) -> Any:
    from watchkeeper.app.agent import AgentFlags
    from watchkeeper.logs.agent.config.client import BackoffConfig

    changes: dict[str, dict[str, Any]] = {}
    for flag, (section, name) in _PLACES.items():
        value = flags.pop(flag)
        if value is not None:
            changes.setdefault(section, {})[name] = value
    backoff = {
        name: value
        for name, flag in (
            ("min_period_ns", "min_backoff"),
            ("max_period_ns", "max_backoff"),
            ("max_retries", "max_retries"),
        )
        if (value := flags.pop(flag)) is not None
    }
    if backoff:
        changes.setdefault("client", {})["backoff_config"] = BackoffConfig(**backoff)
    return AgentFlags(
        changes=changes,
        external_labels=flags.pop("external_labels") or {},
        log_level=flags.pop("log_level") or "",
        log_format=flags.pop("log_format") or "",
        **flags,
    )
