"""Rules under bad input and faults: bad files, rules and templates that would take everything, kills in every phase,
reloads under load, full disks, Alertmanagers that misbehave. Neighbours go on, and every fault is told and counted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes.alert_hooks import Hooks
from tests.processes.broken_system import fill, small_disk
from tests.processes.running import Exporter, Process, free_port, started, wait_for, watchkeeper
from tests.processes.watch import Watch, memory_bytes

pytestmark = pytest.mark.process

CONFIG = """
global: {scrape_interval: %s, scrape_timeout: %s, evaluation_interval: 250ms}
rule_files: ['%s/rules/*.yml']
scrape_configs: [{job_name: one, static_configs: [{targets: ['%s']}]}]
"""


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    made = Exporter(b"one 1\n")
    yield made
    made.close()


def server(
    folder: Path, exporter: Exporter, rules: str, *flags: str, more: str = "", scrape_each: str = "250ms"
) -> Process:
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "a.yml").write_text(rules)
    config = CONFIG % (scrape_each, scrape_each, folder, exporter.address)
    return watchkeeper(folder, *flags, config=config + more)


def rules_of(process: Process) -> dict[str, dict[str, Any]]:
    """Each rule by its name."""
    return {rule["name"]: rule for group in process.api("rules")["groups"] for rule in group["rules"]}


def seconds(text: str) -> float:
    """A time of the API, since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def metrics_of(process: Process, name: str) -> dict[str, float]:
    """A metric by what stands in its braces, the folder left out."""
    text = process.request("/metrics")[1].decode()
    return {
        found[1].rpartition("/")[2].rstrip('"'): float(found[2])
        for found in re.finditer(rf"^{name}(?:\{{(.*)\}})? (\S+)$", text, re.M)
    }


# --- those that mostly wait


@pytest.fixture(scope="module", autouse=True)
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    """Those that mostly wait run beside each other."""

    def run(scenario: Callable[[Path, Exporter], None], folder: Path) -> None:
        exporter = Exporter(b"one 1\n")
        try:
            scenario(folder, exporter)
        finally:
            exporter.close()

    made = [
        (one, tmp_path_factory.mktemp(one.__name__))
        for one in (kill_in_every_phase, misbehaving_alertmanagers, full_disk)
    ]
    with ThreadPoolExecutor() as pool:
        yield {one.__name__: pool.submit(run, one, folder) for one, folder in made}


# --- bad files

GOOD = "groups: [{name: good, rules: [{record: good, expr: one}, {alert: Good, expr: one == 1}]}]\n"
BAD = {
    "expression": ("groups: [{name: x, rules: [{record: r, expr: 'sum(('}]}]", r'1:\d+: .*parse error.*record "r"'),
    "template": (
        "groups: [{name: x, rules: [{alert: A, expr: one, labels: {a: '{{ nope }}'}}]}]",
        r'1:\d+: .*alert "A"',
    ),
    "text": ("groups: [{name: x\n", r"\d:\d+: yaml: "),
    "bytes": ("\udcff\udcfe", r"1:1: .*UTF-8"),
    "keys": ("groups: [{name: x, rules: [{alert: A, expr: one, fro: 5m}]}]", r'1:\d+: .*fro.*alert "A"'),
    "names": ("groups: [{name: x}, {name: x}]", r"1:\d+: .*repeated"),
    "deep": ("groups: " + "[" * 9000, r"yaml: nested deeper"),
    "expr deep": (f"groups: [{{name: x, rules: [{{record: r, expr: '{'(' * 20000}1{')' * 20000}'}}]}}]", r'record "r"'),
    "laughs": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghi"))
        + "groups: *i\n",
        r"\d+:\d+: ",
    ),
}


