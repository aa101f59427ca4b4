"""Messages of apprise_configs, sent by the library's json:// service to a real server."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    RESOLVED,
    Asked,
    Service,
    alert,
    failure,
    notice,
    problems,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations.apprise import AppriseConfig, AppriseNotifier
from watchkeeper.alerts.integrations.apprise_urls import parse_line, parse_lines
from watchkeeper.core.config.dump import dump

TEXTS = """
title: '{{ .Status }}'
body: '{{ .CommonAnnotations.summary }}'
"""


class Log(logging.Handler):
    """What reaches the root of all loggers, as the process's own log does."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def our_log() -> Iterator[list[str]]:
    root, log = logging.getLogger(), Log()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    yield log.lines
    root.setLevel(level)
    root.removeHandler(log)


def json_url(at: Service, path: str = "") -> str:
    return f"json://{at.url.removeprefix('http://')}/{path}"


def notifier_with(text: str) -> AppriseNotifier:
    return AppriseNotifier(read(AppriseConfig, text), surroundings())


async def sent(text: str, told: Any = FIRING) -> dict[str, Any]:
    async with service() as at:
        notifier = notifier_with(f"urls: ['{json_url(at)}']\n{text}")
        await notifier.notify(told)
        await notifier.close()
    assert at.only.method == "POST"
    body: dict[str, Any] = at.only.json
    return body


@pytest.mark.parametrize(("told", "status", "kind"), [(FIRING, "firing", "failure"), (RESOLVED, "resolved", "success")])
async def test_firing_and_resolved(told: Any, status: str, kind: str) -> None:
    assert await sent(TEXTS, told) == {
        "version": "1.0",
        "title": status,
        "message": "a is down",
        "attachments": [],
        "type": kind,
    }


async def test_type_is_a_template() -> None:
    assert (await sent(TEXTS + "type: ' Warning '"))["type"] == "warning"


async def test_type_that_there_is_not() -> None:
    error = await failure(notifier_with(TEXTS + "urls: ['json://x.example']\ntype: loud"))
    assert str(error) == 'type: "loud" is not one of info, success, warning, failure'
    assert not error.is_retryable


async def test_html_escapes_values_and_is_made_text_for_a_service_of_texts() -> None:
    text = "title: x\nbody_format: html\nbody: '<b>{{ .CommonLabels.instance }}</b>'"
    body = await sent(text, notice(alert(instance="<a&b>")))
    assert body["message"] == "<b>&lt;a&amp;b&gt;</b>"


async def test_default_texts_list_the_alerts() -> None:
    body = await sent("")
    assert "Down" in body["title"]
    assert body["message"].startswith("Firing:")
    assert "instance" in body["message"]


async def test_urls_of_a_file_are_read_each_time(tmp_path: Path) -> None:
    path = tmp_path / "urls"
    async with service() as at:
        path.write_text(f"# ours\n\n{json_url(at, 'one')}\n  ; not this {json_url(at, 'no')}\n")
        notifier = notifier_with(f"{TEXTS}urls_file: {path}")
        await notifier.notify(FIRING)
        path.write_text(f"{json_url(at, 'two')}\nops={json_url(at, 'three')}\n")
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.asked[0].path == "/one"
    assert sorted(asked.path for asked in at.asked[1:]) == ["/three", "/two"]


async def test_tags_choose_services(tmp_path: Path) -> None:
    async with service() as at:
        urls = [f"ops, night={json_url(at, 'a')}", f"dev={json_url(at, 'b')}", json_url(at, "c")]
        for tag, expected in (("ops", ["/a"]), ("night,dev", ["/a", "/b"]), ("", ["/a", "/b", "/c"])):
            at.asked.clear()
            notifier = notifier_with(f"{TEXTS}urls: {urls}\ntag: '{tag}'")
            await notifier.notify(FIRING)
            await notifier.close()
            assert sorted(asked.path for asked in at.asked) == expected
        error = await failure(notifier_with(f"{TEXTS}urls: {urls}\ntag: none"))
    assert str(error) == 'no service has the tag "none"'
    assert not error.is_retryable


