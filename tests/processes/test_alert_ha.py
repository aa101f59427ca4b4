"""Two Alertmanagers that know of each other: one tells, and losing one loses nothing."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.processes.alert_hooks import Hooks
from tests.processes.alert_server import metric
from tests.processes.running import WATCHKEEPER, Process, free_port, started, wait_for
from tests.processes.side_by_side import side_by_side
from tests.processes.test_alert_kill import alert, play, post, told

pytestmark = pytest.mark.process
PEER_TIMEOUT_S = 1.0
NOTES = "watchkeeper_alerts_nflog_entries"

CONFIG = """
route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s}
receivers:
  - name: hook
    webhook_configs: [{url: '%s/hook'}]
"""


def pair(folder: Path, hooks: Hooks) -> list[Process]:
    """Two, each given the other's address."""
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    made = []
    for i, address in enumerate(addresses):
        own = folder / str(i)
        own.mkdir()
        (own / "alertmanager.yml").write_text(CONFIG % hooks.url)
        port = free_port()
        command = [str(WATCHKEEPER), "up", "--only", "alerts", "--data-dir", str(own / "data")]
        command += ["--alerts-port", str(port), "--alertmanager-config", str(own / "alertmanager.yml")]
        command += ["--cluster.listen-address", address, "--cluster.peer", addresses[1 - i]]
        command += ["--cluster.peer-timeout", f"{PEER_TIMEOUT_S:g}s"]
        made.append(Process(command, port, "/-/ready", own / "log"))
    return made


def cluster(process: Process) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(process.request("/api/v2/status")[1])["cluster"]
    return told


def wait_until_settled(*processes: Process) -> None:
    for process in processes:
        wait_for(
            "a settled cluster",
            lambda process=process: (
                cluster(process)["status"] == "ready" and len(cluster(process)["peers"]) == len(processes)
            ),
            30,
        )


def two_tell_once(tmp_path: Path, hooks: Hooks) -> None:
    both = pair(tmp_path, hooks)
    with started(*both):
        wait_until_settled(*both)
        for process in both:
            post(process, alert("A", 60))
        wait_for("the notification", lambda: told(hooks) == [("A", "firing")])
        time.sleep(PEER_TIMEOUT_S + 1.5)
        assert told(hooks) == [("A", "firing")]
        for process in both:
            post(process, alert("A", 0))
        wait_for("the end", lambda: told(hooks) == [("A", "firing"), ("A", "resolved")])
        time.sleep(PEER_TIMEOUT_S + 1.5)
        assert told(hooks) == [("A", "firing"), ("A", "resolved")]


def either_is_enough(tmp_path: Path, hooks: Hooks) -> None:
    """Whichever of the two dies, the other tells, and does not tell again what the dead one told."""
    both = pair(tmp_path, hooks)
    with started(*both):
        wait_until_settled(*both)
        for process in both:
            post(process, alert("A", 120))
        wait_for("the notification", lambda: told(hooks) == [("A", "firing")])
        for process in both:
            wait_for("the note of it at both", lambda process=process: metric(process, NOTES) == 1)
        for dead, alive in (both, reversed(both)):
            before = len(told(hooks))
            dead.kill()
            name = f"Without-{dead.port}"
            post(alive, alert(name, 120), alert("A", 120))
            wait_for("the notification of the other", lambda name=name: (name, "firing") in told(hooks))
            time.sleep(PEER_TIMEOUT_S + 1.5)
            assert told(hooks)[before:] == [(name, "firing")]
            dead.start()
            wait_until_settled(*both)
            post(dead, alert(name, 120), alert("A", 120))
            time.sleep(PEER_TIMEOUT_S + 1.5)
            assert told(hooks)[before:] == [(name, "firing")]


def silences_are_shared_and_survive(tmp_path: Path, hooks: Hooks) -> None:
    one, two = both = pair(tmp_path, hooks)
    now = datetime.now(UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": "A", "isRegex": False}],
        "startsAt": now.isoformat().replace("+00:00", "Z"),
        "endsAt": (now + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "createdBy": "test",
        "comment": "shared",
    }
    with started(*both):
        wait_until_settled(*both)
        headers = {"Content_Type": "application/json"}
        identity = json.loads(one.request("/api/v2/silences", json.dumps(silence).encode(), **headers)[1])["silenceID"]
        wait_for("the silence at the other", lambda: two.request(f"/api/v2/silence/{identity}")[0] == 200)
        one.kill()
        shutil.rmtree(tmp_path / "0" / "data")
        one.start()
        wait_for("the silence at who lost everything", lambda: one.request(f"/api/v2/silence/{identity}")[0] == 200)
        assert two.request(f"/api/v2/silence/{identity}", method="DELETE")[0] == 200

        def state() -> str:
            return str(json.loads(one.request(f"/api/v2/silence/{identity}")[1])["status"]["state"])

        wait_for("the end of the silence", lambda: state() == "expired")


SCENARIOS = (two_tell_once, either_is_enough, silences_are_shared_and_survive)


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    yield from side_by_side({one.__name__: partial(play, one) for one in SCENARIOS}, tmp_path_factory)


@pytest.mark.parametrize("name", [one.__name__ for one in SCENARIOS])
def test_two_instances(name: str, scenarios: dict[str, Future[None]]) -> None:
    scenarios[name].result()
