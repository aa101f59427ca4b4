"""Build, configuration, rings, flushes, shutdown, levels of the log, the page."""

from __future__ import annotations

import orjson
import pytest

from tests.unit.web.loki.conftest import NOW_NS, MakeSite, Site
from watchkeeper.core.telemetry.log import get_level, set_level
from watchkeeper.web.loki.page import size_text, status_page


async def test_the_build(site: Site) -> None:
    found = await site.json("status/buildinfo")
    assert set(found) == {"version", "revision", "branch", "buildDate", "buildUser", "goVersion"}
    assert found["version"].startswith("3.")


async def test_the_configuration(site: Site) -> None:
    assert await site.get("/config") == (200, "mode: all\n")
    assert await site.get("/config", mode="diffs") == (200, "mode: diffs\n")
    assert await site.get("/config", mode="defaults") == (200, "mode: defaults\n")
    assert (await site.get("/config", mode="odd"))[0] == 400
    assert await site.get("/config/tenant/v1/limits") == (200, "max_query_series: 500\n")


async def test_what_drilldown_wants_to_know(site: Site) -> None:
    found = await site.json("drilldown-limits")
    assert found["limits"] == {"max_query_series": 500}
    assert found["pattern_ingester_enabled"] is True
    assert found["version"]


@pytest.mark.parametrize(
    "path",
    ["/ring", "/distributor/ring", "/ruler/ring", "/compactor/ring", "/indexgateway/ring", "/scheduler/ring",
     "/pattern/ring", "/partition-ring", "/memberlist"],
)  # fmt: skip
async def test_rings_have_one_instance(site: Site, path: str) -> None:
    status, text = await site.get(path)
    assert status == 200
    assert "ACTIVE" in text


async def test_services(site: Site) -> None:
    status, text = await site.get("/services")
    assert status == 200
    assert "ingester => Running\n" in text


async def test_the_level_of_the_log(site: Site) -> None:
    before = get_level()
    try:
        assert await site.get("/log_level") == (200, f'{{"message":"Current log level is {before}"}}')
        status, text = await site.ask("POST", "/log_level", params={"log_level": "warn"})
        assert (status, orjson.loads(text)["status"]) == (200, "success")
        assert get_level() == "warn"
        assert (await site.ask("POST", "/log_level", data={"log_level": "loud"}))[0] == 400
    finally:
        set_level(before)


async def test_a_flush(site: Site) -> None:
    await site.push({"job=x": [(NOW_NS, "a line")]})
    for method in ("GET", "POST"):
        assert await site.ask(method, "/flush") == (204, "")
    assert await site.ask("POST", "/flush/tenant") == (204, "")
    assert (await site.json("label/job/values"))["data"] == ["x"]


async def test_shutdown(make_site: MakeSite) -> None:
    site = await make_site()
    assert (await site.ask("POST", "/ingester/shutdown", params={"terminate": "false"}))[0] == 204
    assert site.quits == []
    assert (await site.ask("POST", "/ingester/shutdown"))[0] == 204
    assert site.quits == [True]


async def test_shutdown_may_be_forbidden(make_site: MakeSite) -> None:
    site = await make_site(allow_shutdown=False)
    assert (await site.ask("POST", "/ingester/shutdown"))[0] == 403
    assert (await site.ask("POST", "/ingester/shutdown", params={"terminate": "false"}))[0] == 204
    assert site.quits == []


async def test_a_shutdown_is_prepared(site: Site) -> None:
    path = "/ingester/prepare_shutdown"
    assert await site.get(path) == (200, "unset\n")
    assert (await site.ask("POST", path))[0] == 204
    assert await site.get(path) == (200, "set\n")
    assert site.surface.prepare_shutdown.is_set
    assert (await site.ask("DELETE", path))[0] == 204
    assert await site.get(path) == (200, "unset\n")


async def test_what_needs_nothing_done(site: Site) -> None:
    assert await site.get("/loki/api/v1/cache/generation_numbers") == (200, '"0"\n')
    assert (await site.ask("POST", "/loki/api/v1/cache/generation_numbers/increase"))[0] == 204
    assert (await site.ask("PUT", "/sync-indexes"))[0] == 202
    assert (await site.ask("POST", "/ingester/prepare_partition_downscale"))[0] == 204


async def test_own_metrics(site: Site) -> None:
    await site.json("labels")
    status, text = await site.get("/metrics")
    assert status == 200
    assert 'route="loki_api_v1_labels"' in text
    async with site.client.get("/metrics", headers={"Accept": "application/openmetrics-text"}) as response:
        assert (await response.text()).endswith("# EOF\n")


async def test_other_paths_and_methods(site: Site) -> None:
    assert await site.get("/loki/api/v1/nothing") == (404, "404 page not found\n")
    assert (await site.ask("DELETE", "/loki/api/v1/push"))[0] == 405


async def test_the_page(site: Site) -> None:
    await site.push({"job=<x>": [(NOW_NS - 1, "a line")]})
    status, text = await site.get("/")
    assert status == 200
    assert "&lt;x&gt;" in text
    assert "<dt>Segments</dt><dd>3</dd>" in text
    assert "max_query_series" in text


def test_a_page_without_lines_says_how_to_push_some() -> None:
    text = status_page("t<", {}, [], {})
    assert "No lines yet" in text
    assert "t&lt; logs" in text
    many = status_page("t", {}, [(f'{{a="{i}"}}', 2048, 1) for i in range(250)], {"words": ["a", "b"]})
    assert "and 50 more" in many
    assert "2.0 KiB" in many
    assert "a, b" in many


@pytest.mark.parametrize(("size", "text"), [(5, "5 B"), (1536, "1.5 KiB"), (3 << 20, "3.0 MiB"), (5 << 40, "5.0 TiB")])
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text
