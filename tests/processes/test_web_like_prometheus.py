"""The same requests to Debian's Prometheus 2.42 and to us: same status, same body, where both know the request."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.processes.running import Exporter, Process, free_port, scrape_config, started, wait_for, watchkeeper

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus on this machine"),
]

SAME = [
    "/api/v1/query",
    "/api/v1/query?query=up&timeout=x",
    "/api/v1/query?query=one_metric&time=4102444800",
    "/api/v1/query?query=1&time=5.0004",
    "/api/v1/query?query=0.25&time=2030-01-01T00:00:00.5%2B01:00",
    "/api/v1/query_range?query=up",
    "/api/v1/query_range?query=up&start=2&end=1&step=1",
    "/api/v1/query_range?query=up&start=1&end=2&step=0",
    "/api/v1/query_range?query=up&start=1&end=2&step=x",
    "/api/v1/query_range?query=up&start=0&end=11001&step=1",
    "/api/v1/query_range?query=vector(1)&start=0&end=3&step=1",
    "/api/v1/format_query?query=sum(rate(up[5m]))by(job)",
    "/api/v1/query_exemplars?query=1",
    "/api/v1/query_exemplars?query=(",
    "/api/v1/query_exemplars?query=up&start=10&end=5",
    "/api/v1/labels?match[]={}",
    "/api/v1/labels?match[]={",
    "/api/v1/labels?start=10&end=5",
    "/api/v1/label/job/values?match[]=one_metric",
    "/api/v1/label/nothing/values",
    "/api/v1/series",
    "/api/v1/series?match[]=one_metric",
    "/api/v1/series?match[]={a=~%22.*%22}",
    "/api/v1/series?match[]=up(",
    "/api/v1/metadata?metric=one_metric",
    "/api/v1/metadata?limit=x",
    "/api/v1/metadata?limit=0",
    "/api/v1/targets/metadata?limit=x",
    "/api/v1/targets/metadata?match_target=(",
    "/api/v1/targets/metadata?metric=one_metric",
    "/api/v1/rules?type=x",
    "/api/v1/rules",
    "/api/v1/alerts",
    "/api/v1/alertmanagers",
    "/api/v1/nothing",
    "/api/v1/status/walreplay",
    "/-/reload",
    "/federate?match[]=(",
    "/nothing",
]


def test_the_same_answers(tmp_path: Path) -> None:
    exporter = Exporter(b'# HELP one_metric Of one.\n# TYPE one_metric gauge\none_metric{a="b"} 1.5e9\n')
    config = scrape_config(one=exporter.address)
    ours, port = watchkeeper(tmp_path / "ours", config=config), free_port()
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "prometheus.yml").write_text(config)
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle"]
    theirs = Process(command, port, "/-/ready", folder / "log")
    with started(ours, theirs):
        for server in (ours, theirs):
            wait_for("a scrape", lambda server=server: server.number("one_metric"))
        for path in SAME:
            status, body, _ = ours.request(path)
            wanted_status, wanted, _ = theirs.request(path)
            assert (status, _parsed(body)) == (wanted_status, _parsed(wanted)), path
        for method, path in (("POST", "/api/v1/targets"), ("HEAD", "/metrics"), ("HEAD", "/-/healthy")):
            ours_said, theirs_said = ours.request(path, method=method), theirs.request(path, method=method)
            assert ours_said[:2] == theirs_said[:2] or method == "HEAD", path
            assert ours_said[0] == theirs_said[0]
            assert ours_said[2].get("Allow") == theirs_said[2].get("Allow")
        ours_text, theirs_text = (
            server.request("/federate?match[]=one_metric")[1].decode().rpartition(" ")[0] for server in (ours, theirs)
        )
        assert ours_text == theirs_text
    exporter.close()


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body
