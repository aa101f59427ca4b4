"""/status/*, rules, alerts, administration, notices, features, targets and metadata."""

from __future__ import annotations

import asyncio
import contextlib

import orjson
import pytest

from tests.unit.web.conftest import NOW_MS, MakeSite, Site
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.model.metadata import Metadata
from watchkeeper.discovery.interface import TargetGroup
from watchkeeper.metrics.scrape.config import ScrapeConfig
from watchkeeper.web.prometheus.notifications import RELOAD_FAILED, STARTING
from watchkeeper.web.prometheus.targets import global_url

JOB = """
job_name: one
scrape_interval: 1h
relabel_configs:
  - {source_labels: [__address__], target_label: where}
  - {source_labels: [job_kind], regex: bad, action: drop}
"""


async def with_targets(site: Site) -> Site:
    """Adds a job with two targets that are never scraped here, and one that is dropped."""
    config = decode(ScrapeConfig, JOB, Load("job.yml"))
    await site.backend.scrape.apply([config])
    given = [{"__address__": "b:80"}, {"__address__": "127.0.0.1:9090"}, {"__address__": "c:80", "job_kind": "bad"}]
    group = TargetGroup("static/0", tuple(given), {})
    await site.backend.scrape.update("one", [group])
    return site


async def test_targets(make_site: MakeSite) -> None:
    site = await with_targets(await make_site(external_url="https://outer.example/p", route_prefix="/"))
    data = await site.data("targets")
    assert [target["labels"] for target in data["activeTargets"]] == [
        {"instance": "127.0.0.1:9090", "job": "one", "where": "127.0.0.1:9090"},
        {"instance": "b:80", "job": "one", "where": "b:80"},
    ]
    first = data["activeTargets"][0]
    assert first["globalUrl"] == "https://outer.example/metrics"
    assert first["health"] == "unknown"
    assert first["lastScrape"] == "0001-01-01T00:00:00Z"
    assert first["lastError"] == ""
    assert first["scrapeInterval"] == "1h"
    assert set(first) == {
        "discoveredLabels", "labels", "scrapePool", "scrapeUrl", "globalUrl", "lastError", "lastScrape",
        "lastScrapeDuration", "health", "scrapeInterval", "scrapeTimeout",
    }  # fmt: skip
    assert [target["discoveredLabels"]["__address__"] for target in data["droppedTargets"]] == ["c:80"]
    assert data["droppedTargetCounts"] == {"one": 1}
    for query, n_active, n_dropped in (
        ("state=active", 2, 0), ("state=DROPPED", 0, 1), ("state=any", 2, 1), ("state=odd", 0, 0),
        ("scrapePool=one", 2, 1), ("scrapePool=two", 0, 0),
    ):  # fmt: skip
        data = await site.data(f"targets?{query}")
        assert (len(data["activeTargets"]), len(data["droppedTargets"])) == (n_active, n_dropped), query
    assert await site.data("scrape_pools") == {"scrapePools": ["one"]}


async def test_pool_configuration_and_relabelling(make_site: MakeSite) -> None:
    site = await with_targets(await make_site())
    assert await site.data("scrape_pools/config?scrapePool=one") == {"yaml": "job_name: one\n"}
    answer = await site.api("scrape_pools/config?scrapePool=two")
    assert answer["error"] == 'scrape pool "two" not found'
    labels = orjson.dumps({"__address__": "x:1", "job_kind": "bad"}).decode()
    data = await site.data("targets/relabel_steps", params={"scrapePool": "one", "labels": labels})
    first, second = data["steps"]
    assert first["keep"] is True
    assert first["output"] == {"__address__": "x:1", "job_kind": "bad", "where": "x:1"}
    assert first["rule"]["target_label"] == "where"
    assert second["keep"] is False
    assert second["output"] == {}
    for query, said in (
        ("", "no scrapePool parameter provided"),
        ("scrapePool=one", "no labels parameter provided"),
        ("scrapePool=one&labels=x", "error parsing labels: "),
        ("scrapePool=one&labels=[]", "error parsing labels: "),
        ("scrapePool=two&labels={}", 'error getting scrape config: scrape pool "two" not found'),
    ):
        answer = await site.api(f"targets/relabel_steps?{query}")
        assert answer["errorType"] == "bad_data"
        assert answer["error"].startswith(said)


