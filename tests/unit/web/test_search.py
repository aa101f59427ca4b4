"""/search/*: lines of JSON, scores, order, limits; off unless switched on."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.web.conftest import NOW_MS, MakeSite, Site
from watchkeeper.web.prometheus.search_score import jaro_winkler, scorer, subsequence_score

NAMES = ["node_cpu_seconds_total", "node_load1", "node_memory_bytes", "process_cpu_seconds_total", "up"]


async def searching(make_site: MakeSite) -> Site:
    site = await make_site(features=frozenset({"search-api"}), search_max_limit=50)
    site.write(NOW_MS, *(({"__name__": name, "job": "A"}, 1.0) for name in NAMES))
    return site


async def lines(site: Site, path: str, **params: Any) -> list[dict[str, Any]]:
    async with site.client.get(f"/api/v1/search/{path}", params=params) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
        return [orjson.loads(line) for line in (await response.read()).splitlines()]


async def names(site: Site, path: str, **params: Any) -> list[str]:
    *batches, trailer = await lines(site, path, **params)
    assert trailer["status"] == "success"
    return [row["name"] for batch in batches for row in batch["results"]]


async def test_all_three(make_site: MakeSite) -> None:
    site = await searching(make_site)
    assert await names(site, "metric_names") == NAMES
    assert await names(site, "label_names") == ["__name__", "job"]
    assert await names(site, "label_values", label="job") == ["A"]
    assert await names(site, "metric_names", **{"match[]": '{__name__=~"node.*"}'}) == NAMES[:3]
    assert await names(site, "metric_names", **{"search[]": "cpu"}) == [NAMES[0], NAMES[3]]
    assert await names(site, "metric_names", **{"search[]": "nothing"}) == []
    assert await names(site, "metric_names", sort_by="alpha", sort_dir="dsc") == NAMES[::-1]
    assert await names(site, "metric_names", end="10", start="5") == []
    assert await lines(site, "label_values", label="absent") == [
        {"results": []},
        {"status": "success", "has_more": False},
    ]


async def test_scores_and_case(make_site: MakeSite) -> None:
    site = await searching(make_site)
    first, trailer = await lines(
        site, "metric_names", **{"search[]": "process", "sort_by": "score", "include_score": "true"}
    )
    assert first["results"][0] == {"name": "process_cpu_seconds_total", "score": 1}
    assert trailer == {"status": "success", "has_more": False}
    assert await names(site, "metric_names", **{"search[]": "NODE_LOAD"}) == []
    assert await names(site, "metric_names", **{"search[]": "NODE_LOAD", "case_sensitive": "false"}) == ["node_load1"]
    near = {"search[]": "node_lod1", "fuzz_alg": "jarowinkler", "fuzz_threshold": "95"}
    assert await names(site, "metric_names", **near) == ["node_load1"]


async def test_batches_and_the_limit(make_site: MakeSite) -> None:
    site = await searching(make_site)
    *batches, trailer = await lines(site, "metric_names", limit="3", batch_size="2")
    assert [len(batch["results"]) for batch in batches] == [2, 1]
    assert trailer["has_more"] is True
    *_, trailer = await lines(site, "metric_names", limit="5")
    assert trailer["has_more"] is False


BAD = [
    ("metric_names?fuzz_threshold=101", 'invalid fuzz_threshold "101": must be 0-100'),
    ("metric_names?fuzz_alg=x", 'unsupported fuzz_alg "x": must be one of [subsequence jarowinkler]'),
    ("metric_names?case_sensitive=x", 'invalid case_sensitive "x": must be boolean'),
    ("metric_names?sort_dir=asc", "sort_dir is only valid when sort_by is set"),
    ("metric_names?sort_by=score&sort_dir=asc", "sort_dir is not supported for sort_by=score"),
    ("metric_names?sort_by=alpha&sort_dir=x", 'invalid sort_dir "x": must be "asc" or "dsc"'),
    ("metric_names?sort_by=score", "sort_by=score requires search[] to be set"),
    ("label_names?sort_by=x", 'invalid sort_by "x" for label_names: must be "alpha" or "score"'),
    ("metric_names?limit=-1", 'invalid limit "-1": must be non-negative integer'),
    ("metric_names?batch_size=x", 'invalid batch_size "x": must be non-negative integer'),
    ("metric_names?include_metadata=x", 'invalid include_metadata "x": must be boolean'),
    ("metric_names?limit=51", "invalid limit 51: exceeds the maximum of 50 (web.search.max-limit)"),
    ("metric_names?" + "&".join(["search[]=a"] * 33), "too many search[] values: 33, at most 32 are taken"),
    ("label_values", 'missing required parameter "label"'),
]


@pytest.mark.parametrize(("path", "said"), BAD, ids=[said for _, said in BAD])
async def test_bad_parameters(make_site: MakeSite, path: str, said: str) -> None:
    site = await searching(make_site)
    answer = await site.api(f"search/{path}")
    assert answer == {"status": "error", "errorType": "bad_data", "error": said}


async def test_off_by_default(site: Site) -> None:
    async with site.client.get("/api/v1/search/metric_names") as response:
        assert response.status == 500
        assert await response.json() == {"status": "error", "errorType": "unavailable", "error": "search API disabled"}


@settings(max_examples=100)
@given(st.text("abc_", max_size=6), st.text("abc_", max_size=12))
def test_scores_stay_within_bounds(text: str, name: str) -> None:
    letters = iter(name)
    within = all(letter in letters for letter in text)
    assert 0 <= subsequence_score(text, name) <= 1
    assert (subsequence_score(text, name) > 0) == within
    assert 0 <= jaro_winkler(text, name) <= 1 + 1e-9
    assert jaro_winkler(text, name) == pytest.approx(jaro_winkler(name, text), abs=0.2)
    assert jaro_winkler(name, name) == 1


def test_known_likenesses() -> None:
    assert jaro_winkler("martha", "marhta") == pytest.approx(0.9611, abs=1e-4)
    assert jaro_winkler("dixon", "dicksonx") == pytest.approx(0.8133, abs=1e-4)
    assert jaro_winkler("abc", "xyz") == 0
    whole, apart = subsequence_score("cpu", "node_cpu"), subsequence_score("cpu", "c_p_u")
    assert whole > apart > 0
    assert scorer(["a", "b"], "subsequence", 0.0, case_sensitive=True)("b") == 1
