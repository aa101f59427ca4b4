from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.alerts.integrations.hook_double import alert, config, notice, notifier, service
from watchkeeper.alerts.integrations.telegram import shorten_html
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.core.model.errors import ConfigError

OK = '{"ok":true,"result":{}}'


async def test_default_message():
    async with service(text=OK) as hook:
        yaml = f"{{bot_token: '1:t0ken', chat_id: -100123, api_url: '{hook.url}'}}"
        async with notifier("telegram", yaml) as telegram:
            await telegram.notify(notice(alert(alertname="a<b>&c")))
    [request] = hook.requests
    assert request.path == "/bot1:t0ken/sendMessage"
    assert request.json == {
        "chat_id": -100123,
        "text": (
            "Firing:\n- a is down\n  since 2026-11-28 09:50:00 UTC\n  labels: alertname=a&lt;b&gt;&amp;c\n"
            "  source: http://prometheus/graph?g0.expr=up\n"
        ),
        "parse_mode": "HTML",
        "disable_web_page_preview": True,
        "disable_notification": False,
    }


async def test_message_with_everything(tmp_path):
    (tmp_path / "token").write_text("2:f1le\n")
    (tmp_path / "chat").write_text("77\n")
    yaml = """
chat_id_file: chat
message_thread_id: 5
message: '{{ .CommonLabels.alertname }}'
disable_notifications: true
parse_mode: ''
"""
    async with service(text=OK) as hook:
        shared = f"{{telegram_bot_token_file: token, telegram_api_url: '{hook.url}/'}}"
        async with notifier("telegram", yaml, shared, tmp_path) as telegram:
            await telegram.notify(notice(alert(alertname="a<b>")))
    [request] = hook.requests
    assert request.path == "/bot2:f1le/sendMessage"
    assert request.json == {
        "chat_id": 77,
        "text": "a<b>",
        "message_thread_id": 5,
        "disable_web_page_preview": True,
        "disable_notification": True,
    }


async def test_message_is_cut():
    for mode, text in (("HTML", "<b>x</b>"), ("MarkdownV2", "*x*")):
        async with service(text=OK) as hook:
            yaml = f"{{bot_token: t, chat_id: 1, api_url: '{hook.url}', parse_mode: {mode}, message: '{text * 2000}'}}"
            async with notifier("telegram", yaml) as telegram:
                await telegram.notify(notice())
        sent = hook.requests[0].json["text"]
        assert 4080 < len(sent) <= 4096
        assert sent.endswith("…") == (mode != "HTML")
        assert sent.count("<b>") == sent.count("</b>")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("<b>abc</b>", 10, "<b>abc</b>"),
        ("<b>abcdefgh</b>", 12, "<b>abcd…</b>"),
        ("ab<b>cdefgh</b>", 4, "ab…"),
        ("ab&amp;cdef", 5, "ab…"),
        ("ab&amp;cdef", 8, "ab&amp;…"),
        ("<a href='x'><i>abcdefghijklm</i></a>", 24, "<a href='x'><i>…</i></a>"),
    ],
)
def test_html_is_cut_between_tags(text, limit, expected):
    assert shorten_html(text, limit) == expected


@given(st.text("<>/abi &;\u00e4", max_size=60), st.integers(1, 30))
def test_cut_html_is_short_and_never_empty(text, limit):
    cut = shorten_html(text, limit)
    assert len(cut) <= max(limit, 1) or cut == text
    assert cut or not text
    if cut != text:
        assert not re.search(r"<[^>…]*\Z", cut)


@pytest.mark.parametrize(
    ("status", "text", "is_retryable", "message"),
    [
        (400, '{"ok":false,"description":"Bad Request: chat 1:t0ken"}', False, ": Bad Request: chat <secret>"),
        (401, "Unauthorized /bot1:t0ken/sendMessage", False, ": Unauthorized <secret>"),
        (429, '{"ok":false,"description":"slow"}', True, ": slow"),
        (502, "<html>", True, ": <html>"),
    ],
)
async def test_refusals(status, text, is_retryable, message):
    async with service(status, text) as hook:
        yaml = f"{{bot_token: '1:t0ken', chat_id: 1, api_url: '{hook.url}'}}"
        async with notifier("telegram", yaml) as telegram:
            with pytest.raises(NotifyError) as caught:
                await telegram.notify(notice())
    assert str(caught.value) == f"unexpected status code {status}{message}"
    assert caught.value.is_retryable is is_retryable


async def test_an_answer_that_says_no_with_status_200():
    async with service(text='{"ok":false,"description":"no"}') as hook:
        yaml = f"{{bot_token: t, chat_id: 1, api_url: '{hook.url}'}}"
        async with notifier("telegram", yaml) as telegram:
            with pytest.raises(NotifyError, match="^no$"):
                await telegram.notify(notice())


async def test_a_chat_that_is_no_number(tmp_path):
    (tmp_path / "chat").write_text("@ops")
    async with notifier("telegram", "{bot_token: t, chat_id_file: chat}", base_dir=tmp_path) as telegram:
        with pytest.raises(NotifyError, match="is not a number") as caught:
            await telegram.notify(notice())
    assert not caught.value.is_retryable


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("chat_id: 1", "missing bot_token or bot_token_file on telegram_config"),
        ("bot_token: x", "missing chat_id or chat_id_file on telegram_config"),
        ("{bot_token: x, bot_token_file: y, chat_id: 1}", "at most one of bot_token & bot_token_file"),
        ("{bot_token: x, chat_id: 1, chat_id_file: y}", "at most one of chat_id & chat_id_file"),
        ("{bot_token: x, chat_id: 1, parse_mode: html}", "is not supported"),
    ],
)
def test_configuration_errors(yaml, problem):
    with pytest.raises(ConfigError, match=problem):
        config("telegram", yaml)


def test_defaults():
    section = config("telegram", "{bot_token: x, chat_id: 1}")
    assert section.send_resolved
    assert section.api_url.reveal() == "https://api.telegram.org"
