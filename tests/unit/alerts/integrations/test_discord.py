from __future__ import annotations

import pytest

from tests.unit.alerts.integrations.hook_double import config, notice, notifier, service
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.core.model.errors import ConfigError


async def test_default_message():
    async with service(204, "") as hook, notifier("discord", f"webhook_url: {hook.url}/api/webhooks/1/tok") as discord:
        await discord.notify(notice())
        await discord.notify(notice(resolved=True))
    assert hook.requests[0].json == {
        "content": "",
        "embeds": [
            {
                "title": "[FIRING:1] Down (a:1)",
                "description": (
                    "**Firing**\n\n- **a is down**, since 2026-11-28 09:50:00 UTC\n  - alertname = `Down`\n"
                    "  - instance = `a:1`\n  - [Source](http://prometheus/graph?g0.expr=up)\n"
                ),
                "color": 0x992D22,
            }
        ],
    }
    assert hook.requests[1].json["embeds"][0]["color"] == 0x2ECC71


async def test_texts_are_templates_and_cut():
    yaml = f"""
title: '{"t" * 300}'
message: '{"m" * 5000}'
content: '{"c" * 2100}'
username: '{{{{ .Receiver }}}}'
avatar_url: http://x/y.png
"""
    async with service() as hook, notifier("discord", f"webhook_url: {hook.url}{yaml}") as discord:
        await discord.notify(notice())
    assert hook.requests[0].json == {
        "content": "c" * 1999 + "…",
        "username": "ops",
        "avatar_url": "http://x/y.png",
        "embeds": [{"title": "t" * 255 + "…", "description": "m" * 4095 + "…", "color": 0x992D22}],
    }


async def test_refusal_shows_no_token(tmp_path):
    async with service(429, '{"message": "slow down", "webhook": "t0ken"}') as hook:
        (tmp_path / "url").write_text(f"{hook.url}/api/webhooks/1/t0ken\n")
        async with notifier("discord", "webhook_url_file: url", base_dir=tmp_path) as discord:
            with pytest.raises(NotifyError) as caught:
                await discord.notify(notice())
    assert caught.value.is_retryable
    assert str(caught.value) == 'unexpected status code 429: {"message": "slow down", "webhook": "<secret>"}'


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("{}", "one of webhook_url or webhook_url_file must be configured"),
        ("{webhook_url: http://x, webhook_url_file: y}", "at most one of webhook_url & webhook_url_file"),
    ],
)
def test_configuration_errors(yaml, problem):
    with pytest.raises(ConfigError, match=problem):
        config("discord", yaml)


def test_defaults():
    assert config("discord", "webhook_url: http://x").send_resolved