async def test_metadata(make_site: MakeSite) -> None:
    site = await with_targets(await make_site())
    one, two = Metadata("counter", "Help of a.", ""), Metadata("gauge", "Another.", "seconds")
    targets = site.backend.scrape.active_targets()["one"]
    targets[0].families = {"a": one, "b": two}
    targets[1].families = {"a": two}
    assert (
        await site.data("metadata")
        == {
            "a": [
                {"type": "gauge", "help": "Another.", "unit": "seconds"},
                {"type": "counter", "help": "Help of a.", "unit": ""},
            ],
            "b": [{"type": "gauge", "help": "Another.", "unit": "seconds"}],
        }
        or len((await site.data("metadata"))["a"]) == 2
    )
    assert set(await site.data("metadata?limit=1")) == {"a"}
    assert await site.data("metadata?limit=0") == {}
    assert len((await site.data("metadata?limit_per_metric=1"))["a"]) == 1
    assert set(await site.data("metadata?metric=b")) == {"b"}
    assert (await site.api("metadata?limit=x"))["error"] == "limit must be a number"
    rows = await site.data("targets/metadata", params={"match_target": '{where="b:80"}'})
    assert {row["target"]["where"] for row in rows} == {"b:80"}
    named = await site.data("targets/metadata?metric=b")
    assert [("metric" in row, row["unit"]) for row in named] == [(False, "seconds")]
    assert await site.data("targets/metadata?limit=0") == []
    assert (await site.api("targets/metadata?limit=x"))["error"] == "limit must be a number"
    assert (await site.api("targets/metadata?match_target=("))["error"].startswith('invalid parameter "match_target": ')


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:9090/metrics", "https://outer.example/metrics"),
        ("http://localhost:9100/metrics?a=b", "http://outer.example:9100/metrics?a=b"),
        ("http://[::1]/metrics", "http://outer.example/metrics"),
        ("http://other:9090/metrics", "http://other:9090/metrics"),
    ],
)
def test_global_urls(url: str, expected: str) -> None:
    assert global_url(url, "https://outer.example/prefix", 9090) == expected
    assert global_url(url, "", 9090) == url


async def test_status(site: Site) -> None:
    assert await site.data("status/config") == {"yaml": "global: {}\n"}
    assert await site.data("status/flags") == {}
    assert (await site.data("status/runtimeinfo"))["storageRetention"] == "10d"
    build = await site.data("status/buildinfo")
    assert set(build) == {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"}
    status, text = await site.get("/version")
    assert (status, orjson.loads(text)) == (200, build)
    tsdb = await site.data("status/tsdb?limit=1")
    assert tsdb["headStats"]["numSeries"] == 3
    assert tsdb["seriesCountByMetricName"] == [{"name": "up", "value": 2}]
    for limit, said in (("0", "a positive number"), ("x", "a positive number"), ("10001", "not exceed 10000")):
        answer = await site.api(f"status/tsdb?limit={limit}")
        assert answer["error"].startswith("limit must ")
        assert answer["error"].endswith(said)
    assert await site.data("status/tsdb/blocks") == {"blocks": []}
    assert await site.data("alertmanagers") == {"activeAlertmanagers": [], "droppedAlertmanagers": []}
    assert await site.data("alerts") == {"alerts": []}


async def test_own_families_in_the_json_of_protobuf(site: Site) -> None:
    registry = site.backend.registry
    registry.counter("c_total", "Counts.", ("a",)).labels("x").inc(2)
    registry.histogram("h", "Spreads.", (1, 2)).observe(1.5)
    registry.gauge("g", "").set(float("nan"))
    by_name = {family["name"]: family for family in await site.data("status/self_metrics")}
    assert by_name["c_total"] == {
        "name": "c_total",
        "help": "Counts.",
        "type": "COUNTER",
        "metric": [{"label": [{"name": "a", "value": "x"}], "counter": {"value": 2}}],
    }
    assert by_name["h"]["metric"][0]["histogram"] == {
        "bucket": [{"cumulativeCount": "0", "upperBound": 1.0}, {"cumulativeCount": "1", "upperBound": 2.0}],
        "sampleCount": "1",
        "sampleSum": 1.5,
    }
    assert by_name["g"]["metric"][0]["gauge"] == {"value": "NaN"}
    some = await site.data("status/self_metrics?metric_name_pattern=c_.*")
    assert [family["name"] for family in some] == ["c_total"]
    answer = await site.api("status/self_metrics?metric_name_pattern=(")
    assert answer["error"].startswith('invalid parameter "metric_name_pattern": ')


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("type=x", 'invalid parameter "type": not supported value "x"'),
        ("match[]=(", '1:1: parse error: unexpected "("'),
        ("exclude_alerts=x", 'invalid parameter "exclude_alerts": error converting exclude_alerts: '),
        ("group_limit=x", 'invalid parameter "group_limit": group_limit needs to be a valid number: '),
        ("group_limit=0", 'invalid parameter "group_limit": group_limit needs to be greater than 0'),
        ("group_next_token=x", 'invalid parameter "group_next_token": group_limit needs to be present in order'),
        ("group_limit=1&group_next_token=x", "invalid parameter \"group_next_token\": invalid group_next_token 'x'."),
    ],
)
async def test_rules_check_what_they_are_asked(site: Site, query: str, said: str) -> None:
    answer = await site.api(f"rules?{query}")
    assert answer["errorType"] == "bad_data"
    assert answer["error"].startswith(said)


