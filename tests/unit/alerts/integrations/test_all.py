"""What holds for every receiver: its defaults, what a dump hides, and how it takes whatever a service does."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    RESOLVED,
    Answer,
    Asked,
    Service,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations import pushover
from watchkeeper.alerts.integrations.table import INTEGRATIONS
from watchkeeper.alerts.interface import Notifier, NotifyError
from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.config.dump import dump

# Each section with no more than it needs. {url} is the service, {host} what is behind its scheme.
MINIMAL: Final = {
    "webhook_configs": "url: {url}/hush-hook",
    "email_configs": "{{to: a@example.com, from: b@example.com, smarthost: '{host}', auth_password: hush-password}}",
    "slack_configs": "{{api_url: '{url}/hush-hook', channel: '#c'}}",
    "pagerduty_configs": "{{routing_key: hush-key, url: '{url}/v2'}}",
    "opsgenie_configs": "{{api_key: hush-key, api_url: '{url}'}}",
    "victorops_configs": "{{api_key: hush-key, api_url: '{url}', routing_key: r}}",
    "pushover_configs": "{{user_key: hush-user, token: hush-token}}",
    "wechat_configs": "{{api_secret: hush-secret, corp_id: c, api_url: '{url}'}}",
    "telegram_configs": "{{bot_token: hush-token, chat_id: 1, api_url: '{url}'}}",
    "webex_configs": "{{room_id: r, api_url: '{url}', http_config: {{authorization: {{credentials: hush-bot}}}}}}",
    "sns_configs": "{{topic_arn: t, api_url: '{url}', sigv4: {{region: r, access_key: a, secret_key: hush-key}}}}",
    "discord_configs": "webhook_url: {url}/hush-hook",
    "msteams_configs": "webhook_url: {url}/hush-hook",
    "msteamsv2_configs": "webhook_url: {url}/hush-hook",
    "jira_configs": "{{api_url: '{url}', project: P, issue_type: Bug}}",
    "rocketchat_configs": "{{token: hush-token, token_id: hush-user, api_url: '{url}'}}",
    "mattermost_configs": "webhook_url: {url}/hush-hook",
    "incidentio_configs": "{{url: '{url}', alert_source_token: hush-token}}",
    "apprise_configs": "urls: ['json://{host}/hush-hook']",
}
OFF_BY_DEFAULT: Final = {"email_configs", "slack_configs", "wechat_configs"}
HTTP: Final = [kind for kind in MINIMAL if kind not in ("email_configs", "apprise_configs")]
TALKING: Final = [*HTTP, "apprise_configs"]
# Services that say they have too many messages to take.
RETRY_429: Final = {
    "slack_configs",
    "pagerduty_configs",
    "opsgenie_configs",
    "wechat_configs",
    "telegram_configs",
    "discord_configs",
    "jira_configs",
    "mattermost_configs",
    "incidentio_configs",
}
# Whose answers say more than their status does.
LOOKS_AT_BODY: Final = {"slack_configs", "wechat_configs", "jira_configs", "rocketchat_configs"}
# All at once that may be secret in HTTP settings.
ECHOED: Final = (
    "http_config: {basic_auth: {username: u, password: hush-basic}, http_headers: {X-A: {secrets: [hush-header]}}}"
)


def section_of(kind: str) -> Any:
    return importlib.import_module(f"watchkeeper.alerts.integrations.{INTEGRATIONS[kind]}").CONFIG


def good(asked: Asked) -> tuple[int, str]:
    """What any of them takes for success."""
    if asked.path.endswith("/search"):
        return 200, '{"issues": []}'
    return 200, json.dumps({"ok": True, "success": True, "errcode": 0, "access_token": "hush-access", "ts": "1"})


def config_of(kind: str, url: str, common: str = "") -> Any:
    return read(section_of(kind), MINIMAL[kind].format(url=url, host=url.removeprefix("http://")), common)


@asynccontextmanager
async def notifier_of(
    kind: str, monkeypatch: pytest.MonkeyPatch, answer: Answer = good, common: str = ""
) -> AsyncIterator[tuple[Notifier, Service]]:
    """A receiver with the least of settings, and the service it tells."""
    async with service() as at:
        at.answer = answer
        monkeypatch.setattr(pushover, "API_URL", f"{at.url}/1/messages.json")
        config = config_of(kind, at.url, common)
        module = sys.modules[section_of(kind).__module__]
        notifier: Notifier = module.NOTIFIER(config, surroundings())
        try:
            yield notifier, at
        finally:
            await notifier.close()


async def outcome(notifier: Notifier) -> NotifyError | None:
    """The failure, if it was one; anything else that is raised fails the test."""
    error: NotifyError | None = None
    try:
        await notifier.notify(FIRING)
    except NotifyError as caught:
        error = caught
    if error is not None:
        assert "hush" not in str(error)
        assert len(str(error)) < 1000
        assert str(error).isprintable()
    return error


def test_table_is_complete() -> None:
    assert set(MINIMAL) == set(INTEGRATIONS)


@pytest.mark.parametrize("kind", INTEGRATIONS)
def test_section_with_the_least_of_settings(kind: str) -> None:
    load = Load("am.yml")
    text = MINIMAL[kind].format(url="http://service.example", host="service.example:25")
    config = decode(section_of(kind), text, load)
    assert load.warnings == []
    assert config.send_resolved is (kind not in OFF_BY_DEFAULT)
    shown = dump(config)
    assert "hush" not in shown
    if kind != "jira_configs":
        assert "<secret>" in shown
    assert f"send_resolved: {str(config.send_resolved).lower()}\n" in shown


@pytest.mark.parametrize("kind", INTEGRATIONS)
def test_dump_can_be_read_again(kind: str) -> None:
    text = MINIMAL[kind].format(url="http://service.example", host="service.example:25")
    shown = dump(decode(section_of(kind), text, Load("am.yml")))
    assert dump(decode(section_of(kind), shown, Load("am.yml"))) == shown


@pytest.mark.parametrize("kind", INTEGRATIONS)
def test_section_without_settings_says_what_is_missing(kind: str) -> None:
    load = Load("am.yml")
    with pytest.raises(Exception, match=r"am\.yml:1:1: "):
        decode(section_of(kind), "{}", load)
    assert all(problem.message for problem in load.problems)


@pytest.mark.parametrize("kind", HTTP)
def test_http_settings_of_global_count_where_there_are_none(kind: str) -> None:
    common = "http_config: {proxy_url: 'http://proxy.example:3128'}"
    config = config_of(kind, "http://service.example", common)
    if kind != "webex_configs":  # It has its own, for the token.
        assert str(config.http_config.proxy.proxy_url) == "http://proxy.example:3128"


@pytest.mark.parametrize("kind", TALKING)
async def test_firing_and_resolved_arrive(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with notifier_of(kind, monkeypatch) as (notifier, at):
        await notifier.notify(FIRING)
        n_firing = len(at.asked)
        await notifier.notify(RESOLVED)
        assert n_firing > 0
        assert len(at.asked) > n_firing


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize("kind", TALKING)
async def test_statuses(kind: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async with notifier_of(kind, monkeypatch, (status, "no")) as (notifier, at):
        error = await outcome(notifier)
        assert error is not None
        assert str(status) in str(error)
        # The library tells no more than that it failed.
        expected = status >= 500 or (status == 429 and kind in RETRY_429) or kind == "apprise_configs"
        assert error.is_retryable is expected
        if kind != "apprise_configs":
            assert error.cause == ("serverError" if status >= 500 else "clientError")
        # It goes on with the next.
        at.answer = good
        assert await outcome(notifier) is None


@pytest.mark.parametrize(
    "answer", [(200, ""), (204, ""), (200, "\x00\xff"), (200, "[1, {"), (200, "null"), (200, "{}")]
)
@pytest.mark.parametrize("kind", TALKING)
async def test_success_and_garbage(kind: str, answer: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    async with notifier_of(kind, monkeypatch, answer) as (notifier, _):
        error = await outcome(notifier)
    if kind in LOOKS_AT_BODY:
        assert error is not None
    else:
        assert error is None


def echo(asked: Asked) -> str:
    return " ".join([asked.path, *asked.query.values(), *asked.headers.values(), asked.body.decode()])


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: text,
        lambda text: json.dumps({"errcode": 1, "errmsg": text, "error": text, "message": text, "description": text}),
        lambda text: json.dumps({"ok": False, "success": False, "error": text, "errors": [text], "message": text}),
        lambda text: f"<Error><Code>x</Code><Message>{text.replace('<', '')}</Message></Error>",
    ],
)
@pytest.mark.parametrize("kind", TALKING)
async def test_answer_that_repeats_all_secrets(
    kind: str, wrap: Callable[[str], str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with notifier_of(kind, monkeypatch, lambda asked: (status, wrap(echo(asked))), ECHOED) as (notifier, at):
        error = await outcome(notifier)
        assert error is not None or status == 200
    if kind in HTTP and kind != "webex_configs":
        assert all(asked.headers["X-A"] == "hush-header" for asked in at.asked)


@pytest.mark.parametrize("kind", TALKING)
async def test_answer_that_is_very_long(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with notifier_of(kind, monkeypatch, (400, "long\n\x1b[31m " * 1_000_000)) as (notifier, _):
        assert await outcome(notifier) is not None


@pytest.mark.parametrize("kind", TALKING)
async def test_service_that_hangs(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with notifier_of(kind, monkeypatch, None) as (notifier, at):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await notifier.notify(FIRING)
        at.answer = good
        assert await outcome(notifier) is None


@pytest.mark.parametrize("kind", TALKING)
async def test_redirect_to_itself_without_end(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with notifier_of(kind, monkeypatch, (302, "")) as (notifier, at):
        at.location = f"{at.url}/hush-there"
        error = await outcome(notifier)
        assert error is not None
        assert error.is_retryable is (kind == "apprise_configs")


@pytest.mark.parametrize("kind", HTTP)
async def test_redirect_that_is_not_followed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    common = "http_config: {follow_redirects: false}"
    async with notifier_of(kind, monkeypatch, (307, "elsewhere"), common) as (notifier, at):
        at.location = "/" if kind == "webex_configs" else f"{at.url}/hush-there"
        error = await outcome(notifier)
        assert error is not None
        assert not error.is_retryable
        if kind != "webex_configs":
            assert "unexpected status code 307" in str(error)


@pytest.mark.parametrize("kind", TALKING)
async def test_connection_that_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with notifier_of(kind, monkeypatch) as (first, at):
        assert await outcome(first) is None
        url = at.url
    monkeypatch.setattr(pushover, "API_URL", f"{url}/1/messages.json")
    module = sys.modules[section_of(kind).__module__]
    notifier: Notifier = module.NOTIFIER(config_of(kind, url), surroundings())
    error = await outcome(notifier)
    await notifier.close()
    assert error is not None
    assert error.is_retryable


@pytest.mark.parametrize("kind", INTEGRATIONS)
async def test_closing_before_anything_was_sent(kind: str) -> None:
    config = config_of(kind, "http://127.0.0.1:9")
    module = sys.modules[section_of(kind).__module__]
    notifier: Notifier = module.NOTIFIER(config, surroundings())
    await notifier.close()


BAD_URLS: Final = [
    "",
    "hush-garbage",
    "http://",
    "http://127.0.0.1:hush-port/",
    "http://127.0.0.1:99999/hush",
    "http://[::1/hush",
    "http://no host/hush",
    "ftp://127.0.0.1/hush",
    "http://127.0.0.1:9/hush\n\nX: y",
    "http://no\udc80host/hush",
]


@pytest.mark.parametrize("url", BAD_URLS)
@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("webhook_configs", "url_file"),
        ("slack_configs", "api_url_file"),
        ("discord_configs", "webhook_url_file"),
        ("msteams_configs", "webhook_url_file"),
        ("msteamsv2_configs", "webhook_url_file"),
        ("mattermost_configs", "webhook_url_file"),
        ("incidentio_configs", "url_file"),
    ],
)
async def test_file_that_holds_no_url(kind: str, key: str, url: str, tmp_path: Path) -> None:
    (tmp_path / "url").write_bytes(url.encode("utf-8", "surrogateescape"))
    text = f"{{{key}: '{tmp_path}/url', channel: '#c', alert_source_token: t}}"
    load = Load("am.yml", lenient=True)
    module = sys.modules[section_of(kind).__module__]
    notifier: Notifier = module.NOTIFIER(decode(section_of(kind), text, load), surroundings())
    error = await outcome(notifier)
    await notifier.close()
    assert error is not None


@pytest.mark.parametrize("url", BAD_URLS[1:])
@pytest.mark.parametrize("kind", ["webhook_configs", "sns_configs"])
async def test_template_that_makes_no_url(kind: str, url: str) -> None:
    made = "".join(f"\\u{ord(char):04x}" for char in url)
    # Texts are made by the template, so that reading the file can't find them.
    key = "url" if kind == "webhook_configs" else "api_url"
    more = "" if kind == "webhook_configs" else "topic_arn: t\nsigv4: {region: r, access_key: a, secret_key: b}\n"
    config = read(section_of(kind), f"{key}: '{{{{ print `` \"{made}\" }}}}'\n{more}".replace("\\udc80", "\\x80"))
    module = sys.modules[section_of(kind).__module__]
    notifier: Notifier = module.NOTIFIER(config, surroundings())
    error = await outcome(notifier)
    await notifier.close()
    assert error is not None
