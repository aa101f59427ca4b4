"""Labels, series, volumes and patterns, over what the store holds."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from tests.unit.web.loki.conftest import NOW_NS, NS, MakeSite, Site

APPS = {
    "app=a,env=prod": [(NOW_NS - 10 * NS, "x" * 100), (NOW_NS - 5 * NS, "y" * 100)],
    "app=b,env=prod": [(NOW_NS - 3 * NS, "z" * 50)],
    "app=c": [(NOW_NS - 2 * NS, "w" * 10)],
}


@pytest.fixture
async def filled(site: Site) -> Site:
    """A site with three streams."""
    assert await site.push(APPS) == (204, "")
    return site


async def test_names_and_values(filled: Site) -> None:
    assert set((await filled.json("labels"))["data"]) >= {"app", "env"}
    assert (await filled.json("label"))["data"] == (await filled.json("labels"))["data"]
    assert (await filled.json("label/app/values"))["data"] == ["a", "b", "c"]
    assert (await filled.json("label/app/values", query='{env="prod"}'))["data"] == ["a", "b"]
    assert (await filled.json("label/none/values")) == {"status": "success"}
    assert await filled.json("labels", start="1600000000", end="1600000001") == {"status": "success"}
    assert 'loki_index_request_duration_seconds_count{operation="label_values",status_code="200"} 3' in filled.metrics()
    assert (await filled.refusal("labels", query="{app=")).startswith("parse error")
    assert await filled.refusal("labels", start="2", end="1") == (
        "end timestamp must not be before or equal to start time"
    )


async def test_the_old_form_of_labels(filled: Site) -> None:
    status, text = await filled.get("/api/prom/label/app/values")
    assert (status, orjson.loads(text)) == (200, {"values": ["a", "b", "c"]})
    status, text = await filled.get("/api/prom/label")
    assert "app" in orjson.loads(text)["values"]


async def test_series(filled: Site) -> None:
    everything = (await filled.json("series"))["data"]
    assert [one["app"] for one in everything] == ["a", "b", "c"]
    found = await filled.json("series", match='{app="a"}')
    assert [one["env"] for one in found["data"]] == ["prod"]
    async with filled.client.get(
        "/loki/api/v1/series", params=[("match[]", '{app="a"}'), ("match[]", '{app=~"a|c"}')]
    ) as response:
        assert [one["app"] for one in (await response.json())["data"]] == ["a", "c"]
    status, text = await filled.ask("POST", "/loki/api/v1/series", data={"match": '{app="b"}'})
    assert (status, [one["app"] for one in orjson.loads(text)["data"]]) == (200, ["b"])


async def test_statistics_of_the_index(filled: Site) -> None:
    found = await filled.json("index/stats", query='{env="prod"}')
    assert (found["streams"], found["chunks"], found["entries"]) == (2, 2, 3)
    assert found["bytes"] >= 250
    nothing = await filled.json("index/stats", query='{env="none"}')
    assert nothing == {"streams": 0, "chunks": 0, "bytes": 0, "entries": 0}
    shards = await filled.json("index/shards", query='{env="prod"}', targetBytesPerShard="1000")
    assert shards["shards"][0]["stats"]["entries"] == 3


async def test_volumes_by_series_and_by_label(filled: Site) -> None:
    found = await filled.json("index/volume", query='{app=~".+"}')
    assert found["data"]["resultType"] == "vector"
    assert [one["metric"] for one in found["data"]["result"]] == [{"app": "a"}, {"app": "b"}, {"app": "c"}]
    sizes = [int(one["value"][1]) for one in found["data"]["result"]]
    assert sizes == sorted(sizes, reverse=True)
    assert found["data"]["result"][0]["value"][0] == NOW_NS // NS
    everything = await filled.json("index/volume", query="{}")
    assert {"app", "env"} <= set(everything["data"]["result"][0]["metric"])
    target = await filled.json("index/volume", query='{app=~".+"}', targetLabels="env")
    assert [one["metric"] for one in target["data"]["result"]] == [{"env": "prod"}]
    labels = await filled.json("index/volume", query='{app=~".+"}', aggregateBy="labels", targetLabels="env,app")
    assert {next(iter(one["metric"])) for one in labels["data"]["result"]} == {"app", "env"}
    assert set(labels["data"]["result"][0]["metric"].values()) == {""}
    all_labels = await filled.json("index/volume", query='{app=~".+"}', aggregateBy="labels")
    assert {next(iter(one["metric"])) for one in all_labels["data"]["result"]} >= {"app", "env"}
    few = await filled.json("index/volume", query='{app=~".+"}', limit="1")
    assert len(few["data"]["result"]) == 1
    assert await filled.refusal("index/volume", query="{}", aggregateBy="size") == "invalid aggregation option"


async def test_volumes_by_step(filled: Site) -> None:
    found = await filled.json(
        "index/volume_range", query='{app="a"}', start=str(NOW_NS - 20 * NS), end=str(NOW_NS), step="5s"
    )
    assert found["data"]["resultType"] == "matrix"
    values = found["data"]["result"][0]["values"]
    assert all(1_699_999_980 < stamp <= 1_700_000_000 for stamp, _ in values)
    assert sum(int(size) for _, size in values) > 0
    status, text = await filled.get("/loki/api/v1/index/volume_range", query='{app="a"}', step="0")
    assert (status, text[:16]) == (400, "zero or negative")


async def test_volumes_of_too_many_series_are_shown_in_part(make_site: MakeSite) -> None:
    site = await make_site(limits={"volume_max_series": 2})
    await site.push(APPS)
    found = await site.json("index/volume", query='{app=~".+"}', limit="5000")
    assert [one["metric"]["app"] for one in found["data"]["result"]] == ["a", "b"]
    assert found["warnings"] == ["the query hit the max number of series limit (limit: 2 series)"]
    assert "warnings" not in await site.json("index/volume", query='{app=~".+"}', limit="1")


async def test_volumes_may_be_switched_off(make_site: MakeSite) -> None:
    site = await make_site(limits={"volume_enabled": False})
    assert (await site.get("/loki/api/v1/index/volume", query="{}"))[0] == 404


async def test_patterns(site: Site) -> None:
    lines = [(NOW_NS - i * NS, f"user {i} logged in from 10.0.0.{i}") for i in range(40, 0, -1)]
    assert await site.push({"app=a": lines, "app=b": [(NOW_NS - NS, "all the same")]}) == (204, "")
    found = (await site.json("patterns", query='{app="a"}', start=str(NOW_NS - 60 * NS), end=str(NOW_NS), step="10s"))[
        "data"
    ]
    assert sum(count for one in found for _, count in one["samples"]) == 40
    assert found[0]["pattern"].startswith("user <_> logged in from <_>")
    assert all(stamp % 10 == 0 for one in found for stamp, _ in one["samples"])
    assert (await site.json("patterns", query='{app="none"}'))["data"] == []
    assert await site.refusal("patterns") == "query is required"


async def test_patterns_may_be_switched_off(make_site: MakeSite) -> None:
    site = await make_site(patterns_enabled=False)
    assert (await site.get("/loki/api/v1/patterns", query='{app="a"}'))[0] == 404


@pytest.mark.parametrize("path", ["index/volume", "patterns"])
async def test_long_reads_end_with_the_time_of_a_query(make_site: MakeSite, path: str) -> None:
    site = await make_site(limits={"query_timeout_ns": 1})
    await site.push(APPS)
    await asyncio.sleep(0.001)
    assert (await site.refusal(path, 504, query='{app="a"}')).startswith("request timed out")
