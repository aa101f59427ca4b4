"""A server of dashboards with an administrator, for tests that drive it as people's tools do."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from tests.processes.running import WATCHKEEPER, Process, free_port

PASSWORD = "correct horse"
ADMIN = ("admin", PASSWORD)


class DashboardsServer(Process):
    """`port` is that of the pages."""

    ports: dict[str, int]

    def ask(self, method: str, path: str, body: Any = None, *, is_anonymous: bool = False) -> tuple[int, Any]:
        """Status and JSON, as the administrator or as nobody."""
        headers = (
            {}
            if is_anonymous
            else {"Authorization": "Basic " + base64.b64encode(b":".join(map(str.encode, ADMIN))).decode()}
        )
        data = None if body is None else json.dumps(body).encode()
        status, found, _ = self.request(path, data, method, **headers)
        return status, json.loads(found)


def dashboards_server(folder: Path, *flags: str, only: str = "metrics,logs,alerts,dashboards") -> DashboardsServer:
    """Not started yet. `server.ports` has all of its ports by name."""
    folder.mkdir(exist_ok=True)
    (folder / "password").write_text(PASSWORD + "\n")
    ports = {name: free_port() for name in ("metrics", "logs", "alerts", "node", "dashboards")}
    command = [str(WATCHKEEPER), "up", "--only", only, "--data-dir", str(folder / "data")]
    command += ["--dashboards.admin-password-file", str(folder / "password")]
    command += [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    server = DashboardsServer([*command, *flags], ports["dashboards"], "/api/health", folder / "log")
    server.ports = ports
    return server