def test_bad_rule_files_end_a_start_and_change_nothing_at_a_reload(tmp_path: Path, exporter: Exporter) -> None:
    ours = server(tmp_path, exporter, GOOD)
    for number, (text, _) in enumerate(BAD.values()):
        (tmp_path / "rules" / f"bad{number}.yml").write_bytes(text.encode("utf-8", "surrogateescape"))
    (tmp_path / "rules" / "folder.yml").mkdir()
    done = subprocess.run(ours.command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for number, (_, says) in enumerate(BAD.values()):  # Every problem of every file, not the first alone.
        assert re.search(rf"rules/bad{number}\.yml:.*{says}", done.stderr), f"{says}\n{done.stderr}"
    assert re.search(r"rules/folder\.yml.*[Ii]s a directory", done.stderr)
    for path in (tmp_path / "rules").glob("*"):
        if path.is_dir():
            path.rmdir()
        elif path.name != "a.yml":
            path.unlink()
    with started(ours):
        before = wait_for("firing", lambda: (rule := rules_of(ours)["Good"])["state"] == "firing" and rule)
        for text, says in BAD.values():
            (tmp_path / "rules" / "b.yml").write_bytes(text.encode("utf-8", "surrogateescape"))
            status, body, _ = ours.request("/-/reload", method="POST")
            assert status in (400, 500)
            assert re.search(rf"rules/b\.yml:.*{says}", body.decode()), body
            assert len(body) < 5000
        assert rules_of(ours)["Good"]["alerts"] == before["alerts"]
        assert "prometheus_config_last_reload_successful 0\n" in ours.request("/metrics")[1].decode()
        n = len(ours.query("good[1m]")[0]["values"])
        wait_for("more samples", lambda: len(ours.query("good[1m]")[0]["values"]) > n)
        (tmp_path / "rules" / "b.yml").unlink()
        assert ours.request("/-/reload", method="POST")[0] == 200
        assert ours.stop() == 0
        assert "Traceback" not in ours.log.read_text()


# --- kill -9

# Over a minute, so that one scrape that a busy machine is late with ends nothing.
PHASES = """
groups:
- name: phases
  rules:
  - {alert: Stays, expr: "max_over_time(part[1m]) == 1"}
  - {alert: Waits, expr: "max_over_time(part[1m]) == 1", for: 7s}
  - {alert: Ends, expr: ends == 1}
  - {alert: EndsAway, expr: away == 1}
  - {alert: Keeps, expr: ends == 1, keep_firing_for: 1m}
  - {alert: StaysLong, expr: "max_over_time(part[1m]) == 1", for: 2s}
  - {record: recorded, expr: part}
"""
ROUTE = {
    "route": {
        "receiver": "hook",
        "group_by": ["alertname"],
        "group_wait": "200ms",
        "group_interval": "400ms",
        "repeat_interval": "1h",
    }
}


def kill_in_every_phase(tmp_path: Path, exporter: Exporter) -> None:
    hooks = Hooks()
    config = {**ROUTE, "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{hooks.url}/hook"}]}]}
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config))
    exporter.body = b"part 1\nends 1\naway 1\n"
    # What is told holds for four times the delay: three slow starts in a row must not take longer.
    flags = ["--only=metrics,alerts", f"--alerts-port={free_port()}", "--rules.alert.resend-delay=3s"]
    flags += [f"--alertmanager-config={tmp_path}/alertmanager.yml", "--rules.alert.for-grace-period=1s"]
    ours = server(tmp_path, exporter, PHASES, *flags)

    def told(name: str) -> list[str]:
        return [body["status"] for _, _, body in hooks.got if body["groupLabels"]["alertname"] == name]

    with started(ours):
        wait_for("StaysLong", lambda: told("StaysLong") == ["firing"])
        exporter.body = b"part 1\nends 0\naway 1\n"
        wait_for("the end of one", lambda: rules_of(ours)["Ends"]["state"] == "inactive")
        assert rules_of(ours)["Keeps"]["alerts"][0]["state"] == "firing"
        # Told or not, it has ended; one is held, one waits, others fire.
        assert rules_of(ours)["Waits"]["alerts"][0]["state"] == "pending"
        for _ in range(3):
            ours.kill()
            exporter.body = b"part 1\nends 0\naway 0\n"
            ours.start()
            ready_s = time.time()
            time.sleep(0.7)
        wait_for("what waited", lambda: told("Waits") == ["firing"])
        # It went on waiting, rather than anew after each start; the time away does not count.
        assert seconds(rules_of(ours)["Waits"]["alerts"][0]["activeAt"]) < ready_s - 1
        wait_for("the end of what ended", lambda: told("Ends") == ["firing", "resolved"], 40)
        wait_for("the end of what ended meanwhile", lambda: told("EndsAway") == ["firing", "resolved"], 40)
        wait_for("the end of what nobody holds any more", lambda: told("Keeps") == ["firing", "resolved"], 40)
        time.sleep(1)
        assert told("Stays") == told("StaysLong") == told("Waits") == ["firing"]
        assert told("Ends") == told("EndsAway") == told("Keeps") == ["firing", "resolved"]
        values = ours.query("recorded[1m]")
        assert len(values) == 1
        times = [time_s for time_s, _ in values[0]["values"]]
        assert sum(b - a > 0.9 for a, b in pairwise(times)) <= 6
        assert ours.number('count(ALERTS{alertstate="firing",alertname=~"Stays|StaysLong|Waits"})') == 3
        assert "Traceback" not in ours.log.read_text()
    hooks.close()


