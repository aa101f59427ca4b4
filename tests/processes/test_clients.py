"""Prometheus's own programs speak to us and notice nothing."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes.queries import DIFFERENCES, QUERIES
from tests.processes.running import Process, free_port, started, wait_for, watchkeeper

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="Debian package prometheus is not installed"),
]


def prometheus(folder: Path, config: str) -> Process:
    """Debian's Prometheus over `folder`, not started yet."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    (folder / "prometheus.yml").write_text(config.replace("SELF", f"127.0.0.1:{port}"))
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}"]
    return Process(command, port, "/-/ready", folder / "log")


def promtool(*words: str, stdin: bytes = b"") -> tuple[int, str]:
    """Exit status, and all that it printed."""
    done = subprocess.run(["promtool", *words], input=stdin, capture_output=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Process, float]]:
    """watchkeeper, a Prometheus that has written to it for a while, and a time at which both know the same."""
    folder = tmp_path_factory.mktemp("clients")
    ours = watchkeeper(folder / "ours", config="{}")
    theirs = prometheus(
        folder / "theirs",
        "global: {scrape_interval: 1s, scrape_timeout: 1s, external_labels: {}}\n"
        "scrape_configs:\n"
        "  - {job_name: prometheus, static_configs: [{targets: ['SELF']}]}\n"
        "  - {job_name: watchkeeper, static_configs: [{targets: ['127.0.0.1:%d']}]}\n"
        "  - {job_name: nobody, static_configs: [{targets: ['127.0.0.1:1']}]}\n"
        "remote_write: [{url: 'http://127.0.0.1:%d/api/v1/write', queue_config: {batch_send_deadline: 200ms}}]\n"
        % (ours.port, ours.port),
    )
    with started(ours, theirs):
        for _ in range(60):
            theirs.query("up")  # Something for its own histograms to count.
            time.sleep(0.4)
        at_s = math.floor(time.time()) - 1 + 0.0005
        (newest,) = theirs.api("query", query="max(timestamp(up))", time=at_s)["result"]
        wait_for(
            "the newest sample's arrival",
            lambda: ours.number("max(timestamp(up))", time=at_s) >= float(newest["value"][1]),
        )
        time.sleep(1)
        yield ours, theirs, at_s


def values_of(result: dict[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """By label set: (time, value) pairs."""
    if result["resultType"] in ("scalar", "string"):
        return {"": [(result["result"][0], float(result["result"][1]))]}
    return {
        json.dumps(row["metric"], sort_keys=True): [
            (float(time_s), float(value)) for time_s, value in row.get("values", [row.get("value")])
        ]
        for row in result["result"]
    }


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """The same series with the same times, and values that agree to the last digits."""
    assert ours["resultType"] == theirs["resultType"]
    mine, other = values_of(ours), values_of(theirs)
    assert mine.keys() == other.keys()
    for labels, expected in other.items():
        found = mine[labels]
        assert [time_s for time_s, _ in found] == pytest.approx([time_s for time_s, _ in expected], abs=0.002)
        assert [value for _, value in found] == pytest.approx(
            [value for _, value in expected], rel=1e-9, nan_ok=True
        ), labels


@pytest.mark.parametrize("expression", QUERIES)
def test_answers_agree(pair: tuple[Process, Process, float], expression: str) -> None:
    ours, theirs, at_s = pair
    if expression in DIFFERENCES:
        pytest.fail(f"{expression} stands in both tables")
    assert_same(*(server.api("query", query=expression, time=at_s) for server in (ours, theirs)))
    if not expression.endswith("]"):
        # Counters that began before every window: how one that begins inside is extrapolated has changed since.
        window = {"start": at_s - 4, "end": at_s, "step": 1}
        assert_same(*(server.api("query_range", query=expression, **window) for server in (ours, theirs)))


@pytest.mark.parametrize(("expression", "why"), DIFFERENCES.items())
def test_listed_differences_are_real(pair: tuple[Process, Process, float], expression: str, why: str) -> None:
    ours, theirs, _ = pair
    assert why
    (samples,) = theirs.query('up{job="prometheus"}[30s]')
    times_ms = [round(time_s * 1000) for time_s, _ in samples["values"]]
    # Exactly at a sample, and with another one at the left edge of a window of 5 s.
    at_s = max(time_ms for time_ms in times_ms if time_ms - 5000 in times_ms) / 1000
    mine, other = (
        server.request(f"/api/v1/query?query={_quoted(expression)}&time={at_s}") for server in (ours, theirs)
    )
    assert mine[1] != other[1], f"no difference any more: {expression}"


def _quoted(text: str) -> str:
    import urllib.parse

    return urllib.parse.quote(text)


def test_promtool_queries(pair: tuple[Process, Process, float]) -> None:
    ours, _, at_s = pair
    status, text = promtool("query", "instant", f"--time={at_s}", ours.url, "up")
    assert status == 0, text
    assert 'up{instance="127.0.0.1:1", job="nobody"} => 0' in text
    status, text = promtool(
        "query", "range", f"--start={int(at_s) - 10}", f"--end={int(at_s)}", "--step=5s", ours.url, "up"
    )
    assert (status, text.count("@[")) == (0, 9), text
    start, end = f"--start={int(at_s) - 60}", f"--end={int(at_s)}"
    status, text = promtool("query", "series", "--match=up", start, end, ours.url)
    assert (status, text.count("up")) == (0, 3), text
    status, text = promtool("query", "labels", start, end, ours.url, "job")
    assert (status, text.split()) == (0, ["nobody", "prometheus", "watchkeeper"]), text
    status, text = promtool("query", "instant", ours.url, "up(")
    assert status == 1
    assert "parse error" in text


def test_promtool_finds_nothing_in_our_metrics(pair: tuple[Process, Process, float]) -> None:
    ours, _, _ = pair
    status, text = promtool("check", "metrics", stdin=ours.request("/metrics")[1])
    assert (status, text) == (0, "")


def test_prometheus_federates_from_us(pair: tuple[Process, Process, float], tmp_path: Path) -> None:
    ours, _, _ = pair
    exporter_text = ours.request("/federate?match[]={job=%22prometheus%22}")[1].decode()
    assert "# TYPE up untyped" in exporter_text
    server = prometheus(
        tmp_path,
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: federate\n"
        "    honor_labels: true\n"
        "    metrics_path: /federate\n"
        "    params: {'match[]': ['up']}\n"
        "    static_configs: [{targets: ['127.0.0.1:%d']}]\n" % ours.port,
    )
    with started(server):
        wait_for("federated series", lambda: len(server.query('up{job=~"prometheus|watchkeeper|nobody"}')) == 3)
        assert server.number('up{job="federate"}') == 1
        assert server.number('up{job="nobody"}') == 0
        server.stop()
