"""Pushes: content types and encodings, bodies within bounds, refusals, tenants, counters."""

from __future__ import annotations

import asyncio
import gzip
import threading
import zlib
from collections.abc import Callable

import cramjam
import orjson
import pytest
import zstandard

from tests.unit.web.loki.conftest import NOW_NS, MakeSite, Site, snappy
from watchkeeper.core.model.errors import UnavailableError
from watchkeeper.core.wire.protobuf import fields, put_bytes, put_int, put_text
from watchkeeper.logs.interface import PushError
from watchkeeper.web.loki.push_body import unpacked_lz4

NS = 1_000_000_000
PUSH = "/loki/api/v1/push"
JSON = {"Content-Type": "application/json"}


def protobuf(line: bytes = b"a line", labels: str = '{job="x"}') -> bytes:
    entry = put_bytes(1, put_int(1, NOW_NS // NS)) + put_bytes(2, line)
    return put_bytes(1, put_text(1, labels) + put_bytes(2, entry))


def json_body(line: str = "a line") -> bytes:
    return orjson.dumps({"streams": [{"stream": {"job": "x"}, "values": [[str(NOW_NS), line]]}]})


def stored(site: Site, tenant: str = "fake") -> list[str]:
    slices = site.store.querier(tenant).select((), 0, 2**62)
    return [line for part in slices for block, rows in [part.load()] for line in block.lines(rows).strings()]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (snappy(protobuf()), {"Content-Type": "application/x-protobuf"}),
        (snappy(protobuf()), {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}),
        (snappy(protobuf()), {"Content-Type": "application/octet-stream"}),
        (gzip.compress(snappy(protobuf())), {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}),
        (json_body(), JSON),
        (json_body(), {"Content-Type": "application/json; charset=utf-8"}),
        (gzip.compress(json_body()), {**JSON, "Content-Encoding": "gzip"}),
        (zlib.compress(json_body()), {**JSON, "Content-Encoding": "deflate"}),
        (zlib.compress(json_body())[2:-4], {**JSON, "Content-Encoding": "deflate"}),
    ],
)
async def test_forms_of_a_push(site: Site, body: bytes, headers: dict[str, str]) -> None:
    assert await site.ask("POST", PUSH, data=body, headers=headers) == (204, "")
    assert stored(site) == ["a line"]


async def test_a_push_without_a_type_is_protobuf(site: Site) -> None:
    async with site.client.post(PUSH, data=snappy(protobuf()), skip_auto_headers=["Content-Type"]) as response:
        assert response.status == 204
    assert stored(site) == ["a line"]


async def test_the_old_form(site: Site) -> None:
    body = {"streams": [{"labels": '{job="x"}', "entries": [{"ts": "2023-11-14T22:13:20Z", "line": "old"}]}]}
    assert await site.ask("POST", "/api/prom/push", json=body) == (204, "")
    assert stored(site) == ["old"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "text"),
    [
        (b"", {"Content-Type": "application/x-protobuf"}, 400, "snappy: corrupt input"),
        (b"\xff" * 20, {"Content-Type": "application/x-protobuf"}, 400, "snappy: corrupt input"),
        (json_body(), {**JSON, "Content-Encoding": "gzip"}, 400, "gzip: invalid header or data"),
        (json_body(), {**JSON, "Content-Encoding": "lzma"}, 400, 'Content-Encoding "lzma" not supported'),
        (json_body(), {"Content-Type": "nonsense/;;;"}, 400, "mime: invalid media parameter"),
        (b'{"streams":[]}', JSON, 422, "error at least one valid stream is required for ingestion"),
        (snappy(b""), {"Content-Type": "x/y"}, 422, "error at least one valid stream is required for ingestion"),
    ],
)
async def test_refusals(site: Site, body: bytes, headers: dict[str, str], status: int, text: str) -> None:
    async with site.client.post(PUSH, data=body, headers=headers) as response:
        assert (response.status, (await response.text()).rstrip("\n")) == (status, text)
        assert response.content_type == "text/plain"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"streams": 7}', b'{"streams":[{"stream":{"a":"b"},"values":[[1,"a"]]}]}']
)
async def test_json_that_is_no_push(site: Site, body: bytes) -> None:
    status, text = await site.ask("POST", PUSH, data=body, headers=JSON)
    assert status == 400
    assert text.strip()


