"""One of `remote_write` and one of `remote_read`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import ClassVar, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import (
    Boolean,
    Choice,
    Duration,
    Integer,
    ListOf,
    MapOf,
    Nested,
    Text,
    UrlKind,
)
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.config.secret import Url
from watchkeeper.core.http.config import HTTPClientConfig, check_header_syntax
from watchkeeper.core.relabel import RelabelConfig, check_label_name

WRITE_V1: Final = "prometheus.WriteRequest"
WRITE_V2: Final = "io.prometheus.write.v2.Request"

# Headers that the protocol itself sets.
_PROTOCOL_HEADERS: Final = frozenset(
    (
        "authorization",
        "host",
        "content-encoding",
        "content-length",
        "content-type",
        "user-agent",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "www-authenticate",
        "accept-encoding",
        "x-prometheus-remote-write-version",
        "x-prometheus-remote-read-version",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
    )
)


def _header_check(block: str) -> Callable[[str], None]:
    def check(name: str) -> None:
        if name.lower() == "authorization":
            raise ValueError(
                "authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or "
                "google_iam parameter"
            )
        if name.lower() in _PROTOCOL_HEADERS:
            raise ValueError(f"{name} is a reserved header. It must not be changed in {block}")
        check_header_syntax(name)

    return check


@section
class QueueConfig:
    """How samples wait to be sent, and how they are sent again."""

    capacity: int = setting(Integer(1), default=10_000)
    max_shards: int = setting(Integer(1), default=50)
    min_shards: int = setting(Integer(1), default=1)
    max_samples_per_send: int = setting(Integer(1), default=2000)
    batch_send_deadline_ms: int = setting(Duration(), key="batch_send_deadline", default=5000)
    min_backoff_ms: int = setting(Duration(), key="min_backoff", default=30)
    max_backoff_ms: int = setting(Duration(), key="max_backoff", default=5000)
    retry_on_http_429: bool = setting(Boolean(), default=False)
    sample_age_limit_ms: int = setting(Duration(), key="sample_age_limit", default=0)

    def checked(self, at: SectionPlace) -> QueueConfig:
        """Reports bounds that cross."""
        if self.min_shards > self.max_shards:
            problem = f"{self.min_shards} is more than max_shards {self.max_shards}"
            at.report("min_shards", problem, involves=("max_shards",))
        if self.min_backoff_ms > self.max_backoff_ms:
            at.report("min_backoff", "is longer than max_backoff", involves=("max_backoff",))
        return self


@section
class MetadataConfig:
    """Whether and how often types and help texts are sent (with protocol 1.0 only)."""

    send: bool = setting(Boolean(), default=True, show=True)
    send_interval_ms: int = setting(Duration(), key="send_interval", default=60_000)
    max_samples_per_send: int = setting(Integer(1), default=2000)


_CLOUD_AUTH: Final = "not supported by watchkeeper; use basic_auth, authorization or oauth2"


@section
class RemoteWriteConfig:
    """Where samples are sent as they come."""

    UNSUPPORTED: ClassVar[dict[str, str]] = dict.fromkeys(("sigv4", "azuread", "google_iam"), _CLOUD_AUTH)

    url: Url = setting(UrlKind())
    remote_timeout_ms: int = setting(Duration(positive=True), key="remote_timeout", default=30_000)
    headers: dict[str, str] = setting(MapOf(Text(), _header_check("remote_write")), default_factory=dict)
    write_relabel_configs: tuple[RelabelConfig, ...] = setting(ListOf(Nested(RelabelConfig)), default=())
    name: str = setting(Text(), default="")
    send_exemplars: bool = setting(Boolean(), default=False)
    send_native_histograms: bool = setting(Boolean(), default=False)
    round_robin_dns: bool = setting(Boolean(), default=False)
    protobuf_message: str = setting(Choice(WRITE_V1, WRITE_V2), default=WRITE_V1)
    http_client: HTTPClientConfig = setting(Inline(HTTPClientConfig), default_factory=HTTPClientConfig)
    queue_config: QueueConfig = setting(Nested(QueueConfig), default_factory=QueueConfig)
    metadata_config: MetadataConfig = setting(Nested(MetadataConfig), default_factory=MetadataConfig)

    def checked(self, at: SectionPlace) -> RemoteWriteConfig:
        """HTTP/2 is off unless asked for; names stand once."""
        if self.name:
            problem = f'found multiple remote write configs with job name "{self.name}"'
            at.claim("remote write config", "name", self.name, problem)
        if at.given("enable_http2"):
            return self
        return dataclasses.replace(self, http_client=dataclasses.replace(self.http_client, enable_http2=False))


@section
class RemoteReadConfig:
    """Where older samples are asked for."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {"google_iam": _CLOUD_AUTH}

    url: Url = setting(UrlKind())
    remote_timeout_ms: int = setting(Duration(positive=True), key="remote_timeout", default=60_000)
    chunked_read_limit_bytes: int = setting(Integer(), key="chunked_read_limit", default=50_000_000)
    headers: dict[str, str] = setting(MapOf(Text(), _header_check("remote_read")), default_factory=dict)
    read_recent: bool = setting(Boolean(), default=False)
    name: str = setting(Text(), default="")
    http_client: HTTPClientConfig = setting(Inline(HTTPClientConfig), default_factory=HTTPClientConfig)
    required_matchers: dict[str, str] = setting(MapOf(Text(), check_label_name, ""), default_factory=dict)
    filter_external_labels: bool = setting(Boolean(), default=True)

    def checked(self, at: SectionPlace) -> RemoteReadConfig:
        """Names stand once."""
        if self.name:
            problem = f'found multiple remote read configs with job name "{self.name}"'
            at.claim("remote read config", "name", self.name, problem)
        return self