# --- reloads


def test_fifty_reloads_under_load_keep_state_and_leak_nothing(tmp_path: Path, exporter: Exporter) -> None:
    exporter.body = b"".join(b'big{i="%d"} 1\n' % i for i in range(500)) + b"one 1\n"
    text = """
groups:
- name: a
  rules:
  - {alert: Waits, expr: one == 1, for: 1h}
  - {alert: Fires, expr: big == 1}
  - {record: '%s', expr: big}
  - {record: same, expr: sum(big)}
"""
    ours = server(tmp_path, exporter, text % "copy")
    path = tmp_path / "rules" / "a.yml"

    def held() -> tuple[int, int]:
        return len(os.listdir(f"/proc/{ours.pid}/fd")), len(os.listdir(f"/proc/{ours.pid}/task"))

    with started(ours):
        wait_for("firing", lambda: rules_of(ours)["Fires"]["state"] == "firing")
        wait_for("recorded", lambda: ours.query("same"))
        before = {name: rules_of(ours)[name]["alerts"][0]["activeAt"] for name in ("Waits", "Fires")}
        loads = [Watch(ours, asked) for asked in ("/api/v1/rules", "/api/v1/query?query=sum(copy)", "/api/v1/alerts")]
        for one in loads:
            one.start()
        time.sleep(0.5)
        files, threads = held()
        for number in range(50):
            path.with_suffix(".new").write_text(text % "copy" + f"  - {{record: r{number}, expr: one + {number}}}\n")
            path.with_suffix(".new").rename(path)
            assert ours.request("/-/reload", method="POST")[0] == 200
        for one in loads:
            assert one.stop() == []
        wait_for("the newest", lambda: ours.query("r49"))
        assert {name: rules_of(ours)[name]["alerts"][0]["activeAt"] for name in before} == before
        for name, n in (("copy", 500), ("same", 1), ('ALERTS{alertname="Fires"}', 500), ("ALERTS_FOR_STATE", 501)):
            assert len(ours.query(name)) == n
        # Rules that are gone have ended.
        wait_for(
            "the end of the others",
            lambda: [one["metric"]["__name__"] for one in ours.query('{__name__=~"r[0-9]+"}')] == ["r49"],
        )
        gaps = [time_s for time_s, _ in ours.query("same[1m]")[0]["values"]]
        assert max(b - a for a, b in pairwise(gaps)) < 3
        wait_for("as few open files as before", lambda: held()[0] <= files + 5)
        assert held()[1] <= threads + 12
        # Renamed: the old ends, the new begins. Removed with its group: all ends.
        path.write_text(text % "renamed")
        assert ours.request("/-/reload", method="POST")[0] == 200
        wait_for("another name", lambda: len(ours.query("renamed")) == 500 and not ours.query("copy"))
        path.write_text("groups: []")
        assert ours.request("/-/reload", method="POST")[0] == 200
        wait_for("nothing", lambda: not ours.query('{__name__=~"renamed|same|ALERTS.*"}'))
        assert not any(one for one in metrics_of(ours, "prometheus_rule_group_rules"))
        assert ours.stop() == 0
        assert "Traceback" not in ours.log.read_text()


