"""`watchkeeper up`: the whole stack in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from watchkeeper.app.options import PARTS, Options
from watchkeeper.cli.upstream_flags import without_ignored
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


AUTO_RELOAD_MS = 30_000
WRITE_MESSAGES = ("prometheus.WriteRequest", "io.prometheus.write.v2.Request")

DURATION = DurationType()
SIZE = SizeType()
PORT = click.IntRange(0, 65535)
POSITIVE = click.IntRange(1)
COUNT = click.IntRange(min=0)


class AddressType(click.ParamType[tuple[str, int]]):
    """`host:port`, `[v6]:port` or `:port`, as upstream writes a listening address."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Raises a usage error that names the flag."""
        if isinstance(value, tuple):
            return value
        host, colon, port = value.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65_535:
            self.fail(f"{value!r} is not an address; write it as 0.0.0.0:9090 or :9090", param, ctx)
        return host.removeprefix("[").removesuffix("]"), int(port)


class UpCommand(click.Command):
    """Takes upstream's flags that have no effect here with a warning, not with an error."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments that are left, as click wants them."""
        kept, ignored = without_ignored(args)
        for name in ignored:
            click.echo(f"watchkeeper: --{name} has no effect here and is ignored", err=True)
        return super().parse_args(ctx, kept)


class HostPortType(AddressType):
    """An address as AddressType takes it, left as a text; an empty one is none."""

    name = "host:port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Raises a usage error that names the flag."""
        if value:
            super().convert(value, param, ctx)
        return value


ADDRESS = AddressType()
HOST_PORT = HostPortType()


