"""`watchkeeper up`: the whole stack in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from watchkeeper.app.options import PARTS, Options
from watchkeeper.core.model.duration import DurationError, parse_duration_ms


class DurationType(click.ParamType[int]):
    """A duration as upstream writes it, in ms."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises a usage error that names the flag."""
        if isinstance(value, int):
            return value
        try:
            return parse_duration_ms(value)
        except DurationError as error:
            self.fail(f"{error}; write it as 15s, 1h30m or 10d", param, ctx)


class SizeType(click.ParamType[int]):
    """A size as upstream writes it (`512MB`, powers of 1024), in bytes."""

    name = "size"
    _UNITS = ("B", "KB", "MB", "GB", "TB", "PB", "EB")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises a usage error that names the flag."""
        if isinstance(value, int):
            return value
        text = value.strip().upper().replace("IB", "B")
        for power, unit in reversed(list(enumerate(self._UNITS))):
            number = text.removesuffix(unit)
            if number != text and number.replace(".", "", 1).isdigit():
                return int(float(number) * 1024**power)
        if text == "0":
            return 0
        raise click.BadParameter(f"{value!r} is not a size; write it as 512MB or 10GB", ctx, param)


DURATION = DurationType()
SIZE = SizeType()


@click.command()
@click.option("--only", help=f"Run only these parts, with commas: {', '.join(PARTS)}.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("data"), show_default=True)
@click.option("--listen", default="127.0.0.1", show_default=True, help="Address that every server binds.")
@click.option("--prometheus-config", "--config.file", "config_file", type=click.Path(path_type=Path))
@click.option("--metrics-port", default=9090, show_default=True)
@click.option("--node-port", default=9100, show_default=True)
@click.option("--web.enable-lifecycle", "enable_lifecycle", is_flag=True, help="Allow POST /-/reload and /-/quit.")
@click.option("--web.enable-admin-api", "enable_admin_api", is_flag=True, help="Allow deletes and snapshots.")
@click.option("--web.enable-remote-write-receiver", "enable_remote_write_receiver", is_flag=True)
@click.option("--web.cors.origin", "cors_origin", default=".*", show_default=True)
@click.option("--web.external-url", "external_url", default="")
@click.option("--web.page-title", "page_title", default="watchkeeper")
@click.option("--web.max-connections", "max_connections", default=512, show_default=True)
@click.option("--query.timeout", "query_timeout_ms", type=DURATION, default="2m", show_default=True)
@click.option("--query.max-concurrency", "query_max_concurrency", default=20, show_default=True)
@click.option("--query.max-samples", "query_max_samples", default=50_000_000, show_default=True)
@click.option("--query.max-bytes", "query_max_bytes", type=SIZE, default="1GB", show_default=True)
@click.option("--query.lookback-delta", "query_lookback_ms", type=DURATION, default="5m", show_default=True)
@click.option("--storage.tsdb.retention.time", "retention_time_ms", type=DURATION, default="10d", show_default=True)
@click.option("--storage.tsdb.retention.size", "retention_size_bytes", type=SIZE, default="0", show_default=True)
@click.option("--storage.wal-fsync-interval", "wal_fsync_interval_ms", type=DURATION, default="1s", show_default=True)
@click.option("--config.auto-reload-interval", "auto_reload_interval_ms", type=DURATION, default="0")
@click.option("--enable-feature", "features", multiple=True, help="Experimental abilities, by upstream's names.")
@click.option("--log.level", "log_level", type=click.Choice(["debug", "info", "warn", "error"]), default="info")
@click.option("--log.format", "log_format", type=click.Choice(["logfmt", "json"]), default="logfmt")
def up(only: str | None, wal_fsync_interval_ms: int, features: tuple[str, ...], **flags: Any) -> None:
    """Run the whole stack on this machine: scrape, store, answer queries."""
    parts = tuple(part.strip() for part in only.split(",")) if only else PARTS
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(PARTS)}", param_hint="--only")
    options = Options(
        only=parts,
        wal_fsync_interval_s=wal_fsync_interval_ms / 1000,
        features=tuple(name for listed in features for name in listed.split(",") if name),
        **flags,
    )
    from watchkeeper.app.server import run

    raise SystemExit(run(options))
