"""The blocks of Loki's YAML about storage: common, storage_config, schema_config, chunk_store_config."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import DAY_NS, AcceptedBlock, Bytes, Day, Nanoseconds
from watchkeeper.core.config.kinds import Boolean, Integer, ListOf, MapOf, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.store.config_objects import AzureConfig, GcsConfig, ObjectStoreConfig, S3Config

S3_NAMES: Final = ("s3", "aws")
UNSUPPORTED_STORES: Final = {
    "alibabacloud": "Alibaba's OSS speaks S3",
    "bos": "Baidu's BOS speaks S3",
    "cos": "IBM's COS speaks S3",
    "swift": "Swift speaks S3 where its s3api is on",
}


def unsupported_store(name: str) -> str:
    """Why a store's name can't be used, and what can."""
    return f"{name} is not supported; {UNSUPPORTED_STORES[name]}: use s3 with that endpoint"


@section
class FilesystemConfig:
    """`common.storage.filesystem`: folders."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {"directory": "there is no such key here; use chunks_directory"}

    chunks_directory: str = setting(Text(), default="")
    rules_directory: str = setting(Text(), default="")


@section
class LocalStorageConfig:
    """`storage_config.filesystem`: a folder."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "dir": "belongs to the new form (object_store.filesystem); use directory here",
        "chunks_directory": "there is no such key here; use directory",
    }

    directory: str = setting(Text(), default="")


@section
class CommonStorageConfig:
    """`common.storage`: what applies where `storage_config` and `ruler` say nothing."""

    s3: S3Config | None = setting(Nested(S3Config), default=None)
    gcs: GcsConfig | None = setting(Nested(GcsConfig), default=None)
    azure: AzureConfig | None = setting(Nested(AzureConfig), default=None)
    filesystem: FilesystemConfig | None = setting(Nested(FilesystemConfig), default=None)
    object_store: ObjectStoreConfig | None = setting(Nested(ObjectStoreConfig), default=None)
    alibabacloud: Any = setting(AcceptedBlock(), default=None)
    bos: Any = setting(AcceptedBlock(), default=None)
    cos: Any = setting(AcceptedBlock(), default=None)
    swift: Any = setting(AcceptedBlock(), default=None)
    hedging: Any = setting(AcceptedBlock(), default=None)
    congestion_control: Any = setting(AcceptedBlock(), default=None)

    def checked(self, at: SectionPlace) -> CommonStorageConfig:
        """Reports stores that can't be used."""
        for name in UNSUPPORTED_STORES:
            if at.given(name):
                at.report(name, unsupported_store(name))
        return self


@section
class CommonConfig:
    """`common`: what several blocks share."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "data_dir": "there is no such key; use path_prefix",
        "filesystem": "stands elsewhere; use common.storage.filesystem",
        "s3": "stands elsewhere; use common.storage.s3",
    }

    path_prefix: str = setting(Text(), default="")
    storage: CommonStorageConfig = setting(Nested(CommonStorageConfig), default_factory=CommonStorageConfig)
    persist_tokens: bool = setting(Boolean(), default=False)
    replication_factor: int = setting(Integer(), default=3)
    ring: Any = setting(AcceptedBlock(), default=None)
    instance_interface_names: tuple[str, ...] = setting(ListOf(Text()), default=())
    instance_addr: str = setting(Text(), default="")
    compactor_address: str = setting(Text(), default="")
    compactor_grpc_address: str = setting(Text(), default="")
    scratch_path: str = setting(Text(), default="")


@section
class IndexConfig:
    """`index` of a period: tables of upstream's index. Accepted, and without effect."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {"tags": "removed upstream and without effect"}

    path_prefix: str = setting(Text(), default="index/")
    prefix: str = setting(Text(), default="")
    period_ns: int = setting(Nanoseconds(), key="period", default=DAY_NS)