# --- disk


def full_disk(tmp_path: Path, exporter: Exporter) -> None:
    exporter.body += b"".join(b'big{i="%d"} 1\n' % i for i in range(2000))  # So that the last page is soon full.
    ours = server(tmp_path, exporter, GOOD)
    with small_disk(tmp_path / "data"), started(ours):
        wait_for("firing", lambda: rules_of(ours)["Good"]["state"] == "firing")
        wait_for("recorded", lambda: ours.query("good"))
        ballast = fill(tmp_path / "data")
        # What was taken back of a page that did not fit may leave room for one more evaluation.
        failed = wait_for("an error", lambda: (one := rules_of(ours)["good"])["health"] == "err" and one)
        assert "No space left" in failed["lastError"]
        assert rules_of(ours)["Good"]["state"] == "firing"
        assert ours.query("good[1m]")
        failures = metrics_of(ours, "prometheus_rule_evaluation_failures_total")
        assert failures["a.yml;good"] >= 1
        ballast.unlink()
        wait_for("recorded again", lambda: rules_of(ours)["good"]["health"] == rules_of(ours)["Good"]["health"] == "ok")
        n = len(ours.query("good[1m]")[0]["values"])
        wait_for("more", lambda: len(ours.query("good[1m]")[0]["values"]) > n)
        text = ours.log.read_text()
        assert "Traceback" not in text
        assert "Rule sample appending failed" in text
        assert ours.stop() == 0


# --- Alertmanagers


class Peer:
    """An Alertmanager that does as it is told: `answers` is a status, a place to be sent to, or None for never."""

    def __init__(self, answers: int | str | None) -> None:
        self.answers = answers
        self.got: list[list[dict[str, Any]]] = []
        self.asked: list[str] = []
        self.closing = threading.Event()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                peer.asked.append(self.path)
                if peer.answers is None:
                    peer.closing.wait(30)
                    self.close_connection = True
                    return
                self.send_response(302 if isinstance(peer.answers, str) else peer.answers)
                if isinstance(peer.answers, str):
                    self.send_header("Location", peer.answers)
                elif peer.answers == 200 and self.command == "POST":
                    peer.got.append(json.loads(body))
                elif peer.answers == 429:
                    self.send_header("Retry-After", "3600")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def heard(peer: Peer) -> set[str]:
    """The label `i` of all alerts that came."""
    return {alert["labels"]["i"] for batch in peer.got for alert in batch}


def ended(peer: Peer) -> set[str]:
    """The same of those that were told to be over."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    return {alert["labels"]["i"] for batch in peer.got for alert in batch if alert["endsAt"] < now}


def misbehaving_alertmanagers(tmp_path: Path, exporter: Exporter) -> None:
    exporter.body = b"".join(b'big{i="%d"} 1\n' % i for i in range(300))
    good, late = Peer(200), Peer(200)
    bad = {
        "hangs": Peer(None),
        "fails": Peer(500),
        "busy": Peer(429),
        "sends": Peer(f"http://{good.address}/elsewhere"),
    }
    dead = f"127.0.0.1:{free_port()}"
    found = tmp_path / "found.json"
    found.write_text(json.dumps([{"targets": [good.address]}]))
    targets = ", ".join(f"'{address}'" for address in (*(one.address for one in bad.values()), dead))
    alerting = f"""
alerting:
  alertmanagers:
    - {{timeout: 1s, static_configs: [{{targets: [{targets}]}}]}}
    - {{timeout: 1s, file_sd_configs: [{{files: ['{found}'], refresh_interval: 1s}}]}}
