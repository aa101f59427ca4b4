"""What people enter as a data source's secrets is told to that data source, and to nobody else: by no answer, log or
metric."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.unit.web.grafana.conftest import MakeSite, Site
from tests.unit.web.grafana.test_bad_bodies import PARTS
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.dashboards.provisioning.config import read_datasources_file
from watchkeeper.web.grafana.routes import API, OPENAPI, PLAIN, RESOURCES

SECRET = "s3cr3t-9f2d"  # Begins each of them.
SECRETS = {
    "basicAuthPassword": f"{SECRET}-basic", "httpHeaderValue1": f"{SECRET}-header", "tlsClientKey": f"{SECRET}-key",
    "tlsClientCert": f"{SECRET}-cert", "token": f"{SECRET}-token",
}  # fmt: skip
SETTINGS = {
    "type": "prometheus", "access": "proxy", "basicAuth": True, "basicAuthUser": "u",
    "jsonData": {"httpHeaderName1": "X-Token"},
}  # fmt: skip
QUERY = {"queries": [{"refId": "A", "datasource": {"uid": "far"}, "expr": "up"}]}


def routes() -> list[tuple[str, str]]:
    """All GETs, about the datasource where they may be."""
    found = []
    for below, rows in (("/api", API), ("/apis", RESOURCES), ("", OPENAPI), ("", PLAIN)):
        for methods, path, *_ in rows:
            shown = f"{below}{path}".replace("/apis/{group}/{version}", "/apis/{group}/v1beta1")
            for name, part in {**PARTS, "uid": "far", "name": "Far", "rest": "api/v1/query"}.items():
                shown = shown.replace(f"{{{name}}}", part).replace(f"{{{name}:.*}}", part)
            shown = re.sub(r"\{\w+:([\w-]+)\|[\w|-]+\}", r"\1", shown)
            if "GET" in methods:
                found.append(("GET", shown))
    return found


async def asked(site: Site, *more: tuple[str, str, Any]) -> list[str]:
    """The texts of all answers."""
    texts = []
    for method, path, body in (*((method, path, None) for method, path in routes()), *more):
        for by in ("admin", "viewer"):
            texts.append(f"{method} {path} {await site.ask(method, path, body, by=by)}")
    return texts


async def test_no_answer_tells_one(make_site: MakeSite, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append(dict(request.headers))
        return web.json_response({"status": "error", "error": "no"}, status=400)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    (tmp_path / "datasources").mkdir()
    (tmp_path / "dashboards").mkdir()
    lines = [f"    {name}: {value}-file" for name, value in SECRETS.items()]
    (tmp_path / "datasources" / "a.yml").write_text(
        "apiVersion: 1\ndatasources:\n- name: File\n  uid: file\n  type: loki\n  access: proxy\n"
        "  url: http://127.0.0.1:1\n  editable: true\n  secureJsonData:\n" + "\n".join(lines) + "\n"
    )
    async with TestServer(app) as far:
        site = await make_site(provisioning=tmp_path)
        sent = {**SETTINGS, "name": "Far", "uid": "far", "url": str(far.make_url("")), "secureJsonData": SECRETS}
        texts = [str(await site.ask("POST", "/api/datasources", sent, by="admin"))]
        board = {"title": "A", "uid": "a", "panels": [{"datasource": {"uid": "far"}, "targets": [{"expr": "up"}]}]}
        await site.save("admin", **board)
        await site.ask("POST", "/api/snapshots", {"dashboard": board, "key": "k"}, by="admin")
        more: list[tuple[str, str, Any]] = [
            ("PUT", "/api/datasources/uid/far", {**sent, "secureJsonData": {"more": f"{SECRET}-more"}}),
            ("PUT", "/api/datasources/uid/file", {**sent, "name": "File", "uid": "file", "secureJsonData": {}}),
            ("PUT", "/api/datasources/uid/prometheus", sent), ("POST", "/api/datasources", sent),
            ("POST", "/api/datasources", {**sent, "name": "B", "secureJsonData": {"a": [f"{SECRET}-list"]}}),
            ("POST", "/api/datasources", {**sent, "name": "B", "uid": "b", "secureJsonData": f"{SECRET}-text"}),
            ("POST", "/api/datasources", {**sent, "name": "B", "uid": "b", "url": "ftp://x"}),
            ("POST", "/api/ds/query", QUERY), ("POST", "/api/datasources/proxy/uid/far/api/v1/query", None),
            ("POST", "/api/admin/provisioning/datasources/reload", None), ("GET", "/api/datasources/uid/file", None),
        ]  # fmt: skip
        texts += await asked(site, *more)
        assert any(SECRETS["httpHeaderValue1"] == one.get("X-Token") for one in heard)
        # Nor where it can't be reached, or what is a key is none.
        for settings in ({"url": "http://127.0.0.1:1"}, {"jsonData": {"tlsAuth": True}}, {"url": "http://a b"}):
            status, said = await site.ask("PUT", "/api/datasources/uid/far", {**sent, **settings}, by="admin")
            texts += [str((status, said)), *await asked(site, *more[-4:])]
    captured = capfd.readouterr()
    telling = [text for text in (*texts, captured.out, captured.err) if SECRET in text]
    assert telling == []
    assert len(texts) > 500
    # It was there all the time, and is.
    kept = site.state.datasources.find("far").secrets
    assert {name: kept[name].reveal() for name in SECRETS} == SECRETS
    assert SECRET not in f"{kept} {site.state.datasources.all()!r}"


@pytest.mark.parametrize(
    "text",
    [
        "secureJsonData: {a: [s3cr3t-9f2d]}", "secureJsonData: s3cr3t-9f2d", "secureJsonData: [s3cr3t-9f2d]",
        "secureJsonData: {a: {b: s3cr3t-9f2d}}", "secureJsonData: {a: s3cr3t-9f2d, a: s3cr3t-9f2d-2}\n  editable: x",
        "secureJsonData: {a: $__file{/none/s3cr3t}}",
    ],
)  # fmt: skip
def test_no_error_of_a_file_tells_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yml"
    path.write_text(f"apiVersion: 1\ndatasources:\n- name: A\n  type: loki\n  {text}\n")
    with pytest.raises(ConfigError) as caught:
        read_datasources_file(path, {})
    assert SECRET not in str(caught.value)
