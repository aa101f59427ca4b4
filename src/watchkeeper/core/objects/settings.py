"""Which bucket, and how to reach it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchkeeper.core.config.secret import Secret

NO_SECRET: Final = Secret("")
SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a request that failed for a passing reason is made again, and after which pauses."""

    attempts: int = 5
    first_pause_ns: int = SECOND_NS // 10
    longest_pause_ns: int = 3 * SECOND_NS
    timeout_ns: int = 60 * SECOND_NS  # of one attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSettings:
    """A folder in place of a bucket."""

    directory: Path
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Settings:
    """An S3-compatible bucket.

    endpoint      host:port or URL of a server that is not Amazon's; empty for Amazon's
    insecure      http instead of https, for an endpoint without a scheme
    path_style    the bucket is in the path and not in the host name; None: where there is an endpoint
    access_key_id empty: from the environment or the machine's role
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: Secret = NO_SECRET
    session_token: Secret = NO_SECRET
    insecure: bool = False
    path_style: bool | None = None
    skip_verify: bool = False
    ca_file: str = ""
    storage_class: str = ""
    sse_type: str = ""
    sse_kms_key_id: str = ""
    retries: Retries = Retries()

    @property
    def url(self) -> str:
        """The endpoint as a URL; empty for Amazon's."""
        if not self.endpoint or "://" in self.endpoint:
            return self.endpoint
        return f"{'http' if self.insecure else 'https'}://{self.endpoint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GcsSettings:
    """A bucket of Google's. `service_account` is the key's JSON; empty: from the environment or the machine."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    service_account: Secret = NO_SECRET
    retries: Retries = Retries()


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSettings:
    """A container of Azure's. Without key, connection string and client: the machine's identity."""

    container: str
    prefix: str = ""
    account_name: str = ""
    account_key: Secret = NO_SECRET
    connection_string: Secret = NO_SECRET
    endpoint_suffix: str = ""
    client_id: str = ""
    client_secret: Secret = NO_SECRET
    tenant_id: str = ""
    retries: Retries = Retries()


ObjectSettings = FolderSettings | S3Settings | GcsSettings | AzureSettings
