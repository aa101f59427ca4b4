"""Messages of webex_configs as the service gets them."""

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
from watchkeeper.alerts.integrations.webex import WebexConfig, WebexNotifier
from watchkeeper.core.config.dump import dump

TEXTS = """
room_id: room-{{ .GroupLabels.alertname }}
message: '**{{ .Status }}** {{ .CommonAnnotations.summary }}'
http_config: {authorization: {credentials: bot-token}}
"""


async def test_firing_and_resolved() -> None:
    async with service() as at:
        notifier = WebexNotifier(read(WebexConfig, TEXTS, f"webex_api_url: {at.url}/v1/messages"), surroundings())
        await notifier.notify(FIRING)
        await notifier.notify(RESOLVED)
        await notifier.close()
    firing, resolved = at.asked
    assert (firing.method, firing.path) == ("POST", "/v1/messages")
    assert firing.headers["Authorization"] == "Bearer bot-token"
    assert firing.json == {"markdown": "**firing** a is down", "roomId": "room-Down"}
    assert resolved.json == {"markdown": "**resolved** a is down", "roomId": "room-Down"}


async def test_token_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("filed\n")
    async with service() as at:
        text = f"room_id: r\nmessage: m\napi_url: {at.url}\nhttp_config: {{bearer_token_file: {tmp_path}/token}}"
        notifier = WebexNotifier(read(WebexConfig, text), surroundings())
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.headers["Authorization"] == "Bearer filed"


async def test_message_is_cut_between_characters() -> None:
    async with service() as at:
        text = TEXTS.replace("**{{ .Status }}** {{ .CommonAnnotations.summary }}", "é" * 3720)
        notifier = WebexNotifier(read(WebexConfig, f"{text}api_url: {at.url}"), surroundings())
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.json["markdown"] == "é" * 3718 + "…"


@pytest.mark.parametrize(("status", "is_retryable"), [(400, False), (401, False), (429, False), (500, True)])
async def test_refusals(status: int, is_retryable: bool) -> None:
    async with service() as at:
        at.answer = (status, '{"message": "no"}')
        notifier = WebexNotifier(read(WebexConfig, f"{TEXTS}api_url: {at.url}"), surroundings())
        error = await failure(notifier)
        await notifier.close()
    assert error.is_retryable is is_retryable
    assert str(error) == f'unexpected status code {status}: {{"message": "no"}}'


@pytest.mark.parametrize(
    ("text", "common", "expected"),
    [
        ("http_config: {authorization: {credentials: c}}", "", ["missing room_id on webex_config"]),
        ("room_id: r", "", ["missing webex_configs.http_config.authorization"]),
        ("{room_id: r, http_config: {}}", "", ["missing webex_configs.http_config.authorization"]),
        (
            "room_id: r",
            "http_config: {authorization: {credentials: c}}",
            ["missing webex_configs.http_config.authorization"],
        ),
    ],
)
def test_what_a_section_needs(text: str, common: str, expected: list[str]) -> None:
    assert problems(WebexConfig, text, common) == expected


def test_defaults_and_dump() -> None:
    config = read(WebexConfig, TEXTS)
    assert config.send_resolved
    shown = dump(config)
    assert "credentials: <secret>\n" in shown
    assert "api_url: https://webexapis.com/v1/messages\n" in shown
