"""`incidentio_configs`: the notice as JSON, to an alert source of incident.io."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from watchkeeper.alerts.integrations.checks import at_most_one, exactly_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Answer, Post, dump_json, revealed
from watchkeeper.alerts.interface import Notice, Surroundings
from watchkeeper.alerts.templates.functions import plain
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import Nanoseconds
from watchkeeper.core.config.kinds import Boolean, FilePath, Integer, Nested, SecretKind, UrlKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import Authorization, HTTPClientConfig
from watchkeeper.core.http.credentials import source

_MAX_PAYLOAD_BYTES: Final = 512 << 10  # What the service takes.


@section
class IncidentioConfig:
    """Which alert source, its token, and how much of a notice."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    url: Url | None = setting(UrlKind(), default=None, help="of the alert source")
    url_file: str = setting(FilePath(), default="", help="a file that holds the URL")
    alert_source_token: Secret | None = setting(SecretKind(), default=None)
    alert_source_token_file: str = setting(FilePath(), default="", help="a file that holds the token")
    max_alerts: int = setting(Integer(), default=0, show=True, help="alerts of one message; 0 for all")
    timeout_ns: int = setting(Nanoseconds(), key="timeout", default=0, show=True, help="for one request; 0 for none")

    def checked(self, at: SectionPlace) -> IncidentioConfig:
        """Reports addresses and tokens that are missing or stand twice."""
        exactly_one(at, "url", "url_file")
        keys = ("alert_source_token", "alert_source_token_file")
        at_most_one(at, *keys)
        has_token = bool(self.alert_source_token or self.alert_source_token_file)
        own = self.http_config is not None and self.http_config.authorization is not None
        http_config = http_config_of(self.http_config, at)
        if own and has_token:
            problem = (
                "cannot specify alert_source_token or alert_source_token_file when using http_config.authorization"
            )
            at.report("http_config", problem, involves=keys)
        elif not has_token and http_config.authorization is None:
            problem = (
                "at least one of alert_source_token, alert_source_token_file or http_config.authorization must be "
                "configured"
            )
            at.report("alert_source_token", problem, involves=("alert_source_token_file", "http_config"))
        return dataclasses.replace(self, http_config=http_config)


class IncidentioNotifier:
    """Posts one body for each notice."""

    def __init__(self, config: IncidentioConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._url = source(config.url.reveal() if config.url else None, config.url_file, "URL file")
        http_config = config.http_config or HTTPClientConfig()
        if config.alert_source_token or config.alert_source_token_file:
            token = Authorization(
                credentials=config.alert_source_token, credentials_file=config.alert_source_token_file
            )
            http_config = dataclasses.replace(http_config, authorization=token, basic_auth=None, oauth2=None)
        self._post = Post(http_config, surroundings, retry_on=(429,), timeout_ns=config.timeout_ns, details=_details)
        self._token = source(config.alert_source_token, config.alert_source_token_file, "alert source token file")

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        token = revealed(self._token)
        body = await in_thread(self, self._body, notice)
        await self._post.send(revealed(self._url), body, hide=(token,))

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _body(self, notice: Notice) -> bytes:
        most = self._config.max_alerts
        n_left_out = max(len(notice.alerts) - most, 0) if most else 0
        if n_left_out:
            notice = dataclasses.replace(notice, alerts=notice.alerts[:most])
        message: dict[str, Any] = {
            **plain(self._templates.data(notice)),
            "version": "1",
            "groupKey": notice.group_key,
            "truncatedAlerts": n_left_out,
        }
        body = dump_json(message)
        if len(body) > _MAX_PAYLOAD_BYTES and len(message["alerts"]) > 1:
            # One alert is made of a group; the others' labels are worth less than the message.
            message["truncatedAlerts"] += len(message["alerts"]) - 1
            message["alerts"] = message["alerts"][:1]
            body = dump_json(message)
        return body


def _details(answer: Answer) -> str:
    """What the service says of its refusal."""
    found = answer.json()
    if not isinstance(found, dict):
        return answer.body.decode("utf-8", "replace")
    errors = found.get("errors")
    parts = [found.get("message"), found.get("error"), *(errors if isinstance(errors, list) else ())]
    shown = [part if isinstance(part, str) else dump_json(part).decode() for part in parts if part]
    return ": ".join(shown)


CONFIG = IncidentioConfig
NOTIFIER = IncidentioNotifier
