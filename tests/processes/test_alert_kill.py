"""kill -9 of the Alertmanager in every phase of a notification: nothing is lost, and nothing is told twice."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes.alert_hooks import Hooks
from tests.processes.alert_server import metric
from tests.processes.running import WATCHKEEPER, Process, free_port, started, wait_for
from tests.processes.side_by_side import side_by_side

pytestmark = pytest.mark.process
WAIT_S = 1.5
INTERVAL_S = 1.5


def server(folder: Path, hooks: Hooks, **route: Any) -> Process:
    """An Alertmanager with one webhook, grouping by alertname."""
    timing = {"group_wait": f"{WAIT_S * 1000:.0f}ms", "group_interval": f"{INTERVAL_S * 1000:.0f}ms"}
    config = {
        "route": {"receiver": "hook", "group_by": ["alertname"], **timing, **route},
        "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{hooks.url}/hook"}]}],
    }
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [str(WATCHKEEPER), "up", "--only", "alerts", "--data-dir", str(folder / "data")]
    command += ["--alerts-port", str(port), "--alertmanager-config", str(folder / "alertmanager.yml")]
    return Process(command, port, "/-/ready", folder / "log")


def again(process: Process) -> None:
    """kill -9 and a new start."""
    process.kill()
    process.start()


def wait_noted(process: Process) -> None:
    """Until the answer to a notification has come and is noted, nobody can know that it was heard."""
    wait_for("the note of it", lambda: metric(process, "alertmanager_notification_requests_total") > 0)


def post(process: Process, *alerts: dict[str, Any]) -> None:
    status, body, _ = process.request("/api/v2/alerts", json.dumps(alerts).encode(), Content_Type="application/json")
    assert status == 200, body


def alert(name: str, length_s: float, **labels: str) -> dict[str, Any]:
    """One that ends so many seconds from now, unless it is told again."""
    ends = datetime.now(UTC) + timedelta(seconds=length_s)
    return {"labels": {"alertname": name, **labels}, "endsAt": ends.isoformat().replace("+00:00", "Z")}


def told(hooks: Hooks) -> list[tuple[str, str]]:
    """(alertname, status) of each notification, in order."""
    return [(body["groupLabels"]["alertname"], body["status"]) for _, _, body in hooks.got]


def while_the_group_waits(tmp_path: Path, hooks: Hooks) -> None:
    process = server(tmp_path, hooks, group_wait="4s")
    with started(process):
        post(process, alert("A", 60))
        time.sleep(0.5)
        again(process)
        wait_for("the notification", lambda: told(hooks) == [("A", "firing")])
        time.sleep(2 * INTERVAL_S)
        assert told(hooks) == [("A", "firing")]


def after_it_was_told(tmp_path: Path, hooks: Hooks) -> None:
    process = server(tmp_path, hooks)
    with started(process):
        post(process, alert("A", 60))
        wait_for("the notification", lambda: told(hooks) == [("A", "firing")])
        wait_noted(process)
        again(process)
        post(process, alert("A", 60))  # As its sender would.
        time.sleep(WAIT_S + 2 * INTERVAL_S)
        assert told(hooks) == [("A", "firing")]
        post(process, alert("A", 0))
        wait_for("the end", lambda: told(hooks)[1:] == [("A", "resolved")])


def while_the_receiver_has_it(tmp_path: Path, hooks: Hooks) -> None:
    """Nobody can know whether it was heard: told again once, never lost."""
    process = server(tmp_path, hooks)
    hooks.delays["hook"] = [2.0]
    with started(process):
        post(process, alert("A", 60))
        wait_for("the request", lambda: hooks.begun)
        again(process)
        wait_for("a request after the start", lambda: len(hooks.begun) == 2)
        time.sleep(2 + 2 * INTERVAL_S)
        assert told(hooks) == [("A", "firing")] * 2
        assert len(hooks.begun) == 2


def between_the_end_and_its_flush(tmp_path: Path, hooks: Hooks) -> None:
    process = server(tmp_path, hooks, group_interval="3s")
    with started(process):
        post(process, alert("A", 60))
        wait_for("the notification", lambda: told(hooks) == [("A", "firing")])
        wait_noted(process)
        post(process, alert("A", 0))
        again(process)
        wait_for("the end", lambda: told(hooks) == [("A", "firing"), ("A", "resolved")])
        wait_noted(process)
        again(process)
        time.sleep(WAIT_S + 2)
        assert told(hooks) == [("A", "firing"), ("A", "resolved")]


def an_end_while_nothing_ran(tmp_path: Path, hooks: Hooks) -> None:
    """Its sender said when it ends, and does not speak again: the end is told all the same."""
    process = server(tmp_path, hooks)
    with started(process):
        end_s = time.monotonic() + WAIT_S + 5
        post(process, alert("A", WAIT_S + 5))
        wait_for("the notification", lambda: told(hooks) == [("A", "firing")])
        wait_noted(process)
        process.kill()
        time.sleep(max(0.0, end_s + 0.5 - time.monotonic()))
        process.start()
        wait_for("the end", lambda: told(hooks) == [("A", "firing"), ("A", "resolved")])


def silences_are_kept(tmp_path: Path, hooks: Hooks) -> None:
    process = server(tmp_path, hooks)
    now = datetime.now(UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": "A", "isRegex": False}],
        "startsAt": now.isoformat().replace("+00:00", "Z"),
        "endsAt": (now + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "createdBy": "test",
        "comment": "kept",
    }
    with started(process):
        status, body, _ = process.request(
            "/api/v2/silences", json.dumps(silence).encode(), Content_Type="application/json"
        )
        assert status == 200, body
        identity = json.loads(body)["silenceID"]
        again(process)
        post(process, alert("A", 60), alert("B", 60))
        wait_for("the other notification", lambda: told(hooks) == [("B", "firing")])
        time.sleep(INTERVAL_S)
        assert told(hooks) == [("B", "firing")]
        assert process.request(f"/api/v2/silence/{identity}", method="DELETE")[0] == 200
        again(process)
        wait_for("the alert that is silent no longer", lambda: ("A", "firing") in told(hooks))
        shown = json.loads(process.request(f"/api/v2/silence/{identity}")[1])
        assert shown["status"]["state"] == "expired"
        assert shown["comment"] == "kept"


class Sender(threading.Thread):
    """Says, three times a second, what fires now; what has ended it says for a while, as Prometheus does."""

    def __init__(self, process: Process, names: list[str]) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.names = names
        self.firing: set[str] = set()
        self.changes = dict.fromkeys(names, 0)
        self.ended: dict[str, str] = {}
        self.done = threading.Event()
        self.lock = threading.Lock()

    def flip(self, name: str) -> None:
        """Fire where it did not, end where it did."""
        with self.lock:
            self.changes[name] += 1
            if name in self.firing:
                self.firing.remove(name)
                self.ended[name] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            else:
                self.firing.add(name)
                self.ended.pop(name, None)

    def run(self) -> None:
        while not self.done.wait(0.3):
            with self.lock:
                alerts = [alert(name, 60) for name in sorted(self.firing)]
                alerts += [{"labels": {"alertname": name}, "endsAt": end} for name, end in self.ended.items()]
            try:
                self.process.request("/api/v2/alerts", json.dumps(alerts).encode(), Content_Type="application/json")
            except OSError:
                continue  # It is down: said again soon.


def again_and_again(tmp_path: Path, hooks: Hooks) -> None:
    """Alerts come and go while the server is killed at any moment: in the end every receiver knows the truth."""
    rng = random.Random(5)
    process = server(tmp_path, hooks, group_wait="200ms", group_interval="500ms")
    names = [f"A{i}" for i in range(12)]
    n_kills = 5
    with started(process):
        sender = Sender(process, names)
        sender.start()
        for _ in range(n_kills):
            for name in rng.sample(names, 4):
                sender.flip(name)
            time.sleep(rng.uniform(0.1, 1.2))
            again(process)

        def is_true() -> bool:
            last = dict(told(hooks))
            return all(
                last.get(name, "resolved") == ("firing" if name in sender.firing else "resolved") for name in names
            )

        wait_for("the truth", is_true)
        time.sleep(2)
        assert is_true()
        sender.done.set()
        sender.join()
    for name in names:
        heard = [status for told_name, status in told(hooks) if told_name == name]
        # A kill while the receiver has it makes one more; everything else is a change.
        assert len(heard) <= sender.changes[name] + 2, (name, heard)


SCENARIOS = (
    again_and_again,  # The longest first.
    between_the_end_and_its_flush,
    while_the_receiver_has_it,
    an_end_while_nothing_ran,
    after_it_was_told,
    silences_are_kept,
    while_the_group_waits,
)


def play(scenario: Callable[[Path, Hooks], None], folder: Path) -> None:
    with closing(Hooks()) as hooks:
        scenario(folder, hooks)


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    yield from side_by_side({one.__name__: partial(play, one) for one in SCENARIOS}, tmp_path_factory)


@pytest.mark.parametrize("name", [one.__name__ for one in SCENARIOS])
def test_a_kill(name: str, scenarios: dict[str, Future[None]]) -> None:
    scenarios[name].result()
