"""Compiled rules do what the rules' definition says."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import relabel as oracle
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.relabel import ACTIONS, RelabelConfig, Relabeler, compile_test

NAMES = ["a", "b", "ab", "__name__", "__meta_x_a", "c_1"]
names = st.sampled_from(NAMES)
values = st.text(st.sampled_from("ab1;_-. \né€"), max_size=6)
expressions = st.sampled_from(
    [
        "(.*)",
        ".*",
        ".+",
        "(.+)",
        "",
        "a",
        "a|b|ab",
        "(a|b)",
        "a.*",
        "a.+",
        "(a)|(b)",
        "(a|b)(1?)",
        "(?P<x>a*)(?P<y>.*)",
        "__meta_(.+)_(.*)",
        "[^;]+;(.*)",
        "a b",
        "a\\.b",
        "(a)(.*)|b",
        "()",
    ]
)
templates = st.one_of(
    st.sampled_from(
        ["$1", "${1}", "$0", "$2$1", "x", "$x-${y}", "$$1", "$1x", "${1}x", "$01", "$", "a$", "${", "${1", "$9"]
    ),
    st.text(st.sampled_from("$ {}12xyab_-"), max_size=6),
)
rules = st.builds(
    lambda source, separator, regex, modulus, target, replacement, action: RelabelConfig(
        source_labels=tuple(source),
        separator=separator,
        regex=regex,
        modulus=modulus,
        target_label=target,
        replacement=replacement,
        action=action,
    ),
    st.lists(names, max_size=3),
    st.sampled_from([";", "", "-"]),
    expressions,
    st.integers(1, 2**64 - 1),
    st.one_of(names, templates.filter(bool)),
    templates,
    st.sampled_from(ACTIONS),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(names, values.filter(bool)), st.lists(rules, max_size=5))
def test_compiled_rules_agree_with_their_definition(labels, configs):
    expected = oracle.relabel(labels, configs)
    found = Relabeler(configs).relabel(Labels.of(labels))
    assert (None if found is None else found.as_dict()) == (
        None if expected is None else dict(sorted(expected.items()))
    )


@given(values, expressions)
def test_short_tests_agree_with_the_expression(value, expression):
    assert compile_test(expression)(value) == (re.fullmatch(f"(?s:{expression})", value) is not None)
