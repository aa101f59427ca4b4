"""Loki's YAML → what the store needs to know: folders, the bucket, ages, retention."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchkeeper.core.config.secret import Secret
from watchkeeper.core.objects.settings import (
    AzureSettings,
    FolderSettings,
    GcsSettings,
    ObjectSettings,
    Retries,
    S3Settings,
)
from watchkeeper.logs.store.config_objects import AzureConfig, GcsConfig, ObjectS3Config, ObjectStoreConfig, S3Config
from watchkeeper.logs.store.config_storage import S3_NAMES, today

if TYPE_CHECKING:
    from watchkeeper.logs.store.config import LokiConfig

FOLDER_NAMES: Final = ("", "filesystem", "local")
DEFAULT_TIMEOUT_NS: Final = 60_000_000_000


class StoreChoiceError(ValueError):
    """A store that is asked for and not described; `path` is the keys that ask for it."""

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        self.path = path
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """What the store is told. Durations are nanoseconds, sizes bytes.

    directory           where it lives; the folders below are in it unless the file names them
    wal_directory       logs of what is not yet in a segment
    segments_directory  segments, or those that wait for the bucket
    cache_directory     segments brought back from the bucket, at most `cache_bytes` of them
    objects             the bucket; None where the folder is all there is
    idle_ns, max_age_ns a stream's open block is cut after so long without entries, or so long after its first
    retention_enabled   whether anything is ever deleted; how long things are kept the limits say
    retention_bytes     the oldest segments go when all of them are larger; 0 for no such bound
    disk_full_ratio     pushes are refused when the disk is fuller; 0 for never
    """

    directory: Path
    wal_directory: Path
    segments_directory: Path
    cache_directory: Path
    objects: ObjectSettings | None
    cache_bytes: int
    idle_ns: int
    max_age_ns: int
    target_bytes: int
    flush_check_ns: int
    flush_on_shutdown: bool
    wal_enabled: bool
    disk_full_ratio: float
    upload_pause_ns: tuple[int, int]
    retention_enabled: bool
    retention_interval_ns: int
    retention_delay_ns: int
    retention_bytes: int
    delete_cancel_ns: int
    delete_max_interval_ns: int
    merge_interval_ns: int


def store_settings(config: LokiConfig, path: Path) -> StoreSettings:
    """Settings of the store that a configuration describes.

    path   where the store lives unless the configuration's common.path_prefix says otherwise
    """
    ingester, compactor, storage = config.ingester, config.compactor, config.storage_config
    common = config.common
    directory = Path(common.path_prefix) if common.path_prefix else path
    objects = chosen_objects(config)
    segments = directory / "segments"
    if isinstance(objects, FolderSettings):
        # A folder of this machine is not a bucket: segments are written where they stay.
        segments, objects = objects.directory / objects.prefix, None
    shipper = storage.tsdb_shipper or storage.boltdb_shipper
    cache = shipper.cache_location if shipper is not None else ""
    return StoreSettings(
        directory=directory,
        wal_directory=_below(directory, ingester.wal.dir or "wal"),
        segments_directory=segments,
        cache_directory=_below(directory, cache or "cache"),
        objects=objects,
        cache_bytes=storage.cache_size,
        idle_ns=ingester.chunk_idle_period_ns,
        max_age_ns=ingester.max_chunk_age_ns,
        target_bytes=ingester.chunk_target_size,
        flush_check_ns=ingester.flush_check_period_ns,
        flush_on_shutdown=ingester.wal.flush_on_shutdown,
        wal_enabled=ingester.wal.enabled,
        disk_full_ratio=ingester.wal.disk_full_threshold,
        upload_pause_ns=(ingester.flush_op_backoff.min_period_ns, ingester.flush_op_backoff.max_period_ns),
        retention_enabled=compactor.retention_enabled,
        retention_interval_ns=compactor.apply_retention_interval_ns or compactor.compaction_interval_ns,
        retention_delay_ns=compactor.retention_delete_delay_ns,
        retention_bytes=compactor.retention_size,
        delete_cancel_ns=compactor.delete_request_cancel_period_ns,
        delete_max_interval_ns=compactor.delete_max_interval_ns,
        merge_interval_ns=compactor.compaction_interval_ns,
    )


def chosen_objects(config: LokiConfig) -> ObjectSettings | None:
    """Where objects are kept: what today's period of schema_config names, else the only store that is described.

    None where that is the folder of the store itself. Raises StoreChoiceError.
    """
    storage, common = config.storage_config, config.common.storage
    period = config.schema_config.current(today())
    name = period.object_store if period is not None else ""
    at = ("schema_config", "configs") if name else ("storage_config",)
    if not name:
        name = _only_store(config)
    if kind := storage.named_stores.kind_of(name):
        return _named(config, kind, name)
    new = storage.object_store or common.object_store
    is_new = storage.use_thanos_objstore
    old = _old_store(config, name)
    if is_new is None:
        # Upstream's default changed over its releases; what is described counts.
        is_new = new is not None and (old is None or _has(new, name))
    found = _new_store(new, name, storage.object_prefix) if is_new and new is not None else old
    if found is not None or name in FOLDER_NAMES:
        return found
    if name not in (*S3_NAMES, "gcs", "azure"):
        raise StoreChoiceError(at, f'object store "{name}" is not described in storage_config.named_stores')
    old_key = "aws" if name in S3_NAMES else name
    new_key = "s3" if name in S3_NAMES else name
    raise StoreChoiceError(
        at,
        f'object store "{name}" is not described: set storage_config.{old_key}, common.storage.{new_key} '
        f"or storage_config.object_store.{new_key}",
    )


def _only_store(config: LokiConfig) -> str:
    """The name of the first bucket that is described; for a file without schema_config."""
    storage, common = config.storage_config, config.common.storage
    new = storage.object_store or common.object_store
    for name, described in (
        ("s3", storage.aws or common.s3 or (new and new.s3)),
        ("gcs", storage.gcs or common.gcs or (new and new.gcs)),
        ("azure", storage.azure or common.azure or (new and new.azure)),
    ):
        if described:
            return name
    return "filesystem"


def _named(config: LokiConfig, kind: str, name: str) -> ObjectSettings | None:
    stores, prefix = config.storage_config.named_stores, config.storage_config.object_prefix
    match kind:
        case "aws":
            return _old_s3(stores.aws[name], prefix)
        case "gcs":
            return _gcs(stores.gcs[name], prefix)
        case "azure":
            return _azure(stores.azure[name], prefix)
    return _folder(stores.filesystem[name].directory, prefix)


def _old_store(config: LokiConfig, name: str) -> ObjectSettings | None:
    storage, common, prefix = config.storage_config, config.common.storage, config.storage_config.object_prefix
    if name in S3_NAMES:
        s3 = storage.aws if storage.aws is not None and storage.aws.is_set else common.s3
        return _old_s3(s3, prefix) if s3 is not None else None
    if name == "gcs":
        gcs = storage.gcs or common.gcs
        return _gcs(gcs, prefix) if gcs is not None else None
    if name == "azure":
        azure = storage.azure or common.azure
        return _azure(azure, prefix) if azure is not None else None
    if name in FOLDER_NAMES:
        directory = storage.filesystem.directory if storage.filesystem is not None else ""
        if not directory and common.filesystem is not None:
            directory = common.filesystem.chunks_directory
        return _folder(directory, prefix)
    return None


def _new_store(store: ObjectStoreConfig, name: str, object_prefix: str) -> ObjectSettings | None:
    prefix = store.storage_prefix or object_prefix
    if name in S3_NAMES and store.s3 is not None:
        return _new_s3(store.s3, prefix)
    if name == "gcs" and store.gcs is not None:
        return _gcs(store.gcs, prefix)
    if name == "azure" and store.azure is not None:
        return _azure(store.azure, prefix)
    if name in FOLDER_NAMES and store.filesystem is not None:
        return _folder(store.filesystem.dir, prefix)
    return None


def _has(store: ObjectStoreConfig, name: str) -> bool:
    key = "s3" if name in S3_NAMES else "filesystem" if name in FOLDER_NAMES else name
    return getattr(store, key, None) is not None


def _old_s3(config: S3Config, prefix: str) -> S3Settings:
    host, bucket, key, secret = config.url_parts()
    # A host without dot and port is the name of a region of Amazon's.
    is_region = bool(host) and "." not in host and ":" not in host and host != "localhost"
    endpoint = config.endpoint or ("" if is_region else host)
    return S3Settings(
        bucket=config.bucketnames.split(",")[0].strip() or bucket,
        prefix=prefix.strip("/"),
        endpoint=endpoint,
        region=config.region or (host if is_region else ""),
        access_key_id=config.access_key_id or key,
        secret_access_key=config.secret_access_key or Secret(secret),
        session_token=config.session_token,
        # A host in the URL is reached over http, as upstream does.
        insecure=config.insecure or (bool(host) and not is_region and not config.endpoint),
        path_style=True if config.s3forcepathstyle else None,
        skip_verify=config.http_config.insecure_skip_verify,
        ca_file=config.http_config.ca_file,
        storage_class="" if config.storage_class == "STANDARD" else config.storage_class,
        sse_type=config.sse.type,
        sse_kms_key_id=config.sse.kms_key_id,
        retries=Retries(
            attempts=max(1, config.backoff_config.max_retries),
            first_pause_ns=config.backoff_config.min_period_ns,
            longest_pause_ns=config.backoff_config.max_period_ns,
            timeout_ns=config.http_config.timeout_ns or DEFAULT_TIMEOUT_NS,
        ),
    )


def _new_s3(config: ObjectS3Config, prefix: str) -> S3Settings:
    lookup = {"path": True, "2": True, "virtual-hosted": False, "1": False}
    return S3Settings(
        bucket=config.bucket_name,
        prefix=prefix.strip("/"),
        endpoint=config.endpoint,
        region=config.region,
        access_key_id=config.access_key_id,
        secret_access_key=config.secret_access_key,
        session_token=config.session_token,
        insecure=config.insecure,
        path_style=lookup.get(config.bucket_lookup_type),
        skip_verify=config.http.insecure_skip_verify,
        ca_file=config.http.tls_ca_path,
        storage_class=config.storage_class,
        sse_type=config.sse.type,
        sse_kms_key_id=config.sse.kms_key_id,
        retries=Retries(attempts=max(1, config.max_retries)),
    )


def _gcs(config: GcsConfig, prefix: str) -> GcsSettings:
    return GcsSettings(
        bucket=config.bucket_name,
        prefix=prefix.strip("/"),
        endpoint=config.endpoint,
        service_account=config.service_account,
        retries=Retries(
            attempts=config.max_retries if config.enable_retries else 1,
            timeout_ns=config.request_timeout_ns or DEFAULT_TIMEOUT_NS,
        ),
    )


def _azure(config: AzureConfig, prefix: str) -> AzureSettings:
    return AzureSettings(
        container=config.container_name or "loki",
        prefix=prefix.strip("/"),
        account_name=config.account_name,
        account_key=config.account_key,
        connection_string=config.connection_string,
        endpoint_suffix=config.endpoint_suffix,
        client_id=config.client_id,
        client_secret=config.client_secret,
        tenant_id=config.tenant_id,
        retries=Retries(
            attempts=max(1, config.max_retries),
            first_pause_ns=config.min_retry_delay_ns,
            longest_pause_ns=config.max_retry_delay_ns,
            timeout_ns=config.request_timeout_ns or DEFAULT_TIMEOUT_NS,
        ),
    )


def _folder(directory: str, prefix: str) -> FolderSettings | None:
    return FolderSettings(directory=Path(directory), prefix=prefix.strip("/")) if directory else None


def _below(directory: Path, name: str) -> Path:
    return directory / name  # An absolute name stays what it is.