@click.command(cls=UpCommand)
@click.option("--only", help=f"Run only these parts, with commas: {', '.join(PARTS)}.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("data"), show_default=True)
@click.option("--listen", default="127.0.0.1", show_default=True, help="Address that every server binds.")
@click.option("--prometheus-config", "--config.file", "config_file", type=click.Path(path_type=Path))
@click.option("--loki-config", "loki_config_file", type=click.Path(path_type=Path), help="The log store's loki.yaml.")
@click.option("--promtail-config", "promtail_config_file", type=click.Path(path_type=Path), help="The agent's YAML.")
@click.option(
    "--alertmanager-config", "alertmanager_config_file", type=click.Path(path_type=Path),
    help="Alertmanager's YAML: routes and receivers.",
)  # fmt: skip
@click.option(
    "--config.expand-env",
    "-config.expand-env",
    "config_expand_env",
    is_flag=True,
    help="Replace ${VAR} and ${VAR:default} in the files of the log store and the agent.",
)
@click.option("--metrics-port", type=PORT, default=9090, show_default=True)
@click.option("--logs-port", type=PORT, help="[default: http_listen_port of loki.yaml, else 3100]")
@click.option("--alerts-port", type=PORT, default=9093, show_default=True)
@click.option("--node-port", type=PORT, default=9100, show_default=True)
@click.option("--dashboards-port", type=PORT, default=3000, show_default=True)
@click.option("--web.enable-lifecycle", "enable_lifecycle", is_flag=True, help="Allow POST /-/reload and /-/quit.")
@click.option("--web.enable-admin-api", "enable_admin_api", is_flag=True, help="Allow deletes and snapshots.")
@click.option("--web.enable-remote-write-receiver", "enable_remote_write_receiver", is_flag=True)
@click.option("--web.enable-otlp-receiver", "enable_otlp_receiver", is_flag=True, help="Take OpenTelemetry's metrics.")
@click.option("--web.cors.origin", "cors_origin", default=".*", show_default=True)
@click.option("--web.listen-address", "listen_address", type=ADDRESS, help="Both, as upstream writes it: 0.0.0.0:9090.")
@click.option("--web.config.file", "web_config_file", type=click.Path(path_type=Path), help="TLS, users, headers.")
@click.option("--web.external-url", "external_url", default="", help="The address that others see.")
@click.option(
    "--web.route-prefix", "route_prefix", default="", help="Before every path; from the external URL if not given."
)
@click.option("--web.read-timeout", "read_timeout_ms", type=DURATION, default="5m", show_default=True)
@click.option("--web.search.max-limit", "search_max_limit", default=10_000, show_default=True)
@click.option("--web.remote-write-receiver.accepted-protobuf-messages", "write_messages", multiple=True)
@click.option("--web.page-title", "page_title", default="watchkeeper")
@click.option("--web.max-connections", "max_connections", default=512, show_default=True)
@click.option("--query.timeout", "query_timeout_ms", type=DURATION, default="2m", show_default=True)
@click.option("--query.max-concurrency", "query_max_concurrency", default=20, show_default=True)
@click.option("--query.max-samples", "query_max_samples", default=50_000_000, show_default=True)
@click.option("--query.max-bytes", "query_max_bytes", type=SIZE, default="1GB", show_default=True)
@click.option("--query.lookback-delta", "query_lookback_ms", type=DURATION, default="5m", show_default=True)
@click.option("--storage.tsdb.retention.time", "retention_time_ms", type=DURATION, default="10d", show_default=True)
@click.option("--storage.tsdb.retention.size", "retention_size_bytes", type=SIZE, default="0", show_default=True)
@click.option(
    "--logs.retention-time", "logs_retention_time_ms", type=DURATION, default="10d", show_default=True,
    help="How long lines are kept where no loki.yaml says it; 0 for ever.",
)  # fmt: skip
@click.option(
    "--logs.retention-size", "logs_retention_size_bytes", type=SIZE, default="0", show_default=True,
    help="The oldest lines go when all take more than this, where no loki.yaml says it.",
)  # fmt: skip
@click.option(
    "--dashboards.external-url", "dashboards_external_url", default="",
    help="What links to the pages start with, where a proxy stands before them; its path stands before all of theirs.",
)  # fmt: skip
@click.option(
    "--dashboards.anonymous-role", "dashboards_anonymous_role", default="viewer", show_default=True,
    type=click.Choice(["none", "viewer", "editor", "admin"]), help="What people may do who have not logged in.",
)  # fmt: skip
@click.option(
    "--dashboards.provisioning", "dashboards_provisioning", type=click.Path(path_type=Path),
    help="Grafana's provisioning folder: dashboards/*.yaml and datasources/*.yaml.",
)  # fmt: skip
@click.option(
    "--dashboards.admin-password-file", "dashboards_admin_password_file", type=click.Path(path_type=Path),
    help="Holds the administrator's first password.  [default: a link in the log of the first start]",
)  # fmt: skip
@click.option(
    "--dashboards.allow-embedding", "dashboards_allow_embedding", is_flag=True,
    help="Let other sites show dashboards and panels in frames.",
)  # fmt: skip
@click.option(
    "--dashboards.renderer", "dashboards_renderer", default="",
    help="The Chromium that draws panels as pictures; none for none.  [default: the one that is installed]",
)  # fmt: skip
@click.option(
    "--alerts.external-url", "alerts_external_url",
    help="What links in notifications start with.  [default: this machine's name and the port]",
)  # fmt: skip
@click.option(
    "--alerts.retention", "--data.retention", "alerts_retention_ms", type=DURATION, default="5d", show_default=True,
    help="How long silences that have ended, and what was notified, are remembered.",
)  # fmt: skip
@click.option(
    "--alerts.maintenance-interval", "--data.maintenance-interval", "alerts_maintenance_interval_ms",
    type=DURATION, default="15m", show_default=True,
)  # fmt: skip
@click.option("--alerts.gc-interval", "alerts_gc_interval_ms", type=DURATION, default="30m", show_default=True)
@click.option(
    "--alerts.per-alertname-limit", "alerts_per_alertname_limit", type=COUNT, default=0, show_default=True,
    help="Alerts of one name at a time; 0 for no limit.",
)  # fmt: skip
@click.option("--dispatch.start-delay", "dispatch_start_delay_ms", type=DURATION, default="0s", show_default=True)
@click.option(
    "--dispatch.maintenance-interval", "dispatch_maintenance_interval_ms", type=DURATION, default="30s",
    show_default=True,
)  # fmt: skip
@click.option("--silences.max-silences", "silences_max_silences", type=COUNT, default=0, show_default=True)
@click.option(
    "--silences.max-silence-size-bytes", "silences_max_silence_size_bytes", type=COUNT, default=0, show_default=True
)
@click.option("--silences.max-matchers", "silences_max_matchers", type=COUNT, default=1000, show_default=True)
@click.option(
    "--web.get-concurrency", "web_get_concurrency", type=COUNT, default=0,
    help="GETs of the alerts' API at a time.  [default: as many as there are processors, at least 8]",
)  # fmt: skip
@click.option(
    "--web.timeout", "web_timeout_ms", type=DURATION, default="0s", show_default=True,
    help="How long a request of the alerts' API may take; 0 for no bound.",
)  # fmt: skip
@click.option(
    "--cluster.listen-address", "cluster_listen_address", type=HOST_PORT, default="",
    help="Where other instances reach this one, to share silences and what was notified.",
)  # fmt: skip
@click.option("--cluster.advertise-address", "cluster_advertise_address", type=HOST_PORT, default="")
@click.option("--cluster.peer", "cluster_peers", type=HOST_PORT, multiple=True, help="Another instance.")
@click.option("--cluster.peer-timeout", "cluster_peer_timeout_ms", type=DURATION, default="15s", show_default=True)
@click.option("--cluster.gossip-interval", "cluster_gossip_interval_ms", type=DURATION, default="200ms")
@click.option("--cluster.pushpull-interval", "cluster_pushpull_interval_ms", type=DURATION, default="1m")
@click.option("--cluster.settle-timeout", "cluster_settle_timeout_ms", type=DURATION, default="1m")
@click.option("--cluster.reconnect-interval", "cluster_reconnect_interval_ms", type=DURATION, default="10s")
@click.option("--cluster.reconnect-timeout", "cluster_reconnect_timeout_ms", type=DURATION, default="6h")
@click.option("--cluster.probe-interval", "cluster_probe_interval_ms", type=DURATION, default="1s")
@click.option("--cluster.probe-timeout", "cluster_probe_timeout_ms", type=DURATION, default="2s")
@click.option(
    "--cluster.label", "cluster_label", default="", help="Instances of other labels are none of this cluster."
)
@click.option("--storage.tsdb.retention", "old_retention_ms", type=DURATION, hidden=True)
@click.option(
    "--storage.tsdb.path",
    "--storage.path",
    "tsdb_path",
    type=click.Path(path_type=Path),
    help="As --data-dir, by upstream's names.",
)
@click.option("--storage.remote.read-sample-limit", "remote_read_sample_limit", default=50_000_000, show_default=True)
@click.option("--storage.remote.read-concurrent-limit", "remote_read_concurrency", default=10, show_default=True)
@click.option("--storage.remote.read-max-bytes-in-frame", "remote_read_frame_bytes", default=1 << 20, show_default=True)
@click.option("--storage.wal-fsync-interval", "wal_fsync_interval_ms", type=DURATION, default="1s", show_default=True)
@click.option("--config.auto-reload", "auto_reload", is_flag=True, help="Reload when the configuration file changes.")
@click.option("--config.auto-reload-interval", "auto_reload_interval_ms", type=DURATION, help="[default: 30s]")
@click.option(
    "--rules.alert.for-outage-tolerance", "rules_outage_tolerance_ms", type=DURATION, default="1h", show_default=True,
    help="After an outage of at most this, alerts wait on where they were.",
)  # fmt: skip
@click.option(
    "--rules.alert.for-grace-period", "rules_grace_period_ms", type=DURATION, default="10m", show_default=True,
    help="How long an alert waits at least after a restart, where its rule has at least this as `for`.",
)  # fmt: skip
@click.option(
    "--rules.alert.resend-delay", "rules_resend_delay_ms", type=DURATION, default="1m", show_default=True,
    help="How often an Alertmanager is told again of an alert.",
)  # fmt: skip
@click.option("--rules.max-concurrent-evals", "rules_max_concurrent_evals", type=POSITIVE, default=4, show_default=True)
@click.option(
    "--alertmanager.notification-queue-capacity", "notification_queue_capacity",
    type=POSITIVE, default=10_000, show_default=True, help="Alerts that may wait for one Alertmanager.",
)  # fmt: skip
@click.option(
    "--alertmanager.notification-batch-size", "notification_batch_size",
    type=POSITIVE, default=256, show_default=True, help="Alerts of one request.",
)  # fmt: skip
@click.option(
    "--alertmanager.drain-notification-queue-on-shutdown/--no-alertmanager.drain-notification-queue-on-shutdown",
    "drain_notification_queue", default=True, help="Send what waits before the end.",
)  # fmt: skip
@click.option("--enable-feature", "features", multiple=True, help="Experimental abilities, by upstream's names.")
@click.option("--log.level", "log_level", type=click.Choice(["debug", "info", "warn", "error"]), default="info")
@click.option("--log.format", "log_format", type=click.Choice(["logfmt", "json"]), default="logfmt")
def up(
    only: str | None,
    wal_fsync_interval_ms: int,
    features: tuple[str, ...],
    listen_address: tuple[str, int] | None,
    tsdb_path: Path | None,
    old_retention_ms: int | None,
    auto_reload: bool,
    auto_reload_interval_ms: int | None,
    write_messages: tuple[str, ...],
    **flags: Any,
) -> None:
    """Run the whole stack on this machine: scrape, store, answer queries."""
    if listen_address is not None:
        flags["listen"], flags["metrics_port"] = listen_address
    if tsdb_path is not None:
        flags["data_dir"] = tsdb_path
    if old_retention_ms is not None:
        flags["retention_time_ms"] = old_retention_ms
    if auto_reload or auto_reload_interval_ms:
        flags["auto_reload_interval_ms"] = auto_reload_interval_ms or AUTO_RELOAD_MS
    if write_messages:
        messages = tuple(name for listed in write_messages for name in listed.split(",") if name)
        odd = [name for name in messages if name not in WRITE_MESSAGES]
        if odd:
            hint = "--web.remote-write-receiver.accepted-protobuf-messages"
            raise click.BadParameter(f"{', '.join(odd)}: choose from {', '.join(WRITE_MESSAGES)}", param_hint=hint)
        flags["accepted_write_messages"] = messages
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
