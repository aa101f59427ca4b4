"""`msteams_configs`: a card in a channel of Microsoft Teams, through an incoming webhook of the old kind."""

from __future__ import annotations

import dataclasses
from typing import Final

from watchkeeper.alerts.config.kinds import SecretUrl
from watchkeeper.alerts.integrations.checks import exactly_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Post, dump_json, revealed
from watchkeeper.alerts.interface import Notice, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, FilePath, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

_COLORS: Final = {"firing": "8C1A1A", "resolved": "2DC72D"}


@section
class MSTeamsConfig:
    """Where to, and the texts."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    webhook_url: Secret | None = setting(SecretUrl(), default=None)
    webhook_url_file: str = setting(FilePath(), default="", help="a file that holds the URL")
    title: str = setting(TemplateText(), default='{{ template "msteams.default.title" . }}')
    summary: str = setting(TemplateText(), default='{{ template "msteams.default.summary" . }}')
    text: str = setting(TemplateText(), default='{{ template "msteams.default.text" . }}')

    def checked(self, at: SectionPlace) -> MSTeamsConfig:
        """Reports a missing URL; HTTP settings come from `global` where there are none."""
        exactly_one(at, "webhook_url", "webhook_url_file")
        return dataclasses.replace(self, http_config=http_config_of(self.http_config, at))


class MSTeamsNotifier:
    """Posts one card for each notice."""

    def __init__(self, config: MSTeamsConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._url = source(config.webhook_url, config.webhook_url_file, "webhook URL file")
        self._post = Post(config.http_config, surroundings)

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        body = await in_thread(self, self._card, notice)
        await self._post.send(revealed(self._url), dump_json(body))

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _card(self, notice: Notice) -> dict[str, str]:
        # https://learn.microsoft.com/en-us/outlook/actionable-messages/message-card-reference
        texts = {
            field: self._templates.text(getattr(self._config, field), notice, field)
            for field in ("title", "summary", "text")
        }
        return {
            "@context": "http://schema.org/extensions",
            "@type": "MessageCard",
            **texts,
            "themeColor": _COLORS[notice.status],
        }


CONFIG = MSTeamsConfig
NOTIFIER = MSTeamsNotifier
