from __future__ import annotations

import pytest

from tests.unit.alerts.integrations.hook_double import config, notice, notifier, service
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.core.model.errors import ConfigError

LINK = "http://alerts.example.com/#/alerts?receiver=ops"


async def test_default_message(tmp_path):
    async with service() as hook:
        (tmp_path / "url").write_text(f"{hook.url}/hooks/tok")
        async with notifier("mattermost", "{}", "mattermost_webhook_url_file: url", tmp_path) as mattermost:
            await mattermost.notify(notice())
    assert hook.requests[0].path == "/hooks/tok"
    assert hook.requests[0].json == {
        "username": "Alertmanager",
        "attachments": [
            {
                "title": "[FIRING:1] Down (a:1)",
                "title_link": LINK,
                "fallback": f"[FIRING:1] Down (a:1), {LINK}",
                "color": "#d63232",
                "text": (
                    "**Firing**\n\n- **a is down**, since 2026-11-28 09:50:00 UTC\n  - alertname = `Down`\n"
                    "  - instance = `a:1`\n  - [Source](http://prometheus/graph?g0.expr=up)\n"
                ),
            }
        ],
    }


async def test_message_with_everything():
    yaml = """
channel: town
username: '{{ .Receiver }}'
icon_url: http://icon
icon_emoji: fire
type: custom_x
props: {card: '**{{ .Status }}**'}
priority: {priority: Urgent, requested_ack: true, persistent_notifications: true}
title: one
title_link: http://one
pretext: before
text: the text
fallback: plain
color: '#123456'
author_name: me
author_link: http://me
author_icon: http://me.png
footer: below
footer_icon: http://below
image_url: http://image
thumb_url: http://thumb
fields:
- {title: a, value: '{{ .Status }}', short: true}
- {title: b, value: c}
"""
    async with service() as hook, notifier("mattermost", f"webhook_url: {hook.url}{yaml}") as mattermost:
        await mattermost.notify(notice())
    assert hook.requests[0].json == {
        "channel": "town",
        "username": "ops",
        "icon_url": "http://icon",
        "icon_emoji": "fire",
        "type": "custom_x",
        "props": {"card": "**firing**"},
        "priority": {"priority": "urgent", "requested_ack": True, "persistent_notifications": True},
        "attachments": [
            {
                "title": "one",
                "title_link": "http://one",
                "pretext": "before",
                "text": "the text",
                "fallback": "plain",
                "color": "#123456",
                "author_name": "me",
                "author_link": "http://me",
                "author_icon": "http://me.png",
                "footer": "below",
                "footer_icon": "http://below",
                "image_url": "http://image",
                "thumb_url": "http://thumb",
                "fields": [{"title": "a", "value": "firing", "short": True}, {"title": "b", "value": "c"}],
            }
        ],
    }


async def test_attachments_of_ones_own():
    yaml = "attachments: [{title: '{{ .Status }}'}, {text: two, fields: [{title: a, value: b}]}]"
    async with service() as hook, notifier("mattermost", f"webhook_url: {hook.url}\n{yaml}") as mattermost:
        await mattermost.notify(notice())
    assert hook.requests[0].json["attachments"] == [
        {"title": "firing"},
        {"text": "two", "fields": [{"title": "a", "value": "b"}]},
    ]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("{priority: standard, requested_ack: true, persistent_notifications: true}", {"priority": "standard"}),
        (
            "{priority: important, requested_ack: true, persistent_notifications: true}",
            {"priority": "important", "requested_ack": True},
        ),
        ("{priority: '{{ .Status }}', requested_ack: true}", {"priority": "standard"}),
    ],
)
async def test_priorities(given, sent):
    async with service() as hook, notifier("mattermost", f"webhook_url: {hook.url}\npriority: {given}") as mattermost:
        await mattermost.notify(notice())
    assert hook.requests[0].json["priority"] == sent


async def test_text_is_cut():
    async with service() as hook, notifier("mattermost", f"{{webhook_url: '{hook.url}', text: {'x' * 17000}}}") as m:
        await m.notify(notice())
    assert hook.requests[0].json["attachments"][0]["text"] == "x" * 16_382 + "…"


async def test_refusal():
    async with service(403, "no hook t0ken") as hook, notifier("mattermost", f"webhook_url: {hook.url}/t0ken") as m:
        with pytest.raises(NotifyError, match="^unexpected status code 403: no hook <secret>$") as caught:
            await m.notify(notice())
    assert not caught.value.is_retryable


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("{}", "no Mattermost webhook URL set"),
        ("{webhook_url: http://x, webhook_url_file: y}", "at most one of webhook_url & webhook_url_file"),
        ("{webhook_url: http://x, fields: [{value: y}]}", "missing title"),
    ],
)
def test_configuration_errors(yaml, problem):
    with pytest.raises(ConfigError, match=problem):
        config("mattermost", yaml)


def test_defaults():
    assert config("mattermost", "webhook_url: http://x").send_resolved
