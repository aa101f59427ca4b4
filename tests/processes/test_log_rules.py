"""Rules over logs as a whole: at Debian's Alertmanager, over remote write, over restarts, and with bad files."""

from __future__ import annotations

import calendar
import json
import shutil
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.processes.alert_server import debian_server
from tests.processes.log_server import LogServer, log_server
from tests.processes.running import Http, free_port, started, wait_for
from tests.processes.side_by_side import side_by_side
from watchkeeper.core.wire.remote import decode_write
from watchkeeper.core.wire.snappy import decompress

pytestmark = pytest.mark.process

WAITED_S = 5.0  # More than a start takes until states are restored.
BAD = 'watchkeeper_ruler_bad_files{user="fake"}'
SILENT = "route: {receiver: none}\nreceivers: [{name: none}]\n"
BURST = """
name: burst
interval: 200ms
rules:
  - alert: Burst
    expr: sum by (app) (count_over_time({app="shop"} |= "error" [3s])) > 2
    for: 600ms
    labels: {severity: page}
    annotations: {summary: '{{ $value }} errors of {{ $labels.app }}'}
"""
RECORD = "groups: [{name: g, interval: 200ms, rules: [{record: %s, expr: 'sum(count_over_time({app=\"shop\"}[1h]))'}]}]"


class Receiver:
    """Takes remote writes, and remembers the newest value of each series by tenant."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, float]] = defaultdict(dict)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got = decode_write(decompress(body, 1 << 20), 1)
                names = [labels.get("__name__") for labels in got.labels]
                mine = receiver.values[self.headers["X-Scope-OrgID"]]
                mine |= {names[row]: value for row, value in zip(got.series.tolist(), got.values.tolist(), strict=True)}
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/write"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def push_errors(server: LogServer, **headers: str) -> None:
    now = time.time_ns()
    lines = [(now - number * 1_000_000, f"an error, number {number}") for number in range(5)]
    assert server.push({'{app="shop"}': lines}, **headers)[0] == 204


def rules(server: Http, **headers: str) -> dict[str, dict[str, Any]]:
    """By name, as Prometheus's form has them."""
    groups = json.loads(server.request("/prometheus/api/v1/rules", None, None, **headers)[1])["data"]["groups"]
    return {rule["name"]: rule for group in groups for rule in group["rules"]}


def metrics_of(server: Http, name: str) -> dict[str, float]:
    """The lines of a metric of the server's own, by what stands before the value."""
    lines = server.request("/metrics")[1].decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)}


def an_alert_pends_fires_arrives_and_resolves_at_debians_alertmanager(tmp_path: Path) -> None:
    if shutil.which("prometheus-alertmanager") is None:
        pytest.skip("no Alertmanager on this machine")
    peer = debian_server(tmp_path / "am", config=SILENT)
    config = (
        f"auth_enabled: false\nruler:\n  alertmanager_url: {peer.url}\n  external_url: http://grafana/\n"
        "  datasource_uid: abc\n  poll_interval: 1h\n  resend_delay: 1s\n"
    )
    logs = log_server(tmp_path / "logs", config=config)
    with started(peer, logs):
        # The files are looked at once an hour: that it begins is because the API was told.
        assert logs.request("/loki/api/v1/rules/team", BURST.encode(), "POST")[0] == 202
        wait_for("an evaluation", lambda: rules(logs)["Burst"]["health"] == "ok")
        assert rules(logs)["Burst"]["state"] == "inactive"
        push_errors(logs)
        wait_for("pending", lambda: rules(logs)["Burst"]["state"] == "pending")
        assert peer.names() == []
        wait_for("firing", lambda: rules(logs)["Burst"]["state"] == "firing")
        wait_for("its arrival", lambda: peer.names() == ["Burst"])
        [alert] = peer.api2("alerts")
        assert alert["labels"] == {"alertname": "Burst", "app": "shop", "severity": "page"}
        assert alert["annotations"] == {"summary": "5 errors of shop"}
        link = urlsplit(alert["generatorURL"])
        assert (link.netloc, link.path) == ("grafana", "/explore")
        [query] = json.loads(parse_qs(link.query)["left"][0])["queries"]
        assert query["datasource"] == {"type": "loki", "uid": "abc"}
        assert query["expr"] == rules(logs)["Burst"]["query"]
        # The lines leave the window.
        wait_for("its end", lambda: rules(logs)["Burst"]["state"] == "inactive")
        wait_for("its end at the peer", lambda: peer.names() == [])
        assert logs.process is not None
        [(key, count)] = metrics_of(logs, "loki_prometheus_rule_evaluations_total").items()
        assert key.endswith('/fake/team.yaml;burst"}')
        assert count > 3
        assert metrics_of(logs, "loki_prometheus_rule_evaluation_failures_total") == {
            key.replace("evaluations", "evaluation_failures"): 0
        }
        assert metrics_of(logs, "loki_prometheus_rule_group_rules") == {
            key.replace("evaluations_total", "group_rules"): 1
        }

        # A file that somebody wrote is found by a reload, too.
        (tmp_path / "logs" / "data" / "logs" / "rules" / "fake" / "hand.yaml").write_text(RECORD % "by_hand")
        logs.process.send_signal(signal.SIGHUP)
        wait_for("a file written by hand", lambda: rules(logs)["by_hand"]["health"] == "ok")
        assert logs.stop() == 0


