"""Alerts beside metrics and logs in one process: each port begins with its own, and a signal reloads all files."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.processes.alert_server import alert_server
from tests.processes.running import WATCHKEEPER, Http, Process, free_port, started, wait_for
from tests.processes.watch import memory_bytes

pytestmark = pytest.mark.process

CONFIG = "route: {receiver: %s}\nreceivers: [{name: one}, {name: two}]\n"
MAX_MEMORY = 120 << 20


def test_each_port_begins_with_its_own(tmp_path: Path) -> None:
    ports = {name: free_port() for name in ("metrics", "logs", "alerts", "node", "dashboards")}
    (tmp_path / "alertmanager.yml").write_text(CONFIG % "one")
    command = [str(WATCHKEEPER), "up", "--data-dir", str(tmp_path / "data")]
    command += ["--alertmanager-config", str(tmp_path / "alertmanager.yml")]
    command += [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    server = Process(command, ports["metrics"], "/-/ready", tmp_path / "log")
    metrics, logs, alerts = (Http(ports[name]) for name in ("metrics", "logs", "alerts"))
    with started(server):
        # The same path of two products: the port says whose it is.
        assert metrics.request("/api/v1/alerts")[0] == 200
        assert alerts.request("/api/v1/alerts")[0] == 410
        assert logs.request("/api/v1/alerts")[0] == 200
        assert b"watchkeeper alerts" in alerts.request("/")[1]
        assert b"watchkeeper alerts" not in metrics.request("/alerts")[1]
        assert metrics.request("/-/reload", b"", "POST")[0] == 403
        assert alerts.request("/-/reload", b"", "POST")[0] == 200
        # What no other product has is everywhere.
        for port in (metrics, logs, alerts):
            status, body, _ = port.request("/api/v2/receivers")
            assert (status, json.loads(body)) == (200, [{"name": "one"}, {"name": "two"}])
            assert port.request("/loki/api/v1/status/buildinfo")[0] == 200
        # Rules of this process tell of themselves without a word of configuration.
        wait_for("the watchdog", lambda: b'"Watchdog"' in alerts.request("/api/v2/alerts")[1])
        assert memory_bytes(server) < MAX_MEMORY
        (tmp_path / "alertmanager.yml").write_text(CONFIG % "two")
        assert server.process is not None
        server.process.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: b"receiver: two" in alerts.request("/api/v2/status")[1])
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def test_a_file_that_is_wrong_at_the_start(tmp_path: Path) -> None:
    server = alert_server(tmp_path / "server", config=CONFIG % "three")
    with pytest.raises(AssertionError, match="did not become ready"):
        server.start()
    assert server.process is not None
    assert server.process.wait(10) == 2
    assert "alertmanager.yml:1:" in server.log.read_text()
    assert 'undefined receiver "three" used in route' in server.log.read_text()


def test_a_prefix_of_the_external_url(tmp_path: Path) -> None:
    server = alert_server(tmp_path / "server", "--alerts.external-url=https://example.org/am/")
    server.ready = "/am/-/ready"
    with started(server):
        assert server.request("/am/api/v2/alerts")[0] == 200
        assert server.request("/api/v2/alerts")[0] == 404
        assert server.stop() == 0