"""
    text = "groups: [{name: a, rules: [{alert: Big, expr: big == 1}]}]\n"
    flags = ("--rules.alert.resend-delay=1s", "--alertmanager.notification-queue-capacity=400")
    ours = server(tmp_path, exporter, text, *flags, more=alerting)

    def counted(name: str) -> dict[str, float]:
        text = ours.request("/metrics")[1].decode()
        rows = re.findall(
            rf'^prometheus_notifications_{name}\{{alertmanager="http://([^/]+)/[^"]*"\}} (\S+)$', text, re.M
        )
        return {address: float(value) for address, value in rows}

    with started(ours):
        watch = Watch(ours, "/api/v1/alerts")
        watch.start()
        wait_for("all alerts, again and again", lambda: sum(map(len, good.got)) > 600)
        assert heard(good) == {str(i) for i in range(300)}
        exporter.body = exporter.body.replace(b'i="', b'i="x')
        wait_for("others", lambda: len(heard(good)) == 600)
        wait_for("the end of those before", lambda: len(ended(good)) == 300)
        assert all(len(batch) <= 256 for batch in good.got)
        errors, sent = counted("errors_total"), counted("sent_total")
        for address in (*(one.address for one in bad.values()), dead):
            assert errors[address] > 0
            assert sent[address] == 0
        assert errors[good.address] == 0
        dropped = counted("dropped_total")
        assert dropped[bad["hangs"].address] > 0  # The queue is bounded.
        assert all(length <= 400 for length in counted("queue_length").values())
        bad["fails"].answers = 200
        # Discovered while it runs; and gone again.
        found.write_text(json.dumps([{"targets": [good.address, late.address]}]))
        wait_for("the other", lambda: late.got)
        found.write_text(json.dumps([{"targets": [late.address]}]))
        wait_for(
            "its end",
            lambda: not any(good.address in one["url"] for one in ours.api("alertmanagers")["activeAlertmanagers"]),
        )
        n_good, n_late = len(good.got), len(late.got)
        found.write_text("no json")  # The last that was good counts.
        wait_for("more", lambda: len(late.got) > n_late + 1)
        assert len(good.got) <= n_good + 2
        assert good.address not in counted("sent_total")
        # One that came to its senses is told.
        wait_for("the rest", lambda: len(heard(bad["fails"])) >= 300)
        assert watch.stop() == []
        assert watch.slowest_s < 3
        began_s = time.monotonic()
        assert ours.stop() == 0
        assert time.monotonic() - began_s < 5
        log = ours.log.read_text()
        assert "Traceback" not in log
        assert log.count("alerts could not be sent") < 20
    for one in (good, late, *bad.values()):
        one.close()


# --- the API


def test_ten_thousand_rules_in_pages(tmp_path: Path, exporter: Exporter) -> None:
    ours = server(tmp_path, exporter, "groups: []")
    for file in range(4):
        groups = [
            {
                "name": f"g{number}",
                "interval": "1h",
                "rules": [
                    {"record": f"r{file}:{number}:{i}", "expr": "one", "labels": {"i": str(i)}}
                    if i % 2
                    else {"alert": f"A{i}", "expr": "one > 5", "labels": {"i": str(i), "file": str(file)}}
                    for i in range(50)
                ],
            }
            for number in range(50)
        ]
        (tmp_path / "rules" / f"f{file}.yml").write_text(json.dumps({"groups": groups}))
    with started(ours):
        began_s = time.monotonic()
        whole = ours.api("rules")["groups"]
        assert time.monotonic() - began_s < 5
        assert sum(len(group["rules"]) for group in whole) == 10_000
        for limit in (60, 1000):
            pages: list[dict[str, Any]] = []
            token = ""
            while True:
                more = {"group_next_token": token} if token else {}
                page = ours.api("rules", group_limit=limit, **more)
                assert len(page["groups"]) <= limit
                pages += page["groups"]
                token = page.get("groupNextToken", "")
                if not token:
                    break
            assert [(one["file"], one["name"]) for one in pages] == [(one["file"], one["name"]) for one in whole]
        file = f"{tmp_path}/rules/f1.yml"
        shown = ours.api("rules", **{"file[]": file, "rule_group[]": ["g3", "g4"], "type": "alert"})["groups"]
        assert [(one["file"], one["name"], len(one["rules"])) for one in shown] == [(file, "g3", 25), (file, "g4", 25)]
        shown = ours.api("rules", **{"match[]": ['{i="4",file="2"}', '{i="6",file="2"}'], "rule_group[]": "g0"})[
            "groups"
        ]
        assert [rule["name"] for rule in shown[0]["rules"]] == ["A4", "A6"]
        assert ours.api("rules", **{"rule_name[]": "none"}) == {"groups": []}
        for asked, said in ODD.items():
            status, body, _ = ours.request(f"/api/v1/rules?{asked}")
            assert status == 400, asked
            answer = json.loads(body)
            assert answer["errorType"] == "bad_data"
            assert said in answer["error"], answer
        for asked in FINE:
            status, body, _ = ours.request(f"/api/v1/rules?{asked}")
            assert status == 200, body[:300]
            json.loads(body)
        assert "Traceback" not in ours.log.read_text()


ODD = {
    "type=all": "not supported value",
    "exclude_alerts=maybe": "exclude_alerts",
    "group_limit=0": "greater than 0",
    "group_limit=-1": "greater than 0",
    "group_limit=1e3": "valid number",
    "group_limit=99999999999999999999": "valid number",
    "group_limit=%F0%9F%94%A5": "valid number",
    "group_next_token=x": "group_limit needs to be present",
    "group_limit=5&group_next_token=x": "invalid group_next_token",
    "group_limit=5&group_next_token=%00%ff": "invalid group_next_token",
    "match[]=(": "parse error",
    "match[]={": "parse error",
    "match[]={a=~%22(%22}": "missing )",
    "match[]={i=~%22.*%22}": "at least one non-empty matcher",
}
FINE = [
    "",
    "nothing=known",
    "type=",
    "type=ALERT",
    "type=alert&type=record",
    "rule_name[]=",
    "rule_name[]=%ff%fe",
    "file[]=../../etc/passwd",
    "rule_group[]=" + "x" * 5000,
    "&".join(f"rule_name[]=A{i}" for i in range(500)),
    "exclude_alerts=T",
    "group_limit=99999",
    "match[]={i=~%22.%2B%22}",
]


# --- what runs beside all that


def test_a_kill_in_every_phase_loses_nothing_and_tells_nothing_twice(scenarios: dict[str, Future[None]]) -> None:
    scenarios["kill_in_every_phase"].result()


def test_alertmanagers_that_misbehave_hold_back_no_other(scenarios: dict[str, Future[None]]) -> None:
    scenarios["misbehaving_alertmanagers"].result()


def test_a_full_disk_while_rules_record(scenarios: dict[str, Future[None]]) -> None:
    scenarios["full_disk"].result()


# --- rules that want too much

TOPK = " + ".join(["max_over_time(sum(topk(1000, big))[50s:5ms])"] * 10)
HEAVY = r"""
groups:
- name: neighbour
  rules: [{record: fine, expr: one + 1}, {alert: Fine, expr: one == 1}]
