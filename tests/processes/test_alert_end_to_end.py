"""An alert on this host's own figures, from the expression to a webhook and a mailbox, and its end likewise."""

from __future__ import annotations

import email
import email.message
import email.policy
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.processes.alert_hooks import Hooks
from tests.processes.running import WATCHKEEPER, Process, free_port, started, wait_for
from tests.processes.timeline import Notification, problems, read_timeline

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "alerting"
LINE = read_timeline(ROOT / "tests" / "scripts" / "alerts" / "end-to-end" / "open-files.timeline")
HOLD_FILES = """
import sys, time
held = [open('/dev/null') for _ in range(int(sys.argv[1]))]
print('open', flush=True)
time.sleep(300)
"""

pytestmark = pytest.mark.process


class Mailbox:
    """A mail server on this machine: `got` has (seconds of the monotonic clock, message)."""

    def __init__(self) -> None:
        self.got: list[tuple[float, email.message.EmailMessage]] = []
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self.controller.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, email.message.EmailMessage)
        self.got.append((time.monotonic(), message))
        return "250 taken"


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    made = Hooks()
    yield made
    made.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()
    yield made
    made.controller.stop()


def example(folder: Path, ports: dict[str, int], hook_url: str, limit: int) -> None:
    """The example's files with this test's ports, and in a hurry."""
    for name, changes in {
        "prometheus.yml": {"5s": "1s", "9090": str(ports["metrics"]), "9100": str(ports["node"])},
        "rules.yml": {"20000": str(limit), "for: 10s": "for: 2s"},
        "alertmanager.yml": {
            "group_wait: 5s": "group_wait: 1s",
            "group_interval: 1m": "group_interval: 3s",
            "127.0.0.1:2525": f"127.0.0.1:{ports['mail']}",
            "http://127.0.0.1:5001/alerts": f"{hook_url}/webhook",
        },
    }.items():
        text = (EXAMPLE / name).read_text()
        for old, new in changes.items():
            assert old in text, (name, old)
            text = text.replace(old, new)
        (folder / name).write_text(text)


def open_files() -> int:
    return int(Path("/proc/sys/fs/file-nr").read_text().split()[0])


class Watch(threading.Thread):
    """Notes when the alert is seen pending."""

    def __init__(self, server: Process) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.pending: list[float] = []
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.1):
            alerts = self.server.api("alerts")["alerts"]
            if any(alert["labels"]["alertname"] == "ManyOpenFiles" and alert["state"] == "pending" for alert in alerts):
                self.pending.append(time.monotonic())


def test_from_expression_to_mailbox(tmp_path: Path, hooks: Hooks, mailbox: Mailbox) -> None:
    ports = {"metrics": free_port(), "node": free_port(), "alerts": free_port(), "mail": mailbox.controller.port}
    example(tmp_path, ports, hooks.url, open_files() + 4000)  # Others on this host open and close files too.
    command = [str(WATCHKEEPER), "up", "--only", "metrics,node,alerts", "--data-dir", str(tmp_path / "data")]
    command += ["--prometheus-config", str(tmp_path / "prometheus.yml"), "--metrics-port", str(ports["metrics"])]
    command += ["--alertmanager-config", str(tmp_path / "alertmanager.yml"), "--alerts-port", str(ports["alerts"])]
    command += ["--node-port", str(ports["node"])]
    server = Process(command, ports["metrics"], "/-/ready", tmp_path / "log")
    with started(server):
        wait_for("a scrape of the host", lambda: server.query("node_filefd_allocated"))
        watch = Watch(server)
        watch.start()
        holder: subprocess.Popen[bytes] | None = None
        start_s = time.monotonic()
        try:
            for action in LINE.actions:
                time.sleep(max(0.0, start_s + action.at_s - time.monotonic()))
                if action.verb == "open":
                    many = [sys.executable, "-c", HOLD_FILES, action.words[0]]
                    holder = subprocess.Popen(["sh", "-c", 'ulimit -n 8192; exec "$@"', "sh", *many], stdout=-1)
                    assert holder.stdout is not None
                    assert holder.stdout.readline() == b"open\n"
                else:
                    assert holder is not None
                    holder.kill()
            time.sleep(max(0.0, start_s + LINE.until_s - time.monotonic()))
        finally:
            if holder is not None:
                holder.kill()
                holder.communicate()
            watch.done.set()
            watch.join()
        arrived = [(at_s - start_s, told) for at_s, told in notifications(hooks, mailbox)]
        pending = Notification("pending", ((("alertname", "ManyOpenFiles"),),), ())
        arrived += [(at_s - start_s, pending) for at_s in watch.pending[:1]]
        assert list(problems(LINE, arrived)) == [], server.log.read_text()[-3000:]
    firing, resolved = (message for _, message in mailbox.got)
    check_mail(firing, "firing")
    check_mail(resolved, "resolved")


def notifications(hooks: Hooks, mailbox: Mailbox) -> Iterator[tuple[float, Notification]]:
    """What arrived, with no other labels than those that the timeline names."""
    for at_s, path, body in hooks.got:
        by_status: dict[str, list[Any]] = {"firing": [], "resolved": []}
        for alert in body["alerts"]:
            assert alert["labels"]["site"] == "home", "external labels are added"
            kept = (("alertname", alert["labels"]["alertname"]), ("severity", alert["labels"]["severity"]))
            by_status[alert["status"]].append(kept)
        yield at_s, Notification(path, tuple(by_status["firing"]), tuple(by_status["resolved"]))
    for at_s, message in mailbox.got:
        kept = ((("alertname", "ManyOpenFiles"), ("severity", "warning")),)
        is_firing = "firing" in str(message["Subject"]).lower()
        yield at_s, Notification("mail", kept if is_firing else (), () if is_firing else kept)


def check_mail(message: email.message.EmailMessage, status: str) -> None:
    assert message["To"] == "you@example.org"
    assert message["From"] == "watchkeeper@example.org"
    assert status in message["Subject"].lower()
    assert "ManyOpenFiles" in message["Subject"]
    html = message.get_body(("html",))
    assert html is not None
    text = html.get_content()
    assert "ManyOpenFiles" in text
    assert re.search(r"has [\d.]+k? files open", text), "the annotation is rendered"
    assert "{{" not in text
    keep = os.environ.get("WATCHKEEPER_KEEP_MAIL")
    if keep:
        Path(keep, f"{status}.html").write_text(text)


def test_the_example_is_valid() -> None:
    for what, name in (("config", "prometheus.yml"), ("rules", "rules.yml"), ("alertmanager", "alertmanager.yml")):
        done = subprocess.run([WATCHKEEPER, "check", what, EXAMPLE / name], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.dumps(done.stdout)
