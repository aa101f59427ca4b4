"""`wechat_configs`: a message of an application in WeCom, WeChat for companies."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.config.kinds import ApiUrl
from watchkeeper.alerts.integrations.checks import at_most_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Answer, Post, dump_json, revealed
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import Place, SectionPlace
from watchkeeper.core.config.document import shortened
from watchkeeper.core.config.kinds import Boolean, Choice, FilePath, Nested, SecretKind
from watchkeeper.core.config.schema import Invalid, section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

_TOKEN_LIFE_S: Final = 7200.0  # What the service gives, where its answer does not say.
_TOKEN_SLACK_S: Final = 60.0
# https://developer.work.weixin.qq.com/document/path/90313
_BAD_TOKEN: Final = frozenset((40014, 42001))  # Not valid, expired.
# The system is busy, the limit of calls is reached, somebody else answered.
_BUSY: Final = frozenset((-1, 45009, None))


class MessageType(Choice):
    """`text` or `markdown`."""

    def read(self, at: Place) -> str:
        text = at.scalar("a message type") or "text"
        if text not in self.words:
            raise Invalid(f'weChat message type "{shortened(text)}" does not match valid options ^(text|markdown)$')
        return text


@section
class WechatConfig:
    """Whose application, to whom, and the text."""

    send_resolved: bool = setting(Boolean(), default=False, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    api_secret: Secret | None = setting(SecretKind(), default=None)
    api_secret_file: str = setting(FilePath(), default="", help="a file that holds the secret")
    corp_id: str = setting(TemplateText(), default="")
    message: str = setting(TemplateText(), default='{{ template "wechat.default.message" . }}')
    api_url: Url | None = setting(ApiUrl(), default=None)
    to_user: str = setting(TemplateText(), default='{{ template "wechat.default.to_user" . }}')
    to_party: str = setting(TemplateText(), default='{{ template "wechat.default.to_party" . }}')
    to_tag: str = setting(TemplateText(), default='{{ template "wechat.default.to_tag" . }}')
    agent_id: str = setting(TemplateText(), default='{{ template "wechat.default.agent_id" . }}')
    message_type: str = setting(MessageType("text", "markdown"), default="text")

    def checked(self, at: SectionPlace) -> WechatConfig:
        """Reports what is missing; gaps are filled from `global`."""
        common = at.load.shared(GlobalConfig)
        at_most_one(at, "api_secret", "api_secret_file")
        secret, file = self.api_secret, self.api_secret_file
        if not secret and not file:
            secret, file = common.wechat_api_secret, common.wechat_api_secret_file
        if not secret and not file:
            problem = "no global Wechat Api Secret set either inline or in a file"
            at.report("api_secret", problem, involves=("api_secret_file",))
        corp_id = self.corp_id or common.wechat_api_corp_id
        if not corp_id:
            at.report("corp_id", "no global Wechat CorpID set")
        return dataclasses.replace(
            self,
            api_secret=secret,
            api_secret_file=file,
            corp_id=corp_id,
            api_url=self.api_url or common.wechat_api_url,
            http_config=http_config_of(self.http_config, at),
        )


class WechatNotifier:
    """Posts one message for each notice; the token that this takes is kept until it ends or is refused."""

    def __init__(
        self, config: WechatConfig, surroundings: Surroundings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._secret = source(config.api_secret, config.api_secret_file, "API secret file")
        self._post = Post(config.http_config, surroundings, retry_on=(429,))
        self._clock = clock
        self._token = ""
        self._token_for: tuple[str, str] = ("", "")
        self._token_ends_s = 0.0
        self._lock = asyncio.Lock()

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        secret = self._templates.text(revealed(self._secret), notice, "api_secret")
        corp_id = self._templates.text(self._config.corp_id, notice, "corp_id")
        token = await self._token_of(corp_id, secret)
        body = dump_json(await in_thread(self, self._message, notice))
        url = f"{self._base}message/send?{urlencode({'access_token': token})}"
        hide = (secret, token)
        answer = await self._post.send(url, body, hide=hide)
        code, text = self._result(answer, hide)
        if code in _BAD_TOKEN:
            self._token = ""
        if code != 0:
            raise NotifyError(text, is_retryable=code in _BAD_TOKEN | _BUSY, cause="clientError")

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    @property
    def _base(self) -> str:
        assert self._config.api_url is not None
        return self._config.api_url.reveal()

    async def _token_of(self, corp_id: str, secret: str) -> str:
        async with self._lock:
            now_s = self._clock()
            if self._token and self._token_for == (corp_id, secret) and now_s < self._token_ends_s:
                return self._token
            url = f"{self._base}gettoken?{urlencode({'corpid': corp_id, 'corpsecret': secret})}"
            answer = await self._post.send(url, b"", method="GET", hide=(secret,))
            found = answer.json()
            token = found.get("access_token") if isinstance(found, dict) else None
            if not isinstance(token, str) or not token:
                code, text = self._result(answer, (secret,))
                message = f"invalid APISecret for CorpID: {corp_id}: {text}"
                raise NotifyError(message, is_retryable=code in _BUSY, cause="clientError")
            life_s = found.get("expires_in")
            life_s = life_s if isinstance(life_s, int) and life_s > 0 else _TOKEN_LIFE_S
            self._token, self._token_for = token, (corp_id, secret)
            self._token_ends_s = now_s + life_s - _TOKEN_SLACK_S
            return token

    def _result(self, answer: Answer, hide: tuple[str, ...]) -> tuple[int | None, str]:
        """The service's own code, 0 for success and None where the body is none of its answers, and what it says."""
        found = answer.json()
        code = found.get("errcode") if isinstance(found, dict) else None
        if isinstance(code, bool) or not isinstance(code, int):
            text = self._post.shown(answer.body.decode("utf-8", "replace"), hide=hide)
            return None, f"the answer is none of WeChat's: {text}"
        return code, self._post.shown(f"error {code}: {found.get('errmsg', '')}", hide=hide)

    def _message(self, notice: Notice) -> dict[str, Any]:
        def text(field: str) -> str:
            return self._templates.text(getattr(self._config, field), notice, field)

        kind = self._config.message_type
        message: dict[str, Any] = {kind: {"content": text("message")}, "msgtype": kind, "safe": "0"}
        for name, field in (
            ("touser", "to_user"),
            ("toparty", "to_party"),
            ("totag", "to_tag"),
            ("agentid", "agent_id"),
        ):
            if value := text(field):
                message[name] = value
        return message


CONFIG = WechatConfig
NOTIFIER = WechatNotifier
