"""Whatever a rule file or a file of unit tests holds, it is either read or a ConfigError whose places lie in the file;
and whatever a template holds, its expansion is a text."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties import hostile_yaml as hostile
from watchkeeper.core.model.label_sets import LabelSets
from watchkeeper.core.model.labels import Labels
from watchkeeper.rules.files.lint import LINTS, lint
from watchkeeper.rules.files.load import read_rules
from watchkeeper.rules.files.rule_file import Reading
from watchkeeper.rules.files.syntax import LogQLSyntax, PromQLSyntax
from watchkeeper.rules.interface import Samples
from watchkeeper.rules.template import expand
from watchkeeper.rules.template_functions import FUNCTIONS
from watchkeeper.rules.testlang.unit_file import read_unit_file

CONFIGS = Path(__file__).parent.parent / "config"
SCRIPTS = Path(__file__).parent.parent / "scripts" / "rules"
GOOD = [(CONFIGS / f"rules-{name}.good.yml").read_text() for name in ("all", "anchors", "loki")]
LINES = [line for text in GOOD for line in text.splitlines()]
UNIT_TESTS = [(SCRIPTS / f"{name}.yml").read_text() for name in ("alerts", "expressions", "notation", "records")]
TEMPLATES = [line for line in (SCRIPTS / "templates.txt").read_text().splitlines() if line.startswith("{{")]
WORDS = [
    *FUNCTIONS,
    "$labels",
    "$value",
    ".",
    ".Labels.a",
    "{{",
    "}}",
    "range",
    "with",
    "if",
    "else",
    "end",
    "|",
    "1",
    '"m"',
]
ANSWER = Samples(LabelSets.of([Labels.of(a="b"), Labels.of(a="c")]), np.array([1.0, float("nan")]))


def outcome(text, *, is_loki=False):
    reading = Reading(LogQLSyntax() if is_loki else PromQLSyntax(), ruler=is_loki)
    found, _ = hostile.outcome(lambda text: read_rules(text, "r.yml", reading), text)
    if found is not None:
        assert lint(found.groups, LINTS) is not None
        assert all(rule.expression.text == rule.expr for group in found.groups for rule in group.rules)
        assert hash(found.groups) == hash(read_rules(text, "r.yml", reading).groups)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(GOOD), hostile.changes, st.booleans())
def test_a_damaged_rule_file(text, changes, is_loki):
    outcome(hostile.damaged(text, changes), is_loki=is_loki)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=15))
def test_lines_in_any_order(lines):
    outcome("\n".join(lines))


@settings(max_examples=60, deadline=None)
@given(hostile.noise)
def test_yaml_like_noise(text):
    outcome(text)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(UNIT_TESTS), hostile.changes)
def test_a_damaged_file_of_unit_tests(text, changes):
    hostile.outcome(lambda text: read_unit_file(text, "t.yml"), hostile.damaged(text, changes))


def expanded(text, value):
    labels = Labels.of(a="b", job="node")
    assert isinstance(expand(text, "A", labels, value, 60_000, lambda text, time_ms: ANSWER), str)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TEMPLATES), hostile.changes, st.floats())
def test_a_damaged_template(text, changes, value):
    expanded(hostile.damaged(text, changes), value)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=10), st.floats())
def test_words_of_templates(words, value):
    expanded("{{ " + " ".join(words) + " }}", value)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(FUNCTIONS)),
    st.lists(
        st.one_of(
            st.floats().map(repr),
            st.integers(-(2**70), 2**70).map(str),
            st.text(st.characters(codec="utf-8", exclude_characters='"\\\n'), max_size=12).map(
                lambda text: f'"{text}"'
            ),
            st.sampled_from(["$value", "$labels", ".", "nil", "true", '(query "m")', '(query "m" | first)', '"1e400"']),
        ),
        max_size=3,
    ),
    st.floats(),
)
def test_functions_with_any_arguments(name, arguments, value):
    expanded(f"{{{{ {name} {' '.join(arguments)} }}}}", value)
