"""Whatever an alertmanager.yml holds, it is either a configuration or a ConfigError whose places lie in the file."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties import hostile_yaml as hostile
from watchkeeper.alerts.config.alertmanager_yml import AlertmanagerYml, parse_alertmanager_yml
from watchkeeper.alerts.route import RouteTree
from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.labels import Labels

CONFIGS = Path(__file__).parent.parent / "config"
GOOD = [(CONFIGS / f"alertmanager-{name}.good.yml").read_text().split("# warning:")[0] for name in ("all", "new")]
LINES = [line for text in GOOD for line in text.splitlines()]


def outcome(text):
    config, shown = hostile.outcome(parse_alertmanager_yml, text)
    if config is not None:
        assert isinstance(config, AlertmanagerYml)
        shown = dump(config) + repr(config)
        assert RouteTree.of(config.route).match(Labels.of(severity="critical", env="x", team="data, base"))
        assert all(interval.contains(1_800_000_000 * 10**9) in (True, False) for interval in config.intervals.values())
        config.warnings_for(10**15)
    return shown


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(GOOD), hostile.changes)
def test_a_damaged_file(text, changes):
    outcome(hostile.damaged(text, changes))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=15))
def test_lines_in_any_order(lines):
    outcome("\n".join(lines))


@settings(max_examples=60, deadline=None)
@given(hostile.noise)
def test_yaml_like_noise(text):
    outcome(text)


def test_secrets_are_never_shown():
    for text in GOOD:
        assert "hunter" not in outcome(text)