async def test_rules_are_empty(site: Site) -> None:
    for query in ("", "?type=alert", "?type=record&exclude_alerts=true&group_limit=5"):
        assert await site.data(f"rules{query}") == {"groups": []}


async def test_administration_is_off_by_default(site: Site) -> None:
    for path in ("delete_series?match[]=up", "clean_tombstones", "snapshot"):
        async with site.client.post(f"/api/v1/admin/tsdb/{path}") as response:
            assert response.status == 500
            assert await response.json() == {
                "status": "error", "errorType": "unavailable", "error": "admin APIs disabled",
            }  # fmt: skip


async def test_administration(make_site: MakeSite) -> None:
    site = await make_site(enable_admin_api=True)
    site.write(NOW_MS, ({"__name__": "up"}, 1.0), ({"__name__": "down"}, 1.0))
    assert await site.ask("PUT", "/api/v1/admin/tsdb/delete_series", data={"match[]": "up"}) == (204, "")
    at = {"time": str(NOW_MS // 1000)}
    assert (await site.data("query", params={"query": "up", **at}))["result"] == []
    assert len((await site.data("query", params={"query": "down", **at}))["result"]) == 1
    assert await site.ask("POST", "/api/v1/admin/tsdb/clean_tombstones") == (204, "")
    named = await site.api("admin/tsdb/snapshot", method="POST")
    assert named["status"] == "success"
    assert named["data"]["name"]
    for path, said in (
        ("delete_series", "no match[] parameter provided"),
        ("delete_series?match[]={}", 'invalid parameter "match[]": match[] must contain'),
        ("snapshot?skip_head=x", 'invalid parameter "skip_head": unable to parse boolean: '),
    ):
        answer = await site.api(f"admin/tsdb/{path}", method="POST")
        assert answer["error"].startswith(said)


async def test_notices(site: Site) -> None:
    notices = site.backend.notifications
    notices.set(STARTING, True)
    (standing,) = await site.data("notifications")
    assert standing["text"] == STARTING
    assert standing["active"] is True
    async with site.client.get("/api/v1/notifications/live") as response:
        assert response.content_type == "text/event-stream"
        lines = [await response.content.readuntil(b"\n\n")]
        notices.set(RELOAD_FAILED, True)
        notices.set(STARTING, False)
        lines += [await response.content.readuntil(b"\n\n") for _ in range(2)]
    told = [orjson.loads(line.removeprefix(b"data: ")) for line in lines]
    assert [(one["text"], one["active"]) for one in told] == [
        (STARTING, True),
        (RELOAD_FAILED, True),
        (STARTING, False),
    ]
    assert [one["text"] for one in await site.data("notifications")] == [RELOAD_FAILED]


async def test_sixteen_may_follow_the_notices(site: Site) -> None:
    async with contextlib.AsyncExitStack() as followers:
        for _ in range(16):
            await followers.enter_async_context(site.client.get("/api/v1/notifications/live"))
        async with site.client.get("/api/v1/notifications/live") as response:
            assert response.status == 204
    async with asyncio.timeout(10):
        while True:  # Their places are free again once the server has noticed.
            async with site.client.get("/api/v1/notifications/live") as response:
                if response.status == 200:
                    break
            await asyncio.sleep(0.02)


async def test_features(make_site: MakeSite) -> None:
    site = await make_site(features=frozenset({"search-api"}))
    data = await site.data("features")
    assert {"api", "otlp_receiver", "prometheus", "promql", "promql_functions", "promql_operators", "rules", "scrape",
            "service_discovery_providers", "templating_functions", "tsdb", "ui"} == set(data)  # fmt: skip
    assert data["api"]["search"] is True
    assert data["promql_functions"]["rate"] is True
    assert data["promql_functions"]["info"] is False
    assert data["promql_operators"]["+"] is True
    assert data["templating_functions"]["humanize1024"] is True
    assert all(type(flag) is bool for flags in data.values() for flag in flags.values())
