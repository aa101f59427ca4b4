"""Cards of msteamsv2_configs as the service gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    RESOLVED,
    failure,
    problems,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations.msteamsv2 import MSTeamsV2Config, MSTeamsV2Notifier
from watchkeeper.core.config.dump import dump

TEXTS = """
title: '{{ .Status }}'
text: '{{ .CommonAnnotations.summary }}'
"""


async def test_firing_and_resolved() -> None:
    async with service() as at:
        at.answer = (202, "")
        url = f"{at.url}/workflows/1?sig=hush-signature&api-version=1"
        notifier = MSTeamsV2Notifier(read(MSTeamsV2Config, f"{TEXTS}webhook_url: {url}"), surroundings())
        await notifier.notify(FIRING)
        await notifier.notify(RESOLVED)
        await notifier.close()
    firing, resolved = at.asked
    assert (firing.method, firing.path) == ("POST", "/workflows/1")
    assert firing.query == {"sig": "hush-signature", "api-version": "1"}
    assert firing.json == {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.2",
                    "body": [
                        {
                            "type": "TextBlock",
                            "text": "firing",
                            "weight": "Bolder",
                            "size": "Medium",
                            "wrap": True,
                            "style": "heading",
                            "color": "Attention",
                        },
                        {"type": "TextBlock", "text": "a is down", "wrap": True},
                    ],
                    "msteams": {"width": "full"},
                },
            }
        ],
    }
    heading = resolved.json["attachments"][0]["content"]["body"][0]
    assert (heading["text"], heading["color"]) == ("resolved", "Good")


async def test_url_of_a_file(tmp_path: Path) -> None:
    async with service() as at:
        (tmp_path / "url").write_text(f"{at.url}/filed\n")
        notifier = MSTeamsV2Notifier(read(MSTeamsV2Config, f"{TEXTS}webhook_url_file: {tmp_path}/url"), surroundings())
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.path == "/filed"


@pytest.mark.parametrize(("status", "is_retryable"), [(400, False), (429, False), (500, True), (502, True)])
async def test_refusals(status: int, is_retryable: bool) -> None:
    async with service() as at:
        at.answer = (status, "bad hush-signature")
        config = read(MSTeamsV2Config, f"{TEXTS}webhook_url: {at.url}/?sig=hush-signature")
        notifier = MSTeamsV2Notifier(config, surroundings())
        error = await failure(notifier)
        await notifier.close()
    assert error.is_retryable is is_retryable
    assert str(error) == f"unexpected status code {status}: bad <secret>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: t", ["one of webhook_url or webhook_url_file must be configured"]),
        (
            "{webhook_url: 'http://x/', webhook_url_file: f}",
            ["at most one of webhook_url & webhook_url_file must be configured"],
        ),
    ],
)
def test_what_a_section_needs(text: str, expected: list[str]) -> None:
    assert problems(MSTeamsV2Config, text) == expected


def test_defaults_and_dump() -> None:
    config = read(MSTeamsV2Config, "webhook_url: http://x.example/hush")
    assert config.send_resolved
    assert "webhook_url: <secret>\n" in dump(config)
