"""`pagerduty_configs`: an incident for each group, by the events API: version 2, or 1 with a service key."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.integrations.attachments import filled
from watchkeeper.alerts.integrations.checks import at_most_one, http_config_of
from watchkeeper.alerts.integrations.group_key import hashed_key
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Answer, Post, dump_json, revealed
from watchkeeper.alerts.integrations.shorten import shorten_runes
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.deep import expanded
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import Nanoseconds
from watchkeeper.core.config.kinds import Anything, Boolean, FilePath, ListOf, MapOf, Nested, SecretKind, UrlKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import source

V1_URL: Final = "https://events.pagerduty.com/generic/2010-04-15/create_event.json"
_MAX_SUMMARY: Final = 1024
_MAX_EVENT_BYTES: Final = 512_000  # https://developer.pagerduty.com/docs/events-api-v2
_DETAILS: Final = {
    "firing": "{{ toJson .Alerts.Firing }}",
    "resolved": "{{ toJson .Alerts.Resolved }}",
    "num_firing": "{{ len .Alerts.Firing }}",
    "num_resolved": "{{ len .Alerts.Resolved }}",
}


@section
class ImageConfig:
    """A picture of an incident."""

    src: str = setting(TemplateText(), default="")
    alt: str = setting(TemplateText(), default="")
    href: str = setting(TemplateText(), default="")


@section
class LinkConfig:
    """A link of an incident."""

    href: str = setting(TemplateText(), default="")
    text: str = setting(TemplateText(), default="")


@section
class PagerDutyConfig:
    """The key, and the texts."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    service_key: Secret | None = setting(SecretKind(), default=None, help="of an integration of version 1")
    service_key_file: str = setting(FilePath(), default="")
    routing_key: Secret | None = setting(SecretKind(), default=None, help="of an integration of version 2")
    routing_key_file: str = setting(FilePath(), default="")
    url: Url | None = setting(UrlKind(), default=None, help="of the events API in version 2")
    client: str = setting(TemplateText(), default='{{ template "pagerduty.default.client" . }}')
    client_url: str = setting(TemplateText(), default='{{ template "pagerduty.default.clientURL" . }}')
    description: str = setting(TemplateText(), default='{{ template "pagerduty.default.description" . }}')
    details: dict[str, Any] = setting(
        MapOf(Anything()), default_factory=dict, help="beside lists and numbers of alerts; texts in it are templates"
    )
    images: tuple[ImageConfig, ...] = setting(ListOf(Nested(ImageConfig)), default=())
    links: tuple[LinkConfig, ...] = setting(ListOf(Nested(LinkConfig)), default=())
    source: str = setting(TemplateText(), default="", help="`client` if not given")
    severity: str = setting(TemplateText(), default="", help="critical, error, warning or info; error if not given")
    class_: str = setting(TemplateText(), key="class", default="")
    component: str = setting(TemplateText(), default="")
    group: str = setting(TemplateText(), default="")
    timeout_ns: int = setting(Nanoseconds(), key="timeout", default=0, show=True, help="for one request; 0 for none")

    def checked(self, at: SectionPlace) -> PagerDutyConfig:
        """Reports keys that are missing or stand twice; gaps are filled from `global`."""
        keys = ("routing_key", "service_key", "routing_key_file", "service_key_file")
        at_most_one(at, "routing_key", "routing_key_file")
        at_most_one(at, "service_key", "service_key_file")
        has_key = self.routing_key or self.service_key or self.routing_key_file or self.service_key_file
        if not has_key and not at.is_broken(*keys):
            at.report("", "missing service or routing key in PagerDuty config")
        return dataclasses.replace(
            self,
            url=self.url or at.load.shared(GlobalConfig).pagerduty_url,
            source=self.source or self.client,
            details={**_DETAILS, **self.details},
            http_config=http_config_of(self.http_config, at),
        )


