"""The same rules over the same targets in Debian's Prometheus and here, side by side while the targets change: what is
recorded, what the API says of the rules, and what the Alertmanagers hear is the same at every time, within the phases
of scrapes and evaluations.
"""

from __future__ import annotations

import bisect
import calendar
import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.processes.running import Exporter, Process, free_port, started, wait_for, watchkeeper

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus on this machine"),
]

INTERVAL_S = 0.25
# A change is seen by the next scrape, then by the next evaluation, and through other groups by one more of each; the
# rest is for a busy machine.
APART_S = 4 * INTERVAL_S + 0.3
PHASE_S = 2.0
RESEND_S = 1.0
LAST_S = APART_S + RESEND_S + 0.5  # After the last change.

CONFIG = """
global: {scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms, external_labels: {region: eu}}
rule_files: ['%(folder)s/rules/*.yml']
scrape_configs:
  - {job_name: one, static_configs: [{targets: ['%(one)s']}]}
  - {job_name: two, static_configs: [{targets: ['%(two)s']}]}
alerting:
  alert_relabel_configs: [{regex: instance, action: labeldrop}]
  alertmanagers: [{path_prefix: '%(prefix)s', static_configs: [{targets: ['%(peer)s']}]}]
"""
HOST_CONFIG = """
global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s}}
rule_files: ['{folder}/{who}-rules/*']
scrape_configs:
  - {{job_name: node-exporter, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}
"""
NEWER = ("info(", "limitk(", "first_over_time(")
CORPUS = sorted((Path(__file__).parents[3] / "shared" / "corpus" / "rules").glob("*.yaml"))
RULES = r"""
groups:
  - name: chain
    rules:
      - {record: 'part:load:sum', expr: 'sum by (part) (load)'}
      - {record: 'part:load:double', expr: '2 * part:load:sum', labels: {kind: double}}
      - {record: 'load:max', expr: 'max(part:load:double{kind="double"})'}
      - {record: 'load:max:text', expr: 'count_values("max", load:max)'}
      - {record: constant, expr: '7 * 6', labels: {answer: 'yes'}}
  - name: cross
    rules:
      - {record: 'cross:load', expr: 'load:max + on () group_left () count(part:load:sum)'}
      - {record: 'cross:vanishing', expr: vanishing, labels: {instance: ''}}
      - {record: 'cross:absent', expr: 'absent(vanishing)'}
      - {record: 'cross:other', expr: 'other_load or up{job="two"}'}
      - {record: 'cross:zero', expr: '(load - 1) / 0'}
      - {record: 'cross:histogram', expr: 'histogram_quantile(0.5, size_bucket)'}
      - {record: 'cross:alerts', expr: 'count by (alertname, alertstate) (ALERTS)'}
      - {record: 'cross:bool', expr: 'load > bool 5'}
  - name: failing
    rules:
      - {record: joined, expr: 'load * on (job) group_left () many'}
      - {record: same, expr: load, labels: {part: one}}
      - {alert: Joined, expr: 'load * on (job) group_left () many > 1', annotations: {a: '{{ $value }}'}}
      - {alert: Same, expr: 'load{part!="b"}', labels: {part: one}}
      - {record: after, expr: 'sum(joined)'}
  - name: limited
    limit: 2
    rules:
      - {record: limited, expr: load}
      - {alert: Limited, expr: load}
      - {record: limited_fine, expr: 'sum(load)'}
  - name: alerts
    rules:
      - alert: High
        expr: load > 5
        for: 1s
        labels: {severity: '{{ if gt $value 7.0 }}page{{ else }}warn{{ end }}', team: 'x{{ $labels.part }}'}
        annotations:
          summary: '{{ $labels.part }} of {{ $labels.job }} at {{ $value | humanize }} in {{ $externalLabels.region }}'
          query: '{{ with query "count(load)" }}{{ . | first | value }}{{ end }} {{ $externalURL }}'
      - {alert: Held, expr: load > 5, keep_firing_for: 1s, annotations: {value: '{{ printf "%.1f" $value }}'}}
      - {alert: HeldLong, expr: load > 5, for: 1s, keep_firing_for: 3500ms}
      - {alert: Flapping, expr: flap == 1}
      - {alert: FlapsTooFast, expr: flap == 1, for: 4s}
      - {alert: OfAlerts, expr: 'ALERTS{alertname="Flapping"}', labels: {of: '{{ $labels.alertname }}'}}
      - {alert: Down, expr: up == 0, annotations: {on: '{{ $labels.job }}'}}
      - {alert: Vanished, expr: absent(vanishing)}
      - alert: BadTemplate
        expr: flap == 1
        labels: {bad: '{{ humanize "x" }}'}
        annotations: {a: '{{ index $labels }}', b: '{{ template "x" }}'}
      - {alert: Always, expr: vector(1), labels: {empty: '', region: us}}
      - {alert: Odd, expr: load / 0 != 1, annotations: {value: '{{ $value }}'}}
"""

