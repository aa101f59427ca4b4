"""`watchkeeper alerts` and `watchkeeper silence` against our server, and against Debian's Alertmanager."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes.alert_server import AlertServer, alert_server, debian_server
from tests.processes.running import WATCHKEEPER, started, wait_for

pytestmark = pytest.mark.process

CONFIG = """
route: {receiver: web, group_wait: 1h, routes: [{matchers: ['team="a"'], receiver: pager}]}
receivers: [{name: web}, {name: pager}]
inhibit_rules: [{source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [alertname]}]
"""


def command(server: AlertServer, *arguments: str, status: int = 0) -> str:
    """What it prints on either output."""
    done = subprocess.run(
        [str(WATCHKEEPER), *arguments, "--url", server.url], capture_output=True, timeout=30, check=False
    )
    assert done.returncode == status, done.stderr.decode()
    return done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize("make", [alert_server, debian_server], ids=["ours", "debian"])
def test_alerts_and_silences_in_the_terminal(tmp_path: Path, make: Callable[..., AlertServer]) -> None:
    server = make(tmp_path / "server", config=CONFIG)
    with started(server):
        assert command(server, "alerts") == "no alerts\n"
        server.fire(alertname="Up", severity="critical", job="shop floor")
        server.fire(alertname="Up", severity="warning")
        server.fire(alertname="Other", team="a")
        wait_for("the inhibition", lambda: server.api2("alerts", active="false"))

        def states(*arguments: str) -> list[str]:
            rows = command(server, "alerts", *arguments).splitlines()[2:]
            return [" ".join(row.split()[:2]) for row in rows]

        assert states() == ["firing Other", "firing Up"]
        assert states("--all", "Up") == ["firing Up", "inhibited Up"]
        assert states("--receiver", "pag.*") == ["firing Other"]
        assert 'job="shop floor"' in command(server, "alerts", "severity=critical")
        new = ("silence", "add", "Other", "team=~a|b", "-d", "2h", "-c", "known to all", "-a", "anna")
        id = command(server, *new).strip()
        wait_for("the silence", lambda: states() == ["firing Up"])
        assert states("--silenced") == ["silenced Other"]
        assert f"silenced by  {id}" in command(server, "alerts", "-s", "-o", "extended")
        row = command(server, "silence", "list").splitlines()[2].split()
        assert row[:2] == [id, "active"]
        assert " ".join(row[4:]) == "alertname=Other team=~a|b anna known to all"
        assert [one["id"] for one in json.loads(command(server, "silence", "list", "-o", "json"))] == [id]
        assert command(server, "silence", "list", "Up") == "no silences match\n"
        assert command(server, "silence", "expire", "--matcher", "alertname=Other") == f"{id}\n"
        assert command(server, "silence", "list") == "no silences\n"
        assert command(server, "silence", "list", "--expired", "-o", "ids") == f"{id}\n"
        wait_for("its end", lambda: states() == ["firing Other", "firing Up"])
        refused = command(server, "silence", "add", "a=~.*", "-c", "all", status=1)
        assert "at least one matcher must not match the empty string" in refused
    assert "no watchkeeper at" in command(server, "alerts", status=1)
