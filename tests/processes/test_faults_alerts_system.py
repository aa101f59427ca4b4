"""An Alertmanager on a machine that misbehaves: clocks that jump, disks that are full, files that are damaged."""

from __future__ import annotations

import errno
import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.processes.alert_server import AlertServer, alert_server, metric
from tests.processes.broken_system import BrokenSystem
from tests.processes.hostile_services import HostileServices
from tests.processes.running import started, wait_for
from tests.processes.side_by_side import side_by_side
from tests.processes.test_faults_alerts import assert_no_traceback, config, webhook
from tests.processes.watch import Watch

pytestmark = pytest.mark.process
INTERVAL_S = 0.5


class World:
    """A server with one receiver on a machine whose clock and disk the test decides about."""

    def __init__(self, folder: Path, services: HostileServices, **route: str) -> None:
        timing = {"group_wait": "200ms", "group_interval": "500ms", "group_by": ["alertname"], **route}
        self.services = services
        self.server: AlertServer = alert_server(
            folder, config=config({"good": webhook(f"{services.url}/good")}, **timing)
        )
        self.system = BrokenSystem(folder, self.server)
        self.off_s = 0.0

    def clock_is_off(self, seconds: float) -> None:
        self.off_s = seconds
        self.system.clock_is_off(seconds)

    def at(self, seconds: float) -> str:
        """So many seconds from what the server takes for now."""
        return (datetime.now(UTC) + timedelta(seconds=self.off_s + seconds)).isoformat().replace("+00:00", "Z")

    def fire(self, *names: str, ends_s: float = 600) -> None:
        alerts = [{"labels": {"alertname": name, "to": "good"}, "endsAt": self.at(ends_s)} for name in names]
        assert self.server.post("alerts", alerts)[0] == 200

    def silence(self, name: str) -> str:
        silence = {
            "matchers": [{"name": "alertname", "value": name, "isRegex": False}],
            "startsAt": self.at(0), "endsAt": self.at(7200), "createdBy": "test", "comment": "kept",
        }  # fmt: skip
        status, answer = self.server.post("silences", silence)
        assert status == 200, answer
        identity: str = answer["silenceID"]
        return identity

    def told(self) -> list[tuple[str, str]]:
        return [(body["groupLabels"]["alertname"], body["status"]) for body in list(self.services.heard["good"])]

    def wait_told(self, *news: tuple[str, str]) -> None:
        """These have come, and nothing else since this was asked last."""
        self.expected = [*getattr(self, "expected", []), *news]
        wait_for(f"{news}", lambda: len(self.told()) >= len(self.expected))
        time.sleep(1.2 * INTERVAL_S)
        assert sorted(self.told()) == sorted(self.expected)


def the_clock_jumps(tmp_path: Path, services: HostileServices) -> None:
    """A day ahead, back, an hour behind, and right again: nothing is lost, told again, or stands still."""
    world = World(tmp_path, services, repeat_interval="4h")
    watch = Watch(world.server, "/-/healthy")
    with started(world.server):
        watch.start()
        world.silence("Silent")
        world.fire("Long", "Silent")
        world.wait_told(("Long", "firing"))
        world.clock_is_off(86_400)
        world.fire("New")
        # The silence has ended by this clock, as it would have by the time it says.
        world.wait_told(("New", "firing"), ("Silent", "firing"))
        world.clock_is_off(0)
        world.silence("Other")
        world.fire("Other")
        world.wait_told()
        assert {alert["labels"]["alertname"]: alert["status"]["state"] for alert in world.server.api2("alerts")} == {
            "Long": "active", "New": "active", "Silent": "suppressed", "Other": "suppressed",
        }  # fmt: skip
        world.clock_is_off(-3600)
        world.fire("Third")
        world.fire("New", ends_s=0)
        # The silences have not begun by this clock.
        world.wait_told(("Third", "firing"), ("New", "resolved"), ("Other", "firing"))
        world.clock_is_off(0)
        world.fire("Long", "Third", ends_s=0)
        world.wait_told(("Long", "resolved"), ("Third", "resolved"))
        assert not watch.stop()
        assert watch.slowest_s < 5
        # Restarts by another clock.
        world.fire("Kept")
        world.wait_told(("Kept", "firing"))
        world.server.kill()
        world.clock_is_off(-3600)
        world.server.start()
        world.fire("Kept")
        world.wait_told()
        world.fire("Kept", ends_s=0)
        world.wait_told(("Kept", "resolved"))
        assert world.server.stop() == 0
    assert_no_traceback(world.server)


