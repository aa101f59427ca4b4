from click.testing import CliRunner

from watchkeeper.cli.check import check


def run(*arguments, env=None):
    return CliRunner().invoke(check, ["loki", *map(str, arguments)], env=env)


def lines(result, tmp_path):
    return result.output.replace(str(tmp_path), "").splitlines()


def test_a_good_file_says_what_it_amounts_to(tmp_path):
    file = tmp_path / "loki.yaml"
    file.write_text("auth_enabled: false\ncommon: {path_prefix: /loki}\n")
    result = run(file)
    assert result.exit_code == 0
    assert lines(result, tmp_path) == [
        "/loki.yaml: valid: entries of one tenant are kept in folder /loki/segments for ever"
    ]


def test_warnings_say_where_and_what_to_use(tmp_path):
    file = tmp_path / "loki.yaml"
    file.write_text(
        """
schema_config:
  configs: [{from: 2024-01-01, store: boltdb-shipper, object_store: s3, row_shards: 16}]
storage_config:
  aws: {bucketnames: chunks, endpoint: "minio:9000", insecure: true}
  boltdb_shipper: {shared_store: s3}
limits_config: {retention_period: 744h, retention_stream: [{selector: '{a="b"}', period: 48h}]}
compactor: {retention_enabled: true, delete_request_store: s3, shared_store: s3}
table_manager: {retention_period: 1h}
"""
    )
    result = run(file)
    assert result.exit_code == 0
    assert lines(result, tmp_path) == [
        '/loki.yaml:3:39: warning: schema_config.configs[0].store: index store "boltdb-shipper" was removed upstream; '
        "the index is treated as tsdb",
        "/loki.yaml:3:73: warning: schema_config.configs[0].row_shards: removed upstream and without effect",
        "/loki.yaml:6:19: warning: storage_config.boltdb_shipper: removed upstream; the index is treated as tsdb, "
        "settings as those of tsdb_shipper",
        "/loki.yaml:6:20: warning: storage_config.boltdb_shipper.shared_store: removed upstream; "
        "use object_store of the period in schema_config",
        "/loki.yaml:8:64: warning: compactor.shared_store: removed upstream; use compactor.delete_request_store, "
        "and object_store of the period",
        "/loki.yaml:9:1: warning: table_manager: removed upstream; use compactor.retention_enabled with "
        "limits_config.retention_period",
        "/loki.yaml: valid: entries of several tenants are kept in bucket chunks for 31d, 1 rule for streams",
    ]


def test_problems_of_all_files_are_listed(tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("limits_config: {max_line_size: big, query_timeout: 60}\ncompactor: {retention_enabled: yes}\n")
    two.write_text("schema_config: {configs: [{from: 2024-01-01, object_store: s3}]}\n")
    result = run(one, two, tmp_path / "three.yaml")
    assert result.exit_code == 1
    assert lines(result, tmp_path) == [
        '/one.yaml:1:32: limits_config.max_line_size: not a valid size: "big", expected a number and a unit, '
        "such as 256KB",
        '/one.yaml:1:52: limits_config.query_timeout: not a valid duration: "60" has no unit, write 60s for seconds',
        "/one.yaml:2:12: compactor.delete_request_store: "
        "compactor.delete-request-store should be configured when retention is enabled",
        '/two.yaml:1:26: schema_config.configs: object store "s3" is not described: set storage_config.aws, '
        "common.storage.s3 or storage_config.object_store.s3",
        "/three.yaml:1:1: can't be read: No such file or directory",
    ]


def test_limits_of_tenants_are_checked_too(tmp_path):
    file, runtime = tmp_path / "loki.yaml", tmp_path / "overrides.yaml"
    file.write_text("runtime_config: {file: overrides.yaml}\n")
    runtime.write_text("overrides: {a: {max_line_size: 1KB, max_line_sise: 1}}\n")
    result = run(file)
    assert result.exit_code == 0
    assert lines(result, tmp_path)[1:] == [
        '/overrides.yaml:1:37: warning: overrides.a.max_line_sise: unknown key "max_line_sise"; '
        'did you mean "max_line_size"?',
        "/overrides.yaml: valid: limits of 1 tenant",
    ]
    runtime.write_text("overrides: {a: {max_line_size: big}}\n")
    result = run(file)
    assert result.exit_code == 1
    assert lines(result, tmp_path)[1].startswith("/overrides.yaml:1:32: overrides.a.max_line_size: not a valid size")


def test_the_environment_is_used_where_it_is_asked_for(tmp_path):
    file = tmp_path / "loki.yaml"
    file.write_text("server: {http_listen_port: ${PORT:3100}}\ncommon: {path_prefix: '${WHERE}'}\n")
    assert run(file).exit_code == 1
    result = run("--config.expand-env", file, env={"WHERE": "/data"})
    assert lines(result, tmp_path) == [
        "/loki.yaml: valid: entries of several tenants are kept in folder /data/segments for ever"
    ]


def test_secrets_are_not_shown(tmp_path):
    file = tmp_path / "loki.yaml"
    file.write_text(
        "storage_config: {aws: {s3: 'http://key:hunter2@h/b', secret_access_key: hunter3, access_key_id: [hunter4]}}\n"
    )
    result = run(file)
    assert result.exit_code == 1
    assert "hunter" not in result.output
