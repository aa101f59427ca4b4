import dataclasses

import pytest

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.config.dump import dump
from watchkeeper.core.config.schema import table_of
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.store.limits import DEFAULTS, Limits

HOUR = 3_600_000_000_000
DAY = 24 * HOUR


def limits(text):
    return decode(Limits, text, Load("f.yml", lenient=True))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ingestion_rate_strategy", "global"),
        ("ingestion_rate_mb", 4.0),
        ("ingestion_burst_size_mb", 6.0),
        ("max_label_name_length", 1024),
        ("max_label_value_length", 2048),
        ("max_label_names_per_series", 15),
        ("reject_old_samples", True),
        ("reject_old_samples_max_age_ns", 7 * DAY),
        ("creation_grace_period_ns", HOUR // 6),
        ("max_line_size", 256 << 10),
        ("max_line_size_truncate", False),
        ("max_streams_per_user", 0),
        ("max_global_streams_per_user", 5000),
        ("per_stream_rate_limit", 3 << 20),
        ("per_stream_rate_limit_burst", 15 << 20),
        ("increment_duplicate_timestamp", False),
        ("max_query_series", 500),
        ("max_query_length_ns", 30 * DAY + HOUR),
        ("max_query_lookback_ns", 0),
        ("max_query_range_ns", 0),
        ("max_query_parallelism", 32),
        ("tsdb_max_query_parallelism", 128),
        ("tsdb_max_bytes_per_shard", 600 << 20),
        ("cardinality_limit", 100_000),
        ("max_streams_matchers_per_query", 1000),
        ("max_chunks_per_query", 2_000_000),
        ("max_entries_limit_per_query", 5000),
        ("max_concurrent_tail_requests", 10),
        ("query_timeout_ns", HOUR // 60),
        ("split_queries_by_interval_ns", HOUR),
        ("split_metadata_queries_by_interval_ns", DAY),
        ("max_querier_bytes_read", 150 << 30),
        ("max_query_bytes_read", 0),
        ("max_cache_freshness_per_query_ns", HOUR // 6),
        ("retention_period_ns", 0),
        ("retention_stream", ()),
        ("deletion_mode", "filter-and-delete"),
        ("volume_enabled", True),
        ("volume_max_series", 1000),
        ("allow_structured_metadata", True),
        ("max_structured_metadata_size", 64 << 10),
        ("max_structured_metadata_entries_count", 128),
        ("discover_log_levels", True),
        ("block_ingestion_until_ns", 0),
        ("block_ingestion_status_code", 260),
        ("minimum_labels_number", 0),
        ("ruler_max_rules_per_rule_group", 0),
        ("out_of_order_cutoff_ns", 0),
    ],
)
def test_defaults_are_upstreams(field, value):
    assert getattr(DEFAULTS, field) == value


def test_service_name_and_level_lists():
    assert DEFAULTS.discover_service_name[:3] == ("service", "app", "application")
    assert DEFAULTS.discover_service_name[-1] == "k8s_job_name"
    assert DEFAULTS.log_level_fields[0] == "level"
    assert DEFAULTS.shard_streams.desired_rate == 1536 << 10


def test_every_key_reads_back_what_a_dump_wrote():
    given = limits(
        """
        ingestion_rate_mb: 10.5
        max_line_size: 1MB
        reject_old_samples: false
        retention_period: 744h
        retention_stream: [{selector: '{a="b", c=~"d.*"}', priority: 1, period: 24h}]
        blocked_queries: [{pattern: '.*x.*', regex: true, types: [metric, filter]}]
        block_ingestion_until: 2026-11-28T09:00:00Z
        otlp_config: {resource_attributes: {attributes_config: [{action: index_label, attributes: [a.b]}]}}
        ruler_remote_write_config: {one: {url: http://x}}
        """
    )
    text = dump(given)
    assert limits(text) == given
    assert dump(limits(text)) == text


def test_names_are_upstreams_but_for_their_units():
    for item in table_of(Limits).settings:
        assert item.field in (item.key, f"{item.key}_ns"), item


def test_what_a_limit_amounts_to():
    assert DEFAULTS.ingestion_rate_bytes == 4 << 20
    assert DEFAULTS.ingestion_burst_bytes == 6 << 20
    assert DEFAULTS.max_streams == 5000
    assert dataclasses.replace(DEFAULTS, max_streams_per_user=10).max_streams == 10
    assert dataclasses.replace(DEFAULTS, max_global_streams_per_user=0).max_streams == 0


def test_retention_of_a_stream_is_that_of_the_highest_priority_then_the_shortest():
    given = limits(
        """
        retention_period: 240h
        retention_stream:
        - {selector: '{env="dev"}', priority: 1, period: 72h}
        - {selector: '{env="dev", app="a"}', priority: 2, period: 96h}
        - {selector: '{app=~"a.*"}', priority: 2, period: 48h}
        """
    )
    assert given.retention_ns(Labels.of(env="dev", app="x")) == 3 * DAY
    assert given.retention_ns(Labels.of(env="dev", app="a")) == 2 * DAY
    assert given.retention_ns(Labels.of(env="prod", app="ab")) == 2 * DAY
    assert given.retention_ns(Labels.of(env="prod")) == 10 * DAY
    assert DEFAULTS.retention_ns(Labels.of(env="prod")) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("retention_period: 1h", "1:19: retention_period: retention period must be >= 24h"),
        ("retention_stream: [{selector: '{a=\"b\"}', period: 1h}]", "retention period must be >= 24h"),
        ('retention_stream: [{selector: \'{a="b"} |= "x"\', period: 24h}]', "not a selector such as"),
        ("retention_stream: [{period: 24h}]", "missing required key selector"),
        ("deletion_mode: whole", '"whole" is not supported, must be "disabled", "filter-only" or "filter-and-delete"'),
        ("max_line_size: big", 'not a valid size: "big", expected a number and a unit, such as 256KB'),
        ("ingestion_burst_size_mb: 0", "must not be 0: nothing could be ingested at all"),
        ("out_of_order_cutoff: 1ms", "must be at least 1s, or 0 to take entries in any order"),
        ("blocked_queries: [{pattern: '(', regex: true}]", "not a valid regular expression"),
        ("otlp_config: {log_attributes: [{action: keep, attributes: [a]}]}", '"keep" is not supported'),
        ("otlp_config: {log_attributes: [{action: drop}]}", "set attributes or regex"),
        ("query_timeout: 60", "has no unit, write 60s for seconds"),
        ("block_ingestion_status_code: 42", "42 is out of range, must be at least 200"),
    ],
)
def test_impossible_values_are_errors(text, message):
    with pytest.raises(ConfigError) as caught:
        limits(text)
    assert message in str(caught.value)
    assert str(caught.value).startswith("f.yml:1:")


def test_removed_keys_are_warnings_that_say_what_to_use():
    load = Load("f.yml", lenient=True)
    decode(Limits, "unordered_writes: true\nper_tenant_override_config: x\nallow_deletes: true\nfoo: 1\n", load)
    assert [str(warning) for warning in load.warnings] == [
        "f.yml:1:1: unordered_writes: removed upstream and without effect: "
        "entries are taken in any order within retention",
        "f.yml:2:1: per_tenant_override_config: removed upstream; use runtime_config.file",
        "f.yml:3:1: allow_deletes: removed upstream; use deletion_mode",
        'f.yml:4:1: foo: unknown key "foo"',
    ]
