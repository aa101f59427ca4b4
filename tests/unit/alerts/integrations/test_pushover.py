"""Messages of pushover_configs as the service gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    RESOLVED,
    alert,
    failure,
    notice,
    problems,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations.pushover import API_URL, PushoverConfig, PushoverNotifier
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.config.dump import dump

KEYS = "user_key: user-key\ntoken: app-token\n"
TEXTS = """
title: '{{ .Status }}'
message: ' {{ .CommonAnnotations.summary }} '
url: '{{ .ExternalURL }}'
"""


async def sent(text: str, *, resolved: bool = False) -> dict[str, str]:
    async with service() as at:
        notifier = PushoverNotifier(read(PushoverConfig, text), surroundings(), api_url=at.url + "/1/messages.json")
        await notifier.notify(RESOLVED if resolved else FIRING)
        await notifier.close()
    assert (at.only.method, at.only.path, at.only.query) == ("POST", "/1/messages.json", {})
    assert at.only.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return at.only.form


async def test_firing() -> None:
    assert await sent(KEYS + TEXTS) == {
        "token": "app-token",
        "user": "user-key",
        "title": "firing",
        "message": "a is down",
        "url": "http://am.example",
        "url_title": "",
        "priority": "2",
        "retry": "60",
        "expire": "3600",
        "device": "",
        "sound": "",
    }


async def test_resolved_with_all_keys() -> None:
    more = """
url_title: at {{ .Receiver }}
device: phone
sound: siren
retry: 90s
expire: 1h30m
ttl: 1m30s
monospace: true
"""
    assert await sent(KEYS + TEXTS + more, resolved=True) == {
        "token": "app-token",
        "user": "user-key",
        "title": "resolved",
        "message": "a is down",
        "url": "http://am.example",
        "url_title": "at team",
        "priority": "0",
        "retry": "90",
        "expire": "5400",
        "device": "phone",
        "sound": "siren",
        "ttl": "90",
        "monospace": "1",
    }


async def test_html_escapes_values() -> None:
    async with service() as at:
        text = KEYS + "html: true\ntitle: x\nurl: ''\nmessage: '<b>{{ .CommonLabels.instance }}</b>'"
        notifier = PushoverNotifier(read(PushoverConfig, text), surroundings(), api_url=at.url)
        await notifier.notify(notice(alert(instance="<a&b>")))
        await notifier.close()
    assert at.only.form["html"] == "1"
    assert at.only.form["message"] == "<b>&lt;a&amp;b&gt;</b>"


async def test_limits() -> None:
    form = await sent(
        KEYS
        + """
title: '{{ reReplaceAll "0" "ä" (printf "%0251d" 0) }}'
message: '{{ printf "%01025d" 0 }}'
url: '{{ printf "%0513d" 0 }}'
"""
    )
    assert form["title"] == "ä" * 249 + "…"
    assert form["message"] == "0" * 1023 + "…"
    assert form["url"] == "0" * 511 + "…"


async def test_empty_message() -> None:
    assert (await sent(KEYS + "title: x\nurl: x\nmessage: ' {{ .CommonLabels.none }} '"))["message"] == "(no details)"


async def test_keys_of_files(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("u1\n")
    (tmp_path / "token").write_text("t1\n")
    form = await sent(TEXTS + f"user_key_file: {tmp_path}/user\ntoken_file: {tmp_path}/token")
    assert (form["user"], form["token"]) == ("u1", "t1")


async def test_keys_are_templates() -> None:
    form = await sent(TEXTS + "user_key: 'u-{{ .Receiver }}'\ntoken: app-token")
    assert form["user"] == "u-team"


@pytest.mark.parametrize(("status", "is_retryable"), [(400, False), (429, False), (500, True), (503, True)])
async def test_refusals(status: int, is_retryable: bool) -> None:
    async with service() as at:
        at.answer = (status, '{"user":"invalid","errors":["user key user-key is invalid","and app-token"],"status":0}')
        notifier = PushoverNotifier(read(PushoverConfig, KEYS + TEXTS), surroundings(), api_url=at.url)
        error = await failure(notifier)
        await notifier.close()
    assert error.is_retryable is is_retryable
    assert str(error) == f"unexpected status code {status}: user key <secret> is invalid, and <secret>"


def test_service_of_real_messages() -> None:
    assert API_URL == "https://api.pushover.net/1/messages.json"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("token: t", ["one of user_key or user_key_file must be configured"]),
        ("user_key: u", ["one of token or token_file must be configured"]),
        ("{user_key: u, user_key_file: f, token: t}", ["at most one of user_key & user_key_file must be configured"]),
        ("{user_key: u, token: t, token_file: f}", ["at most one of token & token_file must be configured"]),
        (
            "{user_key: u, token: t, html: true, monospace: true}",
            ["at most one of monospace & html must be configured"],
        ),
    ],
)
def test_what_a_section_needs(text: str, expected: list[str]) -> None:
    assert problems(PushoverConfig, text) == expected


def test_emergencies_that_the_service_refuses_are_warned_of() -> None:
    load = Load("am.yml")
    decode(PushoverConfig, KEYS + "retry: 10s\nexpire: 4h\n", load)
    assert [(warning.line, warning.message) for warning in load.warnings] == [
        (3, "Pushover refuses emergencies that are repeated more often than every 30s"),
        (4, "Pushover repeats an emergency for 3h at most"),
    ]


def test_defaults_and_dump() -> None:
    config = read(PushoverConfig, KEYS)
    assert config.send_resolved
    shown = dump(config)
    assert "user_key: <secret>\ntoken: <secret>\n" in shown
    assert "retry: 1m\nexpire: 1h\n" in shown
