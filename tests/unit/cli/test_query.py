"""`watchkeeper query` against a small server on a real socket that gives canned answers."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner
from rich.console import Console

from watchkeeper.cli.client import ApiError
from watchkeeper.cli.main import main
from watchkeeper.cli.query import explain_error, query
from watchkeeper.cli.result import Series, print_instant

VECTOR = {
    "resultType": "vector",
    "result": [
        {"metric": {"__name__": "up", "instance": "a:1", "job": "node"}, "value": [1700000000.5, "1"]},
        {"metric": {"__name__": "size_bytes", "instance": "b:1", "job": "node"}, "value": [1700000000.5, "16777216"]},
    ],
}
MATRIX = {
    "resultType": "matrix",
    "result": [
        {"metric": {"__name__": "up", "job": "a"}, "values": [[1700000000, "1"], [1700000010, "0.5"]]},
        {"metric": {"__name__": "up", "job": "b"}, "values": [[1700000000, "NaN"]]},
    ],
}


class Server:
    """Answers every POST with `answer`, and remembers what was asked."""

    def __init__(self):
        self.status, self.answer, self.asked = 200, b"", []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {key: values[0] for key, values in parse_qs(body).items()}
                outer.asked.append((self.path, form, self.headers.get("Authorization")))
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.answer)))
                self.end_headers()
                self.wfile.write(outer.answer)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def say(self, data, **more):
        self.answer = json.dumps({"status": "success", "data": data, **more}).encode()

    def fail(self, status, kind, message):
        self.status = status
        self.answer = json.dumps({"status": "error", "errorType": kind, "error": message}).encode()

    def stop(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


def run(server, *args):
    return CliRunner().invoke(query, [*args, "--url", server.url])


def test_an_instant_answer_as_a_table(server):
    server.say(VECTOR)
    done = run(server, "up")
    assert done.exit_code == 0
    assert server.asked[0][0] == "/api/v1/query"
    assert server.asked[0][1]["query"] == "up"
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[0] == '2 series, all {job="node"}'
    assert lines[1].split() == ["name", "instance", "value"]
    assert lines[3].split() == ["up", "a:1", "1"]
    assert lines[4].split() == ["size_bytes", "b:1", "16,777,216", "16", "MiB"]


def test_labels_without_room_are_written_as_promql_writes_them(capsys):
    series = [Series({"__name__": "info", "version": "v" * 30, "machine": "m" * 30}, [(0, "1")])]
    print_instant(Console(width=60), series)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0].split() == ["series", "value"]
    assert lines[2].startswith('info{version="vvv')
    assert all(len(line) <= 60 for line in lines)


def test_labels_can_not_command_the_terminal(server):
    evil = {"__name__": "up", "a": "\x1b[2Jgone", "b": "x"}
    server.say({"resultType": "vector", "result": [{"metric": evil, "value": [0, "1"]}]})
    out = run(server, "up").stdout
    assert "\x1b" not in out
    assert "\\x1b[2Jgone" in out
    server.say({"resultType": "matrix", "result": [{"metric": evil, "values": [[0, "1"]]}]})
    for output in ("table", "plot"):
        assert "\x1b[2J" not in run(server, "up[1m]", "-o", output).stdout


def test_csv_holds_the_exact_values(server):
    server.say(VECTOR)
    assert run(server, "up", "-o", "csv").stdout == (
        "__name__,instance,job,timestamp,value\nup,a:1,node,1700000000.5,1\nsize_bytes,b:1,node,1700000000.5,16777216\n"
    )


def test_json_is_the_data_of_the_api(server):
    server.say(VECTOR)
    assert json.loads(run(server, "up", "-o", "json").stdout) == VECTOR


def test_a_scalar_is_a_number(server):
    server.say({"resultType": "scalar", "result": [1700000000, "2"]})
    assert run(server, "1+1").stdout == "2\n"


def test_a_native_histogram_has_a_line(server):
    histogram = {"count": "3", "sum": "1.5", "buckets": [[0, "0", "1", "3"]]}
    server.say(
        {"resultType": "vector", "result": [{"metric": {"__name__": "h"}, "histogram": [1700000000, histogram]}]}
    )
    assert "count 3 sum 1.5" in run(server, "h").stdout


def test_a_range_asks_with_start_end_and_step(server):
    server.say(MATRIX)
    done = run(server, "up", "--start", "1700000000", "--end", "1700000010", "--step", "10s", "-o", "table")
    assert server.asked[0][:2] == (
        "/api/v1/query_range",
        {"query": "up", "start": "1700000000.000", "end": "1700000010.000", "step": "10"},
    )
    assert 'up{job="a"}' in done.stdout
    assert "0.5" in done.stdout


def test_since_chooses_a_step(server):
    server.say(MATRIX)
    run(server, "up", "--since", "1h")
    form = server.asked[0][1]
    assert float(form["end"]) - float(form["start"]) == pytest.approx(3600, abs=0.01)
    assert float(form["step"]) in (15, 20, 30)


def test_a_plot_has_axes_and_a_legend(server):
    server.say(MATRIX)
    done = run(server, "up", "--start", "1700000000", "--end", "1700000010", "--step", "10", "-o", "plot")
    assert done.exit_code == 0
    assert '{job="a"}' in done.stdout
    assert "min       0.5" in done.stdout
    assert "no numbers" in done.stdout  # Of the series that is NaN.
    assert "\x1b" not in done.stdout


def test_nothing_found_is_said_beside_the_output(server):
    server.say({"resultType": "vector", "result": []})
    done = run(server, "nope")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "no series match\n")


def test_warnings_go_to_stderr(server):
    server.say(VECTOR, warnings=["careful"], infos=["look"])
    assert run(server, "up", "-o", "json").stderr == "warning: careful\ninfo: look\n"


def test_a_parse_error_shows_the_place(server):
    server.fail(400, "bad_data", 'invalid parameter "query": 1:8: parse error: unexpected ")"')
    done = run(server, "sum by ))")
    assert done.exit_code == 1
    assert done.stderr == 'parse error: unexpected ")"\n    sum by ))\n           ^\n'


def test_other_errors_show_their_kind(server):
    server.fail(422, "execution", "too many samples")
    done = run(server, "x")
    assert (done.exit_code, done.stderr) == (1, "execution: too many samples\n")


@pytest.mark.parametrize(
    ("expr", "message", "expected"),
    [
        ("a +\n  b b", "2:5: parse error: bad", "parse error: bad (line 2)\n      b b\n        ^"),
        ('"日本" x', "1:6: parse error: bad", 'parse error: bad\n    "日本" x\n           ^'),
        ("a", "9:1: parse error: bad", "parse error: bad"),
        ("a", "nothing known", "bad_data: nothing known"),
    ],
)
def test_explain_error(expr, message, expected):
    assert explain_error(ApiError("bad_data", message), expr) == expected


def test_no_server(server, monkeypatch, capsys):
    server.stop()
    monkeypatch.setattr("sys.argv", ["watchkeeper", "query", "up", "--url", server.url])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err == f"watchkeeper: no watchkeeper at {server.url}; start it with: watchkeeper up\n"
    server.http = type("Gone", (), {"shutdown": lambda self: None, "server_close": lambda self: None})()


@pytest.mark.parametrize("body", [b"<html>hello", b"not found", b"[]", b'{"status":"success"}', b"\xff"])
def test_a_server_of_another_kind(server, body):
    server.status, server.answer = 404, body
    done = run(server, "up")
    assert "which is not the Prometheus API" in str(done.exception)


def test_a_password_is_sent_but_not_shown(server):
    server.answer = b"?"
    done = CliRunner().invoke(query, ["up", "--url", server.url.replace("://", "://me:hunter%402@") + "/prefix/"])
    path, _, authorization = server.asked[0]
    assert path == "/prefix/api/v1/query"
    assert authorization == "Basic bWU6aHVudGVyQDI="
    assert "hunter" not in str(done.exception)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["up", "--since", "x"], "not a duration: 'x'"),
        (["up", "--since", "-5m"], "not a duration"),
        (["up", "--start", "yesterday"], "not a time: 'yesterday'"),
        (["up", "--end", "now"], "need a range"),
        (["up", "--since", "1h", "--time", "now"], "exclude one another"),
        (["up", "--start", "now", "--end", "now-1h"], "the start is after the end"),
        (["up", "--url", "ftp://x"], None),
    ],
)
def test_bad_arguments_are_named(args, message):
    done = CliRunner().invoke(query, args)
    assert done.exit_code in (1, 2)
    if message:
        assert message in done.stderr


def test_a_plot_of_an_instant_makes_no_sense(server):
    server.say(VECTOR)
    assert "A plot needs a range" in run(server, "up", "-o", "plot").stderr
