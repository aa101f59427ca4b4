"""Rules over logs: written by the API or found in files, evaluated, recorded as metrics, and their alerts sent."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.processes.log_server import LogServer
from tests.processes.running import WATCHKEEPER, Http, free_port, started, wait_for

pytestmark = pytest.mark.process

GROUP = """
name: errors
interval: 300ms
rules:
  - alert: ManyErrors
    expr: sum by (app) (count_over_time({app="shop"} |= "error" [1h])) > 2
    for: 300ms
    labels: {severity: page}
    annotations: {summary: '{{ $value }} errors of {{ $labels.app }}'}
  - record: app:errors:count1h
    expr: sum by (app) (count_over_time({app="shop"} |= "error" [1h]))
"""


def rules(server: Http) -> dict[str, dict[str, Any]]:
    """By name, as Prometheus's form has them."""
    groups = json.loads(server.request("/prometheus/api/v1/rules")[1])["data"]["groups"]
    return {rule["name"]: rule for group in groups for rule in group["rules"]}


def push_errors(server: LogServer) -> None:
    now = time.time_ns()
    lines = [(now - number * 1_000_000, f"an error, number {number}") for number in range(5)]
    assert server.push({'{app="shop"}': lines})[0] == 204


def test_from_lines_to_an_alert_and_a_metric_in_one_process(tmp_path: Path) -> None:
    ports = [free_port() for _ in range(3)]
    command = [str(WATCHKEEPER), "up", "--only", "metrics,logs,alerts", "--data-dir", str(tmp_path / "data")]
    command += ["--metrics-port", str(ports[0]), "--logs-port", str(ports[1]), "--alerts-port", str(ports[2])]
    metrics, logs, alerts = Http(ports[0]), LogServer(command, ports[1], "/ready", tmp_path / "log"), Http(ports[2])
    with started(logs):
        push_errors(logs)
        assert logs.request("/loki/api/v1/rules/team", GROUP.encode(), "POST")[0] == 202
        wait_for("firing", lambda: rules(logs)["ManyErrors"]["state"] == "firing")
        rule = rules(logs)["ManyErrors"]
        assert (rule["health"], rule["lastError"], rule["labels"]) == ("ok", "", {"severity": "page"})
        [active] = json.loads(logs.request("/prometheus/api/v1/alerts")[1])["data"]["alerts"]
        assert active["annotations"] == {"summary": "5 errors of shop"}
        wait_for("the metric", lambda: metrics.number('app:errors:count1h{app="shop"}') == 5)
        wait_for("ALERTS", lambda: metrics.number('ALERTS{alertname="ManyErrors",alertstate="firing"}') == 1)

        def arrived() -> list[dict[str, str]]:
            found = json.loads(alerts.request("/api/v2/alerts")[1])
            return [one["labels"] for one in found if one["labels"]["alertname"] == "ManyErrors"]

        assert wait_for("its arrival", arrived) == [{"alertname": "ManyErrors", "app": "shop", "severity": "page"}]
        assert logs.request("/loki/api/v1/rules/team/errors", method="DELETE")[0] == 202
        wait_for("its end", lambda: json.loads(logs.request("/prometheus/api/v1/alerts")[1])["data"]["alerts"] == [])
        assert logs.stop() == 0


def test_files_of_a_log_server_alone(tmp_path: Path) -> None:
    taken: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            assert self.path == "/am/api/v2/alerts"
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=receiver.serve_forever)
    thread.start()
    folder = tmp_path / "rules" / "fake"
    folder.mkdir(parents=True)
    (folder / "good.yaml").write_text("groups:\n" + "\n".join(f"  {line}" for line in _as_item(GROUP)))
    (folder / "bad.yaml").write_text("groups: [{name: x, rules: [{alert: A, expr: 'sum('}]}]")
    (tmp_path / "loki.yaml").write_text(
        "auth_enabled: false\nruler:\n"
        f"  storage: {{type: local, local: {{directory: {tmp_path}/rules}}}}\n"
        f"  alertmanager_url: http://127.0.0.1:{receiver.server_port}/am\n"
        "  external_labels: {region: eu}\n"
    )
    port = free_port()
    command = [str(WATCHKEEPER), "up", "--only", "logs", "--data-dir", str(tmp_path / "data")]
    command += ["--logs-port", str(port), "--loki-config", str(tmp_path / "loki.yaml")]
    logs = LogServer(command, port, "/ready", tmp_path / "log")
    try:
        with started(logs):
            push_errors(logs)
            wait_for("an alert", lambda: taken)
            assert taken[0]["labels"] == {"alertname": "ManyErrors", "app": "shop", "region": "eu", "severity": "page"}
            assert logs.stop() == 0
            text = logs.log.read_text()
            assert "bad.yaml:1:" in text
            assert "recording rules have no effect" in text
    finally:
        receiver.shutdown()
        receiver.server_close()
        thread.join()


def _as_item(group: str) -> list[str]:
    """The lines of a mapping as those of an item of a list."""
    lines = group.strip().splitlines()
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
