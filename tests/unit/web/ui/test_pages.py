"""The pages over HTTP: what they start with, files packed, other ports, no build."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from watchkeeper.dashboards.roles import Identity, Kind, Role
from watchkeeper.web.errors import ApiError
from watchkeeper.web.server import Surface, make_app
from watchkeeper.web.ui.built import Built
from watchkeeper.web.ui.pages import FrontSurface, Pages, PagesSurface

INDEX = """<!doctype html><html><head><base href="/" /><title>t</title>
<script type="module" src="./assets/index-1.js"></script></head><body><div id="app"></div></body></html>"""
HTML = {"Accept": "text/html,*/*"}
HOSTILE = "</script><script>alert(1)</script><!-- \u2028 & ' \""

Client = TestClient[Any, Any]
Serve = Callable[..., Awaitable[Client]]


class Plain:
    """A store's surface, with a plain page of its own."""

    max_body_bytes = 1 << 20

    def middlewares(self) -> list[Any]:
        return []

    def add_routes(self, app: web.Application) -> None:
        async def page(request: web.Request) -> web.Response:
            return web.Response(text=f"plain {request.path}")

        for path in ("/", "/alerts", "/api/v1/query"):
            app.router.add_route("GET", path, page)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "index.html.gz").write_bytes(b"not to be sent")
    script = tmp_path / "assets" / "index-1.js"
    script.write_text("plain")
    script.with_name("index-1.js.gz").write_bytes(gzip.compress(b"packed"))
    script.with_name("index-1.js.br").write_bytes(b"brotli")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    return tmp_path


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Makes servers of pages."""
    clients: list[Client] = []

    async def make(
        folder: Path, *, prefix: str = "", role: Role = Role.VIEWER, allow_embedding: bool = False,
        front: bool = False, home: str = "", own_prefix: str = "",
    ) -> Client:  # fmt: skip
        async def identify(request: web.Request) -> Identity:
            if request.headers.get("Authorization"):
                raise ApiError(401, "unauthorized", "Invalid API key")
            return Identity(Kind.ANONYMOUS, 0, "", HOSTILE, role)

        async def start(identity: Identity) -> dict[str, Any]:
            return {"user": {"name": identity.name}}

        pages = Pages(Built(folder), prefix, "watchkeeper", identify, start, allow_embedding=allow_embedding)
        surfaces: list[Surface] = [PagesSurface(pages)]
        if front:
            surfaces = [FrontSurface(pages, own_prefix=own_prefix, home=home), Plain(), *surfaces]
        client = TestClient(TestServer(make_app(surfaces)), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)
        await client.start_server()
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()


async def test_every_page_is_the_one_page(folder: Path, serve: Serve) -> None:
    client = await serve(folder)
    for path in ("/", "/d/abc/some-slug?var-x=%2F", "/d/abc", "/d-solo/abc/x", "/explore", "/dashboards/f/x/y",
                 "/alerting/silence/new", "/targets", "/dashboard/new", "/playlists/play/x"):  # fmt: skip
        async with client.get(path) as response:
            assert response.status == 200
            assert response.content_type == "text/html"
            text = await response.text()
            assert '<base href="/">' in text
    # What they start with can't end its element, whatever people are called.
    found = re.search(r'<script type="application/json" id="bootstrap">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    assert json.loads(found[1]) == {"user": {"name": HOSTILE}}
    assert text.count("<script") == 2
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'self'" in policy
    assert (response.headers["X-Frame-Options"], response.headers["X-Content-Type-Options"]) == (
        "SAMEORIGIN",
        "nosniff",
    )


@pytest.mark.parametrize(
    ("host", "proxied", "has"),
    [
        ("127.0.0.1:3000", False, True),
        ("localhost", False, True),
        ("[::1]:3000", False, True),
        ("monitor.lan:3000", False, False),
        ("10.0.0.7", False, False),
        ("127.0.0.1.example.org", False, False),
        ("monitor.lan", True, True),
    ],
)
async def test_the_openers_policy_is_for_origins_that_browsers_trust(
    folder: Path, serve: Serve, host: str, proxied: bool, has: bool
) -> None:
    client = await serve(folder)
    headers = {"Host": host} | ({"X-Forwarded-Proto": "https"} if proxied else {})
    async with client.get("/", headers=headers) as response:
        assert ("Cross-Origin-Opener-Policy" in response.headers) == has


async def test_below_a_prefix(folder: Path, serve: Serve) -> None:
    client = await serve(folder, prefix="/watch")
    async with client.get("/watch/d/abc") as response:
        assert '<base href="/watch/">' in await response.text()
    async with client.get("/watch/assets/index-1.js") as response:
        assert response.status == 200
    for path in ("/", "/watch"):
        async with client.get(path, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (302, "/watch/")


async def test_a_page_that_did_not_change(folder: Path, serve: Serve) -> None:
    client = await serve(folder)
    async with client.get("/explore") as response:
        etag = response.headers["ETag"]
        assert response.headers["Cache-Control"] == "private, no-cache"
    async with client.get("/explore", headers={"If-None-Match": etag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    (folder / "index.html").write_text(INDEX.replace("<title>t", "<title>new"))
    async with client.get("/explore", headers={"If-None-Match": etag}) as response:
        assert (response.status, b"<title>new" in await response.read()) == (200, True)


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("br, gzip", "br", b"brotli"),
        ("gzip", "gzip", gzip.compress(b"packed")),
        ("", "", b"plain"),
        ("zstd", "", b"plain"),
    ],
)
async def test_files(folder: Path, serve: Serve, accepted: str, coding: str, body: bytes) -> None:
    client = await serve(folder)
    async with client.get("/assets/index-1.js", headers={"Accept-Encoding": accepted}) as response:
        assert response.status == 200
        assert response.headers.get("Content-Encoding", "") == coding
        found = await response.read()
        assert (gzip.decompress(found) if coding == "gzip" else found) == (b"packed" if coding == "gzip" else body)
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "javascript" in response.headers["Content-Type"]
        etag = response.headers["ETag"]
    async with client.get(
        "/assets/index-1.js", headers={"Accept-Encoding": accepted, "If-None-Match": etag}
    ) as response:
        assert response.status == 304


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/index-1.js.gz", "/assets/..%2findex.html", "/assets/%2e%2e/index.html",
             "/assets/../../etc/passwd", "/assets/%00", "/none.svg"],
)  # fmt: skip
async def test_what_is_no_file(folder: Path, serve: Serve, path: str) -> None:
    client = await serve(folder)
    async with client.get(path) as response:
        assert response.status == 404
    async with client.get("/favicon.svg") as response:
        assert (response.status, response.content_type) == (200, "image/svg+xml")


async def test_without_a_build(tmp_path: Path, serve: Serve) -> None:
    client = await serve(tmp_path / "none")
    async with client.get("/d/abc", headers={"Accept-Encoding": "identity"}) as response:
        assert (response.status, response.headers["X-Watchkeeper-Pages"]) == (
            503, "the pages are not built: run make setup",
        )  # fmt: skip
        assert "run <code>make setup</code>" in await response.text()


async def test_who_may_see_nothing_is_led_to_the_login(folder: Path, serve: Serve) -> None:
    client = await serve(folder, role=Role.NONE)
    async with client.get("/d/abc/x?var-a=1", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/login?redirect=%2Fd%2Fabc%2Fx%3Fvar-a%3D1")
    async with client.get("/dashboard/snapshot/key") as response:
        assert response.status == 200
    async with client.get("/explore", headers={"Authorization": "Bearer x"}) as response:
        assert response.status == 401


async def test_frames_of_other_sites(folder: Path, serve: Serve) -> None:
    client = await serve(folder, allow_embedding=True)
    for path, may in (("/d-solo/a/b?panelId=1", True), ("/d/a", True), ("/explore", False), ("/profile", False)):
        async with client.get(path) as response:
            assert ("frame-ancestors *" in response.headers["Content-Security-Policy"]) is may
            assert ("X-Frame-Options" in response.headers) is not may


async def test_in_front_of_a_store(folder: Path, serve: Serve) -> None:
    client = await serve(folder, front=True, home="/logs")
    async with client.get("/alerts", headers=HTML) as response:
        assert "bootstrap" in await response.text()
    async with client.get("/alerts") as response:
        assert await response.text() == "plain /alerts"
    async with client.get("/", headers=HTML, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/logs")
    async with client.get("/") as response:
        assert await response.text() == "plain /"
    async with client.get("/api/v1/query", headers=HTML) as response:
        assert await response.text() == "plain /api/v1/query"
    async with client.get("/d/abc", headers=HTML) as response:
        assert response.status == 200
    (folder / "index.html").unlink()
    async with client.get("/alerts", headers=HTML) as response:
        assert await response.text() == "plain /alerts"


async def test_addresses_that_nothing_has(folder: Path, serve: Serve) -> None:
    client = await serve(folder)
    async with client.get("/nowhere/at/all", headers=HTML) as response:
        assert (response.status, "bootstrap" in await response.text()) == (404, True)
    async with client.get("/nowhere/at/all") as response:
        assert (response.status, await response.text()) == (404, "404 page not found\n")


async def test_in_front_of_a_store_of_another_prefix(folder: Path, serve: Serve) -> None:
    client = await serve(folder, prefix="/watch", front=True)
    async with client.get("/alerts?x=%26", headers=HTML, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/watch/alerts?x=%26")
