"""The whole stack on free ports over this machine's own data, for a person to look at."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from tests.browser.hostile import IMG
from tests.processes.running import WATCHKEEPER, Exporter, Http, Process, free_port, wait_for

# The administrator whom tests make and sign in as.
ADMIN: Final = "admin"
PASSWORD: Final = "a long password of a test"

# Two names of one host, so that there is something to choose between.
PROMETHEUS_YML = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ['127.0.0.1:{node}', 'localhost:{node}']}}]
  - job_name: watchkeeper
    static_configs: [{{targets: ['127.0.0.1:{metrics}']}}]
  - job_name: gone
    static_configs: [{{targets: ['127.0.0.1:1']}}]
  - job_name: hostile
    static_configs: [{{targets: ['{hostile}'], labels: {{evil: '{evil}'}}}}]
  - job_name: '{evil}'
    static_configs: [{{targets: ['127.0.0.1:1']}}]
    relabel_configs: [{{target_label: '{evil}', replacement: '{evil}'}}]
"""

DATASOURCES_YML = """\
apiVersion: 1
datasources:
  - {{name: Down, uid: down, type: prometheus, url: 'http://127.0.0.1:1'}}
  - {{name: Lies, uid: lies, type: prometheus, url: 'http://{hostile}'}}
"""

DASHBOARDS_YML = """\
apiVersion: 1
providers: [{{name: tests, folder: Tests, type: file, options: {{path: '{boards}'}}}}]
"""

RULES_YML = """\
groups:
  - name: browser
    rules:
      - {alert: PagesAreLookedAt, expr: 'vector(1)', labels: {severity: info}, annotations: {summary: A test looks}}
      - {record: 'browser:up:sum', expr: sum(up)}
  - name: 'EVIL'
    rules:
      - alert: 'EVIL'
        expr: vector(2)
        labels: {severity: 'EVIL'}
        annotations: {summary: 'EVIL', runbook_url: 'javascript:window.__xss=1', link: 'http://beacon.invalid/"onmouseover="window.__xss=1'}
"""


class Stack(Process):
    """`watchkeeper up`; requests go to the port of the pages.

    hostile   a target with whatever it is told to say
    boards    dashboards by their uid, in files that are there from the start; a text stands in its file as it is
    """

    def __init__(self, folder: Path, hostile: Exporter, boards: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        provisioning = folder / "provisioning"
        for part in ("dashboards", "datasources", "boards"):
            (provisioning / part).mkdir(parents=True)
        (provisioning / "datasources/down.yaml").write_text(DATASOURCES_YML.format(hostile=hostile.address))
        (provisioning / "dashboards/all.yaml").write_text(DASHBOARDS_YML.format(boards=provisioning / "boards"))
        for uid, board in boards.items():
            text = board if isinstance(board, str) else json.dumps({**board, "uid": uid, "id": None})
            (provisioning / f"boards/{uid}.json").write_text(text)
        self.metrics, self.logs, self.alerts, self.node, pages = (Http(free_port()) for _ in range(5))
        config = PROMETHEUS_YML.format(
            node=self.node.port, metrics=self.metrics.port, hostile=hostile.address, evil=IMG
        )
        (folder / "prometheus.yml").write_text(config)
        (folder / "rules.yml").write_text(RULES_YML.replace("EVIL", IMG))
        command = [str(WATCHKEEPER), "up", "--data-dir", str(folder / "data")]
        command += ["--prometheus-config", str(folder / "prometheus.yml"), "--web.enable-remote-write-receiver"]
        command += ["--metrics-port", str(self.metrics.port), "--logs-port", str(self.logs.port)]
        command += ["--alerts-port", str(self.alerts.port), "--node-port", str(self.node.port)]
        command += ["--dashboards-port", str(pages.port)]
        command += ["--dashboards.provisioning", str(provisioning)]
        super().__init__(command, pages.port, "/api/health", folder / "log")

    @property
    def first_link(self) -> str:
        """The link that makes whoever opens it the administrator."""
        found: list[str] = wait_for(
            "the link", lambda: re.findall(r'url="?(\S+/login/first\?token=[\w-]+)', self.log.read_text())
        )
        return found[-1]

    def post(self, url: str, body: Any, **headers: str) -> Any:
        """Posts JSON; the JSON of the answer, None where there is none. Fails on an error status."""
        sent = {"Content-Type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
        request = urllib.request.Request(url, data=json.dumps(body).encode(), headers=sent)
        with urllib.request.urlopen(request, timeout=30) as response:
            text = response.read()
        return json.loads(text) if text else None

    def push_lines(self, labels: dict[str, str], *lines: str) -> None:
        """Lines of now into the log store."""
        now_ns = time.time_ns()
        values = [[str(now_ns + at), line] for at, line in enumerate(lines)]
        self.post(f"{self.logs.url}/loki/api/v1/push", {"streams": [{"stream": labels, "values": values}]})

    def alert(self, **labels: str) -> None:
        """An alert that somebody else raised."""
        self.post(f"{self.alerts.url}/api/v2/alerts", [{"labels": labels}])