@section
class PeriodConfig:
    """One period of `schema_config`: from a day on, which store."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "row_shards": "removed upstream and without effect",
        "chunks": "removed upstream and without effect",
        "tags": "removed upstream and without effect",
    }

    from_: str = setting(Day(), key="from")
    store: str = setting(Text(), default="tsdb")
    object_store: str = setting(Text(), default="")
    schema: str = setting(Text(), default="v13")
    index: IndexConfig = setting(Nested(IndexConfig), default_factory=IndexConfig)

    def checked(self, at: SectionPlace) -> PeriodConfig:
        """Reports what no period can be, and says what of it has no effect."""
        if at.given("store") and self.store != "tsdb":
            at.warn("store", f'index store "{self.store}" was removed upstream; the index is treated as tsdb')
        if self.schema not in ("v9", "v10", "v11", "v12", "v13", "v14"):
            at.report("schema", f'"{self.schema}" is not a schema, must be one of v9 to v14')
        if self.object_store in UNSUPPORTED_STORES:
            at.report("object_store", unsupported_store(self.object_store))
        if self.index.period_ns not in (0, DAY_NS):
            at.warn("index", "retention needs an index period of 24h upstream; here the period has no effect")
        return self


@section
class SchemaConfig:
    """`schema_config`: periods. Only where objects are kept has an effect, and of that the newest period."""

    configs: tuple[PeriodConfig, ...] = setting(ListOf(Nested(PeriodConfig)), default=())

    def checked(self, at: SectionPlace) -> SchemaConfig:
        """Reports periods that are not in order."""
        days = [period.from_ for period in self.configs]
        if days != sorted(set(days)):
            at.report("configs", "periods must ascend by their from date, each date once")
        return self

    def current(self, today: str) -> PeriodConfig | None:
        """The period that a day (YYYY-MM-DD) is in; the first where all are later; None where there is none."""
        found = [period for period in self.configs if period.from_ <= today]
        return found[-1] if found else (self.configs[0] if self.configs else None)


@section
class NamedStores:
    """`storage_config.named_stores`: more stores, each with a name for `object_store` of a period."""

    aws: dict[str, S3Config] = setting(MapOf(Nested(S3Config)), default_factory=dict)
    gcs: dict[str, GcsConfig] = setting(MapOf(Nested(GcsConfig)), default_factory=dict)
    azure: dict[str, AzureConfig] = setting(MapOf(Nested(AzureConfig)), default_factory=dict)
    filesystem: dict[str, LocalStorageConfig] = setting(MapOf(Nested(LocalStorageConfig)), default_factory=dict)
    alibabacloud: Any = setting(AcceptedBlock(), default=None)
    bos: Any = setting(AcceptedBlock(), default=None)
    cos: Any = setting(AcceptedBlock(), default=None)
    swift: Any = setting(AcceptedBlock(), default=None)

    def kind_of(self, name: str) -> str:
        """Which kind of store has this name; empty for none."""
        return next((kind for kind in ("aws", "gcs", "azure", "filesystem") if name in getattr(self, kind)), "")


@section
class ShipperConfig:
    """`tsdb_shipper`, `boltdb_shipper`: how upstream moves its index. `cache_location` is where segments are cached."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "shared_store": "removed upstream; use object_store of the period in schema_config",
        "shared_store_key_prefix": "removed upstream; use index.path_prefix of the period in schema_config",
        "use_boltdb_shipper_as_backup": "removed upstream and without effect",
    }

    active_index_directory: str = setting(Text(), default="")
    cache_location: str = setting(Text(), default="")
    cache_ttl_ns: int = setting(Nanoseconds(), key="cache_ttl", default=DAY_NS)
    resync_interval_ns: int = setting(Nanoseconds(), key="resync_interval", default=300_000_000_000)
    query_ready_num_days: int = setting(Integer(), default=0)
    index_gateway_client: Any = setting(AcceptedBlock(), default=None)
    ingestername: str = setting(Text(), default="")
    mode: str = setting(Text(), default="")
    ingesterdbretainperiod_ns: int = setting(Nanoseconds(), key="ingesterdbretainperiod", default=0)
    build_per_tenant_index: bool = setting(Boolean(), default=False)


