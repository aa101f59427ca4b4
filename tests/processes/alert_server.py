"""An Alertmanager as a real process, ours or Debian's: how tests start it and talk to it."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

from tests.processes.running import WATCHKEEPER, Http, Process, free_port

DEBIAN = "prometheus-alertmanager"


class AlertServer(Process):
    """What answers Alertmanager's API."""

    def api2(self, path: str, **parameters: Any) -> Any:
        """The document of a successful GET below /api/v2."""
        status, body, _ = self.request(f"/api/v2/{path}?{urllib.parse.urlencode(parameters, doseq=True)}")
        assert status == 200, body.decode()
        return json.loads(body)

    def post(self, path: str, document: Any) -> tuple[int, Any]:
        """Status and answer of a POST below /api/v2; None for an empty one."""
        status, body, _ = self.request(
            f"/api/v2/{path}", json.dumps(document).encode(), "POST", Content_Type="application/json"
        )
        return status, json.loads(body) if body else None

    def fire(self, **labels: str) -> None:
        """One alert that fires."""
        assert self.post("alerts", [{"labels": labels}]) == (200, None)

    def names(self, **parameters: Any) -> list[str]:
        """The names of the alerts that there are."""
        return sorted(alert["labels"]["alertname"] for alert in self.api2("alerts", **parameters))


def alert_server(folder: Path, *flags: str, config: str | None = None) -> AlertServer:
    """`watchkeeper up --only alerts`, not started yet; `config` is the text of its alertmanager.yml."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    command = [str(WATCHKEEPER), "up", "--only", "alerts", "--data-dir", str(folder / "data")]
    command += ["--alerts-port", str(port)]
    if config is not None:
        (folder / "alertmanager.yml").write_text(config)
        command += ["--alertmanager-config", str(folder / "alertmanager.yml")]
    return AlertServer([*command, *flags], port, "/-/ready", folder / "log")


def debian_server(folder: Path, *flags: str, config: str) -> AlertServer:
    """Debian's Alertmanager, not started yet."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    (folder / "alertmanager.yml").write_text(config)
    command = [DEBIAN, f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    return AlertServer([*command, *flags], port, "/-/ready", folder / "log")


def metric(server: Http, name: str, **labels: str) -> float:
    """The sum of a metric over what has these labels."""
    found = 0.0
    for line in server.request("/metrics")[1].decode().splitlines():
        if line.startswith((f"{name} ", f"{name}{{")) and all(
            f'{key}="{text}"' in line for key, text in labels.items()
        ):
            found += float(line.rpartition(" ")[2])
    return found