Labels = tuple[tuple[str, str], ...]


class Told(NamedTuple):
    """An alert as an Alertmanager was told of it; times in seconds since the epoch."""

    arrived_s: float
    starts_s: float
    ends_s: float
    annotations: Labels
    url: str


class Double:
    """An Alertmanager that only listens, for any number of senders: `told` has by path and labels what came."""

    def __init__(self) -> None:
        self.told: dict[str, dict[Labels, list[Told]]] = {}
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                now_s = time.time()
                assert self.path.endswith("/api/v2/alerts")
                by_labels = double.told.setdefault(self.path.split("/")[1], {})
                for alert in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
                    by_labels.setdefault(pairs(alert["labels"]), []).append(
                        Told(
                            now_s,
                            seconds(alert["startsAt"]),
                            seconds(alert["endsAt"]),
                            pairs(alert.get("annotations", {})),
                            alert["generatorURL"],
                        )
                    )
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def pairs(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def seconds(text: str) -> float:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")


class Timeline:
    """What something was, from each time on."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.values: list[Any] = []

    def add(self, time_s: float, value: Any) -> None:
        """What it is now."""
        if not self.values or self.values[-1] != value:
            self.times.append(time_s)
            self.values.append(value)

    def around(self, time_s: float, apart_s: float) -> list[Any]:
        """All that it was in so many seconds before and after; None is what it was before the beginning."""
        lo = bisect.bisect_right(self.times, time_s - apart_s) - 1
        hi = bisect.bisect_right(self.times, time_s + apart_s)
        return [None if i < 0 else self.values[i] for i in range(lo, max(hi, lo + 1))]


def different(
    ours: Mapping[Any, Timeline],
    theirs: Mapping[Any, Timeline],
    start_s: float,
    end_s: float,
    is_same: Callable[[Any, Any, Any], bool] = lambda key, one, other: one == other,
) -> str:
    """Each thing that one had at a time and the other at no time near it, a line each."""
    found = []
    for who, first, second in (("ours", ours, theirs), ("theirs", theirs, ours)):
        for key, line in first.items():
            other = second.get(key, Timeline())
            ends = [*line.times[1:], end_s]
            for time_s, until_s, value in zip(line.times, ends, line.values, strict=True):
                # What began before all counts no more than what is still to come, nor what was for a moment only: a
                # rule of another group that saw one half of a change.
                if not start_s <= time_s <= end_s - APART_S or until_s - time_s < 2.2 * INTERVAL_S:
                    continue
                near = other.around(time_s, APART_S)
                if not any(is_same(key, value, one) for one in near):
                    found.append(f"{time_s - start_s:6.2f} s {key}: {who} {value!r}, the other {near!r}")
    return "\n".join(found)


# --- the two servers, and what is asked of them


class Pair(NamedTuple):
    ours: Process
    theirs: Process


def prometheus(folder: Path, *flags: str, config: str) -> Process:
    """Debian's, not started yet."""
    folder.mkdir()
    (folder / "prometheus.yml").write_text(config)
    port = free_port()
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle", *flags]
    return Process(command, port, "/-/ready", folder / "log")


class States(threading.Thread):
    """Asks a server for its rules all the time."""

    def __init__(self, server: Process) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.lines: dict[Any, Timeline] = {}
        self.active_at: dict[Any, Timeline] = {}
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(0.05):
            now_s = time.time()
            for group in self.server.api("rules")["groups"]:
                for number, rule in enumerate(group["rules"]):
                    key = group["name"], number, rule["name"]
                    alerts = sorted(
                        (pairs(alert["labels"]), alert["state"], pairs(alert["annotations"]), alert["value"])
                        for alert in rule.get("alerts", ())
                    )
                    # Of the series that an error names any may be the first.
                    error = rule.get("lastError", "").partition(": [")[0]
                    told = rule["health"], error, rule.get("state", ""), alerts
                    self.lines.setdefault(key, Timeline()).add(now_s, told)
                    for alert in rule.get("alerts", ()):
                        since = self.active_at.setdefault((*key, pairs(alert["labels"])), Timeline())
                        since.add(now_s, seconds(alert["activeAt"]))

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def recorded(server: Process, start_s: float, end_s: float) -> dict[Labels, Timeline]:
    """Every series that rules made, as a query sees it at each time; None where it is not."""
    out: dict[Labels, Timeline] = {}
    step_s = 0.05
    n_steps = int((end_s - start_s) / step_s)
    asked = '{__name__=~".+", __name__!~"up|scrape_.*|load|flap|vanishing|many|other_load|size_bucket"}'
    for series in server.api("query_range", query=asked, start=start_s, end=start_s + n_steps * step_s, step=step_s)[
        "result"
    ]:
        line = out.setdefault(pairs(series["metric"]), Timeline())
        samples = {round((time_s - start_s) / step_s): text for time_s, text in series["values"]}
        for step in range(n_steps + 1):
            line.add(start_s + step * step_s, samples.get(step))
    return out


def is_near(one: float | None, other: float | None, start_s: float) -> bool:
    """Whether two began at about the same time, or both before the start."""
    if one is None or other is None:
        return one is other
    return abs(max(one, start_s) - max(other, start_s)) <= APART_S + 1  # ALERTS_FOR_STATE has whole seconds.


def has_same_value(start_s: float) -> Callable[[Labels, str | None, str | None], bool]:
    """Whether two values of a series are the same."""

    def is_same(key: Labels, one: str | None, other: str | None) -> bool:
        if one is None or other is None or ("__name__", "ALERTS_FOR_STATE") not in key:
            return one == other
        return is_near(float(one), float(other), start_s)

    return is_same


def episodes(told: Iterable[Told], start_s: float, end_s: float) -> list[list[Told]]:
    """What was told of an alert, cut where it began anew; without what had begun before."""
    out: dict[float, list[Told]] = {}
    for one in told:
        if start_s <= one.starts_s < end_s - LAST_S + APART_S:
            out.setdefault(one.starts_s, []).append(one)
    return [out[key] for key in sorted(out)]


def compare_told(ours: dict[Labels, list[Told]], theirs: dict[Labels, list[Told]], start_s: float, end_s: float) -> int:
    """Each alert was told of as often, with the same texts and the same times; the number of alerts."""
    cut = [
        {labels: found for labels, told in one.items() if (found := episodes(told, start_s, end_s))}
        for one in (ours, theirs)
    ]
    assert cut[0].keys() == cut[1].keys()
    for labels, mine in cut[0].items():
        wanted = cut[1][labels]
        assert len(mine) == len(wanted), f"{labels}\n{mine}\n{wanted}"
        for one, other in zip(mine, wanted, strict=True):
            shown = f"{labels}\n ours {one}\n theirs {other}"
            assert abs(one[0].starts_s - other[0].starts_s) < APART_S, shown
            assert {told.annotations for told in one} == {told.annotations for told in other}, shown
            assert {told.url for told in one} == {told.url for told in other}, shown
            for split in (_firing, _resolved):
                assert abs(len(split(one)) - len(split(other))) <= 1, shown
            ends = [min((told.ends_s for told in _resolved(told_of)), default=end_s) for told_of in (one, other)]
            assert abs(ends[0] - ends[1]) < APART_S, shown
            for told in _firing(one):  # Four times the resend delay after the evaluation.
                assert 4 * RESEND_S - 0.6 < told.ends_s - told.arrived_s <= 4 * RESEND_S + 0.01, told
            for told in _resolved(one):
                assert told.starts_s <= told.ends_s <= told.arrived_s + 0.01, told
    return len(cut[0])


def _firing(told: Iterable[Told]) -> list[Told]:
    return [one for one in told if one.ends_s > one.arrived_s + 1]


def _resolved(told: Iterable[Told]) -> list[Told]:
    return [one for one in told if one.ends_s <= one.arrived_s + 1]


def body(**parts: float) -> bytes:
    return "".join(f'load{{part="{part}"}} {value}\n' for part, value in parts.items()).encode()


SIZES = b'size_bucket{le="1"} 1\nsize_bucket{le="2"} 3\nsize_bucket{le="+Inf"} 4\n'
PHASES = [
    body(a=1, b=2) + b"flap 0\nvanishing 1\nmany 2\n" + SIZES,
    body(a=6, b=2) + b"flap 1\nvanishing 1\nmany 2\n" + SIZES,
    body(a=9, b=2) + b'flap 0\nmany{x="1"} 1\nmany{x="2"} 1\n',
    body(a=1, b=2) + b"flap 1\nvanishing 3\nmany 3\n" + SIZES,
    body(a=1, b=2, c=4) + b"flap 0\nvanishing NaN\nmany 3\n" + SIZES,
    body(a=float("nan"), b=float("-inf"), c=6) + b"flap 1\nmany NaN\n",
    body(a=1, b=1) + b"flap 0\nvanishing 1\nmany 2\n",
]


WAITING = """
groups:
  - name: waiting
    rules:
      - {alert: Fired, expr: vector(1), for: 3s}
      - {alert: HasLittleLeft, expr: vector(1), for: 6s}
      - {alert: HasMuchLeft, expr: vector(1), for: 12s, labels: {value: '{{ $value }}'}}
      - {alert: ShorterThanGrace, expr: vector(1), for: 1s}
      - {alert: Immediate, expr: vector(1)}
      - {alert: Other, expr: 'vector(2) > 1', for: 3s, keep_firing_for: 1m}
"""


class Restored(NamedTuple):
    """The alerts of a server before a kill, and when those that fired before fire again: state and beginning."""

    before: dict[str, tuple[str, float]]
    after: dict[str, tuple[str, float]]


def restored(server: Process) -> Restored:
    """Runs a server for a while, kills it, starts it again."""

    def alerts() -> dict[str, tuple[str, float]]:
        found = server.api("alerts")["alerts"]
        return {one["labels"]["alertname"]: (one["state"], seconds(one["activeAt"])) for one in found}

    with started(server):
        wait_for("firing", lambda: alerts()["Fired"][0] == "firing")
        time.sleep(1)
        before = alerts()
        server.kill()
        time.sleep(1)
        server.start()
        wait_for("firing", lambda: (now := alerts())["Fired"][0] == now["ShorterThanGrace"][0] == "firing")
        return Restored(before, alerts())


@pytest.fixture(scope="module", autouse=True)
def restarts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Future[Restored]]]:
    """The same restart of both; runs beside other tests."""
    folder = tmp_path_factory.mktemp("restarts")
    (folder / "rules.yml").write_text(WAITING)
    config = f"global: {{evaluation_interval: 250ms}}\nrule_files: ['{folder}/rules.yml']\n"
    flags = ("--rules.alert.for-grace-period=2500ms", "--rules.alert.for-outage-tolerance=1m")
    servers = (
        watchkeeper(folder / "ours", *flags, config=config),
        prometheus(folder / "theirs", *flags, config=config),
    )
    with ThreadPoolExecutor() as pool:
        yield [pool.submit(restored, server) for server in servers]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair | None]:
    """Both with all rule files of people's clusters over this host's node exporter, every 2 s; None without files."""
    if not CORPUS:
        yield None
        return
    folder = tmp_path_factory.mktemp("host")
    for who in ("ours", "theirs"):
        (folder / f"{who}-rules").mkdir()
        for path in CORPUS:
            # As they are, but for intervals of minutes.
            groups = [{**group, "interval": "2s"} for group in yaml.safe_load(path.read_text())["groups"]]
            if who == "theirs":  # What Prometheus 2.42 does not take.
                for group in groups:
                    group.pop("concurrency", None)
                    group["rules"] = [rule for rule in group["rules"] if not any(one in rule["expr"] for one in NEWER)]
            (folder / f"{who}-rules" / path.name).write_text(yaml.safe_dump({"groups": groups}))
    node_port = free_port()
    config = {who: HOST_CONFIG.format(folder=folder, who=who, port=node_port) for who in ("ours", "theirs")}
    ours = watchkeeper(folder / "ours", "--only=metrics,node", f"--node-port={node_port}", config=config["ours"])
    theirs = prometheus(folder / "theirs", config=config["theirs"])
    with started(ours, theirs):
        yield Pair(ours, theirs)


