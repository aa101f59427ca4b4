from __future__ import annotations

import json

import pytest
from aiohttp import web

from tests.unit.alerts.integrations.hook_double import alert, config, notice, notifier, service
from watchkeeper.alerts.integrations.slack import SlackConfig
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.config.dump import plain
from watchkeeper.core.model.errors import ConfigError

LINK = "http://alerts.example.com/#/alerts?receiver=ops"


async def test_default_message():
    async with service() as hook, notifier("slack", f"{{api_url: '{hook.url}/x', channel: '#ops'}}") as slack:
        await slack.notify(notice())
    assert hook.requests[0].json == {
        "channel": "#ops",
        "username": "Alertmanager",
        "attachments": [
            {
                "title": "[FIRING:1] Down (a:1)",
                "title_link": LINK,
                "text": "",
                "fallback": f"[FIRING:1] Down (a:1), {LINK}",
                "callback_id": "",
                "footer": "",
                "color": "danger",
                "mrkdwn_in": ["fallback", "pretext", "text"],
            }
        ],
    }
    assert "Authorization" not in hook.requests[0].headers


async def test_message_with_everything():
    yaml = """
channel: '@{{ .Receiver }}'
username: bot
icon_emoji: ':fire:'
icon_url: http://icon
link_names: true
message_text: 'hello {{ .Status }}'
title: '{{ .CommonLabels.alertname }}'
title_link: http://title
pretext: before
text: '{{ range .Alerts }}{{ .Labels.instance }} {{ end }}'
fallback: plain
callback_id: cb
footer: below
image_url: http://image
thumb_url: http://thumb
color: '{{ if eq .Status "firing" }}#f00{{ else }}#0f0{{ end }}'
mrkdwn_in: [text]
short_fields: true
fields:
- {title: '{{ .Status }}', value: one}
- {title: two, value: '{{ len .Alerts }}', short: false}
actions:
- {type: button, text: Look, url: '{{ .ExternalURL }}', style: primary, name: gone, value: gone, confirm: {text: gone}}
- type: button
  text: Do
  name: do
  value: '{{ .Status }}'
  confirm: {text: sure?, title: Sure, ok_text: yes, dismiss_text: 'no'}
"""
    async with service() as hook, notifier("slack", f"api_url: {hook.url}{yaml}") as slack:
        await slack.notify(notice(resolved=True))
    assert hook.requests[0].json == {
        "channel": "@ops",
        "username": "bot",
        "icon_emoji": ":fire:",
        "icon_url": "http://icon",
        "link_names": True,
        "text": "hello resolved",
        "attachments": [
            {
                "title": "Down",
                "title_link": "http://title",
                "pretext": "before",
                "text": "a:1 ",
                "fallback": "plain",
                "callback_id": "cb",
                "footer": "below",
                "image_url": "http://image",
                "thumb_url": "http://thumb",
                "color": "#0f0",
                "mrkdwn_in": ["text"],
                "fields": [
                    {"title": "resolved", "value": "one", "short": True},
                    {"title": "two", "value": "1", "short": False},
                ],
                "actions": [
                    {"type": "button", "text": "Look", "url": "http://alerts.example.com", "style": "primary"},
                    {
                        "type": "button",
                        "text": "Do",
                        "name": "do",
                        "value": "resolved",
                        "confirm": {"text": "sure?", "title": "Sure", "ok_text": "yes", "dismiss_text": "no"},
                    },
                ],
            }
        ],
    }


async def test_title_is_cut():
    async with service() as hook, notifier("slack", f"{{api_url: '{hook.url}', title: '{'x' * 2000}'}}") as slack:
        await slack.notify(notice())
    assert hook.requests[0].json["attachments"][0]["title"] == "x" * 1023 + "…"


async def test_app_token_from_a_file_of_global(tmp_path):
    (tmp_path / "token").write_text("xoxb-T0KEN\n")
    async with service(text='{"ok":true}', content_type="application/json") as hook:
        shared = f"{{slack_app_token_file: token, slack_app_url: '{hook.url}/api/chat.postMessage'}}"
        async with notifier("slack", "channel: '#ops'", shared, tmp_path) as slack:
            await slack.notify(notice())
    assert hook.requests[0].path == "/api/chat.postMessage"
    assert hook.requests[0].headers["Authorization"] == "Bearer xoxb-T0KEN"