async def test_another_try_tells_only_those_that_failed() -> None:
    def answer(asked: Asked) -> tuple[int, str]:
        failing = asked.path == "/bad" and sum(one.path == "/bad" for one in at.asked) == 1
        return (500 if failing else 200), ""

    async with service() as at:
        at.answer = answer
        notifier = notifier_with(f"{TEXTS}urls: ['{json_url(at, 'good')}', '{json_url(at, 'bad')}']")
        error = await failure(notifier)
        assert error.is_retryable
        assert str(error).startswith("urls[1] (json): ")
        await notifier.notify(FIRING)
        assert sorted(asked.path for asked in at.asked) == ["/bad", "/bad", "/good"]
        await notifier.notify(RESOLVED)
        await notifier.close()
    assert sorted(asked.path for asked in at.asked) == ["/bad", "/bad", "/bad", "/good", "/good"]


async def test_services_that_work_are_not_told_again_while_another_fails() -> None:
    async with service() as at:
        at.answer = lambda asked: (500 if asked.path == "/bad" else 200, "")
        notifier = notifier_with(f"{TEXTS}urls: ['{json_url(at, 'good')}', '{json_url(at, 'bad')}']")

        async def paths(told: Any) -> list[str]:
            at.asked.clear()
            await failure(notifier, told)
            return sorted(asked.path for asked in at.asked)

        def later(told: Any, seconds: int) -> Any:
            alerts = tuple(dataclasses.replace(one, updated_ns=seconds) for one in told.alerts)
            return dataclasses.replace(told, alerts=alerts, now_ns=told.now_ns + seconds * 1_000_000_000)

        assert await paths(FIRING) == ["/bad", "/good"]
        assert await paths(later(FIRING, 300)) == ["/bad"]
        assert await paths(later(FIRING, 4 * 3600)) == ["/bad", "/good"]
        # Other alerts, and the end of the same, are something new.
        assert await paths(notice(alert(instance="a"), alert(instance="b"))) == ["/bad", "/good"]
        assert await paths(FIRING) == ["/bad", "/good"]
        assert await paths(RESOLVED) == ["/bad", "/good"]
        # So is another group.
        other = dataclasses.replace(RESOLVED, group_key="{}:{}")
        assert await paths(other) == ["/bad", "/good"]
        await notifier.close()


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_refusal_tells_the_reason_without_the_url(status: int, our_log: list[str]) -> None:
    async with service() as at:
        at.answer = (status, "hush-path hush-user")
        url = json_url(at, "hush-path?+X-Key=hush-header").replace("://", "://hush-user:hush-password@")
        notifier = notifier_with(f"{TEXTS}urls: ['{url}']")
        error = await failure(notifier)
        await notifier.close()
    assert error.is_retryable
    assert f"error={status}" in str(error)
    assert "hush" not in str(error)
    assert not [line for line in our_log if "hush" in line]


async def test_service_that_hangs() -> None:
    async with service() as at:
        at.answer = None
        notifier = notifier_with(f"{TEXTS}urls: ['{json_url(at)}']\ntimeout: 200ms")
        error = await failure(notifier)
        await notifier.close()
    assert (error.is_retryable, error.cause) == (True, "contextDeadlineExceeded")
    assert str(error) == "urls[0] (json): no answer within 0.2 s"


async def test_connection_that_is_refused() -> None:
    async with service() as at:
        url = json_url(at, "hush-path")
    notifier = notifier_with(f"{TEXTS}urls: ['{url}']")
    error = await failure(notifier)
    await notifier.close()
    assert error.is_retryable
    assert "hush" not in str(error)


