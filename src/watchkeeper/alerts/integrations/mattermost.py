"""`mattermost_configs`: a message with attachments, through an incoming webhook."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.config.kinds import SecretUrl
from watchkeeper.alerts.integrations.attachments import FieldConfig, filled
from watchkeeper.alerts.integrations.checks import at_most_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Post, dump_json, revealed
from watchkeeper.alerts.integrations.shorten import shorten_runes
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, FilePath, ListOf, Nested
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

_MAX_TEXT: Final = 16_383  # https://developers.mattermost.com/integrate/webhooks/incoming
_PRIORITIES: Final = ("urgent", "important", "standard")
_ATTACHMENT_KEYS: Final = (
    "fallback",
    "color",
    "pretext",
    "text",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "thumb_url",
    "footer",
    "footer_icon",
    "image_url",
)


def _default(name: str) -> str:
    return '{{ template "mattermost.default.' + name + '" . }}'


@section
class PriorityConfig:
    """How urgent a message is."""

    priority: str = setting(TemplateText(), default="", help="urgent, important or standard")
    requested_ack: bool = setting(Boolean(), default=False)
    persistent_notifications: bool = setting(Boolean(), default=False)


@section
class PropsConfig:
    """What stands beside a message."""

    card: str = setting(TemplateText(), default="")


@section
class AttachmentConfig:
    """One block of a message."""

    fallback: str = setting(TemplateText(), default="")
    color: str = setting(TemplateText(), default="")
    pretext: str = setting(TemplateText(), default="")
    text: str = setting(TemplateText(), default="")
    author_name: str = setting(TemplateText(), default="")
    author_link: str = setting(TemplateText(), default="")
    author_icon: str = setting(TemplateText(), default="")
    title: str = setting(TemplateText(), default="")
    title_link: str = setting(TemplateText(), default="")
    fields: tuple[FieldConfig, ...] = setting(ListOf(Nested(FieldConfig)), default=())
    thumb_url: str = setting(TemplateText(), default="")
    footer: str = setting(TemplateText(), default="")
    footer_icon: str = setting(TemplateText(), default="")
    image_url: str = setting(TemplateText(), default="")


@section
class DefaultAttachmentConfig(AttachmentConfig):
    """The block that a message has where `attachments` are not given."""

    fallback: str = setting(TemplateText(), default=_default("fallback"))
    color: str = setting(TemplateText(), default=_default("color"))
    text: str = setting(TemplateText(), default=_default("text"))
    title: str = setting(TemplateText(), default=_default("title"))
    title_link: str = setting(TemplateText(), default=_default("titlelink"))


@section
class MattermostConfig:
    """Where to, as whom, and the texts."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    webhook_url: Secret | None = setting(SecretUrl(), default=None)
    webhook_url_file: str = setting(FilePath(), default="", help="a file that holds the URL")
    channel: str = setting(TemplateText(), default="")
    username: str = setting(TemplateText(), default=_default("username"))
    attachment: DefaultAttachmentConfig = setting(
        Inline(DefaultAttachmentConfig), default_factory=DefaultAttachmentConfig
    )
    icon_url: str = setting(TemplateText(), default="")
    icon_emoji: str = setting(TemplateText(), default="")
    attachments: tuple[AttachmentConfig, ...] = setting(ListOf(Nested(AttachmentConfig)), default=())
    type: str = setting(TemplateText(), default="")
    props: PropsConfig | None = setting(Nested(PropsConfig), default=None)
    priority: PriorityConfig | None = setting(Nested(PriorityConfig), default=None)

    def checked(self, at: SectionPlace) -> MattermostConfig:
        """Reports two URLs, or none; gaps are filled from `global`."""
        shared = at.load.shared(GlobalConfig)
        at_most_one(at, "webhook_url", "webhook_url_file")
        url, file = self.webhook_url, self.webhook_url_file
        if not url and not file:
            url, file = shared.mattermost_webhook_url, shared.mattermost_webhook_url_file
            if not url and not file and not at.is_broken("webhook_url", "webhook_url_file"):
                at.report("", "no Mattermost webhook URL set either inline or in a file")
        return dataclasses.replace(
            self, webhook_url=url, webhook_url_file=file, http_config=http_config_of(self.http_config, at)
        )


class MattermostNotifier:
    """Posts one message for each notice."""

    def __init__(self, config: MattermostConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._url = source(config.webhook_url, config.webhook_url_file, "webhook URL file")
        self._post = Post(config.http_config, surroundings, retry_on=(429,))

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        message = await in_thread(self, self._message, notice)
        url = revealed(self._url)
        if not url:
            raise NotifyError("webhook url missing", is_retryable=False)
        await self._post.send(url, dump_json(message))

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _message(self, notice: Notice) -> dict[str, Any]:
        config = self._config

        def text(field: str) -> str:
            return self._templates.text(getattr(config, field), notice, field)

        message = filled({key: text(key) for key in ("channel", "username", "icon_url", "icon_emoji", "type")})
        blocks = config.attachments or (config.attachment,)
        message["attachments"] = [self._attachment(block, notice) for block in blocks]
        if config.props is not None and config.props.card:
            message["props"] = {"card": self._templates.text(config.props.card, notice, "props.card")}
        if config.priority is not None and config.priority.priority:
            message["priority"] = self._priority(config.priority, notice)
        return message

    def _attachment(self, config: AttachmentConfig, notice: Notice) -> dict[str, Any]:
        def text(template: str, field: str) -> str:
            return self._templates.text(template, notice, field)

        block = filled({key: text(getattr(config, key), key) for key in _ATTACHMENT_KEYS})
        if "text" in block:
            block["text"] = shorten_runes(block["text"], _MAX_TEXT)[0]
        if config.fields:
            block["fields"] = [
                filled(
                    {
                        "title": text(field.title, "fields.title"),
                        "value": text(field.value, "fields.value"),
                        "short": field.short,
                    }
                )
                for field in config.fields
            ]
        return block

    def _priority(self, config: PriorityConfig, notice: Notice) -> dict[str, Any]:
        """Only an urgent message is repeated until it is read, and a standard one asks for no answer."""
        priority = self._templates.text(config.priority, notice, "priority").lower()
        if priority not in _PRIORITIES:
            priority = "standard"
        found: dict[str, Any] = {"priority": priority}
        if config.requested_ack and priority != "standard":
            found["requested_ack"] = True
        if config.persistent_notifications and priority == "urgent":
            found["persistent_notifications"] = True
        return found


CONFIG = MattermostConfig
NOTIFIER = MattermostNotifier
