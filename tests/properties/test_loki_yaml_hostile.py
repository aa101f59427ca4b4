"""Whatever a file of Loki's holds, it is either a configuration or a ConfigError whose places lie in the file."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.logs.store.config import LokiConfig, parse_loki_yaml

CONFIGS = Path(__file__).parent.parent / "config"
GOOD = [
    (CONFIGS / f"loki-{name}.good.yml").read_text().split("# warning:")[0] for name in ("object-store", "minio", "old")
]
LINES = [line for text in GOOD for line in text.splitlines()]
SNIPPETS = [
    "",
    "~",
    "[]",
    "{}",
    "-1",
    "0s",
    "1e9",
    "&x",
    "<<: *x",
    "- ",
    ": ",
    "'",
    '"',
    "${X:y}",
    "\x00",
    "é",
    "://",
    "@",
    "%",
]

edits = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 30), st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=5))),
    min_size=1,
    max_size=3,
)


def outcome(text):
    notes, shown = [], ""
    try:
        config = parse_loki_yaml(text, expand_env=True, environ={"X": "1"})
    except ConfigError as error:
        notes, shown = error.problems, str(error)
    else:
        assert isinstance(config, LokiConfig)
        notes = config.warnings
        shown = dump(config) + repr(config) + repr(config.store_settings(Path("here")))
    n_lines = text.count("\n") + 2
    assert all(1 <= note.line <= n_lines and note.column >= 1 for note in notes)
    return shown


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(GOOD), edits)
def test_a_damaged_file(text, changes):
    for at, n_removed, snippet in changes:
        at %= len(text) + 1
        text = text[:at] + snippet + text[at + n_removed :]
    outcome(text)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=15))
def test_lines_in_any_order(lines):
    outcome("\n".join(lines))


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab:- \n[]{}&*<|>'\"!%#?,~01$"), max_size=60))
def test_yaml_like_noise(text):
    outcome(text)


def test_secrets_are_never_shown():
    for text in GOOD:
        assert "hunter" not in outcome(text)