def rules_and_when_alerts_began_outlive_a_kill(tmp_path: Path) -> None:
    group = BURST.replace("[3s]", "[1h]").replace("for: 600ms", "for: 1m")
    config = "auth_enabled: false\nruler: {for_grace_period: 1s, poll_interval: 500ms}\n"
    metrics = Http(free_port())
    logs = log_server(tmp_path / "logs", "--metrics-port", str(metrics.port), config=config, only=("logs", "metrics"))

    def began_s() -> float:
        [alert] = rules(logs)["Burst"]["alerts"] or [{"activeAt": "9999-01-01T00:00:00Z"}]
        return calendar.timegm(time.strptime(alert["activeAt"][:19], "%Y-%m-%dT%H:%M:%S"))

    with started(logs):
        push_errors(logs)
        assert logs.request("/loki/api/v1/rules/team", group.encode(), "POST")[0] == 202
        wait_for("an alert that has waited", lambda: time.time() - began_s() > WAITED_S)
        wait_for("its state", lambda: metrics.api("query", query="ALERTS_FOR_STATE")["result"])
        logs.kill()
        logs.start()
        ready_s = time.time()
        assert "Burst" in logs.request("/loki/api/v1/rules")[1].decode()
        # One that began anew could not have begun before the server was ready.
        wait_for("what it had waited", lambda: began_s() < ready_s - 1)
        assert rules(logs)["Burst"]["state"] == "pending"
        assert metrics.api("query", query='ALERTS{alertname="Burst"}')["result"]
        assert logs.stop() == 0


def files_come_change_break_and_go(tmp_path: Path) -> None:
    folder = tmp_path / "rules" / "fake"
    folder.mkdir(parents=True)
    one, two = folder / "one.yaml", folder / "two.yml"
    one.write_text(RECORD % "a")
    config = (
        "auth_enabled: false\nruler:\n  poll_interval: 200ms\n"
        f"  storage: {{type: local, local: {{directory: {tmp_path}/rules}}}}\n"
    )
    logs = log_server(tmp_path / "logs", config=config)
    with started(logs):
        push_errors(logs)
        wait_for("the first", lambda: rules(logs)["a"]["health"] == "ok")
        two.write_text(RECORD % "b")
        wait_for("the second", lambda: rules(logs)["b"]["health"] == "ok")
        assert set(metrics_of(logs, "loki_ruler_config_last_reload_successful{").values()) == {1}

        one.write_text((RECORD % "a").replace("sum(", "sum(("))
        wait_for("its fault", lambda: metrics_of(logs, "watchkeeper_ruler_bad_files") == {BAD: 1})
        assert metrics_of(logs, "loki_ruler_config_last_reload_successful{").popitem()[1] == 0
        evaluated = rules(logs)["a"]["lastEvaluation"]
        wait_for("its rules as they were", lambda: rules(logs)["a"]["lastEvaluation"] > evaluated)
        assert rules(logs)["b"]["health"] == "ok"
        assert logs.request("/loki/api/v1/rules/one")[0] == 200  # What is in the file can be read, and mended.

        one.write_text("groups: [{name: g, rulez: []}]")
        wait_for("its other fault", lambda: "rulez" in logs.log.read_text())
        evaluated = rules(logs)["a"]["lastEvaluation"]
        wait_for("its rules as they were", lambda: rules(logs)["a"]["lastEvaluation"] > evaluated)
        status, body, _ = logs.request("/loki/api/v1/rules/one")
        assert status == 500
        assert b"one.yaml:1:" in body
        assert "two:" in logs.request("/loki/api/v1/rules")[1].decode()
        assert logs.request("/loki/api/v1/rules/two", BURST.encode(), "POST")[0] == 400

        one.write_text(RECORD % "c")
        wait_for("what it is now", lambda: rules(logs)["c"]["health"] == "ok")
        assert metrics_of(logs, "watchkeeper_ruler_bad_files") == {BAD: 0}
        two.unlink()
        wait_for("the end of the second", lambda: set(rules(logs)) == {"c"})
        assert logs.stop() == 0
        text = logs.log.read_text()
        assert "one.yaml:1:" in text
        assert text.count("recording rules have no effect") == 1


