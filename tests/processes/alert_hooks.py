"""A webhook receiver that keeps what it gets, and the player of timelines."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.processes.running import Process
from tests.processes.timeline import Action, Labels, Notification, Timeline


class Hooks:
    """Webhooks at `url/<anything>`: `got` has (seconds of the monotonic clock, path, body) in order of arrival.

    A status in `answers` for a path is answered once, and nothing is kept then; seconds in `delays` are waited once
    before the answer, and nothing is kept either if the sender has gone meanwhile.
    """

    def __init__(self) -> None:
        self.got: list[tuple[float, str, dict[str, Any]]] = []
        self.refused: list[tuple[float, str]] = []
        self.answers: dict[str, list[int]] = defaultdict(list)
        self.delays: dict[str, list[float]] = defaultdict(list)
        self.begun: list[tuple[float, str]] = []
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path = self.path.lstrip("/")
                hooks.begun.append((time.monotonic(), path))
                if hooks.delays[path]:
                    time.sleep(hooks.delays[path].pop(0))
                status = hooks.answers[path].pop(0) if hooks.answers[path] else 200
                if status == 200:
                    hooks.got.append((time.monotonic(), path, json.loads(body)))
                else:
                    hooks.refused.append((time.monotonic(), path))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Player:
    """Plays timelines, all at once, on one server."""

    def __init__(self, server: Process, hooks: Hooks) -> None:
        self._server = server
        self._hooks = hooks
        self._silences: dict[str, str] = {}
        self.start_s = self.start_unix_s = 0.0

    def play(self, timelines: list[Timeline]) -> None:
        """Does what they say, when they say it; returns when the last has ended."""
        steps = sorted(
            ((action.at_s, number, line, action) for number, line in enumerate(timelines) for action in line.actions),
            key=lambda step: (step[0], step[1]),
        )
        self.start_s, self.start_unix_s = time.monotonic(), time.time()
        for at_s, _, line, action in steps:
            time.sleep(max(0.0, self.start_s + at_s - time.monotonic()))
            self._do(line, action)
        end_s = max(line.until_s for line in timelines)
        time.sleep(max(0.0, self.start_s + end_s - time.monotonic()))

    def arrived(self, line: Timeline) -> list[tuple[float, Notification]]:
        """What came for a timeline, with its second, until the timeline's end."""
        out = []
        for at_s, path, body in self._hooks.got:
            name, _, receiver = path.partition("/")
            second = at_s - self.start_s
            if name == line.name and 0 <= second <= line.until_s:
                out.append((second, _notification(receiver, body)))
        return out

    def bodies(self, line: Timeline) -> list[tuple[float, dict[str, Any]]]:
        """The bodies that came for a timeline, with their seconds, until its end."""
        return [
            (at_s - self.start_s, body)
            for at_s, path, body in self._hooks.got
            if path.partition("/")[0] == line.name and 0 <= at_s - self.start_s <= line.until_s
        ]

    def _do(self, line: Timeline, action: Action) -> None:
        now = datetime.now(UTC)
        match action.verb:
            case "fire" | "resolve":
                self._post("/api/v2/alerts", [_alert(line, action, now)])
            case "silence":
                start = now + timedelta(seconds=action.seconds_after("from") or 0)
                matchers = [("timeline", "=", line.name), *action.pairs]
                silence = {
                    "matchers": [
                        {"name": name, "value": value, "isRegex": "~" in sign, "isEqual": sign in ("=", "=~")}
                        for name, sign, value in matchers
                    ],
                    "startsAt": _text(start),
                    "endsAt": _text(start + timedelta(seconds=action.seconds_after("for") or 3600)),
                    "createdBy": "timeline",
                    "comment": line.name,
                }
                answer = self._post("/api/v2/silences", silence)
                self._silences[f"{line.name}/{action.word_after('as')}"] = json.loads(answer)["silenceID"]
            case "expire":
                identity = self._silences[f"{line.name}/{action.words[0]}"]
                status, body, _ = self._server.request(f"/api/v2/silence/{identity}", method="DELETE")
                assert status == 200, body
            case "answer":
                receiver, status_text, times = action.words
                self._hooks.answers[f"{line.name}/{receiver}"] += [int(status_text)] * int(times)

    def _post(self, path: str, body: Any) -> bytes:
        status, answer, _ = self._server.request(path, json.dumps(body).encode(), Content_Type="application/json")
        assert status == 200, answer
        return answer


def _alert(line: Timeline, action: Action, now: datetime) -> dict[str, Any]:
    labels = {"timeline": line.name, **{name: value for name, _, value in action.pairs}}
    alert: dict[str, Any] = {"labels": labels, "generatorURL": "http://source/graph"}
    if action.summary:
        alert["annotations"] = {"summary": action.summary}
    if (age_s := action.seconds_after("started")) is not None:
        alert["startsAt"] = _text(now - timedelta(seconds=age_s))
    if action.verb == "resolve":
        alert["endsAt"] = _text(now)
    elif (length_s := action.seconds_after("for")) is not None:
        alert["endsAt"] = _text(now + timedelta(seconds=length_s))
    return alert


def _text(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _notification(receiver: str, body: dict[str, Any]) -> Notification:
    def sets(status: str) -> tuple[Labels, ...]:
        return tuple(
            sorted(
                tuple(sorted(pair for pair in alert["labels"].items() if pair[0] != "timeline"))
                for alert in body["alerts"]
                if alert["status"] == status
            )
        )

    return Notification(receiver, sets("firing"), sets("resolved"))