- name: huge
  rules:
  - {record: huge, expr: 'big * on () group_left () one'}
  - {record: many, expr: 'big * on (job) big'}
  - {alert: Huge, expr: big, labels: {x: '{{ $value }}'}, annotations: {a: '{{ $labels.i }}'}}
- name: limited
  limit: 10
  rules: [{record: limited, expr: big}, {alert: Limited, expr: big}, {record: within, expr: 'topk(10, big)'}]
- name: samples
  rules: [{record: samples, expr: 'sum(count_over_time(big[20s:1ms]))'}]
- name: bytes
  rules: [{record: bytes, expr: 'sum(count_over_time(big[100h:1ms]))'}]
- name: loops
  rules:
  - alert: Loops
    expr: big < 100
    annotations:
      a: '{{ range query "big" }}{{ range query "big" }}{{ range query "big" }}x{{ end }}{{ end }}{{ end }}'
- name: explodes
  rules:
  - alert: Explodes
    expr: one
    annotations:
      a: '{{ define "a" }}{{ template "a" }}{{ template "a" }}{{ end }}{{ template "a" }}'
      b: '{{ $x := "xxxxxxxxxxxxxxxx" }}{{ range query "big" }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}'
      c: '{{ define "b" }}{{ tmpl "b" . }}{{ tmpl "b" . }}{{ end }}{{ tmpl "b" . }}'
      d: '{{ printf "%999999999d" 1 | len }}'
      e: '{{ reReplaceAll "(a*)*b" "x" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }}'
      f: '{{ query "sum(" }}'
      g: '{{ query "sum(count_over_time(big[100h:1ms]))" }}'