async def test_api_url_from_global(tmp_path):
    async with service() as hook:
        (tmp_path / "url").write_text(f"{hook.url}/from/file")
        async with notifier("slack", "{}", "slack_api_url_file: url", tmp_path) as slack:
            await slack.notify(notice())
        async with notifier("slack", "{}", f"slack_api_url: {hook.url}/given") as slack:
            await slack.notify(notice())
    assert [request.path for request in hook.requests] == ["/from/file", "/given"]


async def test_update_message_edits_the_message_of_the_group_until_it_is_resolved():
    async def answer(request: web.Request) -> web.Response:
        sent = await request.json()
        return web.json_response({"ok": True, "ts": sent.get("ts", "12.34"), "channel": "C1"})

    async with service() as hook:
        hook.answer = answer
        yaml = f"{{app_token: tok, app_url: '{hook.url}/api/chat.postMessage', channel: '#ops', update_message: true}}"
        async with notifier("slack", yaml) as slack:
            for resolved in (False, False, True, False):
                await slack.notify(notice(resolved=resolved))
    sent = [(request.path, request.json["channel"], request.json.get("ts")) for request in hook.requests]
    assert sent == [
        ("/api/chat.postMessage", "#ops", None),
        ("/api/chat.update", "C1", "12.34"),
        ("/api/chat.update", "C1", "12.34"),
        ("/api/chat.postMessage", "#ops", None),
    ]


@pytest.mark.parametrize(
    ("status", "text", "is_retryable", "message"),
    [
        (200, "no_text", False, "received an error response from Slack: no_text"),
        (200, "", False, "received an error response from Slack:"),
        (200, '{"ok":false,"error":"invalid_auth"}', False, "error response from Slack: invalid_auth"),
        (200, '{"ok":false,"error":"ratelimited"}', True, "error response from Slack: ratelimited"),
        (200, "[1]", False, "received an error response from Slack: [1]"),
        (404, "no_team", False, "unexpected status code 404: no_team"),
        (429, "", True, "unexpected status code 429"),
        (500, "oops xoxb-T0KEN", True, "unexpected status code 500: oops <secret>"),
    ],
)
async def test_refusals(status, text, is_retryable, message):
    async with service(status, text) as hook:
        yaml = f"{{app_token: xoxb-T0KEN, app_url: '{hook.url}/', channel: '#ops'}}"
        async with notifier("slack", yaml) as slack:
            with pytest.raises(NotifyError) as caught:
                await slack.notify(notice())
    assert str(caught.value) == f'channel "#ops": {message}'
    assert caught.value.is_retryable is is_retryable


async def test_a_template_that_fails_names_itself():
    async with (
        service() as hook,
        notifier("slack", f"{{api_url: '{hook.url}', text: '{{{{ template \"no\" . }}}}'}}") as s,
    ):
        with pytest.raises(NotifyError, match=r'^text: template: :1:12: .*template "no" not defined') as caught:
            await s.notify(notice(alert()))
    assert not caught.value.is_retryable
    assert not hook.requests


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("{}", "no Slack API URL nor App token set either inline or in a file"),
        ("{api_url: http://x, api_url_file: f}", "at most one of api_url & api_url_file"),
        ("{app_token: x, app_token_file: f}", "at most one of app_token & app_token_file"),
        ("{api_url: http://x, app_token: t}", "at most one of api_url/api_url_file & app_token/app_token_file"),
        ("{api_url: http://x, fields: [{title: a}]}", "fields[0].value: missing value"),
        ("{api_url: http://x, actions: [{type: a, text: b}]}", "actions[0].name: missing name or url"),
        ("{api_url: http://x, actions: [{url: b}]}", "actions[0].type: missing type"),
        ("{api_url: http://x, actions: [{type: a, text: b, name: c, confirm: {}}]}", "missing text in confirmation"),
    ],
)
def test_configuration_errors(yaml, problem):
    with pytest.raises(ConfigError) as caught:
        config("slack", yaml)
    assert problem in str(caught.value)


def test_defaults():
    section = config("slack", "api_url: http://x/T0SECRET")
    assert not section.send_resolved
    assert "T0SECRET" not in json.dumps(plain(section))


def test_updates_need_an_app():
    load = Load("alertmanager.yml")
    decode(SlackConfig, "{api_url: http://x/T0SECRET, update_message: true}", load)
    [warning] = load.warnings
    assert (warning.path, warning.column) == ("update_message", 46)
    assert "no effect with a webhook" in warning.message
    load = Load("alertmanager.yml")
    decode(SlackConfig, "{api_url: 'https://slack.com/api/chat.postMessage', update_message: true}", load)
    assert not load.warnings
