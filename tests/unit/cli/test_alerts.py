"""`watchkeeper alerts` and `watchkeeper silence` against a small server on a real socket that gives canned answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli.alerts import alerts
from watchkeeper.cli.alerts_client import moment_s, rfc3339, span_text
from watchkeeper.cli.client import ClientError
from watchkeeper.cli.silence import silence

NOW_S = time.time()
ALERT = {
    "annotations": {"description": "two\nlines \x1b[2J", "runbook": "http://r/up"},
    "endsAt": rfc3339(NOW_S + 300),
    "fingerprint": "95b4ffc1b04a6c98",
    "receivers": [{"name": "web"}, {"name": "pager"}],
    "startsAt": rfc3339(NOW_S - 7325),
    "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": [], "state": "active"},
    "updatedAt": rfc3339(NOW_S),
    "generatorURL": "http://p/graph",
    "labels": {"alertname": "Up", "severity": "critical", "job": "shop", "path": "a b"},
}
SILENCED = {
    **ALERT,
    "status": {"inhibitedBy": [], "mutedBy": [], "silencedBy": ["id1"], "state": "suppressed"},
    "labels": {"alertname": "Down"},
}
SILENCES = [
    {
        "id": f"id{n}",
        "status": {"state": state},
        "updatedAt": rfc3339(NOW_S),
        "comment": "why",
        "createdBy": "me",
        "startsAt": rfc3339(NOW_S + starts),
        "endsAt": rfc3339(NOW_S + ends),
        "matchers": [
            {"isEqual": False, "isRegex": True, "name": "job", "value": "a|b"},
            {"isRegex": False, "name": "odd name", "value": 'say "x"'},
        ],
    }
    for n, (state, starts, ends) in enumerate(
        [("active", -60, 7250), ("pending", 3650, 7200), ("expired", -9000, -3605)]
    )
]


class Alertmanager:
    """Answers by method and path, and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.kind = "application/json"
        self.asked: list[tuple[str, str, dict[str, list[str]], Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked = json.loads(body) if body else None
                outer.asked.append((self.command, parts.path, parse_qs(parts.query), asked))
                status, document = outer.answers.get((self.command, parts.path), (404, None))
                content = document if isinstance(document, bytes) else json.dumps(document).encode()
                content = b"" if document is None else content
                self.send_response(status)
                self.send_header("Content-Type", outer.kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = _answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def run(self, command: click.Command, *arguments: str) -> Result:
        return CliRunner().invoke(command, [*arguments, "--url", self.url])


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is still the time that the documents were made for, however late this test has its turn."""
    monkeypatch.setattr(time, "time", lambda: NOW_S + 0.5)


@pytest.fixture
def server() -> Iterator[Alertmanager]:
    made = Alertmanager()
    made.answers["GET", "/api/v2/alerts"] = 200, [ALERT, SILENCED]
    made.answers["GET", "/api/v2/silences"] = 200, SILENCES
    yield made
    made.http.shutdown()
    made.http.server_close()
    made.thread.join()


def test_alerts_in_a_table(server: Alertmanager) -> None:
    result = server.run(alerts)
    assert result.exit_code == 0, result.output
    head, _, *rows = result.output.splitlines()
    assert head.split() == ["state", "alert", "severity", "since", "labels", "summary"]
    assert [row.split() for row in rows] == [
        ["silenced", "Down", "2h2m", "two", "lines", r"\x1b[2J"],
        ["firing", "Up", "critical", "2h2m", "job=shop", 'path="a', 'b"', "two", "lines", r"\x1b[2J"],
    ]


def test_what_alerts_are_asked_for(server: Alertmanager) -> None:
    def asked(*arguments: str) -> dict[str, list[str]]:
        server.asked.clear()
        result = server.run(alerts, *arguments)
        assert result.exit_code == 0, result.output
        return server.asked[0][2]

    states = ("active", "silenced", "inhibited", "unprocessed")
    assert [asked()[state] for state in states] == [["true"], ["false"], ["false"], ["true"]]
    assert [asked("--all")[state] for state in states] == [["true"]] * 4
    assert [asked("-s", "-i")[state] for state in states] == [["false"], ["true"], ["true"], ["false"]]
    assert asked("Up", "job=~a|b", "x!=y z")["filter"] == ['alertname="Up"', 'job=~"a|b"', 'x!="y z"']
    assert asked("--receiver", "we.*")["receiver"] == ["we.*"]


def test_alerts_in_full(server: Alertmanager) -> None:
    output = server.run(alerts, "-o", "extended").output
    down, up = output.split("\n\n")
    assert down.startswith("Down  silenced\n")
    assert "  silenced by  id1\n" in down
    lines = dict(line.strip().split(maxsplit=1) for line in up.splitlines())
    assert lines["labels"] == 'job=shop path="a b" severity=critical'
    assert lines["description"] == r"two lines \x1b[2J"
    assert lines["told"] == "web, pager"
    assert lines["source"] == "http://p/graph"
    assert lines["since"].endswith("(2h2m)")
    assert json.loads(server.run(alerts, "-o", "json").output) == [ALERT, SILENCED]


def test_nothing_to_show(server: Alertmanager) -> None:
    server.answers["GET", "/api/v2/alerts"] = 200, []
    server.answers["GET", "/api/v2/silences"] = 200, []
    assert server.run(alerts).stderr == "no alerts\n"
    assert server.run(alerts, "Up").stderr == "no alerts match\n"
    assert server.run(silence, "list").stderr == "no silences\n"
    assert server.run(alerts, "-o", "json").output == "[]\n"


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        ((400, "bad matcher format: a"), "application/json", "Error: bad matcher format: a"),
        ((422, {"code": 601, "message": "it is odd"}), "application/json", "Error: it is odd"),
        ((503, b"Limit of concurrent GET requests reached (8), try again later.\n"), "text/plain",
         "Error: Limit of concurrent GET requests reached (8), try again later."),
    ],
)  # fmt: skip
def test_the_servers_words(server: Alertmanager, answer: tuple[int, Any], kind: str, said: str) -> None:
    server.answers["GET", "/api/v2/alerts"], server.kind = answer, kind
    result = server.run(alerts)
    assert result.exit_code == 1
    assert result.stderr.strip() == said


def test_another_server(server: Alertmanager) -> None:
    server.answers["GET", "/api/v2/alerts"], server.kind = (200, b"<html>"), "text/html"
    result = server.run(alerts)
    assert isinstance(result.exception, ClientError)
    assert "which is not the Alertmanager API" in str(result.exception)


@pytest.mark.parametrize("text", ["a=~(", "=x", "{a=b}", "a!b"])
def test_matchers_that_are_none(server: Alertmanager, text: str) -> None:
    result = server.run(alerts, text)
    assert result.exit_code == 2
    assert "write it as severity=critical or 'job=~shop.*'" in result.stderr
    assert not server.asked


def test_a_new_silence(server: Alertmanager) -> None:
    server.answers["POST", "/api/v2/silences"] = 200, {"silenceID": "new"}
    arguments = ("Up", "job!~a|b", "--duration", "2h", "--comment", "why", "--author", "anna")
    assert server.run(silence, "add", *arguments).output == "new\n"
    sent = server.asked[-1][3]
    assert (sent["createdBy"], sent["comment"]) == ("anna", "why")
    assert sent["matchers"] == [
        {"name": "alertname", "value": "Up", "isRegex": False, "isEqual": True},
        {"name": "job", "value": "a|b", "isRegex": True, "isEqual": False},
    ]
    starts_s, ends_s = moment_s(sent["startsAt"]), moment_s(sent["endsAt"])
    assert ends_s - starts_s == pytest.approx(7200, abs=0.01)
    assert abs(starts_s - time.time()) < 60
    server.run(silence, "add", "Up", "-c", "why", "--start", "2099-01-01T00:00:00Z", "--end", "2099-01-02T00:00:00Z")
    sent = server.asked[-1][3]
    assert (sent["startsAt"], sent["endsAt"]) == ("2099-01-01T00:00:00.000Z", "2099-01-02T00:00:00.000Z")
    assert sent["createdBy"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Up",), "Missing option '-c' / '--comment'"),
        (("-c", "x"), "Missing argument 'MATCHER...'"),
        (("Up", "-c", " "), "say why, so that others know"),
        (("Up", "-c", "x", "-d", "1x"), "not a duration: '1x'"),
        (("Up", "-c", "x", "--start", "nix"), "not a time: 'nix'"),
        (("Up", "-c", "x", "--end", "now-1h"), "the end is not after the start"),
    ],
)
def test_silences_that_make_no_sense(server: Alertmanager, arguments: tuple[str, ...], said: str) -> None:
    result = server.run(silence, "add", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not server.asked


def test_the_list_of_silences(server: Alertmanager) -> None:
    head, _, *rows = server.run(silence, "list", "--expired").output.splitlines()
    assert head.split() == ["id", "state", "time", "matchers", "by", "comment"]
    assert [row.split()[:4] for row in rows] == [
        ["id0", "active", "2h", "left"], ["id1", "pending", "in", "1h"], ["id2", "expired", "1h", "ago"],
    ]  # fmt: skip
    assert all(r'job!~a|b "odd name"="say \"x\""' in row for row in rows)
    # The server may answer with more than it was asked for.
    assert server.run(silence, "list", "-o", "ids").output.split() == ["id0", "id1"]
    assert [one["id"] for one in json.loads(server.run(silence, "list", "-o", "json").output)] == ["id0", "id1"]
    server.run(silence, "list", "Up", "job=x")
    assert server.asked[-1][2] == {"filter": ['alertname="Up"', 'job="x"'], "expired": ["false"]}


def test_the_end_of_silences(server: Alertmanager) -> None:
    for id in ("id0", "id1"):
        server.answers["DELETE", f"/api/v2/silence/{id}"] = 200, None
    assert server.run(silence, "expire", "id0").output == "id0\n"
    assert server.run(silence, "expire", "--matcher", "job=x").output == "id0\nid1\n"
    assert server.asked[-3][2]["filter"] == ['job="x"']
    result = server.run(silence, "expire", "id0", "gone")
    assert result.exit_code == 1
    assert result.stdout == "id0\n"
    assert result.stderr == "Error: gone: there is no such silence\n"
    server.answers["GET", "/api/v2/silences"] = 200, SILENCES[2:]
    result = server.run(silence, "expire", "-m", "job=x")
    assert (result.exit_code, result.stderr) == (1, "Error: no silences match\n")
    assert server.run(silence, "expire").exit_code == 2


def test_spans() -> None:
    shown = [span_text(seconds) for seconds in (-5, 0, 59.6, 61, 3600, 3725, 90_000, 200_000)]
    assert shown == ["0s", "0s", "1m", "1m1s", "1h", "1h2m", "1d1h", "2d7h"]