@pytest.mark.parametrize("url", ["nosuch://hush-token", "slack://hush-token", "tgram://hush-token/x"])
async def test_service_that_the_library_does_not_know(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    notifier = notifier_with(f"{TEXTS}urls: ['{url}']")
    error = await failure(notifier)
    await notifier.close()
    scheme = url.partition(":")[0]
    assert str(error) == f"urls[0] ({scheme}): apprise does not know this service, or its URL lacks something"
    assert not error.is_retryable
    assert "hush" not in "".join(capfd.readouterr())


async def test_service_that_is_not_known_does_not_keep_others_from_being_told() -> None:
    async with service() as at:
        notifier = notifier_with(f"{TEXTS}urls: ['nosuch://hush', '{json_url(at)}']")
        error = await failure(notifier)
        assert not error.is_retryable
        await failure(notifier)
        await notifier.close()
    assert len(at.asked) == 1


async def test_file_without_services(tmp_path: Path) -> None:
    path = tmp_path / "urls"
    notifier = notifier_with(f"{TEXTS}urls_file: {path}")
    assert str(await failure(notifier)) == f"unable to read URLs file {path}: No such file or directory"
    path.write_text("# none\n")
    assert str(await failure(notifier)) == "there are no URLs of services"
    path.write_text("# one\nhush-no-url\n")
    assert str(await failure(notifier)) == "line 2 of urls_file is not a service's URL"
    await notifier.close()


def test_lines_of_a_file() -> None:
    services, bad = parse_lines(["a b=json://x/=1", "; c", "", "  xml://y  ", "include other", "json://"])
    assert [(one.where, one.tags, one.url) for one in services] == [
        ("line 1 of urls_file", ("a", "b"), "json://x/=1"),
        ("line 4 of urls_file", (), "xml://y"),
    ]
    assert bad == ["line 5 of urls_file", "line 6 of urls_file"]
    assert repr(services[0]) == "ServiceUrl(line 1 of urls_file: json://)"


@pytest.mark.parametrize(
    ("url", "hidden", "shown"),
    [
        ("tgram://123456789:abcdef_ghij/-100987", ["123456789", "abcdef_ghij", "-100987"], []),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", ["4174216298", "JHMHI8qBe7bk2ZwO5U711o3dV_js"], []),
        ("mailtos://me:p%40ss@mail.example.com:587?to=you@example.com", ["p@ss", "p%40ss"], ["mail.example.com"]),
        ("json://localhost:8080/path-x?+H=value", ["path-x", "value"], ["localhost", "8080"]),
        ("jsons://10.0.0.1/", [], ["10.0.0.1"]),
        ("gotify://eyJhbGciOi.eyJzdWIi.SflKxwRJ", ["eyJhbGciOi.eyJzdWIi.SflKxwRJ"], []),
    ],
)
def test_parts_of_a_url_that_are_hidden(url: str, hidden: list[str], shown: list[str]) -> None:
    found = parse_line(url, "urls[0]")
    assert found is not None
    assert set(hidden) <= set(found.secrets)
    assert not set(shown) & set(found.secrets)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: t", ["one of urls or urls_file must be configured"]),
        ("{urls: ['json://x'], urls_file: f}", ["at most one of urls & urls_file must be configured"]),
        ("urls: []", ["must not be empty"]),
        ("{urls: ['json://x'], timeout: 0s}", ["must be longer than 0s"]),
        (
            "urls: [hush]",
            ["not a service's URL, expected scheme://…, with tags before it as in ops=scheme://…"],
        ),
        (
            "{urls: ['json://x'], http_config: {}}",
            ["apprise makes its own connections; set HTTPS_PROXY for a proxy, and the rest in the URLs"],
        ),
        (
            "{urls: ['json://x'], body_format: rst}",
            ['"rst" is not supported, must be "text", "markdown" or "html"'],
        ),
    ],
)
def test_what_a_section_needs(text: str, expected: list[str]) -> None:
    assert problems(AppriseConfig, text) == expected


def test_defaults_and_dump() -> None:
    config = read(AppriseConfig, "{urls: ['json://hush'], body_format: markdown}")
    assert config.send_resolved
    assert config.body == '{{ template "__markdown_notice" . }}'
    shown = dump(config)
    assert "urls:\n- <secret>\n" in shown
    assert "hush" not in shown
    # What a dump shows can be read again.
    assert read(AppriseConfig, shown).timeout_ns == 30_000_000_000
