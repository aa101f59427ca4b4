"""Messages of wechat_configs as the service gets them, and the tokens they take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    RESOLVED,
    Asked,
    Service,
    failure,
    problems,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations.wechat import WechatConfig, WechatNotifier
from watchkeeper.core.config.dump import dump

TEXTS = """
api_secret: hush-secret
corp_id: corp
message: '{{ .Status }}: {{ .CommonAnnotations.summary }}'
to_user: '@all'
to_party: ''
to_tag: '{{ .GroupLabels.alertname }}'
agent_id: '7'
"""


class Answers:
    """Gives tokens t1, t2, … and takes messages with the newest."""

    def __init__(self, *codes: int, **token: Any) -> None:
        self.codes = list(codes)
        self.token = token
        self.tokens = 0

    def __call__(self, asked: Asked) -> tuple[int, str]:
        if asked.path.endswith("/gettoken"):
            self.tokens += 1
            return 200, json.dumps({"errcode": 0, "access_token": f"token-{self.tokens}", **self.token})
        code = self.codes.pop(0) if self.codes else 0
        return 200, json.dumps({"errcode": code, "errmsg": f"said of {asked.query['access_token']}" if code else "ok"})


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def notifier_at(at: Service, more: str = "", clock: Clock | None = None) -> WechatNotifier:
    config = read(WechatConfig, f"{TEXTS}api_url: {at.url}/cgi-bin\n{more}")
    return WechatNotifier(config, surroundings(), clock=clock or Clock())


async def test_firing_and_resolved_with_one_token() -> None:
    async with service() as at:
        at.answer = Answers()
        notifier = notifier_at(at)
        await notifier.notify(FIRING)
        await notifier.notify(RESOLVED)
        await notifier.close()
    token, firing, resolved = at.asked
    assert (token.method, token.path) == ("GET", "/cgi-bin/gettoken")
    assert token.query == {"corpsecret": "hush-secret", "corpid": "corp"}
    assert (firing.method, firing.path) == ("POST", "/cgi-bin/message/send")
    assert firing.query == {"access_token": "token-1"}
    assert firing.json == {
        "text": {"content": "firing: a is down"},
        "touser": "@all",
        "totag": "Down",
        "agentid": "7",
        "safe": "0",
        "msgtype": "text",
    }
    assert resolved.json["text"] == {"content": "resolved: a is down"}


async def test_markdown() -> None:
    async with service() as at:
        at.answer = Answers()
        notifier = notifier_at(at, "message_type: markdown")
        await notifier.notify(FIRING)
        await notifier.close()
    body = at.asked[1].json
    assert (body["msgtype"], body["markdown"]) == ("markdown", {"content": "firing: a is down"})
    assert "text" not in body


@pytest.mark.parametrize(("life", "kept_s"), [({}, 7139), ({"expires_in": 600}, 539), ({"expires_in": "x"}, 7139)])
async def test_token_is_fetched_anew_before_it_ends(life: dict[str, Any], kept_s: float) -> None:
    clock = Clock()
    async with service() as at:
        at.answer = answers = Answers(**life)
        notifier = notifier_at(at, clock=clock)
        await notifier.notify(FIRING)
        clock.now_s = kept_s
        await notifier.notify(FIRING)
        assert answers.tokens == 1
        clock.now_s = kept_s + 1
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.asked[-1].query == {"access_token": "token-2"}


async def test_token_is_fetched_anew_for_another_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("one\n")
    async with service() as at:
        at.answer = Answers()
        text = TEXTS.replace("api_secret: hush-secret", f"api_secret_file: {tmp_path}/secret")
        notifier = WechatNotifier(read(WechatConfig, f"{text}api_url: {at.url}"), surroundings())
        await notifier.notify(FIRING)
        (tmp_path / "secret").write_text("other\n")
        await notifier.notify(FIRING)
        await notifier.close()
    assert [asked.query.get("corpsecret") for asked in at.asked] == ["one", None, "other", None]


@pytest.mark.parametrize("code", [42001, 40014])
async def test_token_that_is_refused_is_fetched_anew_at_the_next_try(code: int) -> None:
    async with service() as at:
        at.answer = Answers(code)
        notifier = notifier_at(at)
        error = await failure(notifier)
        assert error.is_retryable
        assert str(error) == f"error {code}: said of <secret>"
        await notifier.notify(FIRING)
        await notifier.close()
    assert [asked.query.get("access_token") for asked in at.asked] == [None, "token-1", None, "token-2"]


@pytest.mark.parametrize(("code", "is_retryable"), [(-1, True), (45009, True), (81013, False), (60011, False)])
async def test_other_codes(code: int, is_retryable: bool) -> None:
    async with service() as at:
        at.answer = Answers(code)
        notifier = notifier_at(at)
        error = await failure(notifier)
        await notifier.close()
    assert (error.is_retryable, error.cause) == (is_retryable, "clientError")


async def test_secret_that_is_refused() -> None:
    async with service() as at:
        at.answer = (200, '{"errcode": 40001, "errmsg": "invalid credential hush-secret"}')
        notifier = notifier_at(at)
        error = await failure(notifier)
        await notifier.close()
    assert str(error) == "invalid APISecret for CorpID: corp: error 40001: invalid credential <secret>"
    assert not error.is_retryable


@pytest.mark.parametrize("body", ["", "no json hush-secret", "[1]", '{"errcode": true}', "null"])
async def test_garbage(body: str) -> None:
    async with service() as at:
        at.answer = lambda asked: (200, body if "send" in asked.path else '{"access_token": "t"}')
        notifier = notifier_at(at)
        error = await failure(notifier)
        await notifier.close()
    assert error.is_retryable
    assert str(error).startswith("the answer is none of WeChat's: ")
    assert "hush" not in str(error)


@pytest.mark.parametrize(
    ("text", "common", "expected"),
    [
        ("corp_id: c", "", ["no global Wechat Api Secret set either inline or in a file"]),
        ("api_secret: s", "", ["no global Wechat CorpID set"]),
        ("{}", "{wechat_api_secret: s, wechat_api_corp_id: c}", []),
        (
            "{corp_id: c, api_secret: s, api_secret_file: f}",
            "",
            ["at most one of api_secret & api_secret_file must be configured"],
        ),
        (
            "{corp_id: c, api_secret: s, message_type: html}",
            "",
            ['weChat message type "html" does not match valid options ^(text|markdown)$'],
        ),
    ],
)
def test_what_a_section_needs(text: str, common: str, expected: list[str]) -> None:
    assert problems(WechatConfig, text, common) == expected


def test_defaults_and_dump() -> None:
    config = read(WechatConfig, "message_type: ''", "{wechat_api_secret: hush, wechat_api_corp_id: c}")
    assert not config.send_resolved
    assert config.message_type == "text"
    shown = dump(config)
    assert "api_secret: <secret>\n" in shown
    assert "corp_id: c\n" in shown
    assert "api_url: https://qyapi.weixin.qq.com/cgi-bin/\n" in shown
