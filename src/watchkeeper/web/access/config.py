"""The web configuration file (`--web.config.file`): TLS, users, headers, as Prometheus and its exporters read it.

Source of the keys: Prometheus exporter-toolkit.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Final

from watchkeeper.core.config.decode import Load, SectionPlace, decode
from watchkeeper.core.config.document import read_text
from watchkeeper.core.config.kinds import Boolean, Choice, Duration, FilePath, Integer, ListOf, MapOf, Nested, Text
from watchkeeper.core.config.kinds import SecretKind as SecretText
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret

TLS_VERSIONS: Final = ("TLS10", "TLS11", "TLS12", "TLS13")
CLIENT_AUTH: Final = (
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
)
HEADERS: Final = {
    "Content-Security-Policy": (),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-Content-Type-Options": ("nosniff",),
    "X-XSS-Protection": (),
    "Strict-Transport-Security": (),
}

# Go's names of the suites below TLS 1.3 that it calls safe, and OpenSSL's.
CIPHERS: Final = {
    f"TLS_ECDHE_{kind}_WITH_{go}": f"ECDHE-{kind}-{ours}"
    for kind in ("RSA", "ECDSA")
    for go, ours in (
        ("AES_128_CBC_SHA", "AES128-SHA"),
        ("AES_256_CBC_SHA", "AES256-SHA"),
        ("AES_128_GCM_SHA256", "AES128-GCM-SHA256"),
        ("AES_256_GCM_SHA384", "AES256-GCM-SHA384"),
        ("CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305"),
        ("CHACHA20_POLY1305", "CHACHA20-POLY1305"),
    )
}
TLS13_CIPHERS: Final = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
CURVES: Final = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}

_BCRYPT: Final = re.compile(r"\$2[abxy]?\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")


@section
class TLSServerConfig:
    """The server's certificate, and what it asks of clients."""

    cert: str = setting(Text(), default="")
    key: Secret | None = setting(SecretText(), default=None)
    client_ca: str = setting(Text(), default="")
    cert_file: str = setting(FilePath(existing=True), default="")
    key_file: str = setting(FilePath(existing=True), default="")
    client_auth_type: str = setting(Choice(*CLIENT_AUTH), default="NoClientCert")
    client_ca_file: str = setting(FilePath(existing=True), default="")
    client_allowed_sans: tuple[str, ...] = setting(ListOf(Text()), default=())
    min_version: str = setting(Choice(*TLS_VERSIONS), default="TLS12")
    max_version: str = setting(Choice(*TLS_VERSIONS), default="TLS13")
    cipher_suites: tuple[str, ...] = setting(ListOf(Choice(*CIPHERS, *TLS13_CIPHERS)), default=())
    prefer_server_cipher_suites: bool = setting(Boolean(), default=True)
    curve_preferences: tuple[str, ...] = setting(ListOf(Choice(*CURVES)), default=())

    def checked(self, at: SectionPlace) -> TLSServerConfig:
        """Reports what is missing, excludes each other, or can't be had here."""
        for key in ("cert", "key", "client_ca"):
            if at.given(key) and at.given(f"{key}_file"):
                at.report(f"{key}_file", f"at most one of {key} and {key}_file must be configured", involves=(key,))
        if not self.cert and not self.cert_file:
            at.report("cert_file", "missing one of cert or cert_file", involves=("cert",))
        if not self.key and not self.key_file:
            at.report("key_file", "missing one of key or key_file", involves=("key",))
        has_ca = bool(self.client_ca or self.client_ca_file)
        if self.client_auth_type == "RequireAnyClientCert":
            at.report(
                "client_auth_type",
                "not supported by watchkeeper, which accepts no certificate unseen; use RequireAndVerifyClientCert",
            )
        verifies = self.client_auth_type in ("VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
        if has_ca and self.client_auth_type == "NoClientCert":
            at.report("client_auth_type", "Client CA's have been configured without a Client Auth Policy")
        if verifies and not has_ca:
            at.report(
                "client_ca_file",
                f"a client CA is needed for client_auth_type {self.client_auth_type}",
                involves=("client_ca",),
            )
        if self.client_allowed_sans and self.client_auth_type != "RequireAndVerifyClientCert":
            at.report(
                "client_allowed_sans",
                "needs client_auth_type RequireAndVerifyClientCert",
                involves=("client_auth_type",),
            )
        if self.min_version > self.max_version:
            at.report("max_version", f"{self.max_version} is lower than min_version {self.min_version}")
        return self


@section
class HTTPServerConfig:
    """Headers of every answer. HTTP/2 is not spoken here; clients then use HTTP/1.1."""

    http2: bool = setting(Boolean(), default=True)
    headers: dict[str, str] = setting(MapOf(Text()), default_factory=dict)

    def checked(self, at: SectionPlace) -> HTTPServerConfig:
        """Reports headers that may not be set, and values that browsers do not know."""
        for name, value in self.headers.items():
            allowed = HEADERS.get(name)
            if allowed is None:
                at.report("headers", f'header "{name}" can not be set; choose from {", ".join(HEADERS)}')
            elif value and allowed and value.lower() not in allowed:
                at.report("headers", f'invalid value for {name}: "{value}"; expected {" or ".join(allowed)}')
            elif "\n" in value or "\r" in value:
                at.report("headers", f"the value of {name} must stand on one line")
        return self


@section
class RateLimit:
    """A token bucket before every route; an interval of 0 switches it off."""

    interval_ms: int = setting(Duration(), key="interval", default=0)
    burst: int = setting(Integer(0), default=0)


@section
class WebConfig:
    """The whole file."""

    tls_server_config: TLSServerConfig | None = setting(Nested(TLSServerConfig), default=None)
    http_server_config: HTTPServerConfig = setting(Nested(HTTPServerConfig), default_factory=HTTPServerConfig)
    basic_auth_users: dict[str, Secret] = setting(MapOf(SecretText()), default_factory=dict)
    rate_limit: RateLimit = setting(Nested(RateLimit), default_factory=RateLimit)

    def checked(self, at: SectionPlace) -> WebConfig:
        """Reports passwords that are no bcrypt hashes, and sets aside headers that are blank."""
        for user, hashed in self.basic_auth_users.items():
            if not _BCRYPT.fullmatch(hashed.reveal()):
                at.report(
                    "basic_auth_users",
                    f'the password of "{user}" is not a bcrypt hash such as `htpasswd -nBC 10 ""` makes',
                )
        headers = {name: value for name, value in self.http_server_config.headers.items() if value}
        return dataclasses.replace(
            self, http_server_config=dataclasses.replace(self.http_server_config, headers=headers)
        )


def load_web_config(path: Path) -> WebConfig:
    """The configuration in a file. Raises ConfigError with all that is wrong with it."""
    return decode(WebConfig, read_text(path), Load(str(path), files_checked=True))