class PagerDutyNotifier:
    """Triggers or resolves the incident of the notice's group."""

    def __init__(self, config: PagerDutyConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._is_v1 = bool(config.service_key or config.service_key_file)
        if self._is_v1:
            self._key = source(config.service_key, config.service_key_file, "service key file")
        else:
            self._key = source(config.routing_key, config.routing_key_file, "routing key file")
        self._post = Post(
            config.http_config,
            surroundings,
            retry_on=(403, 429) if self._is_v1 else (429,),  # Version 1 says 403 where there are too many.
            timeout_ns=config.timeout_ns,
            details=_details,
        )

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        key = self._templates.text(revealed(self._key), notice, "key")
        if not key:
            raise NotifyError("the PagerDuty key is empty", is_retryable=False)
        body = await in_thread(self, self._body, notice, key)
        assert self._config.url is not None
        url = V1_URL if self._is_v1 else self._config.url.reveal()
        await self._post.send(url, body, hide=[key])

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    def _body(self, notice: Notice, key: str) -> bytes:
        event = self._v1(notice, key) if self._is_v1 else self._v2(notice, key)
        body = dump_json(event)
        if len(body) > _MAX_EVENT_BYTES:
            removed = {"error": f"Details were removed: the event had {len(body)} of {_MAX_EVENT_BYTES} bytes"}
            if self._is_v1:
                event["details"] = removed
            else:
                event["payload"]["custom_details"] = removed
            body = dump_json(event)
        return body

    def _v1(self, notice: Notice, key: str) -> dict[str, Any]:
        is_trigger = notice.status == "firing"
        event = {
            "service_key": key,
            "incident_key": hashed_key(notice),
            "event_type": "trigger" if is_trigger else "resolve",
            "description": shorten_runes(self._text(notice, "description"), _MAX_SUMMARY)[0],
            "details": self._all_details(notice),
        }
        if is_trigger:
            event |= filled({name: self._text(notice, name) for name in ("client", "client_url")})
        return event

    def _v2(self, notice: Notice, key: str) -> dict[str, Any]:
        config = self._config
        payload = {
            "summary": shorten_runes(self._text(notice, "description"), _MAX_SUMMARY)[0],
            "source": self._text(notice, "source"),
            "severity": self._text(notice, "severity") or "error",
            **filled(
                {
                    "class": self._text(notice, "class_"),
                    "component": self._text(notice, "component"),
                    "group": self._text(notice, "group"),
                    "custom_details": self._all_details(notice),
                }
            ),
        }
        images = [self._texts(notice, image, ("src", "alt", "href")) for image in config.images]
        links = [self._texts(notice, link, ("href", "text")) for link in config.links]
        return {
            "routing_key": key,
            "dedup_key": hashed_key(notice),
            "event_action": "trigger" if notice.status == "firing" else "resolve",
            "payload": payload,
            **filled(
                {
                    "client": self._text(notice, "client"),
                    "client_url": self._text(notice, "client_url"),
                    "images": [image for image in images if image["src"]],
                    "links": [_with_text(link) for link in links if link["href"]],
                }
            ),
        }

    def _all_details(self, notice: Notice) -> dict[str, Any]:
        found: dict[str, Any] = expanded(
            self._config.details, lambda template: self._templates.text(template, notice, "details")
        )
        return found

    def _text(self, notice: Notice, field: str) -> str:
        return self._templates.text(getattr(self._config, field), notice, field)

    def _texts(self, notice: Notice, config: ImageConfig | LinkConfig, keys: tuple[str, ...]) -> dict[str, str]:
        return {key: self._templates.text(getattr(config, key), notice, key) for key in keys}


def _with_text(link: dict[str, str]) -> dict[str, str]:
    """A link must have a text."""
    return {**link, "text": link["text"] or link["href"]}


def _details(answer: Answer) -> str:
    """What the API says is wrong with an event."""
    data = answer.json()
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    shown = ",".join(map(str, errors)) if isinstance(errors, list) else ""
    return ": ".join(part for part in (str(data.get("message") or ""), shown) if part)


CONFIG = PagerDutyConfig
NOTIFIER = PagerDutyNotifier
