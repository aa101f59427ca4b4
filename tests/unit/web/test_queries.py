"""/query, /query_range and what belongs to them."""

from __future__ import annotations

import pytest

from tests.unit.web.conftest import NOW_MS, Site

NOW_S = NOW_MS // 1000


async def test_an_instant_query_in_all_result_types(site: Site) -> None:
    vector = await site.data("query", params={"query": "up == 1", "time": str(NOW_S)})
    assert vector == {
        "resultType": "vector",
        "result": [{"metric": {"__name__": "up", "instance": "one:80", "job": "a"}, "value": [NOW_S, "1"]}],
    }
    assert await site.data("query", params={"query": "1.5", "time": f"{NOW_S}.25"}) == {
        "resultType": "scalar",
        "result": [NOW_S + 0.25, "1.5"],
    }
    assert await site.data("query", params={"query": "'a'", "time": "0"}) == {
        "resultType": "string",
        "result": [0, "a"],
    }
    matrix = await site.data("query", params={"query": "up{job='a'}[30s]", "time": str(NOW_S)})
    assert matrix["resultType"] == "matrix"
    assert matrix["result"][0]["values"] == [[NOW_S - 15, "1"], [NOW_S, "1"]]
    assert await site.data("query", params={"query": "nothing"}) == {"resultType": "vector", "result": []}


async def test_a_range_query(site: Site) -> None:
    params = {"query": "sum(http_requests_total)", "start": str(NOW_S - 30), "end": str(NOW_S), "step": "15s"}
    data = await site.data("query_range", params=params)
    assert data == {
        "resultType": "matrix",
        "result": [{"metric": {}, "values": [[NOW_S - 30, "170"], [NOW_S - 15, "180"], [NOW_S, "190"]]}],
    }


async def test_the_form_of_a_post_comes_before_the_url(site: Site) -> None:
    answer = await site.api("query?query=2&time=5", method="POST", data={"query": "1"})
    assert answer["data"]["result"] == [5, "1"]


BAD = [
    (
        "query?query=up&time=x",
        "bad_data",
        """invalid parameter "time": invalid time value for 'time': cannot parse "x" """
        "to a valid timestamp",
    ),
    ("query", "bad_data", 'invalid parameter "query": 1:1: parse error: no expression found in input'),
    ("query?query=up&timeout=x", "bad_data", 'invalid parameter "timeout": cannot parse "x" to a valid duration'),
    ("query?query=up&limit=-1", "bad_data", 'invalid parameter "limit": limit must be non-negative'),
    ("query?query=up&limit=a", "bad_data", 'invalid parameter "limit": strconv.Atoi: parsing "a": invalid syntax'),
    (
        "query?query=up&limit=99999999999999999999999",
        "bad_data",
        'invalid parameter "limit": strconv.Atoi: parsing "99999999999999999999999": value out of range',
    ),
    (
        "query?query=up&lookback_delta=x",
        "bad_data",
        'error parsing lookback delta duration: cannot parse "x" to a valid duration',
    ),
    ("query_range?query=up", "bad_data", 'invalid parameter "start": cannot parse "" to a valid timestamp'),
    ("query_range?query=up&start=1", "bad_data", 'invalid parameter "end": cannot parse "" to a valid timestamp'),
    (
        "query_range?query=up&start=2&end=1&step=1",
        "bad_data",
        'invalid parameter "end": end timestamp must not be before start time',
    ),
    (
        "query_range?query=up&start=1&end=1&step=",
        "bad_data",
        'invalid parameter "step": cannot parse "" to a valid duration',
    ),
    (
        "query_range?query=up&start=1&end=1&step=0",
        "bad_data",
        'invalid parameter "step": zero or negative query resolution step widths are not accepted. '
        "Try a positive integer",
    ),
    (
        "query_range?query=up&start=1&end=2&step=1e300",
        "bad_data",
        'invalid parameter "step": cannot parse "1e300" to a valid duration. It overflows int64',
    ),
    (
        "query_range?query=up&start=0&end=11001&step=1",
        "bad_data",
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    ),
    (
        "query_range?query=up[5m]&start=0&end=1&step=1",
        "bad_data",
        'invalid parameter "query": invalid expression type "range vector" for range query, '
        "must be Scalar or instant Vector",
    ),
    ("format_query?query=(", "bad_data", 'invalid parameter "query": 1:2: parse error: unclosed left parenthesis'),
    ("parse_query?query=(", "bad_data", 'invalid parameter "query": 1:2: parse error: unclosed left parenthesis'),
    ("query_exemplars?query=(", "bad_data", "1:2: parse error: unclosed left parenthesis"),
    ("query_exemplars?query=up&start=2&end=1", "bad_data", "end timestamp must not be before start timestamp"),
]


