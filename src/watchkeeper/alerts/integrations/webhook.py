"""`webhook_configs`: the notice as JSON, to any address."""

from __future__ import annotations

import dataclasses
from typing import Any

from watchkeeper.alerts.integrations.checks import SecretTemplateUrl, exactly_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Post, dump_json, revealed
from watchkeeper.alerts.interface import Notice, Surroundings
from watchkeeper.alerts.templates.deep import expanded
from watchkeeper.alerts.templates.functions import plain
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import Nanoseconds
from watchkeeper.core.config.kinds import Anything, Boolean, FilePath, Integer, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source


@section
class WebhookConfig:
    """Where to, and how much of it."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    url: Secret | None = setting(
        SecretTemplateUrl(), default=None, help="where to send; a template may make it of the notice"
    )
    url_file: str = setting(FilePath(), default="", help="a file that holds the URL, read for each notification")
    max_alerts: int = setting(Integer(), default=0, show=True, help="alerts of one message; 0 for all")
    timeout_ns: int = setting(Nanoseconds(), key="timeout", default=0, show=True, help="for one request; 0 for none")
    payload: Any = setting(Anything(), default=None, help="a body in place of the usual one; texts in it are templates")

    def checked(self, at: SectionPlace) -> WebhookConfig:
        """Reports a missing URL; HTTP settings come from `global` where there are none."""
        exactly_one(at, "url", "url_file")
        return dataclasses.replace(self, http_config=http_config_of(self.http_config, at))


class WebhookNotifier:
    """Posts one body for each notice."""

    def __init__(self, config: WebhookConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._url = source(config.url, config.url_file, "URL file")
        self._post = Post(config.http_config, surroundings, timeout_ns=config.timeout_ns)

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        # A notice of thousands of alerts takes a while to write; the loop goes on meanwhile.
        url, body = await in_thread(self, self._request, notice)
        await self._post.send(url, body)

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _request(self, notice: Notice) -> tuple[str, bytes]:
        most = self._config.max_alerts
        n_left_out = max(len(notice.alerts) - most, 0) if most else 0
        if n_left_out:
            notice = dataclasses.replace(notice, alerts=notice.alerts[:most])
        url = self._templates.text(revealed(self._url), notice, "url")
        if self._config.payload is not None:
            return url, dump_json(expanded(self._config.payload, self._text(notice)))
        fields = plain(self._templates.data(notice))
        body = {**fields, "version": "4", "groupKey": notice.group_key, "truncatedAlerts": n_left_out}
        return url, dump_json(body)

    def _text(self, notice: Notice) -> Any:
        return lambda template: self._templates.text(template, notice, "payload")


CONFIG = WebhookConfig
NOTIFIER = WebhookNotifier