async def test_a_body_over_the_limit_is_refused_by_its_length_and_while_it_is_read(make_site: MakeSite) -> None:
    site = await make_site(max_body_bytes=10_000, max_unpacked_bytes=20_000)
    too_large = (413, "request body too large\n")
    assert await site.ask("POST", PUSH, data=json_body("x" * 20_000), headers=JSON) == too_large

    async def pieces() -> object:
        for _ in range(100):
            yield b" " * 1000
            await asyncio.sleep(0)

    assert await site.ask("POST", PUSH, data=pieces(), headers=JSON) == too_large
    bomb = gzip.compress(b" " * 10_000_000)
    assert await site.ask("POST", PUSH, data=bomb, headers={**JSON, "Content-Encoding": "gzip"}) == too_large
    assert await site.ask("POST", PUSH, data=snappy(protobuf(b"x" * 30_000))) == too_large
    # A size that is only said: nothing of it is there.
    assert await site.ask("POST", PUSH, data=b"\x80\x80\x80\x80\x04abc") == too_large
    assert stored(site) == []


async def test_a_body_whose_end_is_missing_is_given_up(make_site: MakeSite) -> None:
    site = await make_site(read_timeout_s=0.05)
    # Whether its end is missed or waited for hangs on how the bytes arrive.
    status, _ = await site.ask("POST", PUSH, data=b"{}", headers={**JSON, "Content-Encoding": "deflate"})
    assert status in (400, 408)


async def test_a_body_that_does_not_arrive_is_given_up(make_site: MakeSite) -> None:
    site = await make_site(read_timeout_s=0.05)

    async def drip() -> object:
        yield b"{"
        await asyncio.sleep(0.3)
        yield b"}"

    status, _ = await site.ask("POST", PUSH, data=drip(), headers=JSON)
    assert status == 408


@pytest.mark.parametrize("status", [400, 429, 260])
async def test_refusals_of_the_store_are_told_in_its_words(site: Site, status: int) -> None:
    site.store.refusal = PushError(status, "max entry size '100' bytes exceeded")
    assert await site.push({"job=x": [(NOW_NS, "good")]}) == (status, "max entry size '100' bytes exceeded\n")
    assert stored(site) == ["good"]


async def test_a_store_that_can_not_store_is_unavailable(site: Site) -> None:
    site.store.refusal = UnavailableError("no space left on device")  # type: ignore[assignment]
    assert await site.push({"job=x": [(NOW_NS, "x")]}) == (503, "no space left on device\n")
    assert "loki_distributor_ingester_append_failures_total 1" in site.metrics()


async def test_tenants(make_site: MakeSite) -> None:
    site = await make_site(auth_enabled=True)
    assert await site.push({"job=x": [(NOW_NS, "nobody's")]}) == (401, "no org id\n")
    assert (await site.push({"job=x": [(NOW_NS, "one's")]}, **{"X-Scope-OrgID": "one"}))[0] == 204
    status, text = await site.push({"job=x": [(NOW_NS, "x")]}, **{"X-Scope-OrgID": "a|b"})
    assert (status, text) == (400, "tenant ID 'a|b' contains unsupported character '|'\n")
    status, text = await site.push({"job=x": [(NOW_NS, "x")]}, **{"X-Scope-OrgID": ".."})
    assert (status, text) == (400, "tenant ID is '.' or '..'\n")
    assert stored(site, "one") == ["one's"]
    assert stored(site, "two") == []


async def test_the_user_is_the_tenant_where_no_header_names_one(make_site: MakeSite) -> None:
    site = await make_site(auth_enabled=True)
    for credentials, status in (("b25lOnNlY3JldA==", 204), ("!!", 401), ("", 401)):
        answer = await site.push({"job=x": [(NOW_NS, "one's")]}, Authorization=f"Basic {credentials}")
        assert answer[0] == status
    assert (await site.push({"job=x": [(NOW_NS, "x")]}, Authorization="Bearer b25lOnNlY3JldA=="))[0] == 401
    assert stored(site, "one") == ["one's"]


