"""Where Loki's YAML says that objects are kept, in both forms: the old one of each cloud, and `object_store`."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import Accepted, AcceptedBlock, Bytes, Nanoseconds
from watchkeeper.core.config.kinds import Boolean, Choice, Integer, Nested, SecretKind, Text, UrlKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret, Url

NO_SECRET = Secret("")


@section
class SSEConfig:
    """Encryption by the S3 server."""

    type: str = setting(Choice("", "SSE-S3", "SSE-KMS"), default="")
    kms_key_id: str = setting(Text(), default="")
    kms_encryption_context: str = setting(Text(), default="")

    def checked(self, at: SectionPlace) -> SSEConfig:
        """Reports a key that is missing."""
        if self.type == "SSE-KMS" and not self.kms_key_id:
            at.report("kms_key_id", "KMS key id must be passed when SSE-KMS encryption is selected")
        return self


@section
class HttpConfig:
    """How the old S3 block's client connects."""

    timeout_ns: int = setting(Nanoseconds(), key="timeout", default=0)
    idle_conn_timeout_ns: int = setting(Nanoseconds(), key="idle_conn_timeout", default=90_000_000_000)
    response_header_timeout_ns: int = setting(Nanoseconds(), key="response_header_timeout", default=0)
    insecure_skip_verify: bool = setting(Boolean(), default=False)
    ca_file: str = setting(Text(), default="")


@section
class BackoffConfig:
    """How often a failed request is made again, and after which pauses."""

    min_period_ns: int = setting(Nanoseconds(), key="min_period", default=100_000_000)
    max_period_ns: int = setting(Nanoseconds(), key="max_period", default=3_000_000_000)
    max_retries: int = setting(Integer(), default=5)

    def checked(self, at: SectionPlace) -> BackoffConfig:
        """Reports a range that is none."""
        if self.max_period_ns < self.min_period_ns:
            at.report("max_period", "must not be shorter than min_period", involves=("min_period",))
        return self


@section
class S3Config:
    """`storage_config.aws`, `common.storage.s3`: an S3-compatible bucket, in the old form."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "dynamodb": "removed upstream; the index needs no database",
        "chunk_path": "there is no such key; use storage_config.object_prefix",
        "bucket_name": "there is no such key here; use bucketnames",
        "bucket": "there is no such key here; use bucketnames",
        "sse_encryption": "removed upstream; use sse.type: SSE-S3",
        "force_path_style": "there is no such key here; use s3forcepathstyle",
        "s3_force_path_style": "there is no such key here; use s3forcepathstyle",
        "inmemory": "removed upstream and without effect",
    }

    s3: Url | None = setting(UrlKind(("s3",)), default=None)  # It may hold a key and its secret.
    s3forcepathstyle: bool = setting(Boolean(), default=False)
    bucketnames: str = setting(Text(), default="")
    endpoint: str = setting(Text(), default="")
    region: str = setting(Text(), default="")
    access_key_id: str = setting(Text(), default="")
    secret_access_key: Secret = setting(SecretKind(), default=NO_SECRET)
    session_token: Secret = setting(SecretKind(), default=NO_SECRET)
    insecure: bool = setting(Boolean(), default=False)
    chunk_delimiter: str = setting(Text(), default="")
    http_config: HttpConfig = setting(Nested(HttpConfig), default_factory=HttpConfig)
    signature_version: str = setting(Choice("v4"), default="v4")
    storage_class: str = setting(Text(), default="STANDARD")
    sse: SSEConfig = setting(Nested(SSEConfig), default_factory=SSEConfig)
    backoff_config: BackoffConfig = setting(Nested(BackoffConfig), default_factory=BackoffConfig)
    disable_dualstack: bool = setting(Boolean(), default=False)

    def checked(self, at: SectionPlace) -> S3Config:
        """Reports keys that come without each other."""
        if bool(self.access_key_id) != bool(self.secret_access_key):
            missing = "secret_access_key" if self.access_key_id else "access_key_id"
            at.report(missing, "access_key_id and secret_access_key must be set together")
        if "," in self.bucketnames:
            at.warn("bucketnames", "objects are not spread over buckets: only the first is used")
        return self

    @property
    def is_set(self) -> bool:
        """Whether a bucket is named."""
        return bool(self.s3 is not None or self.bucketnames or self.endpoint)

    def url_parts(self) -> tuple[str, str, str, str]:
        """(host, bucket, access key, secret) of the URL; empty where it has none."""
        if self.s3 is None:
            return "", "", "", ""
        parts = urlsplit(self.s3.reveal())
        host = parts.netloc.rpartition("@")[2]
        return host, parts.path.strip("/"), unquote(parts.username or ""), unquote(parts.password or "")


@section
class GcsConfig:
    """`storage_config.gcs`, `common.storage.gcs`, and `gcs` of the new form."""

    bucket_name: str = setting(Text(), default="")
    endpoint: str = setting(Text(), default="")
    service_account: Secret = setting(SecretKind(), default=NO_SECRET)
    chunk_buffer_size: int = setting(Bytes(), default=0)
    request_timeout_ns: int = setting(Nanoseconds(), key="request_timeout", default=0)
    enable_opencensus: bool = setting(Boolean(), default=True)
    enable_http2: bool = setting(Boolean(), default=True)
    enable_retries: bool = setting(Boolean(), default=True)
    max_retries: int = setting(Integer(), default=10)
    http: Any = setting(AcceptedBlock(), default=None)


@section
class AzureConfig:
    """`storage_config.azure`, `common.storage.azure`, and `azure` of the new form."""

    environment: str = setting(Text(), default="AzureGlobal")
    account_name: str = setting(Text(), default="")
    account_key: Secret = setting(SecretKind(), default=NO_SECRET)
    connection_string: Secret = setting(SecretKind(), default=NO_SECRET)
    container_name: str = setting(Text(), default="")
    active_directory_endpoint: str = setting(Text(), default="")
    endpoint_suffix: str = setting(Text(), default="")
    use_managed_identity: bool = setting(Boolean(), default=False)
    use_federated_token: bool = setting(Boolean(), default=False)
    user_assigned_id: str = setting(Text(), default="")
    use_service_principal: bool = setting(Boolean(), default=False)
    client_id: str = setting(Text(), default="")
    client_secret: Secret = setting(SecretKind(), default=NO_SECRET)
    tenant_id: str = setting(Text(), default="")
    chunk_delimiter: str = setting(Text(), default="-")
    download_buffer_size: int = setting(Bytes(), default=512_000)
    upload_buffer_size: int = setting(Bytes(), default=256_000)
    upload_buffer_count: int = setting(Integer(), default=1)
    request_timeout_ns: int = setting(Nanoseconds(), key="request_timeout", default=30_000_000_000)
    max_retries: int = setting(Integer(), default=5)
    min_retry_delay_ns: int = setting(Nanoseconds(), key="min_retry_delay", default=10_000_000)
    max_retry_delay_ns: int = setting(Nanoseconds(), key="max_retry_delay", default=500_000_000)
    http: Any = setting(AcceptedBlock(), default=None)


@section
class ObjectHttpConfig:
    """How the new S3 block's client connects."""

    idle_conn_timeout_ns: int = setting(Nanoseconds(), key="idle_conn_timeout", default=90_000_000_000)
    response_header_timeout_ns: int = setting(Nanoseconds(), key="response_header_timeout", default=120_000_000_000)
    insecure_skip_verify: bool = setting(Boolean(), default=False)
    tls_handshake_timeout_ns: int = setting(Nanoseconds(), key="tls_handshake_timeout", default=10_000_000_000)
    expect_continue_timeout_ns: int = setting(Nanoseconds(), key="expect_continue_timeout", default=1_000_000_000)
    max_idle_connections: int = setting(Integer(), default=100)
    max_idle_connections_per_host: int = setting(Integer(), default=100)
    max_connections_per_host: int = setting(Integer(), default=0)
    tls_ca_path: str = setting(Text(), default="")
    tls_cert_path: str = setting(Text(), default="")
    tls_key_path: str = setting(Text(), default="")
    tls_server_name: str = setting(Text(), default="")


