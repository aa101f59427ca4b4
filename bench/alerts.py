"""`python -m bench.alerts`: a storm of alerts, ours and Debian's Alertmanager in one run.

10,000 firing alerts in 200 groups are posted at once; a webhook receiver notes when the last of them arrives. The time
is counted from the first byte of the post, less the group_wait. Then the same alerts are posted again, as senders do
every minute, and asked for; last, all of them resolve. CPU seconds are those of the server alone.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import shutil
import socket
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.__main__ import progress
from bench.peers import Peer

GROUP_WAIT_S = 3.0  # Longer than posting takes, so that no group speaks of a part.
GROUP_INTERVAL_S = 10.0


@dataclass(slots=True)
class Figures:
    """What was measured of one server; storms are seconds from the post to the last arrival, less the group_wait."""

    post_s: float = 0
    storm_s: float = 0
    storm_cpu_s: float = 0
    again_s: float = 0
    again_cpu_s: float = 0
    list_s: float = 0
    groups_s: float = 0
    silenced_list_s: float = 0
    resolve_cpu_s: float = 0
    resolved: int = 0
    resident_mb: float = 0
    worst_get_ms: float = 0


class Receiver:
    """Webhooks on one port, in a thread of their own: how many alerts came, firing and resolved, and when the last."""

    def __init__(self) -> None:
        self.firing: set[str] = set()
        self.resolved: set[str] = set()
        self.bodies: list[tuple[float, bytes]] = []
        self.port = 0
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._ready.wait()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=1 << 24)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
                body = await reader.readexactly(length)
                self.bodies.append((time.perf_counter(), body))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def read(self) -> None:
        """Look at what came; done afterwards, for both servers share the machine with this."""
        for _, body in self.bodies:
            for alert in json.loads(body)["alerts"]:
                (self.firing if alert["status"] == "firing" else self.resolved).add(alert["fingerprint"])


def free_port() -> int:
    """A port that nobody listens on now: a run that meets another's server measures nothing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def peers() -> list[Peer]:
    """Ours and Debian's."""
    watchkeeper = Path(sys.executable).with_name("watchkeeper")
    found = [
        Peer(
            "watchkeeper",
            [
                str(watchkeeper), "up", "--only", "alerts", "--data-dir", "{dir}", "--alertmanager-config", "{config}",
                "--alerts-port", "{port}",
            ],
            free_port(),
            "/-/ready",
        ),
        Peer(
            "alertmanager",
            [
                "prometheus-alertmanager", "--storage.path={dir}", "--config.file={config}",
                "--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
            ],
            free_port(),
            "/-/ready",
        ),
    ]  # fmt: skip
    return [peer for peer in found if shutil.which(peer.command[0])]


def alerts(n_alerts: int, n_groups: int, *, ends_s: float) -> list[dict[str, Any]]:
    """Alerts as a cluster's rules make them: eight labels, three annotations."""
    now = datetime.now(UTC)
    return [
        {
            "labels": {
                "alertname": f"PodNotReady{i % n_groups}",
                "cluster": "prod-eu-1",
                "namespace": f"team-{i % 40}",
                "pod": f"api-{i:05d}-7c9f8d6b5-x{i % 97:02d}",
                "container": "server",
                "job": "kube-state-metrics",
                "instance": f"10.0.{i // 256 % 256}.{i % 256}:8080",
                "severity": ("critical", "warning", "info")[i % 3],
            },
            "annotations": {
                "summary": f"Pod api-{i:05d} has not been ready for longer than 15 minutes.",
                "description": f"Namespace team-{i % 40}: the pod is in a non-ready state; see its events and logs.",
                "runbook_url": "https://runbooks.example.org/kubernetes/podnotready",
            },
            "startsAt": now.isoformat().replace("+00:00", "Z"),
            "endsAt": (now + timedelta(seconds=ends_s)).isoformat().replace("+00:00", "Z"),
            "generatorURL": "http://prometheus.example.org/graph?g0.expr=up&g0.tab=1",
        }
        for i in range(n_alerts)
    ]


def post(peer: Peer, path: str, body: bytes) -> float:
    """Seconds until the answer."""
    began_s = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{peer.name}: {path}: {response.status}: {answer.decode()[:500]}")
    return time.perf_counter() - began_s


def timed(peer: Peer, path: str) -> float:
    """The median of five answers."""
    seconds = []
    for _ in range(5):
        began_s = time.perf_counter()
        peer.get(path)
        seconds.append(time.perf_counter() - began_s)
    return sorted(seconds)[2]


