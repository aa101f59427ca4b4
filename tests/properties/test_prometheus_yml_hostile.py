"""Whatever a file holds, it is either a configuration or a ConfigError whose places lie in the file."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.app.prometheus_yml import PrometheusConfig, parse_prometheus_yml
from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError

GOOD = (Path(__file__).parent.parent / "config" / "prometheus-all.good.yml").read_text()
LINES = GOOD.splitlines()
SNIPPETS = [
    "",
    "~",
    "[]",
    "{}",
    "*job",
    "&x",
    "<<: *job",
    "- ",
    ": ",
    "'",
    '"',
    "|\n",
    "!!int ",
    "\t",
    "\x00",
    "é",
    "1e9",
    "%",
]

snippets = st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=5))
edits = st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 30), snippets), min_size=1, max_size=3)


def outcome(text):
    problems, shown = [], ""
    try:
        config = parse_prometheus_yml(text)
    except ConfigError as error:
        problems, shown = error.problems, str(error)
    else:
        assert isinstance(config, PrometheusConfig)
        shown = dump(config)
    n_lines = text.count("\n") + 2
    assert all(1 <= problem.line <= n_lines and problem.column >= 1 for problem in problems)
    assert "user:hunter2@" not in shown


@settings(max_examples=80, deadline=None)
@given(edits)
def test_a_damaged_file(changes):
    text = GOOD
    for at, n_removed, snippet in changes:
        text = text[:at] + snippet + text[at + n_removed :]
    outcome(text)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=15))
def test_lines_in_any_order(lines):
    outcome("\n".join(lines))


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab:- \n[]{}&*<|>'\"!%#?,~01"), max_size=60))
def test_yaml_like_noise(text):
    outcome(text)
    outcome("scrape_configs:\n- job_name: a\n  params: " + text)