@pytest.mark.parametrize(("path", "kind", "text"), BAD, ids=[path for path, *_ in BAD])
async def test_bad_parameters_are_named(site: Site, path: str, kind: str, text: str) -> None:
    async with site.client.get(f"/api/v1/{path}") as response:
        assert response.status == 400
        assert response.content_type == "application/json"
        assert await response.json() == {"status": "error", "errorType": kind, "error": text}


async def test_eleven_thousand_points_pass(site: Site) -> None:
    await site.data("query_range?query=up&start=0&end=11000&step=1")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.5", 1.5),
        ("1e3", 1000),
        ("-1", -1),
        ("1970-01-01T00:00:02Z", 2),
        ("1970-01-01T01:00:02.0035+01:00", 2.003),
        ("1970-01-01T00:00:02.999999999Z", 2.999),
        ("1.0006", 1.001),
    ],
)
async def test_forms_of_time(site: Site, text: str, seconds: float) -> None:
    data = await site.data("query", params={"query": "time()", "time": text})
    assert data["result"] == [seconds, f"{seconds:g}"]


@pytest.mark.parametrize("text", ["NaN", "Inf", "1_0", " 1", "1970-01-01", "1970-13-01T00:00:00Z", "١", "0x1", "now"])
async def test_what_is_no_time(site: Site, text: str) -> None:
    answer = await site.api("query", params={"query": "1", "time": text})
    assert answer["errorType"] == "bad_data"
    assert "to a valid timestamp" in answer["error"]


async def test_the_limit_cuts_and_says_so(site: Site) -> None:
    answer = await site.api("query", params={"query": "up", "limit": "1"})
    assert len(answer["data"]["result"]) == 1
    assert answer["warnings"] == ["results truncated due to limit"]
    for limit in ("0", "2"):
        answer = await site.api("query", params={"query": "up", "limit": limit})
        assert len(answer["data"]["result"]) == 2
        assert "warnings" not in answer
    answer = await site.api(
        "query_range", params={"query": "up", "limit": "1", "start": str(NOW_S - 15), "end": str(NOW_S), "step": "15"}
    )
    assert len(answer["data"]["result"]) == 1
    assert answer["warnings"] == ["results truncated due to limit"]


async def test_statistics(site: Site) -> None:
    answer = await site.api("query", params={"query": "up", "stats": "true"})
    assert set(answer["data"]["stats"]) == {"timings", "samples"}
    assert answer["data"]["stats"]["samples"]["totalQueryableSamples"] == 2
    assert "warnings" not in answer
    answer = await site.api("query", params={"query": "up", "stats": "x"})
    assert "stats" in answer["data"]
    assert len(answer["warnings"]) == 1


async def test_the_lookback_of_one_query(site: Site) -> None:
    at = str(NOW_S + 60)
    assert len((await site.data("query", params={"query": "up", "time": at}))["result"]) == 2
    for delta, expected in (("30s", 0), ("30", 0), ("2m", 2), ("0", 2), ("-5", 2)):
        data = await site.data("query", params={"query": "up", "time": at, "lookback_delta": delta})
        assert len(data["result"]) == expected


async def test_infos_are_capped(site: Site) -> None:
    names = [f"gauge_{i}" for i in range(13)]
    for name in names:
        site.write(NOW_MS - 15_000, ({"__name__": name}, 1.0))
        site.write(NOW_MS, ({"__name__": name}, 2.0))
    query = " + ".join(f"rate({name}[1m])" for name in names)
    answer = await site.api("query", params={"query": query, "time": str(NOW_S)})
    assert len(answer["infos"]) == 11
    assert answer["infos"][-1] == "3 more info annotations omitted"


async def test_syntax(site: Site) -> None:
    assert await site.data("format_query", params={"query": "sum  by(a)(rate(up [5m]))"}) == "sum by (a) (rate(up[5m]))"
    tree = await site.data("parse_query", params={"query": "1 + up"})
    assert tree["type"] == "binaryExpr"
    assert tree["lhs"] == {"type": "numberLiteral", "val": "1"}


async def test_exemplars_without_selectors_are_no_content(site: Site) -> None:
    async with site.client.get("/api/v1/query_exemplars?query=1") as response:
        assert response.status == 204
        assert await response.read() == b""
    assert await site.data("query_exemplars", params={"query": "up"}) == []


async def test_numbers_as_upstream_writes_them(site: Site) -> None:
    for query, text in [
        ("1e21", "1e+21"), ("1e20", "100000000000000000000"), ("1e-7", "1e-07"), ("0.000001", "0.000001"),
        ("NaN", "NaN"), ("-Inf", "-Inf"), ("Inf", "+Inf"), ("0.1+0.2", "0.30000000000000004"),
    ]:  # fmt: skip
        assert (await site.data("query", params={"query": query}))["result"][1] == text


async def test_errors_of_evaluation_are_422(site: Site) -> None:
    query = "up * on() up"
    async with site.client.get("/api/v1/query", params={"query": query}) as response:
        assert response.status == 422
        answer = await response.json()
    assert answer["errorType"] == "execution"
    assert "many-to-many matching not allowed" in answer["error"]