def the_disk_refuses_writes(tmp_path: Path, services: HostileServices) -> None:
    """Alerting goes on from memory and says that it does; what is in memory is on disk when it works again."""
    world = World(tmp_path, services)
    server = world.server
    with started(server):
        world.fire("Before")
        world.wait_told(("Before", "firing"))
        world.system.disk_fails(errno.ENOSPC)
        world.fire("During")
        silence = world.silence("Silent")
        world.fire("Silent")
        world.wait_told(("During", "firing"))
        wait_for("the metric", lambda: metric(server, "watchkeeper_alerts_journal_errors_total") > 0)
        text = server.log.read_text()
        assert text.count("not safe on disk") == 1
        assert os.strerror(errno.ENOSPC) in text
        world.system.disk_works()
        wait_for("the journal again", lambda: world.fire("After") or "written again" in server.log.read_text())
        world.wait_told(("After", "firing"))
        server.kill()  # Nothing of it is written at the end.
        server.start()
        world.fire("Before", "During", "After", "Silent")
        world.wait_told()
        assert server.api2(f"silence/{silence}")["status"]["state"] == "active"
        server.kill()
        world.system.disk_fails(errno.EROFS)
        with pytest.raises(AssertionError, match="did not become ready"):
            server.start()
        text = server.log.read_text()
        assert re.search("data.*Read-only file system", text)
    assert_no_traceback(server)


def restarts_while_alerts_wait_are_sent_and_are_written(
    tmp_path: Path, services: HostileServices, way: signal.Signals
) -> None:
    """Again and again, while the journal is written anew all the time: no alert is lost, no silence either.

    With SIGTERM, nothing is told twice; with kill -9 only what a receiver had at that moment.
    """
    world = World(tmp_path, services)
    server = world.server
    server.command += ["--data.maintenance-interval=20ms"]
    rng = random.Random(3)
    stopped = threading.Event()
    sent: list[str] = []
    silences: list[str] = []

    def send() -> None:
        # As senders do: what was not taken is said again.
        while not stopped.wait(0.03):
            names = [f"A{len(sent) + n}" for n in range(4)]
            alerts = [{"labels": {"alertname": name, "to": "good"}, "endsAt": world.at(600)} for name in names]
            try:
                if server.post("alerts", alerts)[0] == 200:
                    sent.extend(names)
                    if len(silences) < 40:
                        silences.append(world.silence(f"S{len(silences)}"))
            except (OSError, AssertionError, ValueError):
                continue

    sender = threading.Thread(target=send)
    n_restarts = 2 if way == signal.SIGTERM else 4
    with started(server):
        sender.start()
        for _ in range(n_restarts):
            time.sleep(rng.uniform(0.2, 0.7))
            assert server.process is not None
            server.process.send_signal(way)
            server.process.wait(20)
            server.start()
        stopped.set()
        sender.join()
        wait_for("all", lambda: {name for name, _ in world.told()} >= set(sent))
        time.sleep(3 * INTERVAL_S)
        known = {silence["id"] for silence in server.api2("silences")}
        assert known >= set(silences)
        assert server.stop() == 0
    assert_no_traceback(server)
    names = [name for name, _ in world.told()]
    n_twice = len(names) - len(set(names))
    assert n_twice <= (0 if way == signal.SIGTERM else 64 * n_restarts), n_twice


def a_damaged_journal(tmp_path: Path, services: HostileServices) -> None:
    """It starts, says in which file and where something was lost, keeps the rest, and tells nothing again."""
    world = World(tmp_path, services)
    server = world.server
    with started(server):
        for n in range(6):
            world.fire(f"A{n}")
            world.silence(f"S{n}")
        wait_for("all", lambda: len(world.told()) == 6)
        server.kill()
        journal = sorted((tmp_path / "data" / "alerts" / "journal").glob("0*"))[-1]
        data = bytearray(journal.read_bytes())
        at = data.index(b'"S2"')
        data[at : at + 4] = b"\xff\x00\xff\x00"
        journal.write_bytes(data + b"\x13\x37" * 20)
        server.start()
        text = server.log.read_text()
        assert re.search(rf"level=warn.*damaged place of the journal.*{journal.name}", text)
        assert metric(server, "watchkeeper_alerts_journal_problems_total") >= 1
        comments = [silence["matchers"][0]["value"] for silence in server.api2("silences")]
        assert sorted(comments) == ["S0", "S1", "S3", "S4", "S5"]
        world.fire(*(f"A{n}" for n in range(6)))
        time.sleep(3 * INTERVAL_S)
        assert len(world.told()) == 6
        server.kill()
        server.start()
        assert len(server.api2("silences")) == 5
        assert server.stop() == 0
    assert_no_traceback(server)


SCENARIOS: dict[str, Callable[[Path, HostileServices], None]] = {
    "the_clock_jumps": the_clock_jumps,
    "the_disk_refuses_writes": the_disk_refuses_writes,
    "a_damaged_journal": a_damaged_journal,
    "restarts_by_sigterm": partial(restarts_while_alerts_wait_are_sent_and_are_written, way=signal.SIGTERM),
    "restarts_by_sigkill": partial(restarts_while_alerts_wait_are_sent_and_are_written, way=signal.SIGKILL),
}


def play(scenario: Callable[[Path, HostileServices], None], folder: Path) -> None:
    with closing(HostileServices()) as services:
        scenario(folder, services)


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    yield from side_by_side({name: partial(play, one) for name, one in SCENARIOS.items()}, tmp_path_factory)


@pytest.mark.parametrize("name", SCENARIOS)
def test_faults(name: str, scenarios: dict[str, Future[None]]) -> None:
    scenarios[name].result()
