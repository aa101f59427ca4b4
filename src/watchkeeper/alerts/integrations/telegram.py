"""`telegram_configs`: a message to a chat, from a bot."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Final

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.integrations.checks import at_most_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Answer, Post, dump_json, revealed
from watchkeeper.alerts.integrations.shorten import MARK, shorten_runes
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Choice, FilePath, Integer, Nested, SecretKind, UrlKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

_MAX_MESSAGE: Final = 4096  # https://core.telegram.org/bots/api#sendmessage
_TAG: Final = re.compile(r"<(/?)([a-z][a-z-]*)[^>]*>")
_CUT_OFF: Final = re.compile(r"<[^>]*\Z|&[#a-zA-Z0-9]*\Z")


@section
class TelegramConfig:
    """The bot, the chat and the message."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    api_url: Url | None = setting(UrlKind(), default=None)
    bot_token: Secret | None = setting(SecretKind(), default=None)
    bot_token_file: str = setting(FilePath(), default="", help="a file that holds the token")
    chat_id: int = setting(Integer(-(2**63)), default=0)
    chat_id_file: str = setting(FilePath(), default="", help="a file that holds the chat's number")
    message_thread_id: int = setting(Integer(), default=0, help="a topic of the chat")
    message: str = setting(TemplateText(), default='{{ template "telegram.default.message" . }}')
    disable_notifications: bool = setting(Boolean(), default=False, help="whether to send without a sound")
    parse_mode: str = setting(Choice("Markdown", "MarkdownV2", "HTML", ""), default="HTML", show=True)

    def checked(self, at: SectionPlace) -> TelegramConfig:
        """Reports a missing bot or chat; gaps are filled from `global`."""
        shared = at.load.shared(GlobalConfig)
        at_most_one(at, "bot_token", "bot_token_file")
        token, file = self.bot_token, self.bot_token_file
        if not token and not file:
            token, file = shared.telegram_bot_token, shared.telegram_bot_token_file
            if not token and not file and not at.is_broken("bot_token", "bot_token_file"):
                at.report("", "missing bot_token or bot_token_file on telegram_config")
        if not self.chat_id and not self.chat_id_file and not at.is_broken("chat_id", "chat_id_file"):
            at.report("", "missing chat_id or chat_id_file on telegram_config")
        at_most_one(at, "chat_id", "chat_id_file")
        return dataclasses.replace(
            self,
            bot_token=token,
            bot_token_file=file,
            api_url=self.api_url or shared.telegram_api_url,
            http_config=http_config_of(self.http_config, at),
        )


class TelegramNotifier:
    """Sends one message for each notice."""

    def __init__(self, config: TelegramConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._token = source(config.bot_token, config.bot_token_file, "bot token file")
        self._chat = source(str(config.chat_id), config.chat_id_file, "chat ID file")
        self._post = Post(config.http_config, surroundings, retry_on=(429,), details=_description)

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        message = await in_thread(self, self._message, notice)
        token = revealed(self._token)
        assert self._config.api_url is not None
        url = f"{self._config.api_url.reveal().rstrip('/')}/bot{token}/sendMessage"
        answer = await self._post.send(url, dump_json(message), hide=[token])
        data = answer.json()
        if isinstance(data, dict) and data.get("ok") is False:
            raise NotifyError(
                self._post.shown(_description(answer), hide=[token]), is_retryable=False, cause="clientError"
            )

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _message(self, notice: Notice) -> dict[str, Any]:
        config = self._config
        chat = revealed(self._chat)
        if not re.fullmatch(r"-?[0-9]{1,19}", chat):
            raise NotifyError(f"the chat ID in {config.chat_id_file} is not a number", is_retryable=False)
        if config.parse_mode == "HTML":
            text = shorten_html(self._templates.html(config.message, notice, "message"), _MAX_MESSAGE)
        else:
            text = shorten_runes(self._templates.text(config.message, notice, "message"), _MAX_MESSAGE)[0]
        message: dict[str, Any] = {
            "chat_id": int(chat),
            "text": text,
            "disable_web_page_preview": True,
            "disable_notification": config.disable_notifications,
        }
        if config.parse_mode:
            message["parse_mode"] = config.parse_mode
        if config.message_thread_id:
            message["message_thread_id"] = config.message_thread_id
        return message


def shorten_html(text: str, limit: int) -> str:
    """At most `limit` characters; no tag or entity is cut in two, and those that are open are closed."""
    if len(text) <= limit:
        return text
    size = limit - len(MARK)
    while size > 0:
        kept = _CUT_OFF.sub("", text[:size])
        opened: list[str] = []
        for closes, name in _TAG.findall(kept):
            if not closes:
                opened.append(name)
            elif opened and opened[-1] == name:
                opened.pop()
        ends = "".join(f"</{name}>" for name in reversed(opened))
        if len(kept) + len(MARK) + len(ends) <= limit:
            return f"{kept}{MARK}{ends}"
        size -= len(ends)
    return MARK


def _description(answer: Answer) -> str:
    data = answer.json()
    return str(data.get("description", "")) if isinstance(data, dict) else answer.body.decode("utf-8", "replace")


CONFIG = TelegramConfig
NOTIFIER = TelegramNotifier
