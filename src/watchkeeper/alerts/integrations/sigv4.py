"""Signatures of requests to AWS: version 4, in the Authorization header.

The signed text is made of the method, the path, the query, the headers and the hash of the body; the key is drawn from
the secret key, the day, the region and the service. Source: AWS, "Signature Version 4 signing process".
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, quote, unquote_plus, urlsplit

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, SecretKind, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_UNRESERVED: Final = "-_.~"
_SPACES: Final = re.compile(r"\s+")


@section
class SigV4Config:
    """With whose name requests to AWS are signed; what is not given comes from the process's environment."""

    region: str = setting(Text(), default="")
    access_key: str = setting(Text(), default="")
    secret_key: Secret | None = setting(SecretKind(), default=None)
    profile: str = setting(Text(), default="")
    role_arn: str = setting(Text(), default="")
    external_id: str = setting(Text(), default="")
    use_fips_sts_endpoint: bool = setting(Boolean(), default=False)
    service_name: str = setting(Text(), default="")

    def checked(self, at: SectionPlace) -> SigV4Config:
        """Reports one key without the other."""
        if bool(self.access_key) != bool(self.secret_key):
            problem = (
                "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config"
            )
            key, other = ("access_key", "secret_key") if self.access_key else ("secret_key", "access_key")
            at.report(key, problem, involves=(other,))
        return self


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """Whose signature it is.

    token    of a session; None for lasting keys
    ends_s   seconds since the epoch; infinite for lasting keys
    """

    access_key: str
    secret_key: Secret
    token: Secret | None = None
    ends_s: float = float("inf")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no error may show."""
        return tuple(item.reveal() for item in (self.secret_key, self.token) if item)


def signed_headers(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: AwsCredentials,
    *,
    region: str,
    service: str,
    now_s: float,
) -> dict[str, str]:
    """The headers of a signed request: the given ones, X-Amz-Date, X-Amz-Security-Token of a session, Authorization.

    url      as it is sent, percent-encoded
    headers  all of them are signed, and so is Host, which is made from the URL where it is not given
    """
    parts = urlsplit(url)
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_s))
    out = {**headers, "X-Amz-Date": moment}
    if credentials.token:
        out["X-Amz-Security-Token"] = credentials.token.reveal()
    body_hash = hashlib.sha256(body).hexdigest()
    if service == "s3":
        out["X-Amz-Content-Sha256"] = body_hash
    signed = {name.lower(): _SPACES.sub(" ", value.strip()) for name, value in out.items()}
    signed.setdefault("host", _host(parts))
    names = ";".join(sorted(signed))
    request = "\n".join(
        (
            method.upper(),
            _canonical_path(parts.path, service),
            _canonical_query(parts.query),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            body_hash,
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = _signing_key(credentials.secret_key.reveal(), moment[:8], region, service)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    out["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return out


def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = b"AWS4" + secret.encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    return host if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f"{host}:{port}"


def _canonical_path(path: str, service: str) -> str:
    if service == "s3":
        # Keys of objects may hold anything; the path is taken as it is sent.
        return path or "/"
    plain = posixpath.normpath("/" + path.lstrip("/"))
    if path.endswith(("/", "/.", "/..")) and plain != "/":
        plain += "/"
    # What is encoded already is encoded once more; all services but S3 count on it.
    return quote(plain, safe="/~")


def _canonical_query(query: str) -> str:
    pairs = []
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        pairs.append((quote(unquote_plus(name), safe=_UNRESERVED), quote(unquote_plus(value), safe=_UNRESERVED)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
