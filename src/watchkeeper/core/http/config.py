"""HTTP client settings: who we are to the server, whom we trust, which way we go.

Source of the keys and of what may stand together: Prometheus common/config.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import (
    Boolean,
    Choice,
    FilePath,
    ListOf,
    MapOf,
    Nested,
    SecretKind,
    Text,
    UrlKind,
)
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.config.secret import Secret, Url

TLS_VERSIONS: Final = ("TLS10", "TLS11", "TLS12", "TLS13")

# Headers that other settings or the protocol itself decide.
RESERVED_HEADERS: Final = frozenset(
    [
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "accept-ranges",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "date",
        "expect",
        "host",
        "keep-alive",
        "max-forwards",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "vary",
        "via",
        "www-authenticate",
        "x-prometheus-remote-read-version",
        "x-prometheus-remote-write-version",
        "x-prometheus-scrape-timeout-seconds",
    ]
)


@section
class TLSConfig:
    """Whom to trust, and with which certificate to come."""

    ca: str = setting(Text(), default="")
    cert: str = setting(Text(), default="")
    key: Secret | None = setting(SecretKind(), default=None)
    ca_file: str = setting(FilePath(existing=True), default="")
    cert_file: str = setting(FilePath(existing=True), default="")
    key_file: str = setting(FilePath(existing=True), default="")
    server_name: str = setting(Text(), default="")
    insecure_skip_verify: bool = setting(Boolean(), default=False, show=True)
    min_version: str = setting(Choice(*TLS_VERSIONS), default="")
    max_version: str = setting(Choice(*TLS_VERSIONS), default="")

    def checked(self, at: SectionPlace) -> TLSConfig:
        """Reports pairs that exclude or need each other."""
        for key in ("ca", "cert", "key"):
            if at.given(key) and at.given(f"{key}_file"):
                at.report(f"{key}_file", f"at most one of {key} and {key}_file must be configured", involves=(key,))
        has_cert = bool(self.cert or self.cert_file)
        has_key = bool(self.key or self.key_file)
        if has_cert and not has_key:
            where = "cert" if self.cert else "cert_file"
            problem = "exactly one of key or key_file must be configured when a client certificate is configured"
            at.report(where, problem, involves=("key", "key_file"))
        if has_key and not has_cert:
            where = "key" if self.key else "key_file"
            problem = "exactly one of cert or cert_file must be configured when a client key is configured"
            at.report(where, problem, involves=("cert", "cert_file"))
        if self.min_version and self.max_version and self.min_version > self.max_version:
            at.report(
                "max_version",
                f"{self.max_version} is lower than min_version {self.min_version}",
                involves=("min_version",),
            )
        return self


@section
class ProxyConfig:
    """The way to the server."""

    proxy_url: Url | None = setting(UrlKind(), default=None)
    no_proxy: str = setting(Text(), default="")
    proxy_from_environment: bool = setting(Boolean(), default=False)
    proxy_connect_header: dict[str, tuple[Secret, ...]] = setting(MapOf(ListOf(SecretKind())), default_factory=dict)

    def checked(self, at: SectionPlace) -> ProxyConfig:
        """Reports settings that exclude or need each other."""
        if self.proxy_from_environment:
            for key in ("proxy_url", "no_proxy"):
                if at.given(key):
                    at.report(key, f"if proxy_from_environment is configured, {key} must not be configured")
        elif not at.is_broken("proxy_url"):
            if self.proxy_connect_header and self.proxy_url is None:
                problem = (
                    "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured"
                )
                at.report("proxy_connect_header", problem)
            if self.no_proxy and self.proxy_url is None:
                at.report("no_proxy", "if no_proxy is configured, proxy_url must also be configured")
        return self


@section
class BasicAuth:
    """A user and a password."""

    username: str = setting(Text(), default="")
    username_file: str = setting(FilePath(existing=True), default="")
    password: Secret | None = setting(SecretKind(), default=None)
    password_file: str = setting(FilePath(existing=True), default="")

    def checked(self, at: SectionPlace) -> BasicAuth:
        """Reports values that are given twice."""
        for key in ("username", "password"):
            if at.given(key) and at.given(f"{key}_file"):
                problem = f"at most one of basic_auth {key} & {key}_file must be configured"
                at.report(f"{key}_file", problem, involves=(key,))
        return self


@section
class Authorization:
    """The Authorization header."""

    type: str = setting(Text(), default="Bearer")
    credentials: Secret | None = setting(SecretKind(), default=None)
    credentials_file: str = setting(FilePath(existing=True), default="")

    def checked(self, at: SectionPlace) -> Authorization:
        """Reports credentials that are given twice, and the type that has its own block."""
        if at.given("credentials") and at.given("credentials_file"):
            problem = "at most one of authorization credentials & authorization credentials_file must be configured"
            at.report("credentials_file", problem, involves=("credentials",))
        kind = self.type.strip() or "Bearer"
        if kind.lower() == "basic":
            at.report("type", 'authorization type cannot be set to "basic", use "basic_auth" instead')
        return dataclasses.replace(self, type=kind)


@section
class OAuth2:
    """Client credentials that get tokens from a server."""

    client_id: str = setting(Text(), default="", show=True)
    client_secret: Secret | None = setting(SecretKind(), default=None)
    client_secret_file: str = setting(FilePath(existing=True), default="")
    scopes: tuple[str, ...] = setting(ListOf(Text()), default=())
    token_url: Url | None = setting(UrlKind(), default=None)
    endpoint_params: dict[str, str] = setting(MapOf(Text()), default_factory=dict)
    tls_config: TLSConfig | None = setting(Nested(TLSConfig), default=None)
    proxy: ProxyConfig = setting(Inline(ProxyConfig), default_factory=ProxyConfig)

    def checked(self, at: SectionPlace) -> OAuth2:
        """Reports what a token request would lack."""
        if not self.client_id:
            at.report("client_id", "oauth2 client_id cannot be empty")
        if not self.token_url:
            at.report("token_url", "oauth2 token_url cannot be empty")
        if at.given("client_secret") and at.given("client_secret_file"):
            problem = "at most one of oauth2 client_secret & client_secret_file must be configured"
            at.report("client_secret_file", problem, involves=("client_secret",))
        return self


@section
class HeaderSource:
    """One request header: values as they are, secret values, and values from files."""

    values: tuple[str, ...] = setting(ListOf(Text()), default=())
    secrets: tuple[Secret, ...] = setting(ListOf(SecretKind()), default=())
    files: tuple[str, ...] = setting(ListOf(FilePath(existing=True)), default=())


def check_header_syntax(name: str) -> None:
    """Raises ValueError for a text that is no header name."""
    if not name or not all(char.isascii() and (char.isalnum() or char in "!#$%&'*+-.^_`|~") for char in name):
        raise ValueError(f'"{name}" is not a valid header name')


def check_header_name(name: str) -> None:
    """Raises ValueError for a header that may not be set."""
    check_header_syntax(name)
    if name.lower() in RESERVED_HEADERS:
        raise ValueError(f'setting header "{name}" is not allowed')


@section
class HTTPClientConfig:
    """All that decides how a request is made; inlined in most blocks that make requests."""

    basic_auth: BasicAuth | None = setting(Nested(BasicAuth), default=None)
    authorization: Authorization | None = setting(Nested(Authorization), default=None)
    oauth2: OAuth2 | None = setting(Nested(OAuth2), default=None)
    bearer_token: Secret | None = setting(SecretKind(), default=None)
    bearer_token_file: str = setting(FilePath(existing=True), default="")
    tls_config: TLSConfig | None = setting(Nested(TLSConfig), default=None)
    follow_redirects: bool = setting(Boolean(), default=True, show=True)
    enable_http2: bool = setting(Boolean(), default=True, show=True)
    proxy: ProxyConfig = setting(Inline(ProxyConfig), default_factory=ProxyConfig)
    http_headers: dict[str, HeaderSource] = setting(
        MapOf(Nested(HeaderSource), check_header_name), default_factory=dict
    )

    def checked(self, at: SectionPlace) -> HTTPClientConfig:
        """Reports two ways to authenticate at once; the old bearer keys become an `authorization`."""
        bearer = next((key for key in ("bearer_token", "bearer_token_file") if at.given(key)), "")
        ways = [key for key in ("basic_auth", "oauth2", "authorization") if at.given(key)]
        if at.given("bearer_token") and at.given("bearer_token_file"):
            at.report("bearer_token_file", "at most one of bearer_token & bearer_token_file must be configured")
        elif bearer and "authorization" in ways:
            at.report("authorization", "authorization is not compatible with bearer_token & bearer_token_file")
        elif bearer and ways:
            problem = "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"
            at.report(bearer, problem)
        elif len(ways) > 1:
            at.report(ways[1], "at most one of basic_auth, oauth2 & authorization must be configured")
        if not bearer or ways:
            return self
        token = Authorization(credentials=self.bearer_token, credentials_file=self.bearer_token_file)
        return dataclasses.replace(self, authorization=token, bearer_token=None, bearer_token_file="")
