from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.unit.alerts.integrations.hook_double import alert, config, notice, notifier, service
from watchkeeper.alerts.interface import NotifyError, Reason
from watchkeeper.core.config.dump import plain
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.model.labels import Labels


async def test_body_is_version_4():
    async with service() as hook, notifier("webhook", f"url: {hook.url}/hook") as webhook:
        await webhook.notify(
            notice(
                alert(alertname="Down", instance="a:1"),
                alert(resolved=True, alertname="Down", instance="b:1"),
                receiver="ops.team",
                reason=Reason.REPEAT,
                route_labels=Labels.of(team="ops"),
            )
        )
    [request] = hook.requests
    assert request.method == "POST"
    assert request.path == "/hook"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("Alertmanager/")
    assert request.json == {
        "version": "4",
        "groupKey": '{}:{alertname="Down"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "ops\\.team",
        "groupLabels": {"alertname": "Down"},
        "commonLabels": {"alertname": "Down"},
        "commonAnnotations": {"summary": "a is down"},
        "externalURL": "http://alerts.example.com",
        "notification_reason": "repeat interval elapsed",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "Down", "instance": "a:1"},
                "annotations": {"summary": "a is down"},
                "startsAt": "2026-11-28T09:50:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus/graph?g0.expr=up",
                "fingerprint": "1e52152fa3f66253",
            },
            {
                "status": "resolved",
                "labels": {"alertname": "Down", "instance": "b:1"},
                "annotations": {"summary": "a is down"},
                "startsAt": "2026-11-28T09:50:00Z",
                "endsAt": "2026-11-28T09:59:00Z",
                "generatorURL": "http://prometheus/graph?g0.expr=up",
                "fingerprint": "7e580b3622d4ecb0",
            },
        ],
    }


async def test_max_alerts_cuts_the_list_and_counts_the_rest():
    alerts = [alert(alertname="Down", instance=f"{i}:1") for i in range(5)]
    async with service() as hook, notifier("webhook", f"url: {hook.url}\nmax_alerts: 2") as webhook:
        await webhook.notify(notice(*alerts))
    body = hook.requests[0].json
    assert [one["labels"]["instance"] for one in body["alerts"]] == ["0:1", "1:1"]
    assert body["truncatedAlerts"] == 3


async def test_url_from_a_file_is_read_each_time(tmp_path):
    async with service() as hook:
        file = tmp_path / "url"
        file.write_text(f"{hook.url}/first\n")
        async with notifier("webhook", "url_file: url", base_dir=tmp_path) as webhook:
            await webhook.notify(notice())
            file.write_text(f"{hook.url}/the/second\n")
            await webhook.notify(notice())
    assert [request.path for request in hook.requests] == ["/first", "/the/second"]


async def test_url_may_be_a_template():
    yaml = "url: '{{ .CommonLabels.instance }}'"
    async with service() as hook, notifier("webhook", yaml) as webhook:
        await webhook.notify(notice(alert(alertname="Down", instance=f"{hook.url}/x")))
    assert hook.requests[0].path == "/x"


async def test_payload_replaces_the_body():
    yaml = """
payload:
  text: "{{ .Status }}: {{ .CommonAnnotations.summary }}"
  count: "{{ len .Alerts }}"
  alerts: "{{ toJson .Alerts }}"
  "{{ .Receiver }}": [1, true, null, "x{{ .Status }}"]
  nothing: ""
"""
    async with service() as hook, notifier("webhook", f"url: {hook.url}{yaml}") as webhook:
        await webhook.notify(notice(alert(alertname="{{ .Status }}")))
    body = hook.requests[0].json
    assert body["alerts"][0].pop("labels") == {"alertname": "{{ .Status }}"}
    assert body["alerts"][0]["status"] == "firing"
    del body["alerts"]
    assert body == {
        "text": "firing: a is down",
        "count": 1,
        "ops": [1, True, None, "xfiring"],
        "nothing": None,
    }


@pytest.mark.parametrize(
    ("status", "is_retryable", "cause"),
    [
        (400, False, "clientError"),
        (404, False, "clientError"),
        (429, False, "clientError"),
        (500, True, "serverError"),
        (503, True, "serverError"),
    ],
)
async def test_statuses(status, is_retryable, cause):
    async with (
        service(status, "no such thing\x07\nat all") as hook,
        notifier("webhook", f"url: {hook.url}/h") as webhook,
    ):
        with pytest.raises(NotifyError) as caught:
            await webhook.notify(notice())
    assert str(caught.value) == f"unexpected status code {status}: no such thing at all"
    assert (caught.value.is_retryable, caught.value.cause) == (is_retryable, cause)


async def test_errors_hide_what_the_url_holds():
    async with service(404, "Cannot POST /hooks/T0SECRET with key=s3cr3t%21 or s3cr3t!") as hook:
        yaml = f"url: {hook.url.replace('//', '//me:passw0rd@')}/hooks/T0SECRET?key=s3cr3t%21"
        async with notifier("webhook", yaml) as webhook:
            with pytest.raises(NotifyError) as caught:
                await webhook.notify(notice())
    assert str(caught.value) == "unexpected status code 404: Cannot POST <secret> with <secret> or <secret>"


