"""Whatever a service answers, a receiver is done or says in one line what went wrong, without a secret."""

from __future__ import annotations

import pytest
from aiohttp import web

from tests.unit.alerts.integrations.hook_double import notice, notifier, service
from watchkeeper.alerts.interface import Notifier, NotifyError

RECEIVERS = {
    "webhook": "url: HOOK/s3cr3t",
    "slack": "{app_token: s3cr3t, app_url: 'HOOK', channel: x, update_message: true}",
    "pagerduty": "{routing_key: s3cr3t, url: 'HOOK'}",
    "opsgenie": "{api_key: s3cr3t, api_url: 'HOOK', update_alerts: true}",
    "telegram": "{bot_token: s3cr3t, chat_id: 1, api_url: 'HOOK'}",
    "discord": "webhook_url: HOOK/s3cr3t",
    "mattermost": "webhook_url: HOOK/s3cr3t",
}
BODIES = [
    b"",
    b"s3cr3t",
    b"\xff\xfe\x00 s3cr3t",
    b"[]",
    b"null",
    b"12",
    b'"s3cr3t"',
    b"{}",
    b'{"ok": "s3cr3t"}',
    b'{"ok": false, "error": {"s3cr3t": 1}, "description": ["s3cr3t"], "message": {"a": "s3cr3t"}, "errors": {"b": 1}}',
    b'{"ok": true, "ts": 5, "channel": {"x": []}}',
    b'{"errors": ["s3cr3t", null, {}], "message": null}',
    b"[" * 100_000,
    b"<html>" + b"s3cr3t\r\n" * 5_000,
]


async def problem_of(receiver: Notifier) -> NotifyError | None:
    try:
        await receiver.notify(notice())
    except NotifyError as error:
        return error
    return None


@pytest.mark.parametrize("kind", RECEIVERS)
async def test_any_body_with_any_status(kind):
    async with service() as hook, notifier(kind, RECEIVERS[kind].replace("HOOK", hook.url)) as receiver:
        for status in (200, 204, 302, 400, 429, 500, 599):
            for body in BODIES:

                async def answer(request: web.Request, status: int = status, body: bytes = body) -> web.Response:
                    headers = {"Location": "/elsewhere/s3cr3t"} if status == 302 and request.method == "POST" else {}
                    status = 404 if status == 302 and request.method == "GET" else status
                    return web.Response(status=status, body=body, headers=headers)

                hook.answer = answer
                error = await problem_of(receiver)
                if error is None:
                    assert status in (200, 204)
                    continue
                assert "s3cr3t" not in str(error)
                assert "\n" not in str(error)
                assert len(str(error)) < 700
                assert error.is_retryable or status < 500


@pytest.mark.parametrize("kind", RECEIVERS)
async def test_a_body_that_is_not_encoded_as_it_says(kind):
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"not gzip s3cr3t", headers={"Content-Encoding": "gzip"}, status=500)

    async with service() as hook, notifier(kind, RECEIVERS[kind].replace("HOOK", hook.url)) as receiver:
        hook.answer = answer
        with pytest.raises(NotifyError) as caught:
            await receiver.notify(notice())
    assert caught.value.is_retryable
    assert "s3cr3t" not in str(caught.value)
