"""/federate and /metrics."""

from __future__ import annotations

import numpy as np

from tests.unit.web.conftest import NOW_MS, MakeSite, Site
from watchkeeper.core.model.stale import STALE
from watchkeeper.core.wire.exposition import Format
from watchkeeper.core.wire.text import TextParser

LAST = NOW_MS


async def test_the_newest_samples(site: Site) -> None:
    async with site.client.get("/federate", params=[("match[]", "up"), ("match[]", '{code="200"}')]) as response:
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = await response.text()
    assert text == (
        "# TYPE http_requests_total untyped\n"
        f'http_requests_total{{code="200",job="a",instance="",region="here"}} 190 {LAST}\n'
        "# TYPE up untyped\n"
        f'up{{instance="one:80",job="a",region="here"}} 1 {LAST}\n'
        f'up{{instance="two:80",job="b",region="here"}} 0 {LAST}\n'
    )


async def test_lookback_and_staleness(make_site: MakeSite) -> None:
    site = await make_site()
    site.write(NOW_MS - 300_001, ({"__name__": "old"}, 1.0))
    site.write(NOW_MS - 300_000, ({"__name__": "edge"}, 1.0))
    site.write(NOW_MS - 15_000, ({"__name__": "ended"}, 1.0))
    site.write(NOW_MS, ({"__name__": "ended"}, STALE))
    site.write(NOW_MS + 1, ({"__name__": "future"}, 1.0))
    site.write(NOW_MS, ({"__name__": "own", "region": "there", "text": 'a"\\\nb'}, 1_795_476_761.5))
    _, text = await site.get("/federate", params={"match[]": "{}"})
    assert text == (
        f'# TYPE edge untyped\nedge{{instance="",region="here"}} 1 {NOW_MS - 300_000}\n'
        f'# TYPE own untyped\nown{{region="there",text="a\\"\\\\\\nb",instance=""}} 1.7954767615e+09 {NOW_MS}\n'
    )


async def test_names_beyond_ascii_and_openmetrics(make_site: MakeSite) -> None:
    site = await make_site()
    site.write(NOW_MS, ({"__name__": "my.metric", "the.label": "x"}, np.nan))
    _, text = await site.get("/federate", params={"match[]": '{__name__="my.metric"}'})
    assert (
        text == f'# TYPE "my.metric" untyped\n{{"my.metric","the.label"="x",instance="",region="here"}} NaN {NOW_MS}\n'
    )
    accept = {"Accept": "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5"}
    async with site.client.get("/federate", params={"match[]": '{__name__="my.metric"}'}, headers=accept) as response:
        assert response.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        body = await response.read()
    assert body.endswith(b" NaN 1700000000\n# EOF\n")
    assert TextParser(Format.OPENMETRICS).parse(body).n_samples == 1


async def test_bad_and_missing_selectors(site: Site) -> None:
    assert await site.get("/federate?match[]=(") == (400, '1:1: parse error: unexpected "("\n')
    assert await site.get("/federate") == (200, "")


async def test_federation_is_compressed(make_site: MakeSite) -> None:
    site = await make_site()
    site.write(NOW_MS, *(({"__name__": "many", "i": str(i)}, 1.0) for i in range(100)))
    headers = {"Accept-Encoding": "gzip"}
    async with site.client.get("/federate?match[]=many", headers=headers, compress=False) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert len((await response.text()).splitlines()) == 101


async def test_own_metrics_parse(site: Site) -> None:
    await site.get("/api/v1/query?query=up")
    for accept, form in (("", Format.TEXT), ("application/openmetrics-text", Format.OPENMETRICS)):
        async with site.client.get("/metrics", headers={"Accept": accept}) as response:
            body = await response.read()
        assert TextParser(form).parse(body).n_samples > 50
        assert b'prometheus_http_requests_total{handler="/api/v1/query",code="200"} 1' in body or (
            b'prometheus_http_requests_total{code="200",handler="/api/v1/query"} 1' in body
        )
