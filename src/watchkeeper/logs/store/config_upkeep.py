"""The blocks of Loki's YAML about what goes on in the background: compactor, ruler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from watchkeeper.core.config.decode import Place, SectionPlace, read_section
from watchkeeper.core.config.dump import plain
from watchkeeper.core.config.go_kinds import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    Accepted,
    AcceptedBlock,
    Bytes,
    Nanoseconds,
)
from watchkeeper.core.config.kinds import Boolean, Choice, FilePath, Integer, ListOf, MapOf, Nested, SecretKind, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.relabel import RelabelConfig
from watchkeeper.logs.store.config_objects import AzureConfig, GcsConfig, S3Config


@section
class CompactorConfig:
    """`compactor`: merging, retention and deletes."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "shared_store": "removed upstream; use compactor.delete_request_store, and object_store of the period",
        "shared_store_key_prefix": "removed upstream; use delete_request_store_key_prefix",
        "retention_period": "stands elsewhere; use limits_config.retention_period",
        "retention_stream": "stands elsewhere; use limits_config.retention_stream",
        "deletion_mode": "stands elsewhere; use limits_config.deletion_mode",
    }

    working_directory: str = setting(Text(), default="/var/loki/compactor")
    compaction_interval_ns: int = setting(Nanoseconds(positive=True), key="compaction_interval", default=10 * MINUTE_NS)
    apply_retention_interval_ns: int = setting(Nanoseconds(), key="apply_retention_interval", default=0)
    retention_enabled: bool = setting(Boolean(), default=False, show=True)
    retention_delete_delay_ns: int = setting(Nanoseconds(), key="retention_delete_delay", default=2 * HOUR_NS)
    retention_delete_worker_count: int = setting(Integer(1), default=150)
    retention_table_timeout_ns: int = setting(Nanoseconds(), key="retention_table_timeout", default=0)
    retention_backoff_config: Any = setting(AcceptedBlock(), default=None)
    # Our own: the oldest segments go when all of them together are larger.
    retention_size: int = setting(Bytes(), default=0)
    delete_request_store: str = setting(Text(), default="")
    delete_request_store_key_prefix: str = setting(Text(), default="index/")
    delete_request_store_db_type: str = setting(Choice("boltdb", "sqlite"), default="boltdb")
    backup_delete_request_store_db_type: str = setting(Choice("", "boltdb", "sqlite"), default="")
    delete_batch_size: int = setting(Integer(1), default=70)
    delete_request_cancel_period_ns: int = setting(Nanoseconds(), key="delete_request_cancel_period", default=DAY_NS)
    delete_max_interval_ns: int = setting(Nanoseconds(), key="delete_max_interval", default=DAY_NS)
    max_compaction_parallelism: int = setting(Integer(1), default=1)
    upload_parallelism: int = setting(Integer(1), default=10)
    compactor_ring: Any = setting(AcceptedBlock(), default=None)
    run_once: bool = setting(Boolean(), default=False)
    tables_to_compact: int = setting(Integer(), default=0)
    skip_latest_n_tables: int = setting(Integer(), default=0)
    horizontal_scaling_mode: str = setting(Choice("disabled", "main", "worker"), default="disabled")
    worker_config: Any = setting(AcceptedBlock(), default=None)
    jobs_config: Any = setting(AcceptedBlock(), default=None)
    deletion_marker_object_store_prefix: str = setting(Text(), default="")

    def checked(self, at: SectionPlace) -> CompactorConfig:
        """Reports retention that upstream would not start with."""
        if self.retention_enabled and not self.delete_request_store:
            problem = "compactor.delete-request-store should be configured when retention is enabled"
            at.report("delete_request_store", problem, involves=("retention_enabled",))
        if self.apply_retention_interval_ns % self.compaction_interval_ns if self.compaction_interval_ns else False:
            at.report("apply_retention_interval", "must be a multiple of compaction_interval")
        return self


@section
class LocalRules:
    """A folder of rule files, one folder for each tenant."""

    directory: str = setting(Text(), default="")


@section
class RuleStoreConfig:
    """`ruler.storage`: where rules are, in the old form."""

    type: str = setting(
        Choice("", "local", "filesystem", "s3", "gcs", "azure", "swift", "alibabacloud", "bos", "cos", "configdb"),
        default="",
    )
    local: LocalRules = setting(Nested(LocalRules), default_factory=LocalRules)
    s3: S3Config | None = setting(Nested(S3Config), default=None)
    gcs: GcsConfig | None = setting(Nested(GcsConfig), default=None)
    azure: AzureConfig | None = setting(Nested(AzureConfig), default=None)
    swift: Any = setting(AcceptedBlock(), default=None)
    alibabacloud: Any = setting(AcceptedBlock(), default=None)
    bos: Any = setting(AcceptedBlock(), default=None)
    cos: Any = setting(AcceptedBlock(), default=None)


