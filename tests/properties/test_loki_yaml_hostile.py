"""Whatever a file of Loki's holds, it is either a configuration or a ConfigError whose places lie in the file."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties import hostile_yaml as hostile
from watchkeeper.core.config.dump import dump
from watchkeeper.logs.store.config import LokiConfig, parse_loki_yaml

CONFIGS = Path(__file__).parent.parent / "config"
GOOD = [
    (CONFIGS / f"loki-{name}.good.yml").read_text().split("# warning:")[0] for name in ("object-store", "minio", "old")
]
LINES = [line for text in GOOD for line in text.splitlines()]


def outcome(text):
    config, shown = hostile.outcome(lambda text: parse_loki_yaml(text, expand_env=True, environ={"X": "1"}), text)
    if config is not None:
        assert isinstance(config, LokiConfig)
        shown = dump(config) + repr(config) + repr(config.store_settings(Path("here")))
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
