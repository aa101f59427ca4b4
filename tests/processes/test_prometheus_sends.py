"""Debian's Prometheus evaluates a rule and sends its alerts to our Alertmanager over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.processes.alert_hooks import Hooks
from tests.processes.alert_server import alert_server
from tests.processes.running import Exporter, Process, free_port, started, wait_for

pytestmark = pytest.mark.process

ALERTMANAGER_YML = """
route: {{receiver: hook, group_by: [alertname], group_wait: 100ms, group_interval: 500ms}}
receivers: [{{name: hook, webhook_configs: [{{url: '{url}/hook'}}]}}]
"""
PROMETHEUS_YML = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms, external_labels: {{site: here}}}}
rule_files: [{folder}/rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]}}
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{target}']}}]}}]
"""
RULES = """
groups:
  - name: shop
    rules:
      - alert: ShopSlow
        expr: shop_seconds > 1
        labels: {severity: warning, blank: ""}
        annotations: {summary: "{{ $labels.job }} takes {{ $value }} s"}
"""


def test_alerts_of_debians_prometheus(tmp_path: Path) -> None:
    hooks, exporter = Hooks(), Exporter(b"shop_seconds 3\n")
    ours = alert_server(tmp_path / "ours", config=ALERTMANAGER_YML.format(url=hooks.url))
    port = free_port()
    (tmp_path / "rules.yml").write_text(RULES)
    config = PROMETHEUS_YML.format(folder=tmp_path, port=ours.port, target=exporter.address)
    (tmp_path / "prometheus.yml").write_text(config)
    command = ["prometheus", f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=300ms"]
    theirs = Process(command, port, "/-/ready", tmp_path / "prometheus.log")
    try:
        with started(ours, theirs):
            wait_for("the notification", lambda: hooks.got)
            body: dict[str, Any] = hooks.got[0][2]
            (alert,) = body["alerts"]
            assert (body["status"], alert["status"]) == ("firing", "firing")
            labels = {"alertname": "ShopSlow", "instance": exporter.address, "job": "shop", "severity": "warning"}
            assert alert["labels"] == {**labels, "site": "here"}
            assert alert["annotations"] == {"summary": "shop takes 3 s"}
            assert "/graph?g0.expr=shop_seconds" in alert["generatorURL"]
            (shown,) = ours.api2("alerts")
            assert shown["labels"] == alert["labels"]
            assert shown["fingerprint"] == alert["fingerprint"]
            assert shown["status"]["state"] == "active"
            exporter.body = b"shop_seconds 0.1\n"
            wait_for("its end", lambda: any(body["status"] == "resolved" for _, _, body in hooks.got))
            assert ours.api2("alerts") == []
            _, metrics, _ = ours.request("/metrics")
            assert b'alertmanager_alerts_invalid_total{version="v2"} 0' in metrics
            assert ours.stop() == 0
            assert "Traceback" not in ours.log.read_text()
    finally:
        hooks.close()
        exporter.close()
