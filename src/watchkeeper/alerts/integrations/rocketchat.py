"""`rocketchat_configs`: a message with an attachment in a channel of Rocket.Chat."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.config.kinds import with_slash
from watchkeeper.alerts.integrations.attachments import filled
from watchkeeper.alerts.integrations.checks import at_most_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Answer, Post, dump_json, revealed
from watchkeeper.alerts.integrations.shorten import shorten_runes
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, FilePath, ListOf, Nested, SecretKind, UrlKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

_MAX_TITLE: Final = 1024
_PATH: Final = "api/v1/chat.postMessage"


@section
class RocketChatFieldConfig:
    """A title with a value; short ones stand side by side."""

    title: str = setting(TemplateText(), default="")
    value: str = setting(TemplateText(), default="")
    short: bool | None = setting(Boolean(), default=None)


@section
class RocketChatActionConfig:
    """A button that opens a link or sends a message."""

    type: str = setting(TemplateText(), default="", help="taken and not used: all are buttons")
    text: str = setting(TemplateText(), default="")
    url: str = setting(TemplateText(), default="")
    msg: str = setting(TemplateText(), default="")


@section
class RocketChatConfig:
    """Whose token, which channel, and the texts."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    api_url: Url | None = setting(UrlKind(), default=None)
    token_id: Secret | None = setting(SecretKind(), default=None, help="the user's id")
    token_id_file: str = setting(FilePath(), default="", help="a file that holds the user's id")
    token: Secret | None = setting(SecretKind(), default=None)
    token_file: str = setting(FilePath(), default="", help="a file that holds the token")
    channel: str = setting(TemplateText(), default="", help="`#channel` or `@user`")
    color: str = setting(TemplateText(), default='{{ if eq .Status "firing" }}red{{ else }}green{{ end }}')
    title: str = setting(TemplateText(), default='{{ template "rocketchat.default.title" . }}')
    title_link: str = setting(TemplateText(), default='{{ template "rocketchat.default.titlelink" . }}')
    text: str = setting(TemplateText(), default='{{ template "rocketchat.default.text" . }}')
    fields: tuple[RocketChatFieldConfig, ...] = setting(ListOf(Nested(RocketChatFieldConfig)), default=())
    short_fields: bool = setting(Boolean(), default=False, show=True, help="of fields that don't say")
    emoji: str = setting(TemplateText(), default='{{ template "rocketchat.default.emoji" . }}')
    icon_url: str = setting(TemplateText(), default='{{ template "rocketchat.default.iconurl" . }}')
    image_url: str = setting(TemplateText(), default="")
    thumb_url: str = setting(TemplateText(), default="")
    link_names: bool = setting(Boolean(), default=False, show=True, help="taken and not used, as upstream")
    actions: tuple[RocketChatActionConfig, ...] = setting(ListOf(Nested(RocketChatActionConfig)), default=())

    def checked(self, at: SectionPlace) -> RocketChatConfig:
        """Reports tokens that are missing or stand twice; gaps are filled from `global`."""
        common = at.load.shared(GlobalConfig)
        at_most_one(at, "token", "token_file")
        at_most_one(at, "token_id", "token_id_file")
        token, token_file = self.token, self.token_file
        if not token and not token_file:
            token, token_file = common.rocketchat_token, common.rocketchat_token_file
        token_id, token_id_file = self.token_id, self.token_id_file
        if not token_id and not token_id_file:
            token_id, token_id_file = common.rocketchat_token_id, common.rocketchat_token_id_file
        if not token_id and not token_id_file:
            problem = "no global Rocketchat TokenID set either inline or in a file"
            at.report("token_id", problem, involves=("token_id_file",))
        if not token and not token_file:
            problem = "no global Rocketchat Token set either inline or in a file"
            at.report("token", problem, involves=("token_file",))
        return dataclasses.replace(
            self,
            api_url=self.api_url or common.rocketchat_api_url,
            token=token,
            token_file=token_file,
            token_id=token_id,
            token_id_file=token_id_file,
            http_config=http_config_of(self.http_config, at),
        )


class RocketChatNotifier:
    """Posts one message for each notice."""

    def __init__(self, config: RocketChatConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._token = source(config.token, config.token_file, "token file")
        self._token_id = source(config.token_id, config.token_id_file, "token id file")
        assert config.api_url is not None
        self._url = with_slash(config.api_url).reveal() + _PATH
        self._post = Post(config.http_config, surroundings)

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        token, token_id = revealed(self._token), revealed(self._token_id)
        message = await in_thread(self, self._message, notice)
        channel = message.get("channel", "")
        try:
            answer = await self._post.send(
                self._url,
                dump_json(message),
                headers={"X-Auth-Token": token, "X-User-Id": token_id},
                hide=(token, token_id),
            )
            self._check(answer, (token, token_id))
        except NotifyError as error:
            message_ = f'channel "{channel}": {error}'
            raise NotifyError(message_, is_retryable=error.is_retryable, cause=error.cause) from None

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _check(self, answer: Answer, hide: tuple[str, ...]) -> None:
        """Raises NotifyError for a refusal that comes with status 200."""
        found = answer.json()
        if not isinstance(found, dict):
            body = self._post.shown(answer.body.decode("utf-8", "replace"), hide=hide)
            raise NotifyError(f"the answer is none of Rocket.Chat's: {body}", is_retryable=True, cause="clientError")
        if found.get("success") is not True:
            reason = self._post.shown(str(found.get("error") or found.get("message") or ""), hide=hide)
            raise NotifyError(f"error response from Rocketchat: {reason}", is_retryable=False, cause="clientError")

    def _message(self, notice: Notice) -> dict[str, Any]:
        # https://developer.rocket.chat/apidocs/post-message
        config = self._config

        def text(field: str) -> str:
            return self._templates.text(getattr(config, field), notice, field)

        def inner(field: str, template: str) -> str:
            return self._templates.text(template, notice, field)

        attachment = filled(
            {
                "title": shorten_runes(text("title"), _MAX_TITLE)[0],
                **{name: text(name) for name in ("title_link", "text", "image_url", "thumb_url", "color")},
            }
        )
        if config.fields:
            attachment["fields"] = [
                {
                    "short": config.short_fields if field.short is None else field.short,
                    **filled({name: inner("fields", getattr(field, name)) for name in ("title", "value")}),
                }
                for field in config.fields
            ]
        if config.actions:
            attachment["actions"] = [
                {
                    "type": "button",
                    **filled({name: inner("actions", getattr(action, name)) for name in ("text", "url", "msg")}),
                    "is_webview": False,
                    "msg_in_chat_window": False,
                }
                for action in config.actions
            ]
        head = {"channel": text("channel"), "emoji": text("emoji"), "avatar": text("icon_url")}
        return {**filled(head), "attachments": [attachment]}


CONFIG = RocketChatConfig
NOTIFIER = RocketChatNotifier
