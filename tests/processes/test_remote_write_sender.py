"""What the server scrapes and sends on is what Debian's Prometheus and VictoriaMetrics answer."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest

from tests.processes.running import Exporter, Process, free_port, scrape_config, started, wait_for, watchkeeper

pytestmark = pytest.mark.process

BODY = """# TYPE requests_total counter
requests_total{code="200",path="/a \\"b\\" \\\\ é"} %d
requests_total{code="500"} %d
# TYPE temperature gauge
temperature NaN
pressure -1.5e-300
limit +Inf
"""


def prometheus(folder: Path) -> Process:
    port = free_port()
    folder.mkdir()
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    command = ["/usr/bin/prometheus", "--config.file", str(folder / "prometheus.yml")]
    command += ["--storage.tsdb.path", str(folder / "data"), "--web.listen-address", f"127.0.0.1:{port}"]
    command += ["--web.enable-remote-write-receiver"]
    return Process(command, port, "/-/ready", folder / "log")


def victoria(folder: Path) -> Process:
    port = free_port()
    folder.mkdir()
    command = ["/usr/bin/victoria-metrics", "-storageDataPath", str(folder / "data")]
    command += ["-httpListenAddr", f"127.0.0.1:{port}", "-search.latencyOffset=0s"]
    return Process(command, port, "/health", folder / "log")


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.fail(f"{program} is not installed")


def sending_config(exporter: Exporter, *urls: str) -> str:
    lines = ["remote_write:"]
    for url in urls:
        queue = "queue_config: {batch_send_deadline: 200ms, max_backoff: 500ms}"
        lines.append(f"  - {{url: '{url}', {queue}, metadata_config: {{send_interval: 1s}}}}")
    config = scrape_config(app=exporter.address) + "\n".join(lines) + "\n"
    return config.replace("scrape_timeout: 200ms", "scrape_timeout: 200ms, external_labels: {site: lab}")


def stored(server: Process, at_s: float) -> dict[tuple[tuple[str, str], ...], list[tuple[float, str]]]:
    """All raw samples of the exporter's series in the minute before, by labels without those that we add."""
    found = server.query('{job="app"}[1m]', time=f"{at_s:.3f}")
    return {
        tuple(sorted((name, value) for name, value in row["metric"].items() if name != "site")): [
            (float(time_s), value) for time_s, value in row["values"]
        ]
        for row in found
    }


def test_prometheus_and_victoria_metrics_have_what_we_have_after_outages_and_kills(tmp_path: Path) -> None:
    need("prometheus", "victoria-metrics")
    exporter = Exporter()
    counter = 0

    def scrape_more(n: int) -> None:
        nonlocal counter
        before = exporter.n_scrapes
        while exporter.n_scrapes < before + n:
            counter += 1
            exporter.body = (BODY % (counter, 2 * counter)).encode()
            time.sleep(0.1)

    prom, vm = prometheus(tmp_path / "prometheus"), victoria(tmp_path / "victoria")
    urls = [f"{prom.url}/api/v1/write", f"{vm.url}/api/v1/write"]
    ours = watchkeeper(tmp_path / "ours", config=sending_config(exporter, *urls))
    try:
        with started(prom, vm, ours):
            exporter.body = (BODY % (0, 0)).encode()
            wait_for("first scrape", lambda: exporter.n_scrapes > 2)
            scrape_more(5)
            prom.kill()
            scrape_more(5)
            ours.kill()
            ours.start()
            scrape_more(5)
            prom.start()
            scrape_more(5)
            ours.kill()
            ours.start()
            scrape_more(5)
            assert ours.stop() == 0
            vm.request("/internal/force_flush")
            ours.start()
            end_s = time.time()
            mine = stored(ours, end_s)
            theirs = stored(prom, end_s)
            # The scrapes since the restart are on their way: compared is what was there at the stop.
            last_s = max(samples[-1][0] for samples in theirs.values())
            cut = {labels: [one for one in samples if one[0] <= last_s] for labels, samples in mine.items()}
            assert {labels: len(samples) for labels, samples in theirs.items()} == {
                labels: len(samples) for labels, samples in cut.items()
            }
            assert theirs == cut
            assert all(row["metric"]["site"] == "lab" for row in prom.query('{job="app"}'))
            also = stored(vm, end_s)
            for labels, samples in cut.items():
                # VictoriaMetrics keeps no NaN apart from the stale marker.
                if labels[0][1] != "temperature":
                    assert [time_s for time_s, _ in also[labels]][: len(samples)] == [time_s for time_s, _ in samples]
            for name in ("samples_total", "metadata_total"):
                pattern = rf"(?m)^prometheus_remote_storage_{name}\{{.*\}} [1-9]"
                wait_for(name, lambda pattern=pattern: re.search(pattern, ours.request("/metrics")[1].decode()))
    finally:
        exporter.close()
