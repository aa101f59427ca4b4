"""Rules of `watchkeeper up`: from samples to alerts, at Debian's Alertmanager, over restarts and reloads."""

from __future__ import annotations

import calendar
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.processes.running import Exporter, Process, free_port, started, wait_for, watchkeeper
from tests.processes.side_by_side import side_by_side

pytestmark = pytest.mark.process

CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 200ms, external_labels: {region: eu}}
rule_files: ['rules/*.yml']
scrape_configs: [{job_name: one, static_configs: [{targets: ['%s']}]}]
"""
RULES = """
groups:
  - name: states
    rules:
      - alert: Broken
        expr: broken == 1
        for: 600ms
        labels: {severity: page}
        annotations: {summary: '{{ $labels.part }} of {{ $labels.job }} is broken: {{ $value }}'}
      - record: job:broken:sum
        expr: sum by (job) (broken)
        labels: {kind: sum}
"""
SLOW = """
groups:
  - name: slow
    rules:
      - alert: Slow
        expr: broken == 1
        for: 1h
      - alert: %s
        expr: broken == 2
"""


def broken(value: int) -> bytes:
    return b'broken{part="left"} %d\n' % value


def server(folder: Path, exporter: Exporter, rules: str, *flags: str, alerting: str = "") -> Process:
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "a.yml").write_text(rules)
    return watchkeeper(folder, *flags, config=CONFIG % exporter.address + alerting)


@contextmanager
def alertmanager(folder: Path) -> Iterator[Process]:
    """Debian's, which tells nobody."""
    port = free_port()
    folder.mkdir()
    (folder / "alertmanager.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    command = ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    process = Process(command, port, "/-/ready", folder / "log")
    with started(process):
        yield process


def alert(of: Process, name: str) -> dict[str, Any]:
    """The one alert of this name; raises LookupError."""
    found: list[dict[str, Any]] = [one for one in of.api("alerts")["alerts"] if one["labels"]["alertname"] == name]
    if len(found) != 1:
        raise LookupError(f"{len(found)} alerts {name}")
    return found[0]


def state(of: Process, name: str) -> str:
    """Of one alerting rule; raises LookupError."""
    rules = [rule for group in of.api("rules")["groups"] for rule in group["rules"] if rule["name"] == name]
    text: str = rules[0]["state"]
    return text


def at_peer(peer: Process) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(peer.request("/api/v2/alerts")[1])
    return found


def an_alert_goes_pending_fires_arrives_and_resolves(tmp_path: Path, exporter: Exporter) -> None:
    if shutil.which("prometheus-alertmanager") is None:
        pytest.skip("no Alertmanager on this machine")
    exporter.body = broken(0)
    with alertmanager(tmp_path / "am") as peer:
        alerting = f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{peer.port}']}}]}}]}}\n"
        flags = ("--web.external-url", "http://watch.example/", "--rules.alert.resend-delay", "1s")
        ours = server(tmp_path / "ours", exporter, RULES, *flags, alerting=alerting)
        with started(ours):
            wait_for("an evaluation", lambda: state(ours, "Broken") == "inactive")
            exporter.body = broken(1)
            pending = wait_for("pending", lambda: alert(ours, "Broken"))
            assert pending["state"] == "pending"
            assert at_peer(peer) == []
            wait_for("the series", lambda: ours.number('ALERTS{alertname="Broken",alertstate="pending"}') == 1)
            firing = wait_for("firing", lambda: (one := alert(ours, "Broken"))["state"] == "firing" and one)
            assert firing == {
                "labels": {
                    "alertname": "Broken",
                    "instance": exporter.address,
                    "job": "one",
                    "part": "left",
                    "severity": "page",
                },
                "annotations": {"summary": "left of one is broken: 1"},
                "state": "firing",
                "activeAt": pending["activeAt"],
                "value": "1e+00",
            }
            assert state(ours, "Broken") == "firing"
            [arrived] = wait_for("its arrival", lambda: at_peer(peer))
            assert arrived["labels"] == {**firing["labels"], "region": "eu"}
            assert arrived["annotations"] == firing["annotations"]
            assert arrived["generatorURL"].startswith("http://watch.example/graph?g0.expr=broken+%3D%3D+1&g0.tab=1")
            wait_for("the recorded series", lambda: ours.number('job:broken:sum{job="one",kind="sum"}') == 1)
            url = f"http://127.0.0.1:{peer.port}/api/v2/alerts"
            assert ours.api("alertmanagers")["activeAlertmanagers"] == [{"url": url}]
            for path in ("/alerts", "/rules"):
                assert "Broken" in ours.request(path)[1].decode()
            exporter.body = broken(0)
            wait_for("the end at the peer", lambda: at_peer(peer) == [])
            assert state(ours, "Broken") == "inactive"
            wait_for("the end of ALERTS", lambda: ours.query('ALERTS{alertname="Broken"}') == [])
            text = ours.request("/metrics")[1].decode()
            assert "prometheus_notifications_alertmanagers_discovered 1\n" in text
            assert f'prometheus_notifications_errors_total{{alertmanager="{url}"}} 0\n' in text
            assert ours.stop() == 0


def a_restart_and_a_crash_keep_how_long_an_alert_waits(tmp_path: Path, exporter: Exporter) -> None:
    ours = server(tmp_path / "ours", exporter, SLOW % "Other", "--rules.alert.for-grace-period", "1s")
    with started(ours):
        began_s = _seconds(wait_for("pending", lambda: alert(ours, "Slow"))["activeAt"])
        time.sleep(2.5)
        for end in (ours.stop, ours.kill):
            end()
            ours.start()
            # It has waited as long as the server was there; the time away does not count.
            before_s = time.time() - 1.0
            wait_for("the restored state", lambda limit=before_s: _seconds(alert(ours, "Slow")["activeAt"]) < limit)
            assert alert(ours, "Slow")["state"] == "pending"
        assert _seconds(alert(ours, "Slow")["activeAt"]) > began_s


def _seconds(text: str) -> float:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")


def a_reload_keeps_what_is_unchanged_and_refuses_bad_rules(tmp_path: Path, exporter: Exporter) -> None:
    ours = server(tmp_path / "ours", exporter, SLOW % "Other")
    path = tmp_path / "ours" / "rules" / "a.yml"
    with started(ours):
        before = wait_for("pending", lambda: alert(ours, "Slow"))
        path.write_text(SLOW % "Renamed")
        assert ours.request("/-/reload", method="POST")[0] == 200
        wait_for("the new rule", lambda: state(ours, "Renamed") == "inactive")
        assert alert(ours, "Slow")["activeAt"] == before["activeAt"]
        path.write_text((SLOW % "Other").replace("broken == 2", "broken =="))
        (path.parent / "b.yml").write_text("groups: [{name: x, rules: [{record: 'a b', expr: '1', for: 1m}]}]\n")
        status, body, _ = ours.request("/-/reload", method="POST")
        assert status == 500
        text = body.decode()
        assert f"{path}:9:" in text
        assert f"{path.parent}/b.yml:1:" in text
        assert state(ours, "Renamed") == "inactive"
        assert alert(ours, "Slow")["activeAt"] == before["activeAt"]
        assert "prometheus_config_last_reload_successful 0\n" in ours.request("/metrics")[1].decode()
        (path.parent / "b.yml").unlink()
        path.write_text("groups: []\n")
        assert ours.request("/-/reload", method="POST")[0] == 200
        assert ours.api("rules") == {"groups": []}
        assert ours.api("alerts") == {"alerts": []}


def reloads_at_one_time_end_with_the_newest_rules(tmp_path: Path, exporter: Exporter) -> None:
    ours = server(tmp_path / "ours", exporter, SLOW % "First")
    path = tmp_path / "ours" / "rules" / "a.yml"
    with started(ours):
        before = wait_for("pending", lambda: alert(ours, "Slow"))
        answers: list[int] = []
        threads = []
        for number in range(12):
            path.with_suffix(".new").write_text(SLOW % f"Round{number}")
            path.with_suffix(".new").rename(path)  # Never half a file, whenever it is read.
            work = threading.Thread(target=lambda: answers.append(ours.request("/-/reload", method="POST")[0]))
            work.start()
            threads.append(work)
        for work in threads:
            work.join()
        assert answers == [200] * 12
        assert [rule["name"] for group in ours.api("rules")["groups"] for rule in group["rules"]] == ["Slow", "Round11"]
        assert alert(ours, "Slow")["activeAt"] == before["activeAt"]
        assert ours.stop() == 0


def rule_files_are_watched_with_the_configuration(tmp_path: Path, exporter: Exporter) -> None:
    ours = server(tmp_path / "ours", exporter, SLOW % "Other", "--config.auto-reload-interval", "200ms")
    with started(ours):
        wait_for("an evaluation", lambda: state(ours, "Other") == "inactive")
        (tmp_path / "ours" / "rules" / "new.yml").write_text((SLOW % "New").replace("name: slow", "name: new"))
        wait_for("the new file", lambda: state(ours, "New") == "inactive")


def no_start_with_bad_rules(tmp_path: Path, exporter: Exporter) -> None:
    ours = server(tmp_path / "ours", exporter, RULES.replace("broken == 1", "sum by ("))
    done = subprocess.run(ours.command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert f"{tmp_path}/ours/rules/a.yml:6:" in done.stderr
    assert 'alert "Broken"' in done.stderr


TIMES = ("evaluationTime", "lastEvaluation", "activeAt")


def _without_times(value: Any) -> Any:
    """The same, with the type of each time in its place."""
    if isinstance(value, dict):
        return {
            key: type(one).__name__.replace("int", "float") if key in TIMES else _without_times(one)
            for key, one in value.items()
        }
    return [_without_times(one) for one in value] if isinstance(value, list) else value


def rules_and_alerts_look_as_debians_prometheus_shows_them(tmp_path: Path, exporter: Exporter) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("no prometheus on this machine")
    rules = (
        RULES
        + """
  - name: other
    interval: 500ms
    limit: 3
    rules:
      - record: fails
        expr: broken * on () group_left () {__name__=~"up|broken"}
      - alert: Quiet
        expr: broken > 5
        labels: {a: b}
      - alert: Fraction
        expr: broken * 0.25 > 0
"""
    )
    ours = server(tmp_path / "ours", exporter, rules)
    port = free_port()
    folder = tmp_path / "ours"
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/theirs"]
    command += [f"--web.listen-address=127.0.0.1:{port}"]
    theirs = Process(command, port, "/-/ready", folder / "their-log")
    with started(ours, theirs):
        for one in (ours, theirs):
            wait_for("firing", lambda one=one: state(one, "Broken") == "firing")
            wait_for("firing", lambda one=one: state(one, "Fraction") == "firing")
            wait_for("a failure", lambda one=one: one.api("rules")["groups"][0]["rules"][0]["health"] == "err")
        shown = [_without_times(one.api("rules")) for one in (ours, theirs)]
        for data in shown:
            assert "many-to-many" in data["groups"][0]["rules"][0].pop("lastError")
        assert shown[0] == shown[1]
        for query in ({"type": "alert"}, {"type": "record"}, {"rule_name[]": ["Quiet", "Broken"]}):
            kept = [
                [[rule["name"] for rule in group["rules"]] for group in one.api("rules", **query)["groups"]]
                for one in (ours, theirs)
            ]
            if "type" in query:  # Groups that have nothing to show are left out by newer versions alone.
                kept = [[names for names in one if names] for one in kept]
                assert kept[0] == kept[1]
        ours_alerts, their_alerts = (
            sorted(_without_times(one.api("alerts"))["alerts"], key=lambda found: sorted(found["labels"].items()))
            for one in (ours, theirs)
        )
        assert ours_alerts == their_alerts


SCENARIOS = (
    an_alert_goes_pending_fires_arrives_and_resolves,
    a_restart_and_a_crash_keep_how_long_an_alert_waits,
    a_reload_keeps_what_is_unchanged_and_refuses_bad_rules,
    reloads_at_one_time_end_with_the_newest_rules,
    rule_files_are_watched_with_the_configuration,
    no_start_with_bad_rules,
    rules_and_alerts_look_as_debians_prometheus_shows_them,
)


def play(scenario: Callable[[Path, Exporter], None], folder: Path) -> None:
    with closing(Exporter(broken(1))) as exporter:
        scenario(folder, exporter)


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    yield from side_by_side({one.__name__: partial(play, one) for one in SCENARIOS}, tmp_path_factory)


@pytest.mark.parametrize("name", [one.__name__ for one in SCENARIOS])
def test_rules(name: str, scenarios: dict[str, Future[None]]) -> None:
    scenarios[name].result()