async def test_no_server_is_worth_another_try():
    async with notifier("webhook", "url: http://127.0.0.1:1/T0SECRET") as webhook:
        with pytest.raises(NotifyError, match="connection to 127.0.0.1:1 failed") as caught:
            await webhook.notify(notice())
    assert caught.value.is_retryable
    assert "T0SECRET" not in str(caught.value)


async def test_a_server_that_hangs_meets_the_timeout():
    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async with service() as hook, notifier("webhook", f"url: {hook.url}\ntimeout: 50ms") as webhook:
        hook.answer = hang
        with pytest.raises(NotifyError, match=r"no answer within 0.05 s") as caught:
            await webhook.notify(notice())
    assert (caught.value.is_retryable, caught.value.cause) == (True, "contextDeadlineExceeded")


async def test_a_body_that_does_not_end_does_not_undo_success(monkeypatch):
    monkeypatch.setattr("watchkeeper.alerts.integrations.post.BODY_TIMEOUT_S", 0.05)

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"o")
        await asyncio.sleep(60)
        return response

    async with service() as hook, notifier("webhook", f"url: {hook.url}") as webhook:
        hook.answer = drip
        await webhook.notify(notice())
    assert len(hook.requests) == 1


async def test_a_huge_answer_is_not_read_to_its_end():
    written = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse(status=400)
        await response.prepare(request)
        try:
            for _ in range(4000):
                await response.write(b"x" * 65_536)
                written += 65_536
        except ConnectionError:
            pass
        return response

    async with service() as hook, notifier("webhook", f"url: {hook.url}") as webhook:
        hook.answer = flood
        with pytest.raises(NotifyError) as caught:
            await webhook.notify(notice())
    assert len(str(caught.value)) < 600
    assert written < 100 << 20


async def test_garbage_in_place_of_http():
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x00\x01 what? \r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    async with server, notifier("webhook", f"url: http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as webhook:
        with pytest.raises(NotifyError) as caught:
            await webhook.notify(notice())
    assert caught.value.is_retryable


async def test_redirects_are_followed_as_configured_and_not_for_ever():
    async def away(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect("/next" if request.path == "/start" else "/start")

    async with service() as hook:
        hook.answer = away
        async with notifier("webhook", f"url: {hook.url}/start") as webhook:
            with pytest.raises(NotifyError, match="stopped after 10 redirects") as caught:
                await webhook.notify(notice())
            assert not caught.value.is_retryable
        hook.requests.clear()
        yaml = f"url: {hook.url}/start\nhttp_config: {{follow_redirects: false}}"
        async with notifier("webhook", yaml) as webhook:
            with pytest.raises(NotifyError, match="unexpected status code 307"):
                await webhook.notify(notice())
        assert len(hook.requests) == 1


async def test_http_config_of_the_receiver_or_of_global():
    shared = "http_config: {basic_auth: {username: me, password: pw}}"
    async with service() as hook:
        async with notifier("webhook", f"url: {hook.url}", shared) as webhook:
            await webhook.notify(notice())
        own = f"url: {hook.url}\nhttp_config: {{authorization: {{credentials: tok}}}}"
        async with notifier("webhook", own, shared) as webhook:
            await webhook.notify(notice())
    assert [request.headers["Authorization"] for request in hook.requests] == ["Basic bWU6cHc=", "Bearer tok"]


async def test_a_missing_file_is_told_without_another_try(tmp_path):
    async with notifier("webhook", "url_file: none", base_dir=tmp_path) as webhook:
        with pytest.raises(NotifyError, match="unable to read URL file .*/none: No such file") as caught:
            await webhook.notify(notice())
    assert not caught.value.is_retryable


async def test_labels_that_are_no_unicode_are_sent():
    async with service() as hook, notifier("webhook", f"url: {hook.url}") as webhook:
        await webhook.notify(notice(alert(alertname="a\udc80b")))
    assert hook.requests[0].json["alerts"][0]["labels"] == {"alertname": "a\ufffdb"}


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("{}", "one of url or url_file must be configured"),
        ("{url: http://x, url_file: y}", "at most one of url & url_file must be configured"),
        ("url: ftp://x/tok", "URL scheme must be"),
        ("{url: http://x, urls: y}", 'unknown key "urls"; did you mean "url'),
        ("{url: http://x, timeout: 5}", "has no unit"),
        ("{url: http://x, max_alerts: -1}", "must be at least 0"),
    ],
)
def test_configuration_errors(yaml, problem):
    with pytest.raises(ConfigError) as caught:
        config("webhook", yaml)
    assert problem in str(caught.value)
    assert "tok" not in str(caught.value)


def test_a_dump_hides_the_url():
    section = config("webhook", "url: http://x/T0SECRET")
    assert "T0SECRET" not in str(plain(section)) + repr(section)
    assert section.send_resolved
