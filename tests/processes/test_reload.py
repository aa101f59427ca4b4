"""Reload: a good file is followed without a gap, a bad one is refused and the old one stays."""

from __future__ import annotations

import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.processes.running import Exporter, scrape_config, started, wait_for, watchkeeper

pytestmark = pytest.mark.process


def test_reload_by_request_and_by_signal(tmp_path: Path) -> None:
    first, second = Exporter(b"first_metric 1\n"), Exporter(b"second_metric 2\n")
    server = watchkeeper(tmp_path, config=scrape_config(first=first.address))
    file = tmp_path / "prometheus.yml"
    with started(server):
        wait_for("the first scrape", lambda: server.number("first_metric") == 1)
        file.write_text(scrape_config(first=first.address, second=second.address))
        assert server.request("/-/reload", b"")[0] == 200
        wait_for("the new job's scrape", lambda: server.number("second_metric") == 2)
        assert sorted(server.api("scrape_pools")["scrapePools"]) == ["first", "second"]

        file.write_text(scrape_config(first=first.address) + "scrap_configs: []\nglobal: 5\n")
        status, text, _ = server.request("/-/reload", b"")
        assert status == 500
        assert "prometheus.yml:" in text.decode()
        assert "scrap_configs" in text.decode()
        assert b"prometheus_config_last_reload_successful 0" in server.request("/metrics")[1]
        assert sorted(server.api("scrape_pools")["scrapePools"]) == ["first", "second"]

        file.write_text(scrape_config(first=first.address))
        os.kill(server.pid, signal.SIGHUP)
        wait_for("the job's end", lambda: server.api("scrape_pools")["scrapePools"] == ["first"])
        wait_for("the marker of the job that went", lambda: server.query("second_metric") == [])
        assert b"prometheus_config_last_reload_successful 1" in server.request("/metrics")[1]
        time.sleep(0.5)
        # The job that stayed was scraped all the time: no gap of two intervals.
        times = [time_s for time_s, _ in server.query("first_metric[1m]")[0]["values"]]
        assert max(after - before for before, after in pairwise(times)) < 0.59
        assert server.stop() == 0
    first.close()
    second.close()


def test_a_bad_file_does_not_start(tmp_path: Path) -> None:
    server = watchkeeper(tmp_path, config="scrape_configs:\n  - job_name: a\n    scrape_intervall: 5s\n")
    with pytest.raises(AssertionError, match=r"prometheus\.yml:3:5: .*scrape_intervall"):
        server.start()


def test_changing_routes_are_off_unless_switched_on(tmp_path: Path) -> None:
    server = watchkeeper(tmp_path, config="{}")
    server.command = [word for word in server.command if not word.startswith("--web.enable")]
    with started(server):
        assert server.request("/-/reload", b"")[0] == 403
        assert server.request("/-/quit", b"")[0] == 403
        assert server.request("/-/reload")[0] == 405
        assert server.request("/api/v1/write", b"")[0] == 404
        status, text, _ = server.request("/api/v1/admin/tsdb/snapshot", b"")
        assert (status, b'"errorType":"unavailable"' in text) == (500, True)


def test_quit(tmp_path: Path) -> None:
    server = watchkeeper(tmp_path, config="{}")
    with started(server):
        assert server.request("/-/quit", b"")[0] == 200
        assert server.process is not None
        assert server.process.wait(15) == 0
