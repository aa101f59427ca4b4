"""`webex_configs`: a message of a bot in a room of Webex."""

from __future__ import annotations

import dataclasses
from typing import Final

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.integrations.checks import http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Post, dump_json
from watchkeeper.alerts.integrations.shorten import shorten_bytes
from watchkeeper.alerts.interface import Notice, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Nested, UrlKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Url
from watchkeeper.core.http.config import HTTPClientConfig

_MAX_MESSAGE_BYTES: Final = 7439  # https://developer.webex.com/docs/api/v1/messages/create-a-message


@section
class WebexConfig:
    """Which room, and the text; the bot's token is in `http_config.authorization`."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    api_url: Url | None = setting(UrlKind(), default=None)
    message: str = setting(TemplateText(), default='{{ template "webex.default.message" . }}')
    room_id: str = setting(TemplateText(), default="")

    def checked(self, at: SectionPlace) -> WebexConfig:
        """Reports what is missing; the service's address comes from `global` where there is none."""
        if not self.room_id:
            at.report("room_id", "missing room_id on webex_config")
        if self.http_config is None or self.http_config.authorization is None:
            at.report("http_config", "missing webex_configs.http_config.authorization")
        return dataclasses.replace(
            self,
            api_url=self.api_url or at.load.shared(GlobalConfig).webex_api_url,
            http_config=http_config_of(self.http_config, at),
        )


class WebexNotifier:
    """Posts one message for each notice."""

    def __init__(self, config: WebexConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._post = Post(config.http_config, surroundings)

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        message = await in_thread(self, self._templates.text, self._config.message, notice, "message")
        body = {
            "markdown": shorten_bytes(message, _MAX_MESSAGE_BYTES)[0],
            "roomId": self._templates.text(self._config.room_id, notice, "room_id"),
        }
        assert self._config.api_url is not None
        await self._post.send(self._config.api_url.reveal(), dump_json(body))

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()


CONFIG = WebexConfig
NOTIFIER = WebexNotifier
