"""`clients`: the servers that entries are sent to, and how."""

from __future__ import annotations

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Integer, MapOf, Nested, SecretKind, Text, UrlKind
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import HTTPClientConfig, check_header_syntax
from watchkeeper.core.relabel import check_label_name
from watchkeeper.logs.agent.config.kinds import ByteSize, GoDuration


@section
class BackoffConfig:
    """How long to wait between tries. Where batches are kept on the disk, `max_retries` does not end them."""

    min_period_ns: int = setting(GoDuration(minimum_ns=1), key="min_period", default=500 * 10**6)
    max_period_ns: int = setting(GoDuration(minimum_ns=1), key="max_period", default=300 * 10**9)
    max_retries: int = setting(Integer(), default=10, show=True)


def _check_header(name: str) -> None:
    check_header_syntax(name)
    if name.lower() in ("content-type", "content-length", "content-encoding", "transfer-encoding", "host"):
        raise ValueError(f'setting header "{name}" is not allowed: the protocol decides it')


@section
class ClientConfig:
    """One server."""

    name: str = setting(Text(), default="")
    url: Url = setting(UrlKind())
    tenant_id: str = setting(Text(), default="")
    headers: dict[str, Secret] = setting(MapOf(SecretKind(), _check_header, Secret("")), default_factory=dict)
    batchwait_ns: int = setting(GoDuration(minimum_ns=1), key="batchwait", default=10**9)
    batchsize: int = setting(ByteSize(), default=1 << 20)
    timeout_ns: int = setting(GoDuration(minimum_ns=1), key="timeout", default=10 * 10**9)
    backoff_config: BackoffConfig = setting(Nested(BackoffConfig), default_factory=BackoffConfig)
    external_labels: dict[str, str] = setting(MapOf(Text(), check_label_name, ""), default_factory=dict)
    drop_rate_limited_batches: bool = setting(Boolean(), default=False)
    stream_lag_labels: str = setting(Text(), default="")
    http_client: HTTPClientConfig = setting(Inline(HTTPClientConfig), default_factory=HTTPClientConfig)

    def checked(self, at: SectionPlace) -> ClientConfig:
        """Reports what would never send anything."""
        if self.batchsize == 0:
            at.report("batchsize", "must be 1 or more")
        if self.name:
            problem = f'found multiple clients with name "{self.name}"'
            at.claim("client", "name", self.name, problem)
        return self
