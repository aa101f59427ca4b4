from pathlib import Path

import pytest

from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.objects.settings import AzureSettings, GcsSettings, S3Settings
from watchkeeper.logs.store.config import embedded_config, load_loki_config, parse_loki_yaml

HOUR = 3_600_000_000_000
HERE = Path("here")


def config(text, **options):
    return parse_loki_yaml(text, **options)


def settings(text):
    return config(text).store_settings(HERE)


def objects(text):
    return settings(text).objects


SCHEMA = "\nschema_config: {configs: [{from: 2024-01-01, store: tsdb, object_store: %s, schema: v13}]}\n"


def test_without_a_file_one_machine_keeps_ten_days_of_whatever_it_has():
    made = load_loki_config(None)
    limits = made.limits_config
    assert made == embedded_config()
    assert (made.auth_enabled, made.file, made.warnings) == (False, "", ())
    assert limits.retention_period_ns == 240 * HOUR
    assert made.compactor.retention_enabled
    assert (limits.ingestion_rate_bytes, limits.per_stream_rate_limit, limits.max_streams) == (0, 0, 0)
    assert limits.max_line_size == 0
    found = made.store_settings(HERE)
    assert (found.directory, found.objects) == (HERE, None)
    assert found.segments_directory == HERE / "segments"


def test_the_embedded_retention_can_be_set():
    made = embedded_config(retention_ns=48 * HOUR, retention_bytes=1 << 30)
    assert made.limits_config.retention_period_ns == 48 * HOUR
    assert made.limits_config.reject_old_samples_max_age_ns == 48 * HOUR
    assert made.store_settings(HERE).retention_bytes == 1 << 30
    assert embedded_config(retention_ns=0).limits_config.reject_old_samples is False


def test_upstreams_defaults_where_a_file_says_nothing():
    made = config("")
    assert made.auth_enabled
    assert made.server.http_listen_port == 3100
    assert made.ingester.chunk_idle_period_ns == HOUR // 2
    assert made.ingester.max_chunk_age_ns == 2 * HOUR
    assert made.ingester.chunk_target_size == 1_572_864
    assert made.compactor.retention_enabled is False
    assert made.compactor.delete_request_cancel_period_ns == 24 * HOUR
    assert made.querier.max_concurrent == 4
    assert made.frontend.max_outstanding_per_tenant == 2048
    assert made.query_range.align_queries_with_step is False
    assert made.runtime_config.period_ns == 10_000_000_000
    assert made.distributor.otlp_config.default_resource_attributes_as_index_labels[0] == "service.name"


def test_folders():
    found = settings("")
    assert found.directory == HERE
    assert found.wal_directory == HERE / "wal"
    assert found.cache_directory == HERE / "cache"
    found = settings("{common: {path_prefix: /loki}, ingester: {wal: {dir: /fast/wal}}}")
    assert found.directory == Path("/loki")
    assert found.wal_directory == Path("/fast/wal")
    assert found.segments_directory == Path("/loki/segments")
    assert settings("{common: {path_prefix: /loki}, ingester: {wal: {dir: w}}}").wal_directory == Path("/loki/w")
    assert settings("storage_config: {tsdb_shipper: {cache_location: /c}}").cache_directory == Path("/c")


@pytest.mark.parametrize(
    "text",
    [
        "storage_config: {filesystem: {directory: /chunks}}",
        "common: {storage: {filesystem: {chunks_directory: /chunks}}}",
        "storage_config: {object_store: {filesystem: {dir: /chunks}}}",
        "{common: {storage: {object_store: {filesystem: {dir: /chunks}}}}, storage_config: {use_thanos_objstore: on}}",
        "storage_config: {named_stores: {filesystem: {disk: {directory: /chunks}}}}" + SCHEMA % "disk",
    ],
)
def test_a_folder_of_chunks_is_where_segments_are(text):
    found = settings(text)
    assert (found.segments_directory, found.objects) == (Path("/chunks"), None)


