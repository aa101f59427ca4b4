"""Messages of rocketchat_configs as a server gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    RESOLVED,
    Service,
    failure,
    problems,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations.rocketchat import RocketChatConfig, RocketChatNotifier
from watchkeeper.core.config.dump import dump

TEXTS = """
channel: '#{{ .GroupLabels.alertname }}'
title: '{{ .Status }}'
title_link: '{{ .ExternalURL }}'
text: '{{ .CommonAnnotations.summary }}'
emoji: ':fire:'
icon_url: ''
"""
KEYS = "token: hush-token\ntoken_id: hush-user\n"


def notifier_at(at: Service, more: str = KEYS) -> RocketChatNotifier:
    return RocketChatNotifier(read(RocketChatConfig, f"{TEXTS}api_url: {at.url}/chat\n{more}"), surroundings())


async def test_firing_and_resolved() -> None:
    async with service() as at:
        at.answer = (200, '{"success": true}')
        notifier = notifier_at(at)
        await notifier.notify(FIRING)
        await notifier.notify(RESOLVED)
        await notifier.close()
    firing, resolved = at.asked
    assert (firing.method, firing.path) == ("POST", "/chat/api/v1/chat.postMessage")
    assert (firing.headers["X-Auth-Token"], firing.headers["X-User-Id"]) == ("hush-token", "hush-user")
    assert firing.json == {
        "channel": "#Down",
        "emoji": ":fire:",
        "attachments": [{"title": "firing", "title_link": "http://am.example", "text": "a is down", "color": "red"}],
    }
    assert resolved.json["attachments"] == [
        {"title": "resolved", "title_link": "http://am.example", "text": "a is down", "color": "green"}
    ]


async def test_fields_actions_and_pictures(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("filed-token\n")
    (tmp_path / "id").write_text("filed-id\n")
    more = f"""
token_file: {tmp_path}/token
token_id_file: {tmp_path}/id
image_url: http://x.example/i.png
thumb_url: http://x.example/t.png
short_fields: true
fields:
  - title: Where
    value: '{{{{ .CommonLabels.instance }}}}'
  - title: Wide
    short: false
actions:
  - type: button
    text: Graph
    url: '{{{{ (index .Alerts 0).GeneratorURL }}}}'
  - text: Ack
    msg: ack {{{{ .Receiver }}}}
"""
    async with service() as at:
        at.answer = (200, '{"success": true}')
        notifier = notifier_at(at, more)
        await notifier.notify(FIRING)
        await notifier.close()
    assert (at.only.headers["X-Auth-Token"], at.only.headers["X-User-Id"]) == ("filed-token", "filed-id")
    (attachment,) = at.only.json["attachments"]
    assert (attachment["image_url"], attachment["thumb_url"]) == ("http://x.example/i.png", "http://x.example/t.png")
    assert attachment["fields"] == [
        {"short": True, "title": "Where", "value": "a"},
        {"short": False, "title": "Wide"},
    ]
    assert attachment["actions"] == [
        {
            "type": "button",
            "text": "Graph",
            "url": "http://prometheus/graph",
            "is_webview": False,
            "msg_in_chat_window": False,
        },
        {"type": "button", "text": "Ack", "msg": "ack team", "is_webview": False, "msg_in_chat_window": False},
    ]


async def test_title_is_cut() -> None:
    async with service() as at:
        at.answer = (200, '{"success": true}')
        notifier = RocketChatNotifier(
            read(RocketChatConfig, f"{KEYS}api_url: {at.url}\ntitle: {'x' * 1025}"), surroundings(DEFAULTS)
        )
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.json["attachments"][0]["title"] == "x" * 1023 + "…"


DEFAULTS = "".join(
    f'{{{{ define "rocketchat.default.{name}" }}}}{name}{{{{ end }}}}'
    for name in ("title", "titlelink", "text", "emoji", "iconurl")
)


async def test_default_texts_are_definitions_that_a_user_may_replace() -> None:
    async with service() as at:
        at.answer = (200, '{"success": true}')
        notifier = RocketChatNotifier(read(RocketChatConfig, f"{KEYS}api_url: {at.url}"), surroundings(DEFAULTS))
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.json == {
        "emoji": "emoji",
        "avatar": "iconurl",
        "attachments": [{"title": "title", "title_link": "titlelink", "text": "text", "color": "red"}],
    }


@pytest.mark.parametrize(("status", "is_retryable"), [(400, False), (401, False), (429, False), (500, True)])
async def test_refusals(status: int, is_retryable: bool) -> None:
    async with service() as at:
        at.answer = (status, "no hush-token for hush-user")
        notifier = notifier_at(at)
        error = await failure(notifier)
        await notifier.close()
    assert error.is_retryable is is_retryable
    assert str(error) == f'channel "#Down": unexpected status code {status}: no <secret> for <secret>'


@pytest.mark.parametrize(
    ("body", "message", "is_retryable"),
    [
        (
            '{"success": false, "error": "no room, hush-user"}',
            "error response from Rocketchat: no room, <secret>",
            False,
        ),
        ("{}", "error response from Rocketchat: ", False),
        ("<html>hush-token", "the answer is none of Rocket.Chat's: <html><secret>", True),
        ("[]", "the answer is none of Rocket.Chat's: []", True),
    ],
)
async def test_refusals_with_status_200(body: str, message: str, is_retryable: bool) -> None:
    async with service() as at:
        at.answer = (200, body)
        notifier = notifier_at(at)
        error = await failure(notifier)
        await notifier.close()
    assert (error.is_retryable, error.cause) == (is_retryable, "clientError")
    assert str(error) == f'channel "#Down": {message}'


@pytest.mark.parametrize(
    ("text", "common", "expected"),
    [
        ("token: t", "", ["no global Rocketchat TokenID set either inline or in a file"]),
        ("token_id: t", "", ["no global Rocketchat Token set either inline or in a file"]),
        ("{}", "{rocketchat_token: t, rocketchat_token_id_file: f}", []),
        (
            "{token: t, token_file: f, token_id: t}",
            "",
            ["at most one of token & token_file must be configured"],
        ),
        (
            "{token: t, token_id: t, token_id_file: f}",
            "",
            ["at most one of token_id & token_id_file must be configured"],
        ),
    ],
)
def test_what_a_section_needs(text: str, common: str, expected: list[str]) -> None:
    assert problems(RocketChatConfig, text, common) == expected


def test_defaults_and_dump() -> None:
    config = read(RocketChatConfig, KEYS)
    assert config.send_resolved
    shown = dump(config)
    assert "token_id: <secret>\ntoken: <secret>\n" in shown
    assert "api_url: https://open.rocket.chat/\n" in shown
