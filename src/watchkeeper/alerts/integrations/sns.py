"""`sns_configs`: a message to a topic, a device or a phone, through Amazon's SNS."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from watchkeeper.alerts.integrations.aws_credentials import AwsIdentity, domain, error_of
from watchkeeper.alerts.integrations.checks import http_config_of
from watchkeeper.alerts.integrations.group_key import hashed_key
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import Answer, Post
from watchkeeper.alerts.integrations.shorten import shorten_bytes, shorten_runes
from watchkeeper.alerts.integrations.sigv4 import SigV4Config, signed_headers
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, MapOf, Nested
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import CredentialError

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_VERSION: Final = "2010-03-31"
_MAX_MESSAGE_BYTES: Final = 256 << 10
_MAX_SMS: Final = 1600
_MAX_SUBJECT: Final = 99
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_CREDENTIALS_TIMEOUT_S: Final = 10.0


@section
class SNSConfig:
    """Where to, with whose signature, and the texts."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    api_url: str = setting(TemplateText(), default="", help="in place of the region's own address")
    sigv4: SigV4Config = setting(Nested(SigV4Config), default_factory=SigV4Config)
    topic_arn: str = setting(TemplateText(), default="", help="one of these three")
    phone_number: str = setting(TemplateText(), default="")
    target_arn: str = setting(TemplateText(), default="", help="a device of an application")
    subject: str = setting(TemplateText(), default='{{ template "sns.default.subject" . }}', help="of mails")
    message: str = setting(TemplateText(), default='{{ template "sns.default.message" . }}')
    attributes: dict[str, str] = setting(MapOf(TemplateText()), default_factory=dict)
    use_aws_http_client: bool = setting(Boolean(), default=False, help="taken and not used: there is one client")

    def checked(self, at: SectionPlace) -> SNSConfig:
        """Reports none or several of the three; HTTP settings come from `global` where there are none."""
        if sum(map(bool, (self.topic_arn, self.phone_number, self.target_arn))) != 1:
            problem = "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config"
            at.report("topic_arn", problem, involves=("phone_number", "target_arn"))
        return dataclasses.replace(self, http_config=http_config_of(self.http_config, at))


class SNSNotifier:
    """Publishes one message for each notice."""

    def __init__(
        self,
        config: SNSConfig,
        surroundings: Surroundings,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """environ is where credentials are looked for that the configuration lacks; the process's own if not given."""
        self._config = config
        self._templates = surroundings.templates
        self._clock = clock
        self._post = Post(config.http_config, surroundings, details=_details)
        self._identity = AwsIdentity(config.sigv4, os.environ if environ is None else environ, self._ask, clock)
        self._lock = asyncio.Lock()

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        form = await in_thread(self, self._form, notice)
        try:
            region = self._identity.region()
            async with self._lock:
                credentials = await self._identity.credentials()
        except CredentialError as error:
            raise NotifyError(str(error), is_retryable=True) from None
        if not region:
            message = "region not configured in sns.sigv4.region or in default credentials chain"
            raise NotifyError(message, is_retryable=True)
        url = self._text(notice, "api_url") or f"https://sns.{region}.{domain(region)}"
        url = url.rstrip("/") + "/"  # As AWS's clients have it.
        body = urlencode(form, errors="replace").encode()
        try:
            headers = signed_headers(
                "POST",
                url,
                _FORM,
                body,
                credentials,
                region=region,
                service=self._config.sigv4.service_name or "sns",
                now_s=self._clock(),
            )
        except ValueError:
            raise NotifyError("api_url: the URL is not valid", is_retryable=False) from None
        answer = await self._post.ask(url, body, headers=headers, hide=credentials.secrets)
        if not answer.is_ok:
            raise self._post.refusal(answer, hide=credentials.secrets)

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(_CREDENTIALS_TIMEOUT_S):
                answer = await self._post.ask(url, body, headers=headers, method=method)
        except TimeoutError:
            raise CredentialError(f"no AWS credentials within {_CREDENTIALS_TIMEOUT_S:g} s") from None
        except NotifyError as error:
            raise CredentialError(f"no AWS credentials: {error}") from None
        return answer.status, answer.body

    def _form(self, notice: Notice) -> dict[str, str]:
        form = {"Action": "Publish", "Version": _VERSION}
        config = self._config
        if config.topic_arn:
            form["TopicArn"] = self._text(notice, "topic_arn")
        if config.target_arn:
            form["TargetArn"] = self._text(notice, "target_arn")
        whole = self._text(notice, "message")
        if config.phone_number:
            form["PhoneNumber"] = self._text(notice, "phone_number")
            message, is_cut = shorten_runes(whole, _MAX_SMS)
        else:
            message, is_cut = shorten_bytes(whole, _MAX_MESSAGE_BYTES)
        form["Message"] = message
        if subject := _subject(self._text(notice, "subject")):
            form["Subject"] = subject
        if form.get("TopicArn", "").endswith(".fifo"):
            # Of the message too: the service drops one with an id that it had within five minutes, and a resolved
            # group must not be taken for the firing one.
            said = f"{notice.group_key}\n{notice.status}\n{message}"
            form["MessageDeduplicationId"] = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
            form["MessageGroupId"] = hashed_key(notice)
        attributes = {
            self._templates.text(name, notice, "attributes"): self._templates.text(value, notice, "attributes")
            for name, value in config.attributes.items()
        }
        if is_cut:
            attributes["truncated"] = "true"
        for number, (name, value) in enumerate(attributes.items(), 1):
            entry = f"MessageAttributes.entry.{number}"
            form |= {f"{entry}.Name": name, f"{entry}.Value.DataType": "String", f"{entry}.Value.StringValue": value}
        return form

    def _text(self, notice: Notice, field: str) -> str:
        return self._templates.text(getattr(self._config, field), notice, field)


def _subject(text: str) -> str:
    """As the service takes it: one line of fewer than 100 characters, none of them control characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return shorten_runes(line, _MAX_SUBJECT)[0]


def _details(answer: Answer) -> str:
    return error_of(answer.body) or answer.body.decode("utf-8", "replace")


CONFIG = SNSConfig
NOTIFIER = SNSNotifier
