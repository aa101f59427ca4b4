from pathlib import Path

import pytest

from watchkeeper.app.prometheus_yml import load_prometheus_yml, parse_prometheus_yml
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.metrics.scrape.config import DEFAULT_PROTOCOLS, PROTOCOLS, GlobalConfig, ScrapeConfig


def job(text, global_text=""):
    lines = "\n".join(f"  {line}" for line in text.splitlines())
    (found,) = parse_prometheus_yml(f"global: {{{global_text}}}\nscrape_configs:\n- job_name: j\n{lines}\n").jobs
    return found


def test_jobs_take_what_global_says():
    found = job("", "scrape_interval: 5s, sample_limit: 7, extra_scrape_metrics: true")
    assert (found.scrape_interval_ms, found.scrape_timeout_ms) == (5000, 5000)
    assert (found.sample_limit, found.extra_scrape_metrics) == (7, True)
    assert found.scrape_protocols == DEFAULT_PROTOCOLS
    found = job("scrape_interval: 3s\nsample_limit: 9\nextra_scrape_metrics: false", "extra_scrape_metrics: true")
    assert (found.scrape_interval_ms, found.scrape_timeout_ms) == (3000, 3000)
    assert (found.sample_limit, found.extra_scrape_metrics) == (9, False)


def test_without_global_the_defaults_hold():
    (found,) = parse_prometheus_yml("scrape_configs: [{job_name: j}]").jobs
    assert (found.scrape_interval_ms, found.scrape_timeout_ms) == (60_000, 10_000)
    assert found.metric_name_escaping_scheme == "allow-utf-8"
    assert found == ScrapeConfig(job_name="j").with_defaults(GlobalConfig())


def test_native_histograms_put_protobuf_first():
    assert job("scrape_native_histograms: true").scrape_protocols == PROTOCOLS
    assert job("", "scrape_native_histograms: true").scrape_protocols == PROTOCOLS
    found = job("scrape_native_histograms: true\nscrape_protocols: [PrometheusText0.0.4]")
    assert found.scrape_protocols == ("PrometheusText0.0.4",)


def test_legacy_names_mean_legacy_escaping():
    assert job("metric_name_validation_scheme: legacy").metric_name_escaping_scheme == "underscores"
    assert job("", "metric_name_validation_scheme: legacy").metric_name_validation_scheme == "legacy"


def test_external_labels_are_expanded():
    config = parse_prometheus_yml("global: {external_labels: {b: $X-$Y, a: $$X}}", environ={"X": "1"})
    assert config.global_.external_labels == {"a": "$X", "b": "1-"}


def test_scrape_config_files_are_loaded(tmp_path):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "b.yml").write_text("scrape_configs: [{job_name: b, static_configs: [{targets: [x]}]}]")
    (tmp_path / "jobs" / "a.yml").write_text("scrape_configs: [{job_name: a, file_sd_configs: [{files: [t.json]}]}]")
    main = tmp_path / "prometheus.yml"
    main.write_text("global: {scrape_interval: 7s}\nscrape_config_files: [jobs/*.yml]\nscrape_configs: [{job_name: m}]")
    config = load_prometheus_yml(main)
    assert [found.job_name for found in config.jobs] == ["m", "a", "b"]
    assert {found.scrape_interval_ms for found in config.jobs} == {7000}
    assert config.jobs[1].discovery.file[0].files == (str(tmp_path / "jobs" / "t.json"),)


def test_problems_of_included_files_join(tmp_path):
    (tmp_path / "a.yml").write_text("scrape_configs:\n- job_name: m\n- job_name: x\n  scheme: ftp\njobs: []\n")
    (tmp_path / "b.yml").write_text("scrape_configs: [\n")
    main = tmp_path / "prometheus.yml"
    main.write_text("scrape_config_files: ['*a.yml', 'b.yml']\nscrape_configs:\n- job_name: m\nglobl: {}\n")
    with pytest.raises(ConfigError) as caught:
        load_prometheus_yml(main)
    assert str(caught.value).replace(str(tmp_path), "").splitlines() == [
        f'/a.yml:2:13: scrape_configs[0].job_name: found multiple scrape configs with job name "m", '
        f"first in {'/prometheus.yml:3'}",
        '/a.yml:4:11: scrape_configs[1].scheme: "ftp" is not supported, must be "http" or "https"',
        '/a.yml:5:1: jobs: unknown key "jobs"',
        "/b.yml:2:1: yaml: did not find expected node content while parsing a flow node",
        '/prometheus.yml:4:1: globl: unknown key "globl"; did you mean "global"?',
    ]


def test_rule_files_are_found(tmp_path):
    (tmp_path / "a.yml").write_text("")
    config = parse_prometheus_yml("rule_files: ['*.yml', a.yml, gone.yml]", str(tmp_path / "prometheus.yml"))
    assert config.rule_paths == (str(tmp_path / "a.yml"),)


def test_named_files_are_looked_for_where_asked():
    text = "scrape_configs: [{job_name: a, bearer_token_file: gone}]"
    parse_prometheus_yml(text)
    with pytest.raises(ConfigError, match=r'bearer_token_file: file ".*gone" does not exist'):
        parse_prometheus_yml(text, files_checked=True)


def test_a_missing_file_is_a_configuration_error():
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        load_prometheus_yml(Path("/nowhere/prometheus.yml"))


@pytest.mark.parametrize(
    "text", ["scrape_configs: [&a {job_name: a, params: *a}]", "\x00", "a: !!python/object x", "? "]
)
def test_odd_documents_are_refused_not_run(text):
    with pytest.raises(ConfigError):
        parse_prometheus_yml(text)