@pytest.fixture
def double() -> Iterator[Double]:
    made = Double()
    yield made
    made.close()


def test_rules_over_time(tmp_path: Path, double: Double, host: Pair | None) -> None:
    # Those of the other test meanwhile collect what it asks for.
    one, two = Exporter(PHASES[0]), Exporter(b"other_load 3\n")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text(RULES)
    flags = (f"--rules.alert.resend-delay={RESEND_S:.0f}s", "--web.external-url=http://watch.example/x")
    config = {
        who: CONFIG
        % {"folder": tmp_path, "one": one.address, "two": two.address, "prefix": f"/{who}", "peer": double.address}
        for who in ("ours", "theirs")
    }
    ours = watchkeeper(tmp_path / "ours", *flags, "--web.route-prefix=/", config=config["ours"])
    theirs = prometheus(tmp_path / "theirs", *flags, "--web.route-prefix=/", config=config["theirs"])
    with started(ours, theirs):
        both = Pair(ours, theirs)
        for server in both:
            wait_for(
                "evaluations", lambda server=server: server.query('cross:load and on () ALERTS{alertname="Always"}')
            )
            wait_for("alerts of alerts", lambda server=server: server.query('cross:alerts{alertname="Always"}'))
        time.sleep(2 * RESEND_S)
        states = [States(server) for server in both]
        for thread in states:
            thread.start()
        start_s = time.time()
        for number, told in enumerate(PHASES):
            time.sleep(max(0.0, start_s + number * PHASE_S - time.time()))
            one.body = told
            if number == 4:
                two.close()
        time.sleep(LAST_S)
        end_s = time.time()
        for thread in states:
            thread.stop()
        lines = [recorded(server, start_s, end_s - 0.5) for server in both]
        assert len(lines[0]) > 60
        assert not different(lines[0], lines[1], start_s, end_s, has_same_value(start_s))
        assert len(states[0].lines) == 32
        assert not different(states[0].lines, states[1].lines, start_s, end_s)
        assert not different(
            states[0].active_at,
            states[1].active_at,
            start_s,
            end_s,
            lambda _, one, other: is_near(one, other, start_s),
        )
        assert compare_told(double.told["ours"], double.told["theirs"], start_s, end_s) > 10
        assert "Traceback" not in ours.log.read_text()
    one.close()


