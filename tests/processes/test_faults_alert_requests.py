"""Requests that nobody should send to an Alertmanager: a clear no or a harmless yes, and nobody else notices."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.processes.alert_server import AlertServer, alert_server
from tests.processes.hostile_services import HostileServices
from tests.processes.running import Exporter, Process, free_port, scrape_config, started, wait_for
from tests.processes.test_faults_alerts import assert_no_traceback, config, webhook
from tests.processes.watch import PATIENCE_S, Watch, memory_bytes

pytestmark = pytest.mark.process

Body = dict[str, Any] | list[Any] | bytes


def silence(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "matchers": [{"name": "a", "value": "b", "isRegex": False}],
        "startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "x", "comment": "y", **changes,
    }  # fmt: skip


def regex(value: str) -> dict[str, Any]:
    return silence(matchers=[{"name": "a", "value": value, "isRegex": True}])


def matchers(n: int) -> bytes:
    one = ",".join('{"name":"a%d","value":"b","isRegex":false}' % i for i in range(n))
    return json.dumps(silence(matchers=[])).replace("[]", f"[{one}]").encode()


def alert(**changes: Any) -> dict[str, Any]:
    return {"labels": {"alertname": "Odd"}, **changes}


# What is posted, the statuses that are good answers, and what the answer says.
SILENCES: dict[str, tuple[Body, int, str]] = {
    "a million matchers": (matchers(1_000_000), 400, "maximum number of matchers: 1000000"),
    "an expression of 10 MB": (regex("x" * 10_000_000), 400, "invalid regular expression"),
    "an expression of 300,000 words": (regex("|".join(map(str, range(300_000)))), 200, "silenceID"),
    "an expression that is nested": (regex("(" * 5000 + "x" + ")" * 5000), 200, "silenceID"),
    "an expression that repeats itself": (regex("((((a{100}){100}){100}){100})"), 400, "invalid repeat count"),
    "an expression that is none": (regex("(?!x)"), 400, "invalid or unsupported Perl syntax"),
    "an expression for everything": (regex(".*"), 400, "must not match the empty string"),
    "no UTF-8": (json.dumps(silence()).encode().replace(b'"b"', b'"\xff\xfe"'), 200, "silenceID"),
    "half a character": (json.dumps(silence()).encode().replace(b'"b"', b'"\\ud800"'), 200, "silenceID"),
    "the year 9999": (silence(endsAt="9999-12-31T23:59:59Z"), 200, "silenceID"),
    "the year 10000": (silence(endsAt="10000-12-31T23:59:59Z"), 400, "is not a time"),
    "the year 1500": (silence(startsAt="1500-01-01T00:00:00Z"), 200, "silenceID"),
    "an end before the start": (silence(startsAt="2100-01-02T00:00:00Z", endsAt="2100-01-01T00:00:00Z"), 400, "before"),
    "an end that was": (silence(startsAt="2000-01-01T00:00:00Z", endsAt="2001-01-01T00:00:00Z"), 400, "in the past"),
    "a number for a text": (silence(comment=5), 400, "comment: it is a number"),
    "an object for a list": (silence(matchers={"a": 1}), 400, "matchers: it is an object"),
    "no numbers": (b'{"comment":NaN}', 400, "expected a JSON value"),
    "keys that stand twice": (b'{"comment":"a",' + json.dumps(silence()).encode()[1:], 200, "silenceID"),
    "a deep list": (b"[" * 1_000_000, 400, "nested too deeply"),
    "a deep object": (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, 400, "nested too deeply"),
    "one that is not there": (silence(id="00000000-0000-0000-0000-000000000000"), 404, "not found"),
    "100 MB": (b'{"comment":"' + bytes(100 << 20) + b'"}', 413, "67108864"),
    "nothing": (b"", 422, "is required"),
}
ALERTS: dict[str, tuple[Body, int, str]] = {
    "a name that is empty": ([alert(labels={"": "x"}), alert()], 400, "invalid name"),
    "no labels": ([alert(labels={}), alert()], 400, "at least one label"),
    "an end before the start": ([alert(startsAt="2020-01-02T00:00:00Z", endsAt="2020-01-01T00:00:00Z")], 400, "before"),
    "a start in the year 9999": ([alert(startsAt="9999-01-01T00:00:00Z")], 400, "start time must be before"),
    "a start in the year 1": ([alert(startsAt="0001-01-01T00:00:01Z")], 200, ""),
    "an annotation of 5 MB": ([alert(annotations={"s": "x" * (5 << 20)})], 200, ""),
    "10,000 labels": ([alert(labels={f"l{i}": "x" for i in range(10_000)})], 200, ""),
    "an alert that is null": ([None], 400, "it is null"),
    "a label that is a number": ([alert(labels={"a": 1})], 400, "labels.a: it is a number"),
    "no URL": ([alert(generatorURL="http://[")], 422, "must be of type uri"),
    "21,000 alerts": ([alert(labels={"alertname": "Many", "i": str(i)}) for i in range(21_000)], 200, ""),
}


@pytest.fixture
def services() -> Iterator[HostileServices]:
    made = HostileServices()
    yield made
    made.close()


def test_bodies_that_nobody_should_send(tmp_path: Path, services: HostileServices) -> None:
    """Each is answered as it should be; meanwhile others are answered, and alerts are told."""
    server = alert_server(tmp_path, config=config({"good": webhook(f"{services.url}/good")}))
    watch = Watch(server, "/-/healthy")
    with started(server):
        watch.start()
        for path, bodies in (("silences", SILENCES), ("alerts", ALERTS)):
            for name, (body, wanted, words) in bodies.items():
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                status, text, _ = server.request(f"/api/v2/{path}", data, "POST", Content_Type="application/json")
                assert status == wanted, f"{path}: {name}: {status} {text[:300]!r}"
                assert words in text.decode(), f"{path}: {name}: {text[:300]!r}"
                assert len(text) < 5000, f"{path}: {name}: repeats what it got"
        for kind in ("text/plain", "application/octet-stream", "multipart/form-data; boundary=x"):
            assert server.request("/api/v2/alerts", b"[]", "POST", Content_Type=kind)[0] == 415
        server.fire(alertname="X", to="good")
        wait_for("the good one", lambda: services.heard["good"])
        assert "Odd" in server.names(filter='alertname="Odd"'), "the good neighbours of bad alerts"
        for path in ("/", "/metrics", "/api/v2/silences", "/api/v2/alerts", "/api/v2/alerts/groups"):
            assert server.request(path)[0] == 200
        assert not watch.stop()
        assert watch.slowest_s < PATIENCE_S
        assert memory_bytes(server, "VmHWM") < 1 << 30
        server.kill()
        server.start()
        assert len(server.names(filter='alertname="Many"')) == 21_000
        server.kill()
    assert_no_traceback(server)


def amtool(server: AlertServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["amtool", f"--alertmanager.url={server.url}", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False, env={**os.environ, "HOME": "/nonexistent"}
    )


def test_clients_of_others_while_everything_fails(tmp_path: Path, services: HostileServices) -> None:
    """Debian's Prometheus sends and its amtool asks, while receivers hang, a reload fails, and the server dies."""
    exporter = Exporter(b"broken 1\n")
    receivers = {
        "good": webhook(f"{services.url}/good"),
        "bad": webhook(f"{services.url}/hang")
        | {"slack_configs": [{"api_url": f"{services.url}/500", "channel": "x"}]},
    }
    text = config(receivers, group_by=["alertname"], group_wait="100ms", group_interval="1s")
    server = alert_server(tmp_path, config=text)
    rules = tmp_path / "rules.yml"
    rules.write_text(
        "groups: [{name: g, interval: 200ms, rules: ["
        "{alert: Good, expr: broken == 1, labels: {to: good}}, {alert: Bad, expr: broken == 1, labels: {to: bad}}]}]\n"
    )
    targets = f"alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{server.port}']}}]}}]"
    scraping = scrape_config(broken=exporter.address) + f"rule_files: [{rules}]\nalerting: {{{targets}}}\n"
    (tmp_path / "prometheus.yml").write_text(scraping)
    port = free_port()
    prometheus = Process(
        [
            "prometheus", f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=300ms",
        ],
        port, "/-/ready", tmp_path / "prometheus.log",
    )  # fmt: skip

    def told() -> list[str]:
        return [body["status"] for body in services.heard["good"]]

    with started(server, prometheus):
        wait_for("the alert", lambda: told() == ["firing"])
        wait_for("the bad ones", lambda: services.n_asked["hang"] and services.n_asked["500"])
        assert re.search("Bad.*Good|Good.*Bad", amtool(server, "alert", "-o", "json").stdout, re.DOTALL)
        made = amtool(server, "silence", "add", "--comment=c", "--author=a", "alertname=Other")
        assert made.returncode == 0, made.stderr
        refused = amtool(server, "silence", "add", "--comment=c", "--author=a", "--duration=1h", "alertname=~.*")
        assert refused.returncode == 1
        assert "must not match the empty string" in refused.stderr
        (tmp_path / "alertmanager.yml").write_text("nonsense: 1\n")
        assert server.request("/-/reload", b"")[0] == 500
        assert amtool(server, "config", "routes", "test", "to=good").stdout.split() == ["good"]
        (tmp_path / "alertmanager.yml").write_text(text)
        server.kill()
        server.start()
        assert made.stdout.strip() in amtool(server, "silence", "query", "-q").stdout
        wait_for("the alerts again", lambda: server.names(filter='alertname="Good"'))
        exporter.body = b"broken 0\n"
        wait_for("the end", lambda: told() == ["firing", "resolved"])
        assert amtool(server, "silence", "expire", made.stdout.strip()).returncode == 0
        server.kill()
    exporter.close()
    assert_no_traceback(server)