async def test_several_tenants_may_not_push_at_once(make_site: MakeSite) -> None:
    site = await make_site(auth_enabled=True, multi_tenant_queries=True)
    status, text = await site.push({"job=x": [(NOW_NS, "x")]}, **{"X-Scope-OrgID": "a|b"})
    assert (status, text) == (400, "multiple org IDs present\n")


async def test_what_came_is_counted(site: Site) -> None:
    await site.push({"job=x": [(NOW_NS, "12345"), (NOW_NS + 1, "678")]})
    text = site.metrics()
    assert 'loki_distributor_lines_received_total{tenant="fake"} 2' in text
    assert (
        'loki_request_duration_seconds_count{method="POST",route="loki_api_v1_push",status_code="204",ws="false"} 1'
        in text
    )


async def test_too_much_at_a_time_is_told_to_come_back(site: Site) -> None:
    budget = site.surface._pushes._budget
    budget.limit_bytes = 100_000
    body = json_body("x" * 200_000)
    status, text = await site.ask("POST", PUSH, data=body, headers=JSON)
    assert status == 503
    assert "too much is being pushed at a time" in text
    assert budget.used_bytes == 0
    # What it unpacks to counts, too.
    status, text = await site.ask("POST", PUSH, data=snappy(protobuf(b"x" * 200_000)))
    assert (status, budget.used_bytes) == (503, 0)
    assert await site.ask("POST", PUSH, data=json_body(), headers=JSON) == (204, "")


async def test_a_push_goes_on_when_its_client_is_gone(site: Site) -> None:
    began, go = threading.Event(), threading.Event()
    run = site.backend.run_push

    async def held(work: Callable[[], object]) -> object:
        def wait() -> object:
            began.set()
            assert go.wait(5)
            return work()

        return await run(wait)

    site.backend.run_push = held
    asked = asyncio.ensure_future(site.ask("POST", PUSH, data=snappy(protobuf(b"x" * 200_000))))
    assert await asyncio.to_thread(began.wait, 5)
    asked.cancel()
    await asyncio.sleep(0.05)
    go.set()
    while not (found := stored(site)):
        await asyncio.sleep(0.005)
    assert found == ["x" * 200_000]
    while site.surface._pushes._budget.used_bytes:
        await asyncio.sleep(0.005)


OTLP = "/otlp/v1/logs"


async def test_otlp(site: Site) -> None:
    for body, encoding in (
        (b"plain", ""),
        (gzip.compress(b"gzip"), "gzip"),
        (bytes(cramjam.lz4.compress(b"lz4")), "lz4"),
        (zstandard.compress(b"zstd"), "zstd"),
    ):
        headers = {"Content-Type": "application/x-protobuf", **({"Content-Encoding": encoding} if encoding else {})}
        assert await site.ask("POST", OTLP, data=body, headers=headers) == (204, "")
    assert stored(site) == ["plain", "gzip", "lz4", "zstd"]


async def test_errors_of_otlp_are_statuses(site: Site) -> None:
    site.store.refusal = PushError(400, "max entry size exceeded")
    async with site.client.post(OTLP, data=b"x" * 20, headers={"Content-Type": "application/x-protobuf"}) as response:
        assert response.status == 400
        assert response.content_type == "application/x-protobuf"
        status = {number: value for number, _, value in fields(await response.read())}
        assert status[1] == 3
        assert b"max entry size" in bytes(status[2])
    async with site.client.post(OTLP, data=b"x" * 20, headers=JSON) as response:
        assert response.status == 400
        assert (await response.json())["code"] == 3
    async with site.client.post(OTLP, data=b"x", headers={"Content-Type": "text/csv"}) as response:
        assert response.status == 415
    async with site.client.post(OTLP, data=b"x", headers={**JSON, "Content-Encoding": "lzo"}) as response:
        assert response.status == 415


def test_lz4_within_a_bound() -> None:
    packed = bytes(cramjam.lz4.compress(b"a" * 100_000))
    assert unpacked_lz4(packed, 100_000) == b"a" * 100_000
    for body, limit, status in ((packed, 99_999, 413), (b"junk", 100, 400), (b"", 100, 400)):
        with pytest.raises(Exception, match="large|corrupt") as caught:
            unpacked_lz4(body, limit)
        assert caught.value.status == status  # type: ignore[attr-defined]
