"""`discord_configs`: an embed in a channel, through a webhook."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from watchkeeper.alerts.config.kinds import SecretUrl
from watchkeeper.alerts.integrations.checks import exactly_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Post, dump_json, revealed
from watchkeeper.alerts.integrations.shorten import shorten_runes
from watchkeeper.alerts.interface import Notice, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, FilePath, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
_MAX_TITLE: Final = 256
_MAX_DESCRIPTION: Final = 4096
_MAX_CONTENT: Final = 2000
_COLORS: Final = {"firing": 0x992D22, "resolved": 0x2ECC71}


@section
class DiscordConfig:
    """Where to, and the texts."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    webhook_url: Secret | None = setting(SecretUrl(), default=None)
    webhook_url_file: str = setting(FilePath(), default="", help="a file that holds the URL")
    content: str = setting(TemplateText(), default="", help="text above the embed")
    title: str = setting(TemplateText(), default='{{ template "discord.default.title" . }}')
    message: str = setting(TemplateText(), default='{{ template "discord.default.message" . }}')
    username: str = setting(TemplateText(), default="", help="in place of the webhook's own name")
    avatar_url: str = setting(TemplateText(), default="")

    def checked(self, at: SectionPlace) -> DiscordConfig:
        """Reports a missing URL; HTTP settings come from `global` where there are none."""
        exactly_one(at, "webhook_url", "webhook_url_file")
        return dataclasses.replace(self, http_config=http_config_of(self.http_config, at))


class DiscordNotifier:
    """Posts one message for each notice."""

    def __init__(self, config: DiscordConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._url = source(config.webhook_url, config.webhook_url_file, "webhook URL file")
        self._post = Post(config.http_config, surroundings, retry_on=(429,))

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        body = await in_thread(self, self._message, notice)
        await self._post.send(revealed(self._url), dump_json(body))

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _message(self, notice: Notice) -> dict[str, Any]:
        def text(field: str, limit: int = 0) -> str:
            whole = self._templates.text(getattr(self._config, field), notice, field)
            return shorten_runes(whole, limit)[0] if limit else whole

        embed = {
            "title": text("title", _MAX_TITLE),
            "description": text("message", _MAX_DESCRIPTION),
            "color": _COLORS[notice.status],
        }
        message: dict[str, Any] = {"content": text("content", _MAX_CONTENT), "embeds": [embed]}
        for field in ("username", "avatar_url"):
            if value := text(field):
                message[field] = value
        return message


CONFIG = DiscordConfig
NOTIFIER = DiscordNotifier
