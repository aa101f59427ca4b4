"""Cards of msteams_configs as the service gets them."""

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
from watchkeeper.alerts.integrations.msteams import MSTeamsConfig, MSTeamsNotifier
from watchkeeper.core.config.dump import dump

TEXTS = """
title: '{{ .Status }}'
summary: '{{ .GroupLabels.alertname }}'
text: '{{ .CommonAnnotations.summary }}'
"""


async def test_firing_and_resolved() -> None:
    async with service() as at:
        notifier = MSTeamsNotifier(read(MSTeamsConfig, f"{TEXTS}webhook_url: {at.url}/hush-path"), surroundings())
        await notifier.notify(FIRING)
        await notifier.notify(RESOLVED)
        await notifier.close()
    firing, resolved = at.asked
    assert (firing.method, firing.path) == ("POST", "/hush-path")
    assert firing.json == {
        "@context": "http://schema.org/extensions",
        "@type": "MessageCard",
        "title": "firing",
        "summary": "Down",
        "text": "a is down",
        "themeColor": "8C1A1A",
    }
    assert resolved.json == {**firing.json, "title": "resolved", "themeColor": "2DC72D"}


async def test_url_of_a_file(tmp_path: Path) -> None:
    async with service() as at:
        (tmp_path / "url").write_text(f"{at.url}/filed\n")
        notifier = MSTeamsNotifier(read(MSTeamsConfig, f"{TEXTS}webhook_url_file: {tmp_path}/url"), surroundings())
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.path == "/filed"


@pytest.mark.parametrize(("status", "is_retryable"), [(400, False), (429, False), (500, True), (502, True)])
async def test_refusals(status: int, is_retryable: bool) -> None:
    async with service() as at:
        at.answer = (status, "at /hush-path")
        notifier = MSTeamsNotifier(read(MSTeamsConfig, f"{TEXTS}webhook_url: {at.url}/hush-path"), surroundings())
        error = await failure(notifier)
        await notifier.close()
    assert error.is_retryable is is_retryable
    assert str(error) == f"unexpected status code {status}: at <secret>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: t", ["one of webhook_url or webhook_url_file must be configured"]),
        (
            "{webhook_url: 'http://x/', webhook_url_file: f}",
            ["at most one of webhook_url & webhook_url_file must be configured"],
        ),
        ("webhook_url: no-url-hush", ['URL scheme must be "http" or "https"']),
    ],
)
def test_what_a_section_needs(text: str, expected: list[str]) -> None:
    assert problems(MSTeamsConfig, text) == expected


def test_defaults_and_dump() -> None:
    config = read(MSTeamsConfig, "webhook_url: http://x.example/hush")
    assert config.send_resolved
    assert "webhook_url: <secret>\n" in dump(config)
