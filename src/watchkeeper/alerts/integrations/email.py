"""`email_configs`: a mail for each notice, handed to an SMTP server."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import re
import ssl
from typing import Any, Final

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.config.kinds import HostPort, HostPortKind
from watchkeeper.alerts.integrations.checks import at_most_one
from watchkeeper.alerts.integrations.group_key import hashed_key
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.mail import addresses, canonical_name, make_mail
from watchkeeper.alerts.integrations.post import revealed, without_secrets
from watchkeeper.alerts.integrations.smtp import SmtpClient, SmtpError, base64_of, plain_login
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Choice, FilePath, MapOf, Nested, SecretKind, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import TLSConfig, check_header_syntax
from watchkeeper.core.http.credentials import CredentialError, source
from watchkeeper.core.http.tls import TLSContexts

SESSION_TIMEOUT_S: Final = 60.0  # For the whole conversation with the server; the caller's deadline may be shorter.
MAX_CONNECTIONS: Final = 8  # Of one integration: mail servers refuse clients that come with many.
_HTML: Final = '{{ template "email.default.html" . }}'
_TEXT: Final = '{{ template "email.default.text" . }}'
_SUBJECT: Final = '{{ template "email.default.subject" . }}'
_DAY_NS: Final = 86_400_000_000_000


@section
class ThreadingConfig:
    """Whether the mails of a group stand together in a mail program."""

    enabled: bool = setting(Boolean(), default=False)
    thread_by_date: str = setting(Choice("none", "daily", ""), default="", help="daily: a new thread each day")


@section
class EmailConfig:
    """To whom, by which server, and the texts."""

    send_resolved: bool = setting(Boolean(), default=False, show=True)
    to: str = setting(TemplateText(), default="", help="addresses with commas between them")
    from_: str = setting(TemplateText(), key="from", default="")
    hello: str = setting(Text(), default="", help="how we greet the server")
    smarthost: HostPort | None = setting(HostPortKind(), default=None)
    auth_username: str = setting(Text(), default="")
    auth_password: Secret | None = setting(SecretKind(), default=None)
    auth_password_file: str = setting(FilePath(), default="")
    auth_secret: Secret | None = setting(SecretKind(), default=None, help="for CRAM-MD5")
    auth_secret_file: str = setting(FilePath(), default="")
    auth_identity: str = setting(Text(), default="", help="for PLAIN")
    headers: dict[str, str] = setting(MapOf(TemplateText(), check_header_syntax), default_factory=dict)
    html: str = setting(TemplateText(), default=_HTML)
    text: str = setting(TemplateText(), default="")
    require_tls: bool | None = setting(Boolean(), default=None, help="whether to send only encrypted, by STARTTLS")
    tls_config: TLSConfig | None = setting(Nested(TLSConfig), default=None)
    force_implicit_tls: bool | None = setting(
        Boolean(), default=None, help="whether TLS comes before the first word; on port 465 if not given"
    )
    threading: ThreadingConfig = setting(Nested(ThreadingConfig), default_factory=ThreadingConfig)

    def checked(self, at: SectionPlace) -> EmailConfig:
        """Reports what is missing or stands twice; gaps are filled from `global`."""
        shared = at.load.shared(GlobalConfig)
        at_most_one(at, "auth_password", "auth_password_file")
        at_most_one(at, "auth_secret", "auth_secret_file")
        if not self.to:
            at.report("to", "missing to address in email config")
        smarthost = self.smarthost or shared.smtp_smarthost
        if smarthost is None:
            at.report("smarthost", "no global SMTP smarthost set")
        sender = self.from_ or shared.smtp_from
        if not sender:
            at.report("from", "no global SMTP from set")
        has_password = bool(self.auth_password or self.auth_password_file)
        has_secret = bool(self.auth_secret or self.auth_secret_file)
        require_tls = shared.smtp_require_tls if self.require_tls is None else self.require_tls
        implicit = shared.smtp_force_implicit_tls if self.force_implicit_tls is None else self.force_implicit_tls
        return dataclasses.replace(
            self,
            smarthost=smarthost,
            from_=sender,
            hello=self.hello or shared.smtp_hello,
            auth_username=self.auth_username or shared.smtp_auth_username,
            auth_password=self.auth_password if has_password else shared.smtp_auth_password,
            auth_password_file=self.auth_password_file if has_password else shared.smtp_auth_password_file,
            auth_secret=self.auth_secret if has_secret else shared.smtp_auth_secret,
            auth_secret_file=self.auth_secret_file if has_secret else shared.smtp_auth_secret_file,
            auth_identity=self.auth_identity or shared.smtp_auth_identity,
            headers=self._canonical_headers(at),
            require_tls=require_tls,
            force_implicit_tls=implicit,
            tls_config=self.tls_config or shared.smtp_tls_config,
            # Whoever wrote a body of their own gets that one alone.
            text=_TEXT if not at.given("text") and not at.given("html") else self.text,
        )

    def _canonical_headers(self, at: SectionPlace) -> dict[str, str]:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            canonical = canonical_name(name)
            if canonical in headers:
                at.report("headers", f'duplicate header "{canonical}" in email config')
            headers[canonical] = value
        if self.threading.enabled:
            for name in ("References", "In-Reply-To"):
                if name in headers:
                    problem = f"conflicting configuration: threading.enabled conflicts with custom {name} header"
                    at.report("headers", problem)
            if not self.threading.thread_by_date:
                at.report("threading", "threading.thread_by_date must be either 'none' or 'daily'")
        return headers


class EmailNotifier:
    """One connection and one mail for each notice."""

    def __init__(self, config: EmailConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._password = source(config.auth_password, config.auth_password_file, "password file")
        self._secret = source(config.auth_secret, config.auth_secret_file, "secret file")
        self._tls = TLSContexts(config.tls_config)
        self._free = asyncio.Semaphore(MAX_CONNECTIONS)

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError. A refusal of the kind 4yz is worth another try, one of 5yz is not."""
        assert self._config.smarthost is not None
        sender, recipients, message = await in_thread(self, self._mail, notice)
        where = str(self._config.smarthost)
        hide = self._secrets()
        try:
            async with self._free, asyncio.timeout(SESSION_TIMEOUT_S):
                await self._send(sender, recipients, message)
        except TimeoutError:
            raise NotifyError(
                f"{where}: no end within {SESSION_TIMEOUT_S:g} s", is_retryable=True, cause="contextDeadlineExceeded"
            ) from None
        except SmtpError as error:
            is_permanent = error.code // 100 == 5
            cause = {4: "serverError", 5: "clientError"}.get(error.code // 100, "other")
            text = without_secrets(f"{where}: {error}", hide)
            raise NotifyError(text, is_retryable=not is_permanent, cause=cause) from None
        except CredentialError as error:
            raise NotifyError(str(error), is_retryable=False) from None
        except (OSError, ValueError) as error:
            raise NotifyError(f"{where}: {_reason(error)}", is_retryable=True) from None

    async def close(self) -> None:
        """Nothing is kept open."""

    def _secrets(self) -> list[str]:
        """What an answer may repeat and nobody may read: passwords, and these as a login sends them."""
        found = [secret() for secret in (self._password, self._secret) if _is_readable(secret)]
        config = self._config
        return [
            form
            for text in found
            for form in (text, base64_of(text), plain_login(config.auth_identity, config.auth_username, text))
        ]

    # --- the conversation ---

    async def _send(self, sender: str, recipients: list[str], message: bytes) -> None:
        config = self._config
        assert config.smarthost is not None
        host, port = config.smarthost.host, config.smarthost.port
        server_name = (config.tls_config.server_name if config.tls_config else "") or host
        is_implicit = port == "465" if config.force_implicit_tls is None else config.force_implicit_tls
        client = await SmtpClient.connect(host, port, self._tls.get() if is_implicit else None, server_name)
        try:
            await client.hello(config.hello)
            if config.require_tls and not is_implicit:
                if "STARTTLS" not in client.extensions:
                    raise SmtpError("'require_tls' is true (default) but the server does not offer STARTTLS")
                await client.start_tls(self._tls.get(), server_name, config.hello)
            if config.auth_username and "AUTH" in client.extensions:
                await self._login(client, client.extensions["AUTH"].upper().split())
            await client.send(sender, recipients, message)
        except BaseException:
            client.abort()
            raise
        await client.quit()

    async def _login(self, client: SmtpClient, offered: list[str]) -> None:
        """By the first way that the server offers and for which there is a password."""
        config = self._config
        problems: list[str] = []
        for mechanism in offered:
            if mechanism == "CRAM-MD5":
                password, what = revealed(self._secret), "secret"
            elif mechanism in ("PLAIN", "LOGIN"):
                password, what = revealed(self._password), "password"
            else:
                problems.append(f"unknown auth mechanism: {mechanism}")
                continue
            if password:
                await client.login(mechanism, config.auth_identity, config.auth_username, password)
                return
            problems.append(f"missing {what} for {mechanism} auth mechanism")
        raise SmtpError(f"find auth mechanism: {'; '.join(problems) or 'the server offers none'}")

    # --- the mail ---

    def _mail(self, notice: Notice) -> tuple[str, list[str], bytes]:
        config = self._config

        def text(template: str, field: str) -> str:
            return self._templates.text(template, notice, field)

        sender, to = text(config.from_, "from"), text(config.to, "to")
        senders, recipients = _addresses(sender, "from"), _addresses(to, "to")
        if len(senders) != 1:
            raise NotifyError(f"must be exactly one 'from' address (got: {len(senders)})", is_retryable=False)
        headers = {name: text(value, f"headers.{name}") for name, value in config.headers.items()}
        headers.setdefault("Subject", text(_SUBJECT, "headers.Subject"))
        headers.setdefault("To", to)
        headers.setdefault("From", sender)
        if config.threading.enabled:
            root = self._thread_root(notice)
            headers |= {"References": root, "In-Reply-To": root}
        html = self._templates.html(config.html, notice, "html")
        return senders[0], recipients, make_mail(headers, text(config.text, "text"), html, notice.now_ns)

    def _thread_root(self, notice: Notice) -> str:
        """The id of a mail that never was: mail programs put all that answer it together."""
        day = ""
        if self._config.threading.thread_by_date == "daily":
            day = dt.date.fromordinal(dt.date(1970, 1, 1).toordinal() + notice.now_ns // _DAY_NS).isoformat()
        return f"<alert-{hashed_key(notice)[:16]}-{day}@alertmanager>"


def _addresses(text: str, field: str) -> list[str]:
    try:
        return addresses(text)
    except ValueError:
        shown = re.sub(r"[^\x20-\x7e]", "?", text)[:100]
        raise NotifyError(f"parse '{field}' addresses: not mail addresses: \"{shown}\"", is_retryable=False) from None


def _is_readable(secret: Any) -> bool:
    try:
        return bool(secret())
    except CredentialError:
        return False


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {str(error.reason or error).replace('_', ' ').lower()}"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


CONFIG = EmailConfig
NOTIFIER = EmailNotifier