@pytest.mark.parametrize(
    "text",
    [
        "storage_config: {aws: {bucketnames: b, endpoint: 'h:9', insecure: true, s3forcepathstyle: true}}",
        "storage_config: {aws: {bucketnames: b, endpoint: 'h:9', insecure: true, s3forcepathstyle: true}}"
        + SCHEMA % "aws",
        "common: {storage: {s3: {bucketnames: b, endpoint: 'h:9', insecure: true, s3forcepathstyle: true}}}"
        + SCHEMA % "s3",
        "storage_config: {object_store: {s3: {bucket_name: b, endpoint: 'h:9', insecure: true, "
        "bucket_lookup_type: path}}}" + SCHEMA % "s3",
        "common: {storage: {object_store: {s3: {bucket_name: b, endpoint: 'h:9', insecure: true, "
        "bucket_lookup_type: path}}}}" + SCHEMA % "s3",
        "storage_config: {named_stores: {aws: {mine: {bucketnames: b, endpoint: 'h:9', insecure: true, "
        "s3forcepathstyle: true}}}}" + SCHEMA % "mine",
    ],
)
def test_every_way_to_say_s3(text):
    found = objects(text)
    assert isinstance(found, S3Settings)
    assert (found.bucket, found.url, found.path_style) == ("b", "http://h:9", True)


@pytest.mark.parametrize(
    ("url", "endpoint", "region", "insecure"),
    [
        ("s3://k:s%2Fx@minio.default:9000/b", "minio.default:9000", "", True),
        ("s3://k:s%2Fx@minio:9000/b", "minio:9000", "", True),
        ("s3://k:s%2Fx@eu-west-1/b", "", "eu-west-1", False),
    ],
)
def test_the_url_form_of_s3(url, endpoint, region, insecure):
    found = objects(f"storage_config: {{aws: {{s3: '{url}'}}}}")
    assert (found.bucket, found.endpoint, found.region, found.insecure) == ("b", endpoint, region, insecure)
    assert (found.access_key_id, found.secret_access_key.reveal()) == ("k", "s/x")


def test_keys_beside_the_url_count_more():
    keys = "bucketnames: 'other, more', endpoint: e, access_key_id: K, secret_access_key: S"
    text = f"storage_config: {{aws: {{s3: 's3://k:s@h.x/b', {keys}}}}}"
    found = objects(text)
    assert (found.bucket, found.url, found.access_key_id) == ("other", "https://e", "K")
    (warning,) = config(text).warnings
    assert warning.message == "objects are not spread over buckets: only the first is used"


def test_which_form_counts_where_both_are_there():
    both = "{aws: {bucketnames: old}, object_store: {s3: {bucket_name: new}}%s}"
    schema = SCHEMA % "s3"
    assert objects("storage_config: " + both % ", use_thanos_objstore: true" + schema).bucket == "new"
    assert objects("storage_config: " + both % ", use_thanos_objstore: false" + schema).bucket == "old"
    assert objects("storage_config: " + both % "" + schema).bucket == "new"
    only_old = "storage_config: {use_thanos_objstore: true, aws: {bucketnames: old}}" + schema
    assert objects(only_old).bucket == "old"


def test_the_newest_period_that_has_begun_counts():
    text = """
storage_config: {aws: {bucketnames: b}, filesystem: {directory: /chunks}}
schema_config:
  configs:
    - {from: 2020-01-01, object_store: filesystem}
    - {from: 2024-01-01, object_store: s3}
    - {from: 2999-01-01, object_store: filesystem}
"""
    assert objects(text).bucket == "b"


def test_other_clouds():
    gcs = objects(
        "storage_config: {gcs: {bucket_name: b, service_account: '{}', request_timeout: 5s}}" + SCHEMA % "gcs"
    )
    assert isinstance(gcs, GcsSettings)
    assert (gcs.bucket, gcs.retries.timeout_ns) == ("b", 5_000_000_000)
    azure = objects("storage_config: {object_store: {azure: {account_name: a, container_name: c}}}" + SCHEMA % "azure")
    assert isinstance(azure, AzureSettings)
    assert (azure.container, azure.account_name) == ("c", "a")


def test_prefixes():
    old = objects("storage_config: {object_prefix: loki/x/, aws: {bucketnames: b}}")
    assert old.prefix == "loki/x"
    new = objects("storage_config: {object_store: {storage_prefix: p, s3: {bucket_name: b}}}" + SCHEMA % "s3")
    assert new.prefix == "p"


