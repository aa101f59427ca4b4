"""Every timeline, against Debian's Alertmanager and against us: what arrives is as expected, and the same for both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.processes.alert_hooks import Hooks, Player
from tests.processes.running import WATCHKEEPER, Process, free_port, started
from tests.processes.timeline import Timeline, alertmanager_yml, problems, read_timeline

SCRIPTS = sorted((Path(__file__).parents[1] / "scripts" / "alerts").glob("*.timeline"))
TIMELINES = [read_timeline(path) for path in SCRIPTS]
APART_S = 1.0  # How far the two may be apart.

pytestmark = pytest.mark.process


def ours(folder: Path, config: Path) -> Process:
    port = free_port()
    command = [str(WATCHKEEPER), "up", "--only", "alerts", "--data-dir", str(folder / "data")]
    command += ["--alerts-port", str(port), "--alertmanager-config", str(config)]
    return Process(command, port, "/-/ready", folder / "log")


def debians(folder: Path, config: Path) -> Process:
    port = free_port()
    command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    return Process(command, port, "/-/ready", folder / "log")


def play(folder: Path, make: Any) -> Player:
    """What arrived when all timelines were played on one server."""
    folder.mkdir()
    hooks = Hooks()
    try:
        config = folder / "alertmanager.yml"
        config.write_text(alertmanager_yml(TIMELINES, hooks.url))
        server = make(folder, config)
        with started(server):
            player = Player(server, hooks)
            player.play(TIMELINES)
        return player
    finally:
        hooks.close()


@pytest.fixture(scope="module")
def players(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Player]]:
    """Both at the same time; ours alone where there is no Alertmanager."""
    folder = tmp_path_factory.mktemp("timelines")
    makers = {"watchkeeper": ours}
    if shutil.which("prometheus-alertmanager"):
        makers["alertmanager"] = debians
    with ThreadPoolExecutor(len(makers)) as pool:
        played = {name: pool.submit(play, folder / name, make) for name, make in makers.items()}
        yield {name: result.result() for name, result in played.items()}


def test_there_are_timelines() -> None:
    assert len(TIMELINES) >= 30


@pytest.mark.parametrize("line", TIMELINES, ids=lambda line: line.name)
def test_what_is_expected_arrives(line: Timeline, players: dict[str, Player]) -> None:
    assert list(problems(line, players["watchkeeper"].arrived(line))) == []


@pytest.mark.skipif(shutil.which("prometheus-alertmanager") is None, reason="no prometheus-alertmanager here")
@pytest.mark.parametrize("line", TIMELINES, ids=lambda line: line.name)
def test_as_the_real_alertmanager(line: Timeline, players: dict[str, Player]) -> None:
    theirs, ours = (players[name].bodies(line) for name in ("alertmanager", "watchkeeper"))
    later_s = players["watchkeeper"].start_unix_s - players["alertmanager"].start_unix_s
    assert list(problems(line, players["alertmanager"].arrived(line))) == [], "the expectation itself"
    assert [_content(body) for _, body in by_group(ours)] == [_content(body) for _, body in by_group(theirs)]
    for (their_s, their_body), (our_s, our_body) in zip(by_group(theirs), by_group(ours), strict=True):
        assert abs(their_s - our_s) <= APART_S, their_body
        for their_alert, our_alert in zip(_alerts(their_body), _alerts(our_body), strict=True):
            for key in ("startsAt", "endsAt"):
                assert _is_near(their_alert[key], our_alert[key], later_s), (key, their_alert, our_alert)


def by_group(bodies: list[tuple[float, dict[str, Any]]]) -> list[tuple[float, dict[str, Any]]]:
    """In an order that does not depend on which of two groups came first within a moment."""
    return sorted(bodies, key=lambda item: (item[1]["receiver"], item[1]["groupKey"], item[0]))


def _alerts(body: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(body["alerts"], key=lambda alert: alert["fingerprint"])


def _content(body: dict[str, Any]) -> str:
    """All that must be the same: everything but times, this server's address, and what newer versions add."""
    kept = {key: body[key] for key in body.keys() - {"externalURL", "notification_reason", "alerts"}}
    kept["alerts"] = [
        {key: value for key, value in alert.items() if key not in ("startsAt", "endsAt")} for alert in _alerts(body)
    ]
    return json.dumps(kept, sort_keys=True, indent=1)


def _is_near(one: str, other: str, later_s: float) -> bool:
    zero = "0001-01-01T00:00:00Z"
    if zero in (one, other):
        return one == other
    first, second = (datetime.fromisoformat(_short(text)) for text in (one, other))
    return abs((second - first).total_seconds() - later_s) <= APART_S


def _short(text: str) -> str:
    """Without the digits below a microsecond, which Python does not read."""
    head, dot, tail = text.partition(".")
    digits = "".join(char for char in tail if char.isdigit() or char == "Z")
    return f"{head}.{digits.rstrip('Z')[:6].ljust(6, '0')}+00:00" if dot and text.endswith("Z") else text
