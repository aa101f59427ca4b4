"""`watchkeeper node-exporter`: this machine's metrics on port 9100, with node_exporter's flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final, TypeVar

import click

from watchkeeper.exporters.node.host import Filters, Host
from watchkeeper.exporters.node.registry import COLLECTORS, choose

_FILTER_FLAGS: Final = {
    "diskstats_device_exclude": "--collector.diskstats.device-exclude",
    "filesystem_mount_points_exclude": "--collector.filesystem.mount-points-exclude",
    "filesystem_fs_types_exclude": "--collector.filesystem.fs-types-exclude",
    "netdev_device_exclude": "--collector.netdev.device-exclude",
    "netclass_ignored_devices": "--collector.netclass.ignored-devices",
    "netstat_fields": "--collector.netstat.fields",
    "vmstat_fields": "--collector.vmstat.fields",
}

F = TypeVar("F", bound=Callable[..., Any])


def _collector_options(function: F) -> F:
    for name in reversed(COLLECTORS):
        default = "on" if COLLECTORS[name].is_default else "off"
        function = click.option(
            f"--collector.{name}/--no-collector.{name}",
            f"collector_{name}",
            default=None,
            help=f"[default: {default}]",
        )(function)
    defaults = Filters()
    for field in fields(Filters):
        function = click.option(
            _FILTER_FLAGS[field.name], field.name, metavar="REGEX", default=getattr(defaults, field.name)
        )(function)
    return function


@click.command("node-exporter")
@click.option(
    "--web.listen-address",
    "listen_addresses",
    multiple=True,
    default=("127.0.0.1:9100",),
    show_default=True,
    help="Where to serve; :9100 is every address. May be given several times.",
)
@click.option("--web.telemetry-path", "telemetry_path", default="/metrics", show_default=True)
@click.option("--web.max-requests", "max_requests", default=40, show_default=True, help="At a time; 0 is any number.")
@click.option("--web.disable-exporter-metrics", "no_exporter_metrics", is_flag=True, help="Leave out process_* etc.")
@click.option("--path.procfs", "procfs", default="/proc", show_default=True)
@click.option("--path.sysfs", "sysfs", default="/sys", show_default=True)
@click.option("--path.rootfs", "rootfs", default="/", show_default=True)
@click.option("--path.udev.data", "udev_data", default="/run/udev/data", show_default=True)
@click.option("--collector.textfile.directory", "textfile_directory", default="", help="Where *.prom files are.")
@click.option("--collector.disable-defaults", "no_defaults", is_flag=True, help="Start from no collector at all.")
@click.option("--log.level", "log_level", type=click.Choice(["debug", "info", "warn", "error"]), default="info")
@click.option("--log.format", "log_format", type=click.Choice(["logfmt", "json"]), default="logfmt")
@_collector_options
def node_exporter(
    listen_addresses: tuple[str, ...],
    telemetry_path: str,
    max_requests: int,
    no_exporter_metrics: bool,
    procfs: str,
    sysfs: str,
    rootfs: str,
    udev_data: str,
    textfile_directory: str,
    no_defaults: bool,
    log_level: str,
    log_format: str,
    **others: Any,
) -> None:
    """Serve this machine's metrics, with the names and flags of node_exporter."""
    from watchkeeper.app.node_exporter import NodeExporterOptions, run, split_address
    from watchkeeper.core.model.regex import RegexError

    chosen = {name: others.pop(f"collector_{name}") for name in COLLECTORS}
    filters = Filters(**others)
    host = Host(procfs.rstrip("/"), sysfs.rstrip("/"), rootfs, udev_data, textfile_directory, filters)
    for field in fields(Filters):
        try:
            host.chooser(getattr(filters, field.name))
        except RegexError as error:
            raise click.BadParameter(str(error), param_hint=_FILTER_FLAGS[field.name]) from None
    if not telemetry_path.startswith("/"):
        raise click.BadParameter("must start with /", param_hint="--web.telemetry-path")
    for address in listen_addresses:
        try:
            split_address(address)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--web.listen-address") from None
    options = NodeExporterOptions(
        listen_addresses=listen_addresses,
        telemetry_path=telemetry_path,
        max_requests=max_requests,
        has_exporter_metrics=not no_exporter_metrics,
        collectors=choose(
            (name for name, choice in chosen.items() if choice is True),
            (name for name, choice in chosen.items() if choice is False),
            defaults=not no_defaults,
        ),
        host=host,
        log_level=log_level,
        log_format=log_format,
    )
    raise SystemExit(run(options))