def tenants_that_share_a_metrics_store_are_warned_of_once(tmp_path: Path) -> None:
    for tenant in ("red", "blue", "green"):
        (tmp_path / "rules" / tenant).mkdir(parents=True)
        (tmp_path / "rules" / tenant / "r.yaml").write_text(RECORD % f"of_{tenant}")
    config = f"auth_enabled: true\nruler: {{storage: {{type: local, local: {{directory: {tmp_path}/rules}}}}}}\n"
    metrics = Http(free_port())
    flags = ("--metrics-port", str(metrics.port))
    logs = log_server(tmp_path / "logs", *flags, config=config, only=("logs", "metrics"))
    with started(logs):
        push_errors(logs, X_Scope_OrgID="red")
        wait_for("red's metric", lambda: metrics.api("query", query="of_red")["result"][0]["value"][1] == "5")
        assert metrics.api("query", query="of_blue")["result"] == []
        assert logs.stop() == 0
        assert logs.log.read_text().count("record into one metrics store") == 1


def what_tenants_record_is_written_to_a_remote_in_their_names(tmp_path: Path) -> None:
    receiver = Receiver()
    for tenant, name in (("red", "of_red"), ("blue", "of_blue"), ("mute", "of_mute")):
        (tmp_path / "rules" / tenant).mkdir(parents=True)
        (tmp_path / "rules" / tenant / "r.yaml").write_text(RECORD % name)
    (tmp_path / "overrides.yaml").write_text("overrides: {mute: {ruler_remote_write_disabled: true}}")
    config = (
        f"auth_enabled: true\nruntime_config: {{file: {tmp_path}/overrides.yaml}}\nruler:\n"
        f"  storage: {{type: local, local: {{directory: {tmp_path}/rules}}}}\n"
        "  remote_write:\n    enabled: true\n    clients:\n"
        f"      main: {{url: '{receiver.url}', queue_config: {{batch_send_deadline: 200ms}}}}\n"
    )
    logs = log_server(tmp_path / "logs", config=config)
    with closing(receiver), started(logs):
        push_errors(logs, X_Scope_OrgID="red")
        push_errors(logs, X_Scope_OrgID="blue")
        push_errors(logs, X_Scope_OrgID="blue")
        push_errors(logs, X_Scope_OrgID="mute")
        wait_for("red's", lambda: receiver.values["red"] == {"of_red": 5})
        wait_for("blue's", lambda: receiver.values["blue"] == {"of_blue": 10})
        wait_for("an evaluation", lambda: rules(logs, X_Scope_OrgID="mute")["of_mute"]["health"] == "ok")
        assert "mute" not in receiver.values
        assert set(rules(logs, X_Scope_OrgID="red")) == {"of_red"}
        assert logs.stop() == 0
        assert [line for line in logs.log.read_text().splitlines() if "have no effect" in line and "mute" in line]


SCENARIOS = (
    an_alert_pends_fires_arrives_and_resolves_at_debians_alertmanager,
    rules_and_when_alerts_began_outlive_a_kill,
    files_come_change_break_and_go,
    tenants_that_share_a_metrics_store_are_warned_of_once,
    what_tenants_record_is_written_to_a_remote_in_their_names,
)


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    yield from side_by_side({one.__name__: one for one in SCENARIOS}, tmp_path_factory)


@pytest.mark.parametrize("name", [one.__name__ for one in SCENARIOS])
def test_rules_over_logs(name: str, scenarios: dict[str, Future[None]]) -> None:
    scenarios[name].result()
