"""Dashboards beside everything else in one process: pages on each port, who may do what, what a restart keeps."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import bcrypt
import pytest

from tests.processes.dashboards_server import PASSWORD, DashboardsServer, dashboards_server
from tests.processes.running import Http, started, wait_for
from tests.processes.watch import memory_bytes
from watchkeeper.web.ui.built import Built
from watchkeeper.web.ui.picture import NAMES

pytestmark = pytest.mark.process

MAX_MEMORY = 120 << 20
EVERYTHING = "metrics,logs,alerts,agent,node,dashboards"
BROWSER = {"Accept": "text/html"}


def test_all_parts_together(tmp_path: Path) -> None:
    server = dashboards_server(tmp_path / "server", only=EVERYTHING)
    is_built = Built().is_there
    with started(server):
        # At once, and without a password.
        status, body, headers = server.request("/", **BROWSER)
        if is_built:
            assert (status, b'id="bootstrap"' in body) == (200, True)
            assert "script-src 'self'" in headers["Content-Security-Policy"]
        else:
            assert (status, b"run <code>make setup</code>" in body) == (503, True)
        # On the stores' own ports a browser gets the same pages, and a program what it always got.
        metrics, alerts = Http(server.ports["metrics"]), Http(server.ports["alerts"])
        for port, path, plain in ((metrics, "/targets", b"watchkeeper"), (alerts, "/alerts", b"watchkeeper alerts")):
            assert plain in port.request(path)[1]
            assert (b'id="bootstrap"' in port.request(path, **BROWSER)[1]) is is_built
        assert json.loads(metrics.request("/api/health")[1])["database"] == "ok"
        assert metrics.request("/api/v1/alerts")[0] == alerts.request("/api/v1/alerts")[0] - 210 == 200
        # On the pages' port the stores' APIs ask for a role.
        assert server.request("/api/v1/query?query=1")[0] == 200
        assert server.request("/loki/api/v1/push", b"{}", "POST")[0] == 401
        assert server.request("/api/v2/silences", b"{}", "POST")[0] == 401
        assert server.request("/-/reload", b"", "POST")[0] == 401
        # An administrator's goes through, to be told that it is no JSON.
        assert server.ask("POST", "/api/v2/silences", {})[0] == 415
        wait_for(
            "a scrape",
            lambda: server.ask("GET", "/api/datasources/proxy/uid/prometheus/api/v1/query?query=up")[1]["data"][
                "result"
            ],
        )
        home = server.ask("GET", "/api/dashboards/home", is_anonymous=True)[1]
        assert home["dashboard"]["title"]
        tags = server.ask("GET", "/api/dashboards/tags", is_anonymous=True)[1]
        assert "watchkeeper" in {tag["term"] for tag in tags}
        assert asyncio.run(tailed(server)) == "a line"
        assert memory_bytes(server) < MAX_MEMORY
        assert server.ask("POST", "/api/dashboards/db", {"dashboard": {"title": "Mine", "uid": "mine"}})[0] == 200
        assert server.stop() == 0
        # What people keep, they have after a restart.
        server.start()
        assert server.ask("GET", "/api/dashboards/uid/mine", is_anonymous=True)[1]["meta"]["createdBy"] == "admin"
        assert server.stop() == 0
    text = server.log.read_text()
    assert "Traceback" not in text
    assert PASSWORD not in text
    assert "login/first" not in text


async def tailed(server: DashboardsServer) -> str:
    """A line that a tail through the proxy of a datasource has sent."""
    query = urlencode({"query": '{job="tailed"}'})
    url = f"{server.url}/api/datasources/proxy/uid/loki/loki/api/v1/tail?{query}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        body = {"streams": [{"stream": {"job": "tailed"}, "values": [[str(time.time_ns()), "a line"]]}]}
        async with session.post(f"http://127.0.0.1:{server.ports['logs']}/loki/api/v1/push", json=body) as response:
            assert response.status == 204
        message = await asyncio.wait_for(socket.receive_json(), 10)
        line: str = message["streams"][0]["values"][0][1]
        return line


def test_the_link_of_a_first_start(tmp_path: Path) -> None:
    server = dashboards_server(tmp_path / "server", only="dashboards")
    at = server.command.index("--dashboards.admin-password-file")
    del server.command[at : at + 2]
    with started(server):
        found = re.search(r'url="?(http://\S+/login/first\?token=[\w-]+)', server.log.read_text())
        assert found is not None
        path = found[1].removeprefix(server.url)
        status, body, headers = server.request(path)
        assert status == 200
        cookie = SimpleCookie(headers["Set-Cookie"])["watchkeeper_form"].OutputString(attrs=[])
        fields = dict(re.findall(r"type='hidden' name='(\w+)' value='([^']*)'", body.decode()))
        form = urlencode({**fields, "user": "admin", "password": PASSWORD}).encode()
        server.request("/login/first", form, "POST", Cookie=cookie, Content_Type="application/x-www-form-urlencoded")
        assert server.ask("GET", "/api/user")[1]["isGrafanaAdmin"] is True
        assert server.stop() == 0
        server.start()
        assert server.log.read_text().count("login/first") == 1
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def test_behind_a_proxy_and_closed(tmp_path: Path) -> None:
    flags = ("--dashboards.external-url", "https://example.com/watch", "--dashboards.anonymous-role", "none")
    server = dashboards_server(tmp_path / "server", *flags, only="metrics,dashboards")
    server.ready = "/watch/api/health"
    with started(server):
        assert json.loads(server.request("/watch/api/health")[1])["database"] == "ok"
        assert server.request("/watch/api/search")[0] == 401
        assert server.request("/api/v1/query?query=1")[0] == 401
        status, saved = server.ask("POST", "/watch/api/dashboards/db", {"dashboard": {"title": "A", "uid": "a"}})
        assert (status, saved["url"]) == (200, "/watch/d/a/a")
        status, link = server.ask("POST", "/watch/api/short-urls", {"path": "d/a"})
        assert link["url"].startswith("https://example.com/watch/goto/")
        origin = {"Origin": "https://example.com", "Content_Type": "application/json"}
        login = json.dumps({"user": "admin", "password": PASSWORD}).encode()
        status, _, headers = server.request("/watch/login", login, "POST", **origin)
        assert status == 200
        assert "Secure" in headers["Set-Cookie"]
        origin["Origin"] = "https://evil.example"
        assert server.request("/watch/login", login, "POST", **origin)[0] == 403
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def test_pictures(tmp_path: Path) -> None:
    server = dashboards_server(tmp_path / "server", only="metrics,dashboards")
    with started(server):
        status, body, headers = server.request(
            "/render/d-solo/watchkeeper-host/x?panelId=1&width=400&height=200&tz=UTC"
        )
        if not any(shutil.which(name) for name in NAMES):
            assert (status, b"install Chromium" in body) == (501, True)
        else:
            assert (status, headers["Content-Type"], body[:8]) == (200, "image/png", b"\x89PNG\r\n\x1a\n")
            assert (int.from_bytes(body[16:20]), int.from_bytes(body[20:24])) == (400, 200)
        assert server.request("/render/d-solo/a/x?width=1")[0] == 400
        assert server.request("/login/render?key=guess&to=/")[0] == 404
        assert server.stop() == 0


class SecuredServer(DashboardsServer):
    """Asked by HTTPS, with the name that the web configuration wants."""

    def request(
        self, path: str, body: bytes | None = None, method: str | None = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """As of any server; whose certificate it is does not matter here."""
        sent = {"Authorization": "Basic " + base64.b64encode(b"outer:hush").decode()}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", data=body, method=method, headers=sent)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as response:
                return response.status, response.read(), dict(response.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)


def test_pictures_behind_tls_and_users(tmp_path: Path) -> None:
    names = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"), "-subj", "/CN=here"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*made, *names], check=True, capture_output=True)
    hashed = bcrypt.hashpw(b"hush", bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(
        f"tls_server_config: {{cert_file: cert.pem, key_file: key.pem}}\nbasic_auth_users: {{outer: '{hashed}'}}\n"
    )
    plain = dashboards_server(
        tmp_path / "server", "--web.config.file", str(tmp_path / "web.yml"), only="metrics,dashboards"
    )
    server = SecuredServer(plain.command, plain.port, plain.ready, plain.log)
    with started(server):
        assert server.request("/api/health", Authorization="Basic eDp5")[0] == 401
        status, body, headers = server.request("/render/d-solo/watchkeeper-host/x?panelId=1&width=400&height=200")
        if not any(shutil.which(name) for name in NAMES):
            assert (status, b"install Chromium" in body) == (501, True)
        else:
            assert (status, headers.get("Content-Type"), body[:4]) == (200, "image/png", b"\x89PNG"), body[:300]
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def test_a_database_that_is_none(tmp_path: Path) -> None:
    server = dashboards_server(tmp_path / "server", only="dashboards")
    (tmp_path / "server" / "data" / "dashboards").mkdir(parents=True)
    (tmp_path / "server" / "data" / "dashboards" / "state.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(AssertionError, match="did not become ready"):
        server.start()
    assert server.process is not None
    assert server.process.wait(10) == 1
    assert "state.db: the dashboards' database can't be opened" in server.log.read_text()