@dataclass(slots=True)
class Watch:
    """Asks for /-/healthy all the time, and keeps the longest wait."""

    peer: Peer
    worst_s: float = 0
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def __enter__(self) -> Watch:
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        assert self.thread is not None
        self.thread.join()

    def _run(self) -> None:
        while not self.stop.wait(0.01):
            began_s = time.perf_counter()
            try:
                self.peer.get("/-/healthy")
            except OSError:
                return  # The server is gone; whoever waits for notifications says so.
            self.worst_s = max(self.worst_s, time.perf_counter() - began_s)


def measure(peer: Peer, arguments: argparse.Namespace, work: Path) -> Figures:
    """Runs one server through all phases."""
    receiver = Receiver()
    config = work / f"{peer.name}.yml"
    config.write_text(
        f"route: {{receiver: hook, group_by: [alertname], group_wait: {GROUP_WAIT_S:g}s, "
        f"group_interval: {GROUP_INTERVAL_S:g}s, repeat_interval: 4h}}\n"
        f"receivers: [{{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{receiver.port}/'}}]}}]\n"
    )
    progress(f"{peer.name}: ready after {peer.start(work, config):.2f} s")
    figures = Figures()
    try:
        peer.get("/api/v2/alerts")  # What is imported late is imported now.
        storm = alerts(arguments.alerts, arguments.groups, ends_s=300)
        size = arguments.batch or len(storm)
        bodies = [json.dumps(storm[lo : lo + size]).encode() for lo in range(0, len(storm), size)]
        cpu_s, began_s = peer.cpu_s, time.perf_counter()
        with Watch(peer) as watch:
            figures.post_s = sum(post(peer, "/api/v2/alerts", body) for body in bodies)
            wait_for(receiver, arguments.groups, 60)
        figures.storm_s = receiver.bodies[-1][0] - began_s - GROUP_WAIT_S
        figures.storm_cpu_s = peer.cpu_s - cpu_s
        figures.worst_get_ms = watch.worst_s * 1000
        cpu_s = peer.cpu_s
        figures.again_s = sum(post(peer, "/api/v2/alerts", body) for body in bodies)
        time.sleep(0.5)
        figures.again_cpu_s = peer.cpu_s - cpu_s
        figures.list_s = timed(peer, "/api/v2/alerts")
        figures.groups_s = timed(peer, "/api/v2/alerts/groups")
        silence(peer)
        figures.silenced_list_s = timed(peer, "/api/v2/alerts?silenced=false")
        figures.resident_mb = peer.resident_bytes / 2**20
        receiver.read()
        if len(receiver.firing) != len(storm):
            raise RuntimeError(f"{peer.name}: told of {len(receiver.firing)} alerts")
        receiver.bodies.clear()
        cpu_s = peer.cpu_s
        for lo in range(0, len(storm), size):
            ended = [{**alert, "endsAt": datetime.now(UTC).isoformat()} for alert in storm[lo : lo + size]]
            post(peer, "/api/v2/alerts", json.dumps(ended).encode())
        time.sleep(2 * GROUP_INTERVAL_S + 1)
        figures.resolve_cpu_s = peer.cpu_s - cpu_s
        receiver.read()
        figures.resolved = len(receiver.resolved)
    finally:
        peer.stop()
    return figures


def wait_for(receiver: Receiver, n_bodies: int, timeout_s: float) -> None:
    """Until so many notifications have come."""
    deadline_s = time.perf_counter() + timeout_s
    while len(receiver.bodies) < n_bodies:
        if time.perf_counter() > deadline_s:
            raise RuntimeError(f"{len(receiver.bodies)} of {n_bodies} notifications came")
        time.sleep(0.005)


def silence(peer: Peer) -> None:
    """One that concerns a third of the alerts."""
    now = datetime.now(UTC)
    body = {
        "matchers": [{"name": "severity", "value": "info", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "bench",
        "comment": "a third",
    }
    post(peer, "/api/v2/silences", json.dumps(body).encode())


def main() -> None:
    """Prints each server's figures as JSON, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--batch", type=int, default=0, help="alerts of one post; 0 for all")
    arguments = parser.parse_args()
    results: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        for peer in peers():
            results[peer.name] = measure(peer, arguments, Path(folder))
            print(json.dumps({peer.name: asdict(results[peer.name])}, indent=1), flush=True)
    if len(results) == 2:
        ours, theirs = (asdict(results[name]) for name in ("watchkeeper", "alertmanager"))
        ratios = {key: round(ours[key] / theirs[key], 2) for key in ours if theirs[key] > 0}
        print(json.dumps({"watchkeeper / alertmanager": ratios}, indent=1))


if __name__ == "__main__":
    main()
