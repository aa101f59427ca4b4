"""`victorops_configs`: an incident for each group at Splunk On-Call, formerly VictorOps."""

from __future__ import annotations

import dataclasses
from typing import Final
from urllib.parse import quote

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.config.kinds import ApiUrl
from watchkeeper.alerts.integrations.checks import at_most_one, http_config_of
from watchkeeper.alerts.integrations.group_key import hashed_key
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Post, dump_json, revealed
from watchkeeper.alerts.integrations.shorten import shorten_runes
from watchkeeper.alerts.interface import Notice, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, FilePath, MapOf, Nested, SecretKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

# https://help.victorops.com/knowledge-base/incident-fields-glossary/
_MAX_STATE_MESSAGE: Final = 20_480
_FIRING_TYPES: Final = ("INFO", "WARNING", "CRITICAL")
_RESERVED: Final = (
    "routing_key",
    "message_type",
    "state_message",
    "entity_display_name",
    "monitoring_tool",
    "entity_id",
    "entity_state",
)


@section
class VictorOpsConfig:
    """The key, whom it is routed to, and the texts."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    api_key: Secret | None = setting(SecretKind(), default=None)
    api_key_file: str = setting(FilePath(), default="", help="a file that holds the key")
    api_url: Url | None = setting(ApiUrl(), default=None)
    routing_key: str = setting(TemplateText(), default="", help="which team is told")
    message_type: str = setting(
        TemplateText(), default="CRITICAL", help="INFO, WARNING or CRITICAL; a resolved group is RECOVERY"
    )
    state_message: str = setting(TemplateText(), default='{{ template "victorops.default.state_message" . }}')
    entity_display_name: str = setting(
        TemplateText(), default='{{ template "victorops.default.entity_display_name" . }}'
    )
    monitoring_tool: str = setting(TemplateText(), default='{{ template "victorops.default.monitoring_tool" . }}')
    custom_fields: dict[str, str] = setting(MapOf(TemplateText()), default_factory=dict)

    def checked(self, at: SectionPlace) -> VictorOpsConfig:
        """Reports missing keys and fields that have a meaning already; gaps are filled from `global`."""
        common = at.load.shared(GlobalConfig)
        if not self.routing_key:
            at.report("routing_key", "missing Routing key in VictorOps config")
        at_most_one(at, "api_key", "api_key_file")
        for name in _RESERVED:
            if name in self.custom_fields:
                problem = (
                    f"victorOps config contains custom field {name} which cannot be used as it conflicts with the "
                    "fixed/static fields"
                )
                at.report("custom_fields", problem)
        key, file = self.api_key, self.api_key_file
        if not key and not file:
            key, file = common.victorops_api_key, common.victorops_api_key_file
        if not key and not file:
            at.report("api_key", "no global VictorOps API Key set", involves=("api_key_file",))
        return dataclasses.replace(
            self,
            api_key=key,
            api_key_file=file,
            api_url=self.api_url or common.victorops_api_url,
            http_config=http_config_of(self.http_config, at),
        )


class VictorOpsNotifier:
    """Posts one message for each notice."""

    def __init__(self, config: VictorOpsConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._key = source(config.api_key, config.api_key_file, "API key file")
        self._post = Post(config.http_config, surroundings)

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        key = revealed(self._key)
        route = self._text(notice, "routing_key")
        body = await in_thread(self, self._message, notice)
        assert self._config.api_url is not None
        path = f"{quote(key, safe='')}/{quote(route, safe='')}"
        await self._post.send(self._config.api_url.reveal() + path, dump_json(body), hide=[key])

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _message(self, notice: Notice) -> dict[str, str]:
        kind = self._text(notice, "message_type")
        if notice.status == "resolved":
            kind = "RECOVERY"
        elif kind not in _FIRING_TYPES:
            kind = "CRITICAL"
        fields = {
            name: self._templates.text(value, notice, f"custom_fields.{name}")
            for name, value in self._config.custom_fields.items()
        }
        return {
            "message_type": kind,
            "entity_id": hashed_key(notice),
            "entity_display_name": self._text(notice, "entity_display_name"),
            "state_message": shorten_runes(self._text(notice, "state_message"), _MAX_STATE_MESSAGE)[0],
            "monitoring_tool": self._text(notice, "monitoring_tool"),
            **fields,
        }

    def _text(self, notice: Notice, field: str) -> str:
        return self._templates.text(getattr(self._config, field), notice, field)


CONFIG = VictorOpsConfig
NOTIFIER = VictorOpsNotifier
