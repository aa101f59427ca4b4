"""/series, /labels, /label/<name>/values: the rules of `match[]`, limits, times and escaped names."""

from __future__ import annotations

import pytest

from tests.unit.web.conftest import NOW_MS, Site
from watchkeeper.web.prometheus.series import unescape_name

NOW_S = NOW_MS // 1000
MIN_TIME, MAX_TIME = "-292273086-05-16T16:47:06Z", "292277025-08-18T07:12:54.999999999Z"


async def test_series(site: Site) -> None:
    found = await site.data("series", params=[("match[]", "up"), ("match[]", '{code="200"}')])
    assert found == [
        {"__name__": "http_requests_total", "code": "200", "job": "a"},
        {"__name__": "up", "instance": "one:80", "job": "a"},
        {"__name__": "up", "instance": "two:80", "job": "b"},
    ]
    posted = await site.api("series?match[]=nothing", method="POST", data={"match[]": "up", "limit": "1"})
    assert posted["data"] == [{"__name__": "up", "instance": "one:80", "job": "a"}]
    assert posted["warnings"] == ["results truncated due to limit"]


async def test_labels_and_values(site: Site) -> None:
    assert await site.data("labels") == ["__name__", "code", "instance", "job"]
    assert await site.data("labels", params={"match[]": "up"}) == ["__name__", "instance", "job"]
    assert await site.data("label/job/values") == ["a", "b"]
    assert await site.data("label/job/values", params={"match[]": 'up{instance="two:80"}'}) == ["b"]
    assert await site.data("label/absent/values") == []
    cut = await site.api("labels?limit=2")
    assert cut["data"] == ["__name__", "code"]
    assert cut["warnings"] == ["results truncated due to limit"]
    assert "warnings" not in await site.api("label/job/values?limit=2")


async def test_the_edges_of_time(site: Site) -> None:
    everything = {"start": MIN_TIME, "end": MAX_TIME}
    assert len(await site.data("series", params={"match[]": "up", **everything})) == 2
    assert await site.data("label/job/values", params=everything) == ["a", "b"]
    assert await site.data("labels", params={"start": "10", "end": "5"}) == []
    assert await site.data("labels", params={"start": "10", "end": "15"}) == []
    assert await site.data("labels", params={"start": str(NOW_S)}) == ["__name__", "code", "instance", "job"]


async def test_names_beyond_ascii(site: Site) -> None:
    site.write(NOW_MS, ({"__name__": "odd", "http.status": "ok"}, 1.0))
    assert await site.data("label/U__http_2e_status/values") == ["ok"]
    assert await site.data("label/http.status/values") == ["ok"]


@pytest.mark.parametrize(
    ("escaped", "name"),
    [
        ("job", "job"),
        ("U__http_2e_status", "http.status"),
        ("U__a__b", "a_b"),
        ("U___1f4a9_", "\U0001f4a9"),
        ("U__a_zz_", "U__a_zz_"),
        ("U__a_2e", "U__a_2e"),
        ("U__a_110000_", "U__a_110000_"),
        ("U__", ""),
    ],
)
def test_unescaped(escaped: str, name: str) -> None:
    assert unescape_name(escaped) == name


NOT_EMPTY = "match[] must contain at least one non-empty matcher"
BAD = [
    ("series", "no match[] parameter provided"),
    ("series?match[]={}", f'invalid parameter "match[]": {NOT_EMPTY}'),
    ('series?match[]={a=~".*"}', f'invalid parameter "match[]": {NOT_EMPTY}'),
    ("series?match[]=up(", 'invalid parameter "match[]": 1:3: parse error: unexpected "("'),
    ("labels?match[]={}", NOT_EMPTY),
    ("labels?match[]={", "1:2: parse error: unexpected end of input inside braces"),
    ("label/job/values?match[]={}", NOT_EMPTY),
    (
        "labels?start=x",
        """invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp""",
    ),
    (
        "label/job/values?end=x",
        """invalid parameter "end": invalid time value for 'end': cannot parse "x" to a valid timestamp""",
    ),
    ("labels?limit=x", 'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax'),
    ("label/U__/values", 'invalid label name: ""'),
]


@pytest.mark.parametrize(("path", "text"), BAD, ids=[path for path, _ in BAD])
async def test_bad_parameters(site: Site, path: str, text: str) -> None:
    answer = await site.api(path)
    assert answer == {"status": "error", "errorType": "bad_data", "error": text}