""" + "".join(f"- {{name: slow{i}, rules: [{{record: slow{i}, expr: '{TOPK}'}}]}}\n" for i in range(5))


def test_rules_that_want_too_much_harm_no_neighbour(tmp_path: Path, exporter: Exporter) -> None:
    exporter.body = b"".join(b'big{i="%d"} %d\n' % (i, i) for i in range(2000)) + b"one 1\n"
    flags = ("--query.timeout=1s", "--query.max-samples=8000000", "--query.max-bytes=600MB")
    ours = server(tmp_path, exporter, HEAVY, *flags, scrape_each="2s")  # Not late under this load.
    with started(ours):
        wait_for("a slow rule", lambda: rules_of(ours)["slow4"]["health"] == "err")
        wait_for("texts", lambda: rules_of(ours)["Loops"]["health"] == "ok", 30)
        watch, pages = Watch(ours, "/api/v1/query?query=fine"), Watch(ours, "/api/v1/rules")
        for one in (watch, pages):
            one.start()
        began_s = time.time()
        time.sleep(3)
        times = [time_s for time_s, _ in ours.query(f"fine[{time.time() - began_s:.0f}s]")[0]["values"]]
        assert max(b - a for a, b in pairwise(times)) < 2, times
        for one in (watch, pages):
            assert one.stop() == []
            assert one.slowest_s < 4
        # A scrape that is late all the same ends its series until the next one: rules over nothing are fine. So are the
        # samples of the first few seconds.
        rules = wait_for(
            "alerts",
            lambda: (
                len((now := rules_of(ours))["Huge"]["alerts"]) == 2000 and now["samples"]["health"] == "err" and now
            ),
        )
        assert {name: rule["health"] for name, rule in rules.items()} == {
            **dict.fromkeys(("fine", "Fine", "huge", "Huge", "within", "Loops", "Explodes"), "ok"),
            **dict.fromkeys(("many", "limited", "Limited", "samples", "bytes"), "err"),
            **{f"slow{i}": "err" for i in range(5)},
        }
        assert "many-to-many matching not allowed" in rules["many"]["lastError"]
        assert rules["limited"]["lastError"] == "exceeded limit of 10 with 2000 series"
        assert rules["Limited"]["lastError"] == "exceeded limit of 10 with 2000 alerts"
        assert rules["Limited"]["alerts"] == []
        assert re.search("too many samples|timed out", rules["samples"]["lastError"])
        assert "limit" in rules["bytes"]["lastError"]
        assert "timed out" in rules["slow0"]["lastError"]
        wait_for("huge", lambda: len(ours.query("huge")) == 2000 and len(ours.query("within")) == 10)
        assert ours.query("limited") == ours.query('ALERTS{alertname="Limited"}') == []
        [explodes] = rules["Explodes"]["alerts"]
        for name, text in explodes["annotations"].items():
            assert len(text) < 2000
            assert name in "de" or text.startswith("<error expanding template: "), text
        assert "maximum number of steps" in rules["Loops"]["alerts"][0]["annotations"]["a"]
        failures = metrics_of(ours, "prometheus_rule_evaluation_failures_total")
        assert {name.partition(";")[2] for name, count in failures.items() if count} == {
            *("huge", "limited", "samples", "bytes"),
            *(f"slow{i}" for i in range(5)),
        }
        assert metrics_of(ours, "watchkeeper_limits_exceeded_total")['limit="query.max-bytes'] >= 1
        missed = metrics_of(ours, "prometheus_rule_group_iterations_missed_total")
        assert sum(missed[f"a.yml;slow{i}"] for i in range(5)) > 10
        assert memory_bytes(ours, "VmHWM") < 2 << 30
        began_s = time.monotonic()  # In the middle of evaluations.
        assert ours.stop() == 0
        assert time.monotonic() - began_s < 8
        text = ours.log.read_text()
        assert "Traceback" not in text
        assert text.count("Expanding alert template failed") < 200
        assert len(text) < 1_000_000
