"""`pushover_configs`: a message to phones through Pushover."""

from __future__ import annotations

import dataclasses
from typing import Final
from urllib.parse import urlencode

from watchkeeper.alerts.integrations.checks import exactly_one, http_config_of
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Answer, Post, revealed
from watchkeeper.alerts.integrations.shorten import shorten_runes
from watchkeeper.alerts.interface import Notice, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import HOUR_NS, MINUTE_NS, SECOND_NS, Nanoseconds
from watchkeeper.core.config.kinds import Boolean, FilePath, Nested, SecretKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

API_URL: Final = "https://api.pushover.net/1/messages.json"
# https://pushover.net/api#limits
_MAX_TITLE: Final = 250
_MAX_MESSAGE: Final = 1024
_MAX_URL: Final = 512
_EMPTY_MESSAGE: Final = "(no details)"  # The service refuses an empty one.
_MIN_RETRY_NS: Final = 30 * SECOND_NS  # https://pushover.net/api#priority
_MAX_EXPIRE_NS: Final = 3 * HOUR_NS


@section
class PushoverConfig:
    """Whose phones, and how loud."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    user_key: Secret | None = setting(SecretKind(), default=None, help="of a user or a group")
    user_key_file: str = setting(FilePath(), default="", help="a file that holds the user's key")
    token: Secret | None = setting(SecretKind(), default=None, help="of the application")
    token_file: str = setting(FilePath(), default="", help="a file that holds the token")
    title: str = setting(TemplateText(), default='{{ template "pushover.default.title" . }}')
    message: str = setting(TemplateText(), default='{{ template "pushover.default.message" . }}')
    url: str = setting(TemplateText(), default='{{ template "pushover.default.url" . }}')
    url_title: str = setting(TemplateText(), default="")
    device: str = setting(TemplateText(), default="", help="one of the user's devices; all if not given")
    sound: str = setting(TemplateText(), default="")
    priority: str = setting(
        TemplateText(),
        default='{{ if eq .Status "firing" }}2{{ else }}0{{ end }}',
        help="-2 to 2; 2 is an emergency, which is repeated until somebody sees it",
    )
    retry_ns: int = setting(
        Nanoseconds(), key="retry", default=MINUTE_NS, help="how often an emergency is repeated, 30s or more"
    )
    expire_ns: int = setting(
        Nanoseconds(), key="expire", default=HOUR_NS, help="how long an emergency is repeated, 3h at most"
    )
    ttl_ns: int = setting(
        Nanoseconds(), key="ttl", default=0, help="when the message is deleted from devices; 0 for never"
    )
    html: bool = setting(Boolean(), default=False, help="whether the message is HTML")
    monospace: bool = setting(Boolean(), default=False)

    def checked(self, at: SectionPlace) -> PushoverConfig:
        """Reports missing keys and formats that exclude each other; HTTP settings come from `global`."""
        exactly_one(at, "user_key", "user_key_file")
        exactly_one(at, "token", "token_file")
        if self.html and self.monospace:
            at.report("monospace", "at most one of monospace & html must be configured", involves=("html",))
        if self.retry_ns < _MIN_RETRY_NS:
            at.warn("retry", "Pushover refuses emergencies that are repeated more often than every 30s")
        if self.expire_ns > _MAX_EXPIRE_NS:
            at.warn("expire", "Pushover repeats an emergency for 3h at most")
        return dataclasses.replace(self, http_config=http_config_of(self.http_config, at))


class PushoverNotifier:
    """Posts one message for each notice."""

    def __init__(self, config: PushoverConfig, surroundings: Surroundings, *, api_url: str = "") -> None:
        self._config = config
        self._templates = surroundings.templates
        self._token = source(config.token, config.token_file, "token file")
        self._user_key = source(config.user_key, config.user_key_file, "user key file")
        self._post = Post(config.http_config, surroundings, details=_details)
        self._url = api_url or API_URL

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        token = self._templates.text(revealed(self._token), notice, "token")
        user = self._templates.text(revealed(self._user_key), notice, "user_key")
        fields = await in_thread(self, self._message, notice)
        # In the body, where upstream has them in the URL: proxies and servers log URLs.
        body = urlencode({"token": token, "user": user, **fields}, errors="replace").encode()
        await self._post.send(self._url, body, content_type="application/x-www-form-urlencoded", hide=[token, user])

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _message(self, notice: Notice) -> dict[str, str]:
        config = self._config
        write = self._templates.html if config.html else self._templates.text
        message = shorten_runes(write(config.message, notice, "message"), _MAX_MESSAGE)[0]
        fields = {
            "title": shorten_runes(self._text(notice, "title"), _MAX_TITLE)[0],
            "message": message.strip() or _EMPTY_MESSAGE,
            "url": shorten_runes(self._text(notice, "url"), _MAX_URL)[0],
            "url_title": self._text(notice, "url_title"),
            "priority": self._text(notice, "priority"),
            "retry": str(config.retry_ns // SECOND_NS),
            "expire": str(config.expire_ns // SECOND_NS),
            "device": self._text(notice, "device"),
            "sound": self._text(notice, "sound"),
        }
        if config.html:
            fields["html"] = "1"
        if config.monospace:
            fields["monospace"] = "1"
        if config.ttl_ns >= SECOND_NS:
            fields["ttl"] = str(config.ttl_ns // SECOND_NS)
        return fields

    def _text(self, notice: Notice, field: str) -> str:
        return self._templates.text(getattr(self._config, field), notice, field)


def _details(answer: Answer) -> str:
    """What the service says of its refusal, `{"errors": ["user key is invalid"]}`; else the body."""
    found = answer.json()
    errors = found.get("errors") if isinstance(found, dict) else None
    if isinstance(errors, list) and errors:
        return ", ".join(str(error) for error in errors)
    return answer.body.decode("utf-8", "replace")


CONFIG = PushoverConfig
NOTIFIER = PushoverNotifier
