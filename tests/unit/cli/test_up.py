"""The flags of `up`: upstream's spellings work, those without effect warn, others are errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from watchkeeper.app.options import Options
from watchkeeper.cli.up import up
from watchkeeper.cli.upstream_flags import without_ignored


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """The options that the server would have run with."""
    import watchkeeper.app.server

    seen: list[Options] = []

    def run(options: Options) -> int:
        seen.append(options)
        return 0

    monkeypatch.setattr(watchkeeper.app.server, "run", run)
    return seen


def call(*arguments: str) -> Any:
    return CliRunner().invoke(up, list(arguments))


def test_a_manifest_of_prometheus(started: list[Options]) -> None:
    result = call(
        "--config.file=/etc/prometheus/prometheus.yml",
        "--web.console.templates=/etc/prometheus/consoles",
        "--web.console.libraries", "/etc/prometheus/libraries",
        "--storage.tsdb.path=/prometheus",
        "--storage.tsdb.retention.time=15d",
        "--storage.tsdb.retention.size=10GB",
        "--storage.tsdb.wal-compression",
        "--no-storage.tsdb.wal-compression",
        "--storage.tsdb.min-block-duration=2h",
        "--storage.tsdb.no-lockfile",
        "--no-auto-gomemlimit",
        "--web.enable-lifecycle",
        "--no-web.enable-admin-api",
        "--web.listen-address=:9091",
        "--web.external-url=http://prometheus.example/prometheus",
        "--web.route-prefix=/",
        "--web.config.file=/etc/web.yml",
        "--web.read-timeout=1m",
        "--web.max-connections=100",
        "--query.timeout=1m",
        "--enable-feature=exemplar-storage,native-histograms",
        "--config.auto-reload",
        "--log.level=warn",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (options,) = started
    assert (options.listen, options.metrics_port) == ("", 9091)
    assert options.data_dir == Path("/prometheus")
    assert options.config_file == Path("/etc/prometheus/prometheus.yml")
    assert options.web_config_file == Path("/etc/web.yml")
    assert options.retention_time_ms == 15 * 86_400_000
    assert options.retention_size_bytes == 10 << 30
    assert options.auto_reload_interval_ms == 30_000
    assert options.read_timeout_ms == 60_000
    assert options.enable_lifecycle
    assert not options.enable_admin_api
    assert options.prefix == ""
    assert options.features == ("exemplar-storage", "native-histograms")
    warned = [line for line in result.stderr.splitlines() if "has no effect here" in line]
    assert [line.split()[1] for line in warned] == [
        "--web.console.templates",
        "--web.console.libraries",
        "--storage.tsdb.wal-compression",
        "--no-storage.tsdb.wal-compression",
        "--storage.tsdb.min-block-duration",
        "--storage.tsdb.no-lockfile",
        "--no-auto-gomemlimit",
    ]


def test_rules_and_notifications(started: list[Options]) -> None:
    result = call(
        "--rules.alert.for-outage-tolerance=2h",
        "--rules.alert.for-grace-period=5m",
        "--rules.alert.resend-delay=30s",
        "--rules.max-concurrent-evals=8",
        "--alertmanager.notification-queue-capacity=500",
        "--alertmanager.notification-batch-size=64",
        "--no-alertmanager.drain-notification-queue-on-shutdown",
    )
    assert (result.exit_code, result.output) == (0, "")
    shown = started[0].flags()
    assert {name: shown[name] for name in shown if name.startswith(("rules.", "alertmanager."))} == {
        "rules.alert.for-outage-tolerance": "2h",
        "rules.alert.for-grace-period": "5m",
        "rules.alert.resend-delay": "30s",
        "rules.max-concurrent-evals": "8",
        "alertmanager.notification-queue-capacity": "500",
        "alertmanager.notification-batch-size": "64",
        "alertmanager.drain-notification-queue-on-shutdown": "false",
    }
    assert call("--alertmanager.notification-batch-size=0").exit_code == 2


def test_the_prefix_comes_from_the_external_url(started: list[Options]) -> None:
    call("--web.external-url=https://example.org/watch/")
    assert started[0].prefix == "/watch"
    assert started[0].flags()["web.route-prefix"] == "/watch"


@pytest.mark.parametrize("address", ["9090", "a:b", "a:", "a:99999", ""])
def test_addresses_that_are_none(started: list[Options], address: str) -> None:
    result = call(f"--web.listen-address={address}")
    assert result.exit_code == 2
    assert "is not an address; write it as 0.0.0.0:9090 or :9090" in result.output
    assert not started


def test_an_address_of_version_6(started: list[Options]) -> None:
    call("--web.listen-address=[::1]:9999")
    assert (started[0].listen, started[0].metrics_port) == ("::1", 9999)


def test_messages_of_the_receiver(started: list[Options]) -> None:
    call("--web.remote-write-receiver.accepted-protobuf-messages=prometheus.WriteRequest")
    assert started[0].accepted_write_messages == ("prometheus.WriteRequest",)
    result = call("--web.remote-write-receiver.accepted-protobuf-messages=odd")
    assert result.exit_code == 2


def test_unknown_flags_are_errors(started: list[Options]) -> None:
    for flag in ("--web.enable-lifecycles", "--no-such", "-web.enable-lifecycle"):
        result = call(flag)
        assert result.exit_code == 2
        assert "No such option" in result.output
    assert not started


def test_what_is_taken_out() -> None:
    assert without_ignored(["--a", "--", "--web.user-assets=x"]) == (["--a", "--", "--web.user-assets=x"], [])
    assert without_ignored(["--web.user-assets"]) == ([], ["web.user-assets"])


def test_flags_of_alertmanager(started: list[Options]) -> None:
    result = call(
        "--only=alerts",
        "--alertmanager-config=/etc/alertmanager/alertmanager.yml",
        "--storage.path=/alertmanager",
        "--data.retention=72h",
        "--data.maintenance-interval=5m",
        "--alerts.gc-interval=1h",
        "--alerts.per-alertname-limit=10",
        "--dispatch.start-delay=1m",
        "--silences.max-silences=100",
        "--silences.max-silence-size-bytes=4096",
        "--web.get-concurrency=3",
        "--web.timeout=10s",
        "--cluster.listen-address=0.0.0.0:9094",
        "--cluster.peer=one:9094",
        "--cluster.peer=two:9094",
        "--cluster.peer-timeout=5s",
        "--cluster.settle-timeout=20s",
        "--cluster.tcp-timeout=1s",
        "--log.silences",
        "--enable-feature=utf8-strict-mode",
    )
    assert result.exit_code == 0, result.output
    (options,) = started
    assert options.alertmanager_config_file == Path("/etc/alertmanager/alertmanager.yml")
    assert options.alerts_dir == Path("/alertmanager/alerts")
    assert options.alerts_retention_ms == 72 * 3_600_000
    assert options.alerts_maintenance_interval_ms == 300_000
    assert (options.alerts_port, options.alerts_gc_interval_ms, options.alerts_per_alertname_limit) == (
        9093,
        3_600_000,
        10,
    )
    assert (options.silences_max_silences, options.silences_max_silence_size_bytes) == (100, 4096)
    assert options.cluster_peers == ("one:9094", "two:9094")
    assert (options.cluster_peer_timeout_ms, options.cluster_settle_timeout_ms) == (5000, 20_000)
    assert options.web_get_concurrency == 3
    warned = [line.split()[1] for line in result.stderr.splitlines() if "has no effect here" in line]
    assert options.web_timeout_ms == 10_000
    assert warned == ["--cluster.tcp-timeout", "--log.silences"]
    assert options.flags()["cluster.peer"] == "one:9094,two:9094"
    result = call("--cluster.peer=nix")
    assert result.exit_code == 2
    assert "'nix' is not an address" in result.output
