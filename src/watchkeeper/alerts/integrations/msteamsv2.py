"""`msteamsv2_configs`: an adaptive card in Microsoft Teams, through a workflow that waits for a webhook request."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

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

_COLORS: Final = {"firing": "Attention", "resolved": "Good"}


@section
class MSTeamsV2Config:
    """Where to, and the texts."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    webhook_url: Secret | None = setting(SecretUrl(), default=None)
    webhook_url_file: str = setting(FilePath(), default="", help="a file that holds the URL")
    title: str = setting(TemplateText(), default='{{ template "msteamsv2.default.title" . }}')
    text: str = setting(TemplateText(), default='{{ template "msteamsv2.default.text" . }}')

    def checked(self, at: SectionPlace) -> MSTeamsV2Config:
        """Reports a missing URL; HTTP settings come from `global` where there are none."""
        exactly_one(at, "webhook_url", "webhook_url_file")
        return dataclasses.replace(self, http_config=http_config_of(self.http_config, at))


class MSTeamsV2Notifier:
    """Posts one card for each notice."""

    def __init__(self, config: MSTeamsV2Config, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._url = source(config.webhook_url, config.webhook_url_file, "webhook URL file")
        self._post = Post(config.http_config, surroundings)

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        body = await in_thread(self, self._message, notice)
        await self._post.send(revealed(self._url), dump_json(body))

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _message(self, notice: Notice) -> dict[str, Any]:
        # https://learn.microsoft.com/en-us/connectors/teams/#adaptivecarditemschema
        heading = {
            "type": "TextBlock",
            "text": self._templates.text(self._config.title, notice, "title"),
            "weight": "Bolder",
            "size": "Medium",
            "wrap": True,
            "style": "heading",
            "color": _COLORS[notice.status],
        }
        text = {
            "type": "TextBlock",
            "text": self._templates.text(self._config.text, notice, "text"),
            "wrap": True,
        }
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.2",
            "body": [heading, text],
            "msteams": {"width": "full"},
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        return {"type": "message", "attachments": [attachment]}


CONFIG = MSTeamsV2Config
NOTIFIER = MSTeamsV2Notifier