def test_retries_and_time_outs():
    found = objects(
        "storage_config: {aws: {bucketnames: b, backoff_config: {min_period: 1s, max_period: 9s, max_retries: 3}, "
        "http_config: {timeout: 7s, insecure_skip_verify: true, ca_file: /ca}}}"
    )
    assert found.retries.attempts == 3
    assert (found.retries.first_pause_ns, found.retries.longest_pause_ns) == (1_000_000_000, 9_000_000_000)
    assert found.retries.timeout_ns == 7_000_000_000
    assert (found.skip_verify, found.ca_file) == (True, "/ca")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SCHEMA % "s3", 'object store "s3" is not described: set storage_config.aws, common.storage.s3'),
        (SCHEMA % "mine", 'object store "mine" is not described in storage_config.named_stores'),
        ("storage_config: {aws: {endpoint: h}}" + SCHEMA % "s3", "the object store has no bucket"),
        (SCHEMA % "swift", "swift is not supported; Swift speaks S3 where its s3api is on: use s3 with that endpoint"),
    ],
)
def test_stores_that_are_not_described(text, message):
    with pytest.raises(ConfigError) as caught:
        config(text)
    assert message in str(caught.value)


def test_retention():
    found = settings(
        "compactor: {retention_enabled: true, delete_request_store: s3, retention_delete_delay: 1h, "
        "retention_size: 5GB, compaction_interval: 5m, apply_retention_interval: 10m, delete_request_cancel_period: 1m}"
    )
    assert found.retention_enabled
    assert (found.retention_delay_ns, found.retention_bytes) == (HOUR, 5 << 30)
    assert (found.merge_interval_ns, found.retention_interval_ns) == (HOUR // 12, HOUR // 6)
    assert found.delete_cancel_ns == HOUR // 60
    assert settings("").retention_interval_ns == HOUR // 6


def test_retention_without_effect_is_a_warning():
    (warning,) = config("limits_config: {retention_period: 48h}").warnings
    assert str(warning) == (
        "loki.yaml:1:16: limits_config: retention_period and retention_stream have no effect until "
        "compactor.retention_enabled is true"
    )


def test_a_key_in_the_wrong_block_is_told_where_it_belongs():
    made = config("ingester: {max_line_size: 1, checkpoint_duration: 5m, enabled: true, object_store: x, nonsense: 1}")
    assert [str(warning).removeprefix("loki.yaml:1:") for warning in made.warnings] == [
        '12: ingester.max_line_size: unknown key "max_line_size"; it belongs to limits_config',
        '30: ingester.checkpoint_duration: unknown key "checkpoint_duration"; it belongs to ingester.wal',
        '55: ingester.enabled: unknown key "enabled"',
        '70: ingester.object_store: unknown key "object_store"',
        '87: ingester.nonsense: unknown key "nonsense"',
    ]


def test_files_of_limits_are_beside_the_configuration(tmp_path):
    path = tmp_path / "loki.yaml"
    path.write_text("runtime_config: {file: 'a.yaml, /etc/b.yaml', period: 1m}")
    made = load_loki_config(path)
    assert made.runtime_files == (tmp_path / "a.yaml", Path("/etc/b.yaml"))
    assert config("").runtime_files == ()


def test_folders_of_rules():
    assert config("").rules_directory is None
    assert config("ruler: {storage: {local: {directory: /r}}}").rules_directory == Path("/r")
    assert config("ruler_storage: {local: {directory: /r}}").rules_directory == Path("/r")
    assert config("common: {storage: {filesystem: {rules_directory: /r}}}").rules_directory == Path("/r")


@pytest.mark.parametrize("target", ["all", "read", "write", "backend", "querier,ingester", "distributor"])
def test_targets_of_a_cluster_are_taken(target):
    assert config(f"target: {target}").target == target


def test_variables():
    text = "server: {http_listen_port: ${PORT:3100}}\ncommon: {path_prefix: '${DIR:-/loki}'}\n"
    made = config(text, expand_env=True, environ={"PORT": "80"})
    assert (made.server.http_listen_port, made.common.path_prefix) == (80, "/loki")


def test_a_file_that_can_not_be_read(tmp_path):
    with pytest.raises(ConfigError, match=r"missing.yaml:1:1: can't be read: No such file or directory"):
        load_loki_config(tmp_path / "missing.yaml")


def test_the_dump_of_everything_reads_back():
    text = dump(embedded_config())
    made = config(text)
    assert dump(made) == text
    assert made.limits_config == embedded_config().limits_config
