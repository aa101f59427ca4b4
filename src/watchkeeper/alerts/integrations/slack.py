"""`slack_configs`: a message with an attachment, through an incoming webhook or as an app."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from typing import Any, Final

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.config.kinds import SecretUrl
from watchkeeper.alerts.integrations.attachments import (
    ActionConfig,
    FieldConfig,
    action_items,
    field_items,
    filled,
)
from watchkeeper.alerts.integrations.checks import at_most_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Answer, Post, dump_json, revealed
from watchkeeper.alerts.integrations.shorten import shorten_runes
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import Nanoseconds
from watchkeeper.core.config.kinds import Boolean, FilePath, ListOf, Nested, SecretKind, Text, UrlKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

_MAX_TITLE: Final = 1024  # https://api.slack.com/reference/messaging/attachments
_MAX_REMEMBERED: Final = 10_000  # Groups whose message may be updated.
_MARKDOWN_IN: Final = ("fallback", "pretext", "text")


def _default(name: str) -> str:
    return '{{ template "slack.default.' + name + '" . }}'


@section
class SlackConfig:
    """Where to, as whom, and the texts."""

    send_resolved: bool = setting(Boolean(), default=False, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    api_url: Secret | None = setting(SecretUrl(), default=None, help="of an incoming webhook")
    api_url_file: str = setting(FilePath(), default="", help="a file that holds the URL")
    app_token: Secret | None = setting(SecretKind(), default=None, help="of a bot, in place of a webhook")
    app_token_file: str = setting(FilePath(), default="", help="a file that holds the token")
    app_url: Url | None = setting(UrlKind(), default=None, help="where an app posts its messages")
    channel: str = setting(TemplateText(), default="")
    username: str = setting(TemplateText(), default=_default("username"))
    color: str = setting(TemplateText(), default=_default("color"))
    title: str = setting(TemplateText(), default=_default("title"))
    title_link: str = setting(TemplateText(), default=_default("titlelink"))
    pretext: str = setting(TemplateText(), default=_default("pretext"))
    text: str = setting(TemplateText(), default=_default("text"))
    message_text: str = setting(TemplateText(), default="", help="text outside of the attachment")
    fields: tuple[FieldConfig, ...] = setting(ListOf(Nested(FieldConfig)), default=())
    short_fields: bool = setting(Boolean(), default=False, show=True)
    footer: str = setting(TemplateText(), default=_default("footer"))
    fallback: str = setting(TemplateText(), default=_default("fallback"))
    callback_id: str = setting(TemplateText(), default=_default("callbackid"))
    icon_emoji: str = setting(TemplateText(), default=_default("iconemoji"))
    icon_url: str = setting(TemplateText(), default=_default("iconurl"))
    image_url: str = setting(TemplateText(), default="")
    thumb_url: str = setting(TemplateText(), default="")
    link_names: bool = setting(Boolean(), default=False, show=True)
    mrkdwn_in: tuple[str, ...] = setting(ListOf(Text()), default=())
    actions: tuple[ActionConfig, ...] = setting(ListOf(Nested(ActionConfig)), default=())
    update_message: bool = setting(
        Boolean(),
        default=False,
        help="edit a group's message in place of a new one; needs an app; forgotten when we end or reload",
    )
    timeout_ns: int = setting(Nanoseconds(), key="timeout", default=0, show=True, help="for one request; 0 for none")

    def checked(self, at: SectionPlace) -> SlackConfig:
        """Reports two addresses, or none; gaps are filled from `global`."""
        shared = at.load.shared(GlobalConfig)
        at_most_one(at, "api_url", "api_url_file")
        at_most_one(at, "app_token", "app_token_file")
        has_url = bool(self.api_url or self.api_url_file)
        has_token = bool(self.app_token or self.app_token_file)
        if has_url and has_token:
            key = "app_token" if self.app_token else "app_token_file"
            at.report(key, "at most one of api_url/api_url_file & app_token/app_token_file must be configured")
        if self.update_message and has_url and not (self.api_url and "chat.postMessage" in self.api_url.reveal()):
            at.warn("update_message", "has no effect with a webhook, whose messages can't be edited; use app_token")
        filled_in: dict[str, Any] = {
            "http_config": http_config_of(self.http_config, at),
            "app_url": self.app_url or shared.slack_app_url,
        }
        if not has_url and not has_token:
            # An Authorization of the receiver's own is a token too, which the shared one must not replace.
            is_own = self.http_config is not None and self.http_config.authorization is not None
            if (shared.slack_app_token or shared.slack_app_token_file) and not is_own:
                filled_in["app_token"] = shared.slack_app_token
                filled_in["app_token_file"] = shared.slack_app_token_file
            elif shared.slack_api_url or shared.slack_api_url_file:
                filled_in["api_url"] = shared.slack_api_url
                filled_in["api_url_file"] = shared.slack_api_url_file
            elif not at.is_broken("api_url", "api_url_file", "app_token", "app_token_file"):
                at.report("", "no Slack API URL nor App token set either inline or in a file")
        return dataclasses.replace(self, **filled_in)


class SlackNotifier:
    """Posts one message for each notice, or edits the one of its group."""

    def __init__(self, config: SlackConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._url = source(config.api_url, config.api_url_file, "Slack API URL file")
        self._token = source(config.app_token, config.app_token_file, "Slack app token file")
        self._post = Post(config.http_config, surroundings, retry_on=(429,), timeout_ns=config.timeout_ns)
        self._sent: OrderedDict[str, tuple[str, str]] = OrderedDict()  # Channel and time of a group's message.

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        message = await in_thread(self, self._message, notice)
        token = revealed(self._token)
        url = revealed(self._url)
        if not url:
            assert self._config.app_url is not None
            url = self._config.app_url.reveal()
        known = self._sent.get(notice.group_key) if self._config.update_message else None
        if known is not None:
            message["channel"], message["ts"] = known
            url = url.replace("chat.postMessage", "chat.update")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = await self._post.send(url, dump_json(message), headers=headers, hide=[token])
            self._check(answer, url, token)
        except NotifyError as error:
            channel = message.get("channel", "")
            message_text = f'channel "{channel}": {error}'
            raise NotifyError(message_text, is_retryable=error.is_retryable, cause=error.cause) from None
        if self._config.update_message:
            self._remember(notice, answer)

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _check(self, answer: Answer, url: str, token: str) -> None:
        """Slack says what was wrong with status 200 too: `ok` is the text of a webhook, and in the JSON of the API."""
        data = answer.json()
        if isinstance(data, dict):
            if data.get("ok"):
                return
            reason, text = str(data.get("error", "")), f"error response from Slack: {data.get('error', '')}"
        else:
            reason = text = answer.body.decode("utf-8", "replace").strip()
            if text == "ok":
                return
            text = f"received an error response from Slack: {text}"
        is_retryable = reason in _PASSING_ERRORS
        raise NotifyError(self._post.shown(text, url, [token]), is_retryable=is_retryable, cause="clientError")

    def _remember(self, notice: Notice, answer: Answer) -> None:
        data = answer.json()
        if notice.status == "resolved":
            self._sent.pop(notice.group_key, None)
        elif isinstance(data, dict) and data.get("ts") and data.get("channel"):
            self._sent[notice.group_key] = str(data["channel"]), str(data["ts"])
            self._sent.move_to_end(notice.group_key)
            if len(self._sent) > _MAX_REMEMBERED:
                self._sent.popitem(last=False)

    def _message(self, notice: Notice) -> dict[str, Any]:
        config = self._config

        def text(field: str) -> str:
            return self._templates.text(getattr(config, field), notice, field)

        def inner(field: str) -> Any:
            return lambda template: self._templates.text(template, notice, field)

        attachment = filled({key: text(key) for key in ("title_link", "pretext", "image_url", "thumb_url", "color")})
        attachment.update({key: text(key) for key in ("text", "fallback", "callback_id", "footer")})
        if title := shorten_runes(text("title"), _MAX_TITLE)[0]:
            attachment["title"] = title
        if config.fields:
            attachment["fields"] = field_items(config.fields, config.short_fields, inner("fields"))
        if config.actions:
            attachment["actions"] = action_items(config.actions, inner("actions"))
        attachment["mrkdwn_in"] = list(config.mrkdwn_in or _MARKDOWN_IN)
        message = filled({key: text(key) for key in ("channel", "username", "icon_emoji", "icon_url")})
        if config.link_names:
            message["link_names"] = True
        if outside := text("message_text"):
            message["text"] = outside
        return {**message, "attachments": [attachment]}


# Errors of Slack's API, told with status 200, that pass by themselves.
_PASSING_ERRORS: Final = frozenset(
    (
        "fatal_error",
        "internal_error",
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "rollup_error",
        "service_unavailable",
        "team_added_to_org",
    )
)

CONFIG = SlackConfig
NOTIFIER = SlackNotifier
