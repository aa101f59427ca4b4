from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.unit.alerts.integrations.hook_double import service, surroundings
from watchkeeper.alerts.integrations import post as post_module
from watchkeeper.alerts.integrations.post import MAX_AT_ONCE, MAX_OPEN, Post, dump_json, secrets_of, without_secrets
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import BasicAuth, HeaderSource, HTTPClientConfig


async def test_statuses_that_are_worth_another_try_by_the_service():
    async with service(429) as hook:
        for retry_on in ((), (429,)):
            post = Post(None, surroundings(), retry_on=retry_on)
            with pytest.raises(NotifyError) as caught:
                await post.send(hook.url, b"{}")
            assert caught.value.is_retryable is bool(retry_on)
            await post.close()


async def test_a_service_may_find_its_own_words_in_an_answer():
    async with service(400, '{"message": "bad key"}') as hook:
        post = Post(None, surroundings(), details=lambda answer: answer.json()["message"])
        with pytest.raises(NotifyError, match="^unexpected status code 400: bad key$"):
            await post.send(hook.url, b"{}")
        await post.close()


async def test_what_is_to_be_hidden_is():
    async with service(400, "token 12345 is bad") as hook:
        post = Post(None, surroundings())
        with pytest.raises(NotifyError, match="400: token <secret> is bad"):
            await post.send(hook.url, b"{}", hide=["12345", ""])
        await post.close()


async def test_headers_of_the_request_come_over_those_configured():
    config = HTTPClientConfig(
        http_headers={"X-A": HeaderSource(values=("1",)), "X-B": HeaderSource(secrets=(Secret("2"),))}
    )
    async with service() as hook:
        post = Post(config, surroundings())
        await post.send(hook.url, b"x", content_type="text/plain", headers={"X-A": "3"}, method="PUT")
        await post.close()
    [request] = hook.requests
    assert (request.method, request.body) == ("PUT", b"x")
    assert [request.headers[name] for name in ("X-A", "X-B", "Content-Type")] == ["3", "2", "text/plain"]


async def test_a_url_that_is_none():
    post = Post(None, surroundings())
    with pytest.raises(NotifyError) as caught:
        await post.send("http://[s3cr3t", b"{}")
    assert "s3cr3t" not in str(caught.value)
    with pytest.raises(NotifyError) as caught:
        await post.send("s3cr3t", b"{}")
    assert "s3cr3t" not in str(caught.value)
    await post.close()


async def test_close_twice_and_before_use():
    post = Post(None, surroundings())
    await post.close()
    await post.close()


def test_secrets_of_a_url():
    found = secrets_of("https://user:pass%20word@host:1/bot123:abcdef/send?key=a%2Fbcd&x=1")
    assert {"pass%20word", "pass word", "abcdef", "bot123", "a%2Fbcd", "a/bcd", "user"} <= set(found)
    assert not {"1", "x", "key", "host"} & set(found)


def test_texts_of_errors_are_short_and_in_one_line():
    assert without_secrets("a\n\tb\x00c", []) == "a b c"
    assert without_secrets("x" * 10_000, []) == "x" * 499 + "…"
    assert without_secrets("abc abcd", ["abc", "abcd"]) == "<secret> <secret>"


def test_json_of_text_that_is_no_unicode():
    assert dump_json({"a\ud800": ["\udcff", 1, None, ("x",)]}) == '{"a\ufffd":["\ufffd",1,null,["x"]]}'.encode()


async def test_a_slow_service_is_asked_by_all_at_once(monkeypatch):
    """Groups don't wait for each other's answers; but those that have none yet are bounded."""
    monkeypatch.setattr(post_module, "BEGIN_S", 0.01)
    running = peak = awaited = 0
    full = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        if running == awaited:
            full.set()
        await full.wait()
        running -= 1
        return web.Response()

    for most, n in ((MAX_OPEN, 150), (100, 150)):
        peak, awaited = 0, min(most, n)
        full.clear()
        monkeypatch.setattr(post_module, "MAX_OPEN", most)
        async with service() as hook, asyncio.timeout(60):
            hook.answer = answer
            post = Post(None, surroundings())
            await asyncio.gather(*(post.send(hook.url, b"{}") for _ in range(n)))
            await post.close()
        assert len(hook.requests) == n
        assert peak == awaited > MAX_AT_ONCE


async def test_no_more_than_so_many_requests_begin_at_once(monkeypatch):
    monkeypatch.setattr(post_module, "BEGIN_S", 60)
    running = peak = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await asyncio.sleep(0.01)
        running -= 1
        return web.Response()

    async with service() as hook:
        hook.answer = answer
        post = Post(None, surroundings())
        await asyncio.gather(*(post.send(hook.url, b"{}") for _ in range(200)))
        await post.close()
    assert len(hook.requests) == 200
    assert peak == MAX_AT_ONCE


async def test_what_http_settings_hold_is_hidden():
    config = HTTPClientConfig(
        basic_auth=BasicAuth(username="me", password=Secret("pa55word")),
        http_headers={"X-Key": HeaderSource(secrets=(Secret("k3y1"),))},
    )
    async with service(401, "bad: pa55word, k3y1") as hook:
        post = Post(config, surroundings())
        with pytest.raises(NotifyError, match="401: bad: <secret>, <secret>$"):
            await post.send(hook.url, b"{}")
        await post.close()