@section
class StorageConfig:
    """`storage_config`: stores, in the old form and in the new one."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "boltdb": "removed upstream and without effect; the index needs no settings",
        "bigtable": "removed upstream; the index needs no database",
        "cassandra": "removed upstream; the index needs no database",
        "grpc_store": "removed upstream; the index needs no database",
        "index_queries_cache_config": "removed upstream and without effect",
        "disable_broad_index_queries": "removed upstream and without effect",
        "s3": "stands elsewhere; use storage_config.aws (or storage_config.object_store.s3)",
        "engine": "removed upstream and without effect",
    }

    aws: S3Config | None = setting(Nested(S3Config), default=None)
    gcs: GcsConfig | None = setting(Nested(GcsConfig), default=None)
    azure: AzureConfig | None = setting(Nested(AzureConfig), default=None)
    filesystem: LocalStorageConfig | None = setting(Nested(LocalStorageConfig), default=None)
    alibabacloud: Any = setting(AcceptedBlock(), default=None)
    bos: Any = setting(AcceptedBlock(), default=None)
    cos: Any = setting(AcceptedBlock(), default=None)
    swift: Any = setting(AcceptedBlock(), default=None)
    named_stores: NamedStores = setting(Nested(NamedStores), default_factory=NamedStores)
    use_thanos_objstore: bool | None = setting(Boolean(), default=None)
    object_store: ObjectStoreConfig | None = setting(Nested(ObjectStoreConfig), default=None)
    object_prefix: str = setting(Text(), default="")
    # Our own: how much of the bucket's segments is kept on the local disk.
    cache_size: int = setting(Bytes(), default=10 * 1024**3)
    hedging: Any = setting(AcceptedBlock(), default=None)
    congestion_control: Any = setting(AcceptedBlock(), default=None)
    index_cache_validity_ns: int = setting(Nanoseconds(), key="index_cache_validity", default=300_000_000_000)
    max_parallel_get_chunk: int = setting(Integer(1), default=150)
    max_chunk_batch_size: int = setting(Integer(1), default=50)
    boltdb_shipper: ShipperConfig | None = setting(Nested(ShipperConfig), default=None)
    tsdb_shipper: ShipperConfig | None = setting(Nested(ShipperConfig), default=None)
    bloom_shipper: Any = setting(AcceptedBlock(), default=None)

    def checked(self, at: SectionPlace) -> StorageConfig:
        """Reports stores that can't be used."""
        for name in UNSUPPORTED_STORES:
            if at.given(name):
                at.report(name, unsupported_store(name))
        if at.given("boltdb_shipper"):
            at.warn(
                "boltdb_shipper", "removed upstream; the index is treated as tsdb, settings as those of tsdb_shipper"
            )
        return self


@section
class EmbeddedCacheConfig:
    """A cache in this process."""

    enabled: bool = setting(Boolean(), default=False)
    max_size_mb: int = setting(Integer(), default=100)
    max_size_items: int = setting(Integer(), default=0)
    ttl_ns: int = setting(Nanoseconds(), key="ttl", default=3600_000_000_000)


@section
class CacheConfig:
    """Where results or chunks are cached. Accepted; what is cached here, and how, the store decides itself."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "enable_fifocache": "removed upstream; use embedded_cache.enabled",
        "fifocache": "removed upstream; use embedded_cache",
    }

    default_validity_ns: int = setting(Nanoseconds(), key="default_validity", default=3600_000_000_000)
    background: Any = setting(AcceptedBlock(), default=None)
    memcached: Any = setting(AcceptedBlock(), default=None)
    memcached_client: Any = setting(AcceptedBlock(), default=None)
    redis: Any = setting(AcceptedBlock(), default=None)
    embedded_cache: EmbeddedCacheConfig = setting(Nested(EmbeddedCacheConfig), default_factory=EmbeddedCacheConfig)


@section
class ChunkStoreConfig:
    """`chunk_store_config`: caches of chunks. Accepted, and without effect."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "write_dedupe_cache_config": "removed upstream and without effect",
        "max_look_back_period": "removed upstream; use limits_config.max_query_lookback",
    }

    chunk_cache_config: CacheConfig | None = setting(Nested(CacheConfig), default=None)
    chunk_cache_config_l2: CacheConfig | None = setting(Nested(CacheConfig), default=None)
    skip_query_writeback_cache_older_than_ns: int = setting(
        Nanoseconds(), key="skip_query_writeback_cache_older_than", default=0
    )
    l2_chunk_cache_handoff_ns: int = setting(Nanoseconds(), key="l2_chunk_cache_handoff", default=0)
    cache_lookups_older_than_ns: int = setting(Nanoseconds(), key="cache_lookups_older_than", default=0)


def today() -> str:
    """The date in UTC."""
    return dt.datetime.now(dt.UTC).date().isoformat()