@section
class ObjectS3Config:
    """`object_store.s3`: an S3-compatible bucket, in the new form."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "bucketnames": "belongs to the old form (storage_config.aws); use bucket_name here",
        "s3forcepathstyle": "belongs to the old form (storage_config.aws); use bucket_lookup_type: path here",
        "http_config": "belongs to the old form (storage_config.aws); use http here",
    }

    endpoint: str = setting(Text(), default="")
    region: str = setting(Text(), default="")
    bucket_name: str = setting(Text(), default="")
    access_key_id: str = setting(Text(), default="")
    secret_access_key: Secret = setting(SecretKind(), default=NO_SECRET)
    session_token: Secret = setting(SecretKind(), default=NO_SECRET)
    insecure: bool = setting(Boolean(), default=False)
    list_objects_version: str = setting(Choice("", "v1", "v2"), default="")
    bucket_lookup_type: str = setting(Choice("auto", "path", "virtual-hosted", "0", "1", "2"), default="auto")
    dualstack_enabled: bool = setting(Boolean(), default=True)
    storage_class: str = setting(Text(), default="")
    native_aws_auth_enabled: bool = setting(Boolean(), default=False)
    part_size: int = setting(Bytes(), default=0)
    send_content_md5: bool = setting(Boolean(), default=False)
    sts_endpoint: str = setting(Text(), default="")
    max_retries: int = setting(Integer(), default=10)
    sse: SSEConfig = setting(Nested(SSEConfig), default_factory=SSEConfig)
    http: ObjectHttpConfig = setting(Nested(ObjectHttpConfig), default_factory=ObjectHttpConfig)
    trace: Any = setting(AcceptedBlock(), default=None)

    def checked(self, at: SectionPlace) -> ObjectS3Config:
        """Reports keys that come without each other, and an endpoint that is a URL."""
        if bool(self.access_key_id) != bool(self.secret_access_key):
            missing = "secret_access_key" if self.access_key_id else "access_key_id"
            at.report(missing, "access_key_id and secret_access_key must be set together")
        if "://" in self.endpoint:
            at.warn("endpoint", "upstream takes host:port here, without a scheme; insecure: true says http")
        return self


@section
class FolderConfig:
    """`object_store.filesystem`: a folder, in the new form."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {"directory": "belongs to the old form; use dir here"}

    dir: str = setting(Text(), default="")


@section
class ObjectStoreConfig:
    """`storage_config.object_store`, `common.storage.object_store`, `ruler_storage`: the new form."""

    s3: ObjectS3Config | None = setting(Nested(ObjectS3Config), default=None)
    gcs: GcsConfig | None = setting(Nested(GcsConfig), default=None)
    azure: AzureConfig | None = setting(Nested(AzureConfig), default=None)
    filesystem: FolderConfig | None = setting(Nested(FolderConfig), default=None)
    swift: Any = setting(AcceptedBlock(), default=None)
    alibaba: Any = setting(AcceptedBlock(), default=None)
    alibabacloud: Any = setting(AcceptedBlock(), default=None)
    bos: Any = setting(AcceptedBlock(), default=None)
    cos: Any = setting(AcceptedBlock(), default=None)
    named_stores: Any = setting(Accepted(), default=None)
    storage_prefix: str = setting(Text(), default="")