def test_all_rule_files_together_on_host_data(host: Pair | None) -> None:
    if host is None:
        pytest.skip("no corpus of rules beside this checkout")
    shown = []
    for server in host:
        wait_for(
            "evaluations", lambda server=server: unevaluated(server) == [] and server.query("instance:node_cpu:ratio")
        )
        groups = server.api("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        assert [(rule["name"], rule["lastError"]) for rule in rules if rule["health"] != "ok"] == []
        text = server.request("/metrics")[1].decode()
        missed = re.findall(
            r"^(prometheus_rule_(?:group_iterations_missed|evaluation_failures)_total.*) [1-9]", text, re.M
        )
        assert missed == []
        shown.append({(Path(group["file"]).name, rule["name"]) for group in groups for rule in group["rules"]})
    assert shown[0] == {(path.name, name) for path in CORPUS for name in names_in(path)}
    assert len(shown[0]) > 200
    assert shown[1] <= shown[0]
    assert len(shown[1]) > 200


def names_in(path: Path) -> list[str]:
    rules = [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
    return [rule.get("record") or rule["alert"] for rule in rules]


def unevaluated(server: Process) -> list[str]:
    """Rules that had no turn yet."""
    return [
        rule["name"]
        for group in server.api("rules")["groups"]
        for rule in group["rules"]
        if rule["health"] == "unknown"
    ]


def test_a_restart_restores_how_long_alerts_have_waited(restarts: list[Future[Restored]]) -> None:
    lag = []
    for work in restarts:
        before, after = work.result()
        restart_s = after["Immediate"][1]
        # Those that fired go on as if nothing had been, and the shortest begins anew.
        for name in ("Fired", "Other"):
            assert after[name] == ("firing", float(int(before[name][1])))
        assert after["ShorterThanGrace"][1] == restart_s
        assert after["HasLittleLeft"][0] == after["HasMuchLeft"][0] == "pending"
        lag.append({name: (state, since_s - restart_s) for name, (state, since_s) in after.items()})
        away_s = restart_s - before["Immediate"][1] - (after["HasMuchLeft"][1] - before["HasMuchLeft"][1])
        assert away_s > 3, "it has not waited as long as the server was there"
    for name, (state, since_s) in lag[0].items():
        assert state == lag[1][name][0]
        assert name in ("Fired", "Other") or abs(since_s - lag[1][name][1]) < 1.5
