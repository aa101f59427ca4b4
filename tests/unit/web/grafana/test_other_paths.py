"""Paths of alerts and rules, settings, plugins."""

from __future__ import annotations

from tests.unit.web.grafana.conftest import Site


async def test_alerts_and_rules(site: Site) -> None:
    for asked, expected in (
        ("/api/alertmanager/grafana/api/v2/alerts?active=true", "/api/v2/alerts?active=true"),
        ("/api/alertmanager/alertmanager/api/v2/silence/1-2", "/api/v2/silence/1-2"),
        ("/api/prometheus/grafana/api/v1/rules?type=alert", "/api/v1/rules?type=alert"),
        ("/api/prometheus/prometheus/api/v1/alerts", "/api/v1/alerts"),
        ("/api/prometheus/loki/api/v1/rules", "/prometheus/api/v1/rules"),
        ("/api/ruler/loki/api/v1/rules", "/loki/api/v1/rules"),
        ("/api/ruler/loki/api/v1/rules/name%20space/group", "/loki/api/v1/rules/name%20space/group"),
    ):
        await site.get(asked)
        assert site.store.seen[-1][1] == expected
    status, said = await site.ask("GET", "/api/ruler/prometheus/api/v1/rules")
    assert (status, "files" in said["message"]) == (404, True)
    assert await site.get("/api/ruler/grafana/api/v1/rules") == {}
    assert (await site.ask("GET", "/api/alertmanager/none/api/v2/alerts"))[0] == 404


async def test_before_and_after(site: Site) -> None:
    site.backend.lifecycle.ready.clear()
    soon = {"message": "the server starts or stops; try again soon"}
    assert await site.ask("GET", "/api/search") == (503, soon)
    assert (await site.ask("GET", "/api/health"))[0] == 503
    site.backend.lifecycle.ready.set()
    assert await site.get("/api/search") == []
    site.backend.lifecycle.stopping.set()
    assert (await site.ask("GET", "/api/search"))[0] == 503


async def test_settings(site: Site) -> None:
    found = await site.get("/api/frontend/settings")
    assert found["defaultDatasource"] == "Prometheus"
    assert found["datasources"]["Loki"]["url"] == "/api/datasources/proxy/uid/loki"
    assert found["buildInfo"]["version"] == (await site.get("/api/health"))["version"]
    assert {"timeseries", "logs"} <= set(found["panels"])
    start = await site.get("/api/bootstrap", by="editor")
    assert (start["user"]["role"], start["user"]["canEdit"], start["user"]["isSignedIn"]) == ("Editor", True, True)
    assert [one["uid"] for one in start["datasources"]] == ["alertmanager", "loki", "prometheus"]


async def test_plugins_and_lists_that_are_empty(site: Site) -> None:
    assert "prometheus" in {plugin["id"] for plugin in await site.get("/api/plugins")}
    assert (await site.get("/api/plugins/loki/settings"))["type"] == "datasource"
    assert (await site.ask("GET", "/api/plugins/none/settings"))[0] == 404
    assert (await site.get("/api/admin/stats", by="admin"))["users"] == 3