@section
class RulerAlertmanagerClient:
    """`ruler.alertmanager_client`: how to speak to Alertmanagers."""

    tls_cert_path: str = setting(FilePath(existing=True), default="")
    tls_key_path: str = setting(FilePath(existing=True), default="")
    tls_ca_path: str = setting(FilePath(existing=True), default="")
    tls_server_name: str = setting(Text(), default="")
    tls_insecure_skip_verify: bool = setting(Boolean(), default=False)
    tls_cipher_suites: Any = setting(Accepted(), default=None)
    tls_min_version: Any = setting(Accepted(), default=None)
    basic_auth_username: str = setting(Text(), default="")
    basic_auth_password: Secret | None = setting(SecretKind(), default=None)
    type: str = setting(Text(), default="Bearer")
    credentials: Secret | None = setting(SecretKind(), default=None)
    credentials_file: str = setting(FilePath(existing=True), default="")

    def checked(self, at: SectionPlace) -> RulerAlertmanagerClient:
        """Reports two ways to authenticate at once, and half a pair of certificate and key."""
        if at.given("credentials") and at.given("credentials_file"):
            problem = "at most one of credentials & credentials_file must be configured"
            at.report("credentials_file", problem, involves=("credentials",))
        if self.basic_auth_username and (self.credentials or self.credentials_file):
            problem = "at most one of basic_auth_username & credentials must be configured"
            at.report("basic_auth_username", problem, involves=("credentials", "credentials_file"))
        if bool(self.tls_cert_path) != bool(self.tls_key_path):
            problem = "tls_cert_path and tls_key_path belong together"
            at.report("tls_cert_path", problem, involves=("tls_key_path",))
        return self


@dataclass(frozen=True, slots=True)
class RemoteWriteSection:
    """What reads `ruler.remote_write`: metrics are not known here, so who knows them brings the section."""

    cls: type | None = None


class RemoteWriteBlock(AcceptedBlock):
    """`ruler.remote_write`; without a section that was brought, any mapping."""

    label = "`enabled`, `client`, `clients`: each as `remote_write` of prometheus.yml"

    def read(self, at: Place) -> Any:
        cls = at.load.shared(RemoteWriteSection).cls
        return super().read(at) if cls is None else read_section(cls, at)

    def write(self, value: Any) -> Any:
        return value if isinstance(value, dict) else plain(value)


@section
class RulerConfig:
    """`ruler`: rules over logs."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "enable_alertmanager_v1": "removed upstream; Alertmanager's API v2 is used",
    }

    external_url: str = setting(Text(), default="")
    datasource_uid: str = setting(Text(), default="")
    external_labels: dict[str, str] = setting(MapOf(Text()), default_factory=dict)
    ruler_client: Any = setting(AcceptedBlock(), default=None)
    evaluation_interval_ns: int = setting(Nanoseconds(positive=True), key="evaluation_interval", default=MINUTE_NS)
    poll_interval_ns: int = setting(Nanoseconds(positive=True), key="poll_interval", default=MINUTE_NS)
    storage: RuleStoreConfig = setting(Nested(RuleStoreConfig), default_factory=RuleStoreConfig)
    rule_path: str = setting(Text(), default="/rules")
    alertmanager_url: str = setting(Text(), default="")
    enable_alertmanager_discovery: bool = setting(Boolean(), default=False)
    alertmanager_refresh_interval_ns: int = setting(
        Nanoseconds(), key="alertmanager_refresh_interval", default=MINUTE_NS
    )
    enable_alertmanager_v2: bool = setting(Boolean(), default=True)
    alert_relabel_configs: tuple[RelabelConfig, ...] = setting(ListOf(Nested(RelabelConfig)), default=())
    notification_queue_capacity: int = setting(Integer(), default=10_000)
    notification_timeout_ns: int = setting(Nanoseconds(), key="notification_timeout", default=10 * SECOND_NS)
    alertmanager_client: RulerAlertmanagerClient = setting(
        Nested(RulerAlertmanagerClient), default_factory=RulerAlertmanagerClient
    )
    for_outage_tolerance_ns: int = setting(Nanoseconds(), key="for_outage_tolerance", default=HOUR_NS)
    for_grace_period_ns: int = setting(Nanoseconds(), key="for_grace_period", default=10 * MINUTE_NS)
    resend_delay_ns: int = setting(Nanoseconds(), key="resend_delay", default=MINUTE_NS)
    enable_sharding: bool = setting(Boolean(), default=False)
    sharding_strategy: str = setting(Text(), default="default")
    sharding_algo: str = setting(Text(), default="by-group")
    search_pending_for_ns: int = setting(Nanoseconds(), key="search_pending_for", default=5 * MINUTE_NS)
    ring: Any = setting(AcceptedBlock(), default=None)
    flush_period_ns: int = setting(Nanoseconds(), key="flush_period", default=MINUTE_NS)
    enable_api: bool = setting(Boolean(), default=True, show=True)
    enabled_tenants: str = setting(Text(), default="")
    disabled_tenants: str = setting(Text(), default="")
    query_stats_enabled: bool = setting(Boolean(), default=False)
    disable_rule_group_label: bool = setting(Boolean(), default=False)
    wal: Any = setting(AcceptedBlock(), default=None)
    wal_cleaner: Any = setting(AcceptedBlock(), default=None)
    remote_write: Any = setting(RemoteWriteBlock(), default=None)
    evaluation: Any = setting(AcceptedBlock(), default=None)
