"""`opsgenie_configs`: an alert for each group, opened, updated and closed."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.config.kinds import ApiUrl
from watchkeeper.alerts.integrations.attachments import filled
from watchkeeper.alerts.integrations.checks import at_most_one, http_config_of
from watchkeeper.alerts.integrations.group_key import hashed_key
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Post, dump_json, revealed
from watchkeeper.alerts.integrations.shorten import shorten_runes
from watchkeeper.alerts.interface import Notice, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, FilePath, ListOf, MapOf, Nested, SecretKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

_MAX_MESSAGE: Final = 130  # https://docs.opsgenie.com/docs/alert-api
_RESPONDERS: Final = ("team", "teams", "user", "escalation", "schedule")
_RESPONDER_KEYS: Final = ("id", "name", "username", "type")


@section
class ResponderConfig:
    """Whom an alert is given to."""

    id: str = setting(TemplateText(), default="")
    name: str = setting(TemplateText(), default="")
    username: str = setting(TemplateText(), default="")
    type: str = setting(TemplateText(), default="", help="team, teams (names with commas), user, escalation, schedule")

    def checked(self, at: SectionPlace) -> ResponderConfig:
        """Reports one without a name, and unknown types; case does not count."""
        if not (self.id or self.name or self.username):
            at.report("", "responder has to have at least one of id, username or name specified")
        if "{{" in self.type:
            return self
        kind = self.type.lower()
        if kind not in _RESPONDERS:
            at.report("type", f"responder type must be one of {', '.join(_RESPONDERS)}")
        return dataclasses.replace(self, type=kind)


@section
class OpsGenieConfig:
    """Where to, and the texts."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    api_key: Secret | None = setting(SecretKind(), default=None)
    api_key_file: str = setting(FilePath(), default="", help="a file that holds the key")
    api_url: Url | None = setting(ApiUrl(), default=None)
    message: str = setting(TemplateText(), default='{{ template "opsgenie.default.message" . }}')
    description: str = setting(TemplateText(), default='{{ template "opsgenie.default.description" . }}')
    source: str = setting(TemplateText(), default='{{ template "opsgenie.default.source" . }}')
    details: dict[str, str] = setting(
        MapOf(TemplateText()), default_factory=dict, help="beside the labels that all alerts have"
    )
    entity: str = setting(TemplateText(), default="")
    responders: tuple[ResponderConfig, ...] = setting(ListOf(Nested(ResponderConfig)), default=())
    actions: str = setting(TemplateText(), default="", help="names with commas between them")
    tags: str = setting(TemplateText(), default="", help="words with commas between them")
    note: str = setting(TemplateText(), default="")
    priority: str = setting(TemplateText(), default="", help="P1 to P5")
    update_alerts: bool = setting(
        Boolean(), default=False, help="whether message and description of an open alert change with the group"
    )

    def checked(self, at: SectionPlace) -> OpsGenieConfig:
        """Reports two keys, or none; gaps are filled from `global`."""
        shared = at.load.shared(GlobalConfig)
        at_most_one(at, "api_key", "api_key_file")
        key, file = self.api_key, self.api_key_file
        if not key and not file:
            key, file = shared.opsgenie_api_key, shared.opsgenie_api_key_file
            if not key and not file and not at.is_broken("api_key", "api_key_file"):
                at.report("", "no global OpsGenie API Key set either inline or in a file")
        return dataclasses.replace(
            self,
            api_key=key,
            api_key_file=file,
            api_url=self.api_url or shared.opsgenie_api_url,
            http_config=http_config_of(self.http_config, at),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Request:
    """One call of the API."""

    method: str
    path: str
    body: dict[str, Any]


class OpsGenieNotifier:
    """Opens or closes the alert of the notice's group."""

    def __init__(self, config: OpsGenieConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._key = source(config.api_key, config.api_key_file, "API key file")
        self._post = Post(config.http_config, surroundings, retry_on=(429,))

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        assert self._config.api_url is not None
        requests = await in_thread(self, self._requests, notice)
        key = self._templates.text(revealed(self._key), notice, "api_key").strip()
        base, _, query = self._config.api_url.reveal().partition("?")
        for request in requests:
            url = f"{base}{request.path}" + (f"{'&' if '?' in request.path else '?'}{query}" if query else "")
            headers = {"Authorization": f"GenieKey {key}"}
            await self._post.send(url, dump_json(request.body), method=request.method, headers=headers, hide=[key])

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _requests(self, notice: Notice) -> list[_Request]:
        def text(field: str) -> str:
            return self._templates.text(getattr(self._config, field), notice, field)

        alias = hashed_key(notice)
        one = f"v2/alerts/{alias}"
        if notice.status == "resolved":
            return [_Request("POST", f"{one}/close?identifierType=alias", {"source": text("source")})]
        message, description = shorten_runes(text("message"), _MAX_MESSAGE)[0], text("description")
        details = dict(self._templates.data(notice).common_labels)
        for name, template in self._config.details.items():
            details[name] = self._templates.text(template, notice, f"details.{name}")
        body = {
            "alias": alias,
            "message": message,
            "details": details,
            "source": text("source"),
            **filled(
                {
                    "description": description,
                    "responders": self._responders(notice),
                    "tags": _words(text("tags")),
                    "note": text("note"),
                    "priority": text("priority"),
                    "entity": text("entity"),
                    "actions": _words(text("actions")),
                }
            ),
        }
        requests = [_Request("POST", "v2/alerts", body)]
        if self._config.update_alerts:
            for name, value in (("message", message), ("description", description)):
                requests.append(_Request("PUT", f"{one}/{name}?identifierType=alias", filled({name: value})))
        return requests

    def _responders(self, notice: Notice) -> list[dict[str, str]]:
        """Those that are left with a name: templates may make them of labels that an alert does not have."""
        found: list[dict[str, str]] = []
        for config in self._config.responders:
            responder = {
                key: self._templates.text(getattr(config, key), notice, f"responders.{key}") for key in _RESPONDER_KEYS
            }
            if responder["type"] == "teams":
                found.extend({"name": name, "type": "team"} for name in _words(responder["name"]))
            elif responder["id"] or responder["name"] or responder["username"]:
                found.append(filled(responder))
        return found


def _words(text: str) -> list[str]:
    return [word for word in text.strip().split(",") if word]


CONFIG = OpsGenieConfig
NOTIFIER = OpsGenieNotifier
