"""`watchkeeper logs` against a small server on a real socket that gives canned answers."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from watchkeeper.cli.client import ApiError
from watchkeeper.cli.log_lines import Entry, entries_of, pretty, safe
from watchkeeper.cli.logs import explain, is_log_query, logs

STREAMS = {
    "resultType": "streams",
    "result": [
        {
            "stream": {"job": "a", "pod": "x", "detected_level": "error"},
            "values": [["1700000002000000000", "third"], ["1700000000000000000", "first"]],
        },
        {"stream": {"job": "a", "pod": "y"}, "values": [["1700000001000000000", "second \x1b[2J"]]},
    ],
    "stats": {},
}
VECTOR = {
    "resultType": "vector",
    "result": [{"metric": {"level": "info"}, "value": [1700000000, "12"]}],
    "stats": {},
}


class Loki:
    """Answers every POST with `body`, and remembers what was asked."""

    def __init__(self):
        self.status, self.body, self.kind, self.asked = 200, b"", "application/json", []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                asked = {key: values[0] for key, values in form.items()}
                outer.asked.append((self.path, asked, self.headers.get("X-Scope-OrgID")))
                self.send_response(outer.status)
                self.send_header("Content-Type", outer.kind)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def say(self, data):
        self.body = json.dumps({"status": "success", "data": data}).encode()

    def stop(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def loki():
    server = Loki()
    yield server
    server.stop()


def run(loki, *args):
    return CliRunner().invoke(logs, [*args, "--url", loki.url])


def test_lines_come_oldest_first_with_what_differs(loki):
    loki.say(STREAMS)
    result = run(loki, '{job="a"}', "--limit", "3", "--org-id", "t1")
    lines = result.stdout.splitlines()
    assert [line.split()[-1] for line in lines[::2]] == ["first", "third"]
    assert 'ERROR {pod="x"} first' in lines[0]
    assert lines[1].endswith(r'{pod="y"} second \x1b[2J')
    assert result.stderr == 'all: {job="a"}\n'
    path, asked, tenant = loki.asked[0]
    assert (path, tenant) == ("/loki/api/v1/query_range", "t1")
    assert asked["limit"] == "3"
    assert asked["direction"] == "backward"
    assert int(asked["end"]) - int(asked["start"]) == 3600 * 10**9


def test_raw_and_jsonl(loki):
    loki.say(STREAMS)
    assert run(loki, '{job="a"}', "-o", "raw").stdout == "first\nsecond \x1b[2J\nthird\n"
    rows = [json.loads(line) for line in run(loki, '{job="a"}', "-o", "jsonl").stdout.splitlines()]
    assert rows[0] == {
        "timestamp": "2023-11-14T22:13:20.000000000Z",
        "labels": {"job": "a", "pod": "x", "detected_level": "error"},
        "line": "first",
    }


def test_a_metric_query_is_asked_at_one_moment(loki):
    loki.say(VECTOR)
    result = run(loki, 'sum by (level) (count_over_time({job="a"}[5m]))')
    assert loki.asked[0][0] == "/loki/api/v1/query"
    assert "info" in result.stdout
    assert "12" in result.stdout
    assert run(loki, "vector(1)", "--follow").exit_code == 2


def test_nothing_found_and_errors(loki):
    loki.say({"resultType": "streams", "result": []})
    result = run(loki, '{job="a"}')
    assert (result.exit_code, result.stderr) == (0, "no lines match\n")
    loki.status, loki.kind = 400, "text/plain; charset=utf-8"
    loki.body = b"parse error at line 1, col 7: syntax error: unexpected }\n"
    result = run(loki, '{job= }"')
    assert result.exit_code == 1
    assert result.stderr == 'parse error at line 1, col 7: syntax error: unexpected }\n    {job= }"\n          ^\n'
    assert run(loki, '{job="a"}', "--start", "now", "--end", "now-1h").exit_code == 2


def test_what_is_a_log_query():
    assert is_log_query(' {a="b"} |= "x"')
    assert is_log_query('# a comment {\n  {a="b"}')
    assert not is_log_query('sum(rate({a="b"}[1m]))')
    assert not is_log_query("vector(1)")


def test_errors_without_a_place_stay_as_they_are():
    assert explain(ApiError("Bad Request", "query blocked by policy"), "{}") == "query blocked by policy"


def test_control_characters_are_shown():
    assert safe("a\tb\x1b[31mc\x00\x9b") == "a\tb\\x1b[31mc\\x00\\x9b"
    entry = Entry(1700000000_123000000, {"level": "warn", "job": "a"}, "x\ny\x07")
    assert pretty(entry, {"job": "a"}).endswith("x\ny\\x07")


def test_entries_keep_their_order_at_one_time():
    found = entries_of([{"stream": {}, "values": [["5", "a"], ["5", "b"], ["4", "c"]]}])
    assert [entry.line for entry in found] == ["c", "a", "b"]
