import os

import pytest

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.limits import DEFAULTS, Limits
from watchkeeper.logs.store.overrides import Overrides

SECOND = 1_000_000_000


def base(text):
    return decode(Limits, text, Load("loki.yml"))


def is_good(registry):
    (family,) = [one for one in registry.collect() if one.name == "loki_runtime_config_last_reload_successful"]
    return family.samples[0][3] == 1


def test_without_a_file_all_tenants_have_the_same_limits():
    overrides = Overrides()
    assert overrides.of("any") is DEFAULTS
    assert overrides.tick(10**18) is False


def test_a_tenants_limits_are_everybodys_but_for_what_the_file_gives(tmp_path):
    path = tmp_path / "runtime.yml"
    path.write_text(
        """
        overrides:
          a:
            max_line_size: 1MB
            shard_streams: {enabled: false}
            retention_stream: [{selector: '{x="y"}', period: 48h}]
          b:
        configs: {any: thing}
        """
    )
    shared = base("{max_query_series: 7, max_line_size: 3, shard_streams: {desired_rate: 5MB}}")
    overrides = Overrides(shared, (path,))
    overrides.load()
    mine = overrides.of("a")
    assert (mine.max_line_size, mine.max_query_series) == (1 << 20, 7)
    assert (mine.shard_streams.enabled, mine.shard_streams.desired_rate) == (False, 5 << 20)
    assert len(mine.retention_stream) == 1
    assert overrides.of("b") is shared
    assert overrides.of("c") is shared
    assert overrides.tenants == ("a",)


def test_a_changed_file_applies_after_the_period(tmp_path):
    path = tmp_path / "runtime.yml"
    path.write_text("overrides: {a: {max_line_size: 1KB}}")
    overrides = Overrides(DEFAULTS, (path,), period_ns=10 * SECOND)
    overrides.load()
    before = overrides.version
    assert overrides.tick(100 * SECOND) is False
    path.write_text("overrides: {a: {max_line_size: 20KB}}")
    assert overrides.tick(105 * SECOND) is False
    assert overrides.of("a").max_line_size == 1 << 10
    assert overrides.tick(110 * SECOND) is True
    assert overrides.of("a").max_line_size == 20 << 10
    assert overrides.version > before
    assert overrides.tick(120 * SECOND) is False


def test_a_wrong_file_is_told_once_and_the_old_limits_stay(tmp_path, capsys):
    path = tmp_path / "runtime.yml"
    path.write_text("overrides: {a: {max_line_size: 1KB}}")
    registry = Registry()
    overrides = Overrides(DEFAULTS, (path,), SECOND, registry)
    overrides.load()
    path.write_text("overrides:\n  a:\n    max_line_size: big\n    query_timeout: soon\n")
    assert overrides.tick(10 * SECOND) is False
    assert overrides.tick(20 * SECOND) is False
    shown = capsys.readouterr().err
    assert shown.count("the limits in force stay") == 2
    assert f"{path}:3:20: overrides.a.max_line_size: not a valid size" in shown
    assert overrides.of("a").max_line_size == 1 << 10
    assert not is_good(registry)
    path.write_text("overrides: {a: {max_line_size: 2KB}}\n")
    assert overrides.tick(30 * SECOND) is True
    assert overrides.of("a").max_line_size == 2 << 10
    assert is_good(registry)


def test_a_file_that_is_not_there_is_an_error_when_it_is_loaded(tmp_path):
    overrides = Overrides(DEFAULTS, (tmp_path / "missing.yml",))
    with pytest.raises(ConfigError, match=r"missing.yml:1:1: can't be read"):
        overrides.load()


def test_a_file_behind_a_link_that_is_moved(tmp_path):
    """As Kubernetes updates a mounted ConfigMap."""
    for name, size in (("old", "1KB"), ("new", "2KB")):
        (tmp_path / name).write_text(f"overrides: {{a: {{max_line_size: {size}}}}}")
    link = tmp_path / "runtime.yml"
    link.symlink_to("old")
    overrides = Overrides(DEFAULTS, (link,), SECOND)
    overrides.load()
    (tmp_path / "next").symlink_to("new")
    os.replace(tmp_path / "next", link)
    assert overrides.tick(10 * SECOND) is True
    assert overrides.of("a").max_line_size == 2 << 10


def test_of_several_files_the_last_counts(tmp_path):
    paths = []
    for i, text in enumerate(("{a: {max_line_size: 1KB}, b: {max_line_size: 1KB}}", "{b: {max_line_size: 2KB}}")):
        paths.append(tmp_path / f"{i}.yml")
        paths[-1].write_text(f"overrides: {text}")
    overrides = Overrides(DEFAULTS, tuple(paths))
    overrides.load()
    assert overrides.of("a").max_line_size == 1 << 10
    assert overrides.of("b").max_line_size == 2 << 10


def test_unknown_keys_are_warnings(tmp_path):
    path = tmp_path / "runtime.yml"
    path.write_text("overrides:\n  a:\n    max_line_sise: 1KB\n    unordered_writes: true\nmulti_kv_config: {}\n")
    overrides = Overrides(DEFAULTS, (path,))
    overrides.load()
    assert [str(warning).removeprefix(f"{path}:") for warning in overrides.warnings] == [
        '5:1: multi_kv_config: unknown key "multi_kv_config"',
        '3:5: overrides.a.max_line_sise: unknown key "max_line_sise"; did you mean "max_line_size"?',
        "4:5: overrides.a.unordered_writes: removed upstream and without effect: "
        "entries are taken in any order within retention",
    ]


def test_a_reloaded_configuration_replaces_the_base_or_nothing(tmp_path):
    path = tmp_path / "runtime.yml"
    path.write_text("overrides: {a: {max_query_series: 1}}")
    overrides = Overrides(DEFAULTS, (path,))
    overrides.load()
    overrides.replace_base(base("max_line_size: 5"), (path,), SECOND)
    assert (overrides.of("a").max_line_size, overrides.of("a").max_query_series) == (5, 1)
    assert overrides.of("x").max_line_size == 5
    path.write_text("overrides: [")
    with pytest.raises(ConfigError):
        overrides.replace_base(base("max_line_size: 6"), (path,), SECOND)
    assert overrides.of("a").max_line_size == 5
