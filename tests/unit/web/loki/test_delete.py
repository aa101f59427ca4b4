"""Requests to delete: taken, listed, cancelled, refused."""

from __future__ import annotations

import orjson
import pytest

from tests.unit.web.loki.conftest import NOW_NS, NS, MakeSite, Site

DELETE = "/loki/api/v1/delete"
GOOD = {"query": '{app="x"} |= "secret"', "start": "1699990000", "end": "1699999000"}


async def add(site: Site, **params: str) -> tuple[int, str]:
    return await site.ask("POST", DELETE, params={**GOOD, **params})


async def test_a_request_is_taken_and_listed(site: Site) -> None:
    assert await add(site) == (204, "")
    assert (await site.ask("PUT", DELETE, params={"query": '{app="y"}', "start": "2023-11-14T00:00:00Z"}))[0] == 204
    status, text = await site.get(DELETE)
    found = orjson.loads(text)
    assert status == 200
    assert [one["query"] for one in found] == ['{app="x"} |= "secret"', '{app="y"}']
    assert (found[0]["start_time"], found[0]["end_time"]) == (1_699_990_000, 1_699_999_000)
    assert found[1]["end_time"] == NOW_NS // NS
    assert (found[0]["status"], found[0]["created_at"]) == ("received", NOW_NS // NS)


async def test_a_request_is_cancelled(site: Site) -> None:
    await add(site)
    id = orjson.loads((await site.get(DELETE))[1])[0]["request_id"]
    assert await site.ask("DELETE", DELETE, params={"request_id": "none"}) == (
        404,
        "could not find delete request with given id\n",
    )
    site.store.deletes[0][1].status = "50% Complete"
    status, text = await site.ask("DELETE", DELETE, params={"request_id": id})
    assert status == 400
    assert text.startswith("Unable to cancel partially completed delete request.")
    assert (await site.ask("DELETE", DELETE, params={"request_id": id, "force": "true"}))[0] == 204
    assert orjson.loads((await site.get(DELETE))[1]) == []


async def test_a_request_that_was_carried_out_stays(site: Site) -> None:
    await add(site)
    site.store.deletes[0][1].status = "processed"
    status, _ = await site.ask("DELETE", DELETE, params={"request_id": "00000000", "force": "true"})
    assert status == 400


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"query": ""}, "query not set"),
        ({"query": "rate("}, "invalid query expression: parse error"),
        ({"query": 'rate({a="b"}[1m])'}, "invalid query expression: "),
        ({"start": ""}, "start time not set"),
        ({"start": "soon"}, "invalid start time: require unix seconds or RFC3339 format"),
        ({"start": "16999900001"}, "invalid start time: require unix seconds or RFC3339 format"),
        ({"end": "soon"}, "invalid end time: require unix seconds or RFC3339 format"),
        ({"end": "1800000000"}, "deletes in the future are not allowed"),
        ({"start": "1699999500"}, "start time can't be greater than or equal to end time"),
        ({"max_interval": "1d"}, "invalid max_interval: valid time units are 's', 'm', 'h'"),
        ({"max_interval": "25h"}, "max_interval can't be greater than 24h0m0s"),
        ({"max_interval": "3h"}, "max_interval can't be greater than the interval to be deleted (2h30m0s)"),
    ],
)
async def test_refusals(make_site: MakeSite, params: dict[str, str], text: str) -> None:
    site = await make_site(max_delete_interval_ns=24 * 3600 * NS)
    status, told = await add(site, **params)
    assert status == 400
    assert told.startswith(text)
    assert site.store.deletes == []


async def test_without_retention_there_are_no_deletes(make_site: MakeSite) -> None:
    site = await make_site(deletes_enabled=False)
    for method in ("POST", "GET", "DELETE"):
        assert await site.ask(method, DELETE, params=GOOD) == (400, "Retention is not enabled\n")


async def test_a_tenant_whose_deletes_are_switched_off(make_site: MakeSite) -> None:
    site = await make_site(limits={"deletion_mode": "disabled"})
    assert (await add(site))[0] == 403
