"""The port that is for the browser that draws pictures, and what it may see there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.unit.web.grafana.conftest import NOW_MS, PASSWORD, MakeSite, Site
from watchkeeper.dashboards.roles import Role
from watchkeeper.web.grafana.access import Gatekeeper
from watchkeeper.web.grafana.first_admin import FirstAdmin
from watchkeeper.web.grafana.surface import GrafanaSurface
from watchkeeper.web.server import make_app
from watchkeeper.web.ui.picture import Camera, Size
from watchkeeper.web.ui.render import DrawnOnly, RenderSurface


class Noted(Camera):
    """Draws nothing, and remembers what."""

    def __init__(self) -> None:
        super().__init__("none")
        self.urls: list[str] = []

    async def picture(self, url: Any, size: Size, *, zone: str = "", timeout_s: float = 0) -> bytes:
        """The size, in place of a picture."""
        self.urls.append(url())
        return f"{size.width}x{size.height} {zone} {timeout_s:g}".encode()


@pytest.fixture
async def drawn(site: Site) -> AsyncIterator[tuple[Site, TestClient[Any, Any], Gatekeeper, Noted]]:
    """A second port of the same server, and its camera."""
    gatekeeper, camera = Gatekeeper(site.backend), Noted()

    async def address() -> str:
        return "http://127.0.0.1:1"

    surface = GrafanaSurface(site.backend, gatekeeper, FirstAdmin(site.state))
    render = RenderSurface(gatekeeper, camera, "", address)
    app = make_app([DrawnOnly(gatekeeper, ""), surface, render])
    client = TestClient(TestServer(app), cookie_jar=aiohttp.DummyCookieJar())
    await client.start_server()
    yield site, client, gatekeeper, camera
    await client.close()


async def test_only_with_a_key(drawn: Any) -> None:
    site, client, gatekeeper, _ = drawn
    await site.save(title="A", uid="a")
    await site.ask("POST", "/api/dashboards/uid/a/permissions", {"items": []}, by="admin")
    key = gatekeeper.renders.add(site.state.users.find("admin").identity())
    for cookie, status in (("", 404), ("watchkeeper_render=guess", 404), (f"watchkeeper_render={key}", 200)):
        for path in ("/api/health", "/api/dashboards/uid/a"):
            async with client.get(path, headers={"Cookie": cookie}) as response:
                assert response.status == status, (cookie, path)
    mine = {"Cookie": f"watchkeeper_render={key}"}
    async with client.post("/api/dashboards/db", json={"dashboard": {"title": "B"}}, headers=mine) as response:
        assert response.status == 403
    async with client.get("/api/users", headers=mine) as response:
        assert response.status == 403
    async with client.get(f"/login/render?key={key}&to=/d/a", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/d/a")


async def test_what_is_asked_of_the_camera(drawn: Any) -> None:
    _, client, gatekeeper, camera = drawn
    key = gatekeeper.renders.add(await gatekeeper.identity(_request(client)))
    mine = {"Cookie": f"watchkeeper_render={key}"}
    path = (
        "/render/d-solo/a/x?panelId=2&from=now-1h&var-x=1&var-x=2&width=300&height=200&tz=Europe%2FBerlin&timeout=500"
    )
    async with client.get(path, headers=mine) as response:
        assert (response.status, await response.text()) == (200, "300x200 Europe/Berlin 500")
    to = "%2Fd-solo%2Fa%2Fx%3FpanelId%3D2%26from%3Dnow-1h%26var-x%3D1%26var-x%3D2%26timezone%3DEurope%252FBerlin"
    assert camera.urls[0].startswith("http://127.0.0.1:1/login/render?key=")
    assert camera.urls[0].endswith(f"&to={to}")
    for query in ("width=1", "height=9999", "scale=9", "timeout=soon", "width=nan"):
        async with client.get(f"/render/d/a?{query}", headers=mine) as response:
            assert response.status == 400, query


def _request(client: TestClient[Any, Any]) -> Any:
    from aiohttp.test_utils import make_mocked_request

    return make_mocked_request("GET", "/")


async def test_pictures_for_the_role_none(drawn: Any, make_site: MakeSite) -> None:
    site, client, gatekeeper, _ = drawn
    await site.save(title="A", uid="a")
    await site.save(title="B", uid="b")
    user = site.state.users.create("none", "", "None", PASSWORD, Role.NONE, NOW_MS)
    items = {"items": [{"userId": user.id, "permission": 2}]}
    await site.ask("POST", "/api/dashboards/uid/a/permissions", items, by="admin")
    mine = {"Cookie": f"watchkeeper_render={gatekeeper.renders.add(user.identity())}"}
    for path, status in (("/api/dashboards/uid/a", 200), ("/api/dashboards/uid/b", 403), ("/api/org/users", 403)):
        async with client.get(path, headers=mine) as response:
            assert response.status == status, path
    # They may change it, and the browser that draws for them may not.
    body = {"dashboard": {"title": "A", "uid": "a"}, "overwrite": True}
    async with client.post("/api/dashboards/db", json=body, headers=mine) as response:
        assert response.status == 403
    assert (await site.ask("POST", "/api/dashboards/db", body, by="none"))[0] == 200
    # Whoever has logged in may ask for a picture; of what they may not see it shows that.
    for who, status in (({}, 401), ({"Authorization": aiohttp.encode_basic_auth("none", PASSWORD)}, 200)):
        closed = await make_site(anonymous_role=Role.NONE)
        closed.state.users.create("none", "", "None", PASSWORD, Role.NONE, NOW_MS)
        camera = Noted()

        async def address() -> str:
            return "http://127.0.0.1:1"

        app = make_app([RenderSurface(Gatekeeper(closed.backend), camera, "", address)])
        path = "/render/d-solo/a/a?panelId=1"
        async with TestClient(TestServer(app)) as asking, asking.get(path, headers=who) as response:
            assert response.status == status
        assert len(camera.urls) == (status == 200)
