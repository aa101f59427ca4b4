"""Whatever a file holds, it is either a configuration or a ConfigError whose places lie in the file."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties import hostile_yaml as hostile
from watchkeeper.app.prometheus_yml import PrometheusConfig, parse_prometheus_yml
from watchkeeper.core.config.dump import dump

GOOD = (Path(__file__).parent.parent / "config" / "prometheus-all.good.yml").read_text()
LINES = GOOD.splitlines()


def outcome(text):
    config, shown = hostile.outcome(parse_prometheus_yml, text)
    if config is not None:
        assert isinstance(config, PrometheusConfig)
        shown = dump(config)
    assert "user:hunter2@" not in shown


@settings(max_examples=80, deadline=None)
@given(hostile.changes)
def test_a_damaged_file(changes):
    outcome(hostile.damaged(GOOD, changes))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=15))
def test_lines_in_any_order(lines):
    outcome("\n".join(lines))


@settings(max_examples=60, deadline=None)
@given(hostile.noise)
def test_yaml_like_noise(text):
    outcome(text)
    outcome("scrape_configs:\n- job_name: a\n  params: " + text)
