"""Rule files to loaded groups."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from watchkeeper.core.model.errors import ConfigError
from watchkeeper.rules.files.load import load_rule_files, read_rules
from watchkeeper.rules.files.loaded import LoadedGroup, LoadedRule, Uncompiled
from watchkeeper.rules.files.rule_file import Reading
from watchkeeper.rules.files.syntax import LogQLSyntax, PromQLSyntax

CORPUS = sorted((Path(__file__).parents[5] / "shared" / "corpus" / "rules").glob("*.yaml"))
VMALERT = ("vm-alerts-cluster.yaml", "vm-alerts-single-node.yaml")  # With a key that only vmalert knows.
TEXT = """
groups:
- name: node
  interval: 30s
  limit: 5
  query_offset: 10s
  labels: {team: a, severity: page}
  rules:
  - record: job:up
    expr: "sum  by(job)(up)"
    labels: {severity: none, instance: ""}
  - alert: Down
    expr: up==0
    for: 5m
    keep_firing_for: 1m
    annotations: {b: x, a: "{{ $labels.x }}"}
"""


def read(text, **settings):
    settings.setdefault("language", PromQLSyntax())
    return read_rules(text, "r.yml", Reading(**settings))


def problems(text, **settings):
    with pytest.raises(ConfigError) as caught:
        read(text, **settings)
    return str(caught.value).splitlines()


def test_a_group_is_loaded():
    (group,) = read(TEXT).groups
    assert (group.file, group.name, group.interval_ms, group.limit, group.query_offset_ms) == (
        "r.yml", "node", 30_000, 5, 10_000,
    )  # fmt: skip
    assert group.labels == (("severity", "page"), ("team", "a"))
    recorded, alert = group.rules
    assert (recorded.kind, recorded.name, recorded.expr) == ("record", "job:up", "sum by (job) (up)")
    assert recorded.labels == (("instance", ""), ("severity", "none"), ("team", "a"))
    assert (alert.kind, alert.name, alert.expr, alert.for_ms, alert.keep_firing_for_ms) == (
        "alert", "Down", "up == 0", 300_000, 60_000,
    )  # fmt: skip
    assert alert.annotations == (("a", "{{ $labels.x }}"), ("b", "x"))
    assert (recorded.line, alert.line) == (9, 12)


def test_rules_are_equal_that_do_the_same():
    same = TEXT.replace("up==0", "up == 0").replace("groups:", "\n# moved\ngroups:")
    assert read(TEXT).groups == read(same).groups
    assert read(TEXT).groups != read(TEXT.replace("up==0", "up == 1")).groups
    assert read(TEXT).groups != read(TEXT.replace("for: 5m", "for: 6m")).groups
    assert read(TEXT).groups != read(TEXT.replace("b: x", "b: y")).groups
    rule = LoadedRule("record", "a", "b", Uncompiled("b"), line=1)
    assert rule == LoadedRule("record", "a", "b", Uncompiled("c"), line=2)
    assert LoadedGroup("f", "g", rules=(rule,)) != LoadedGroup("f", "h", rules=(rule,))


def test_an_expression_that_was_only_read():
    with pytest.raises(RuntimeError, match="not compiled: up"):
        Uncompiled("up").evaluate(0)
    assert Uncompiled("up").reads("anything")


@pytest.mark.parametrize("text", ["", "# nothing", "~", "{}", "groups:", "groups: []", "---\n...\n"])
def test_nothing_is_no_group(text):
    assert read(text).groups == ()


def test_of_several_documents_the_first_counts():
    found = read(TEXT + "---\ngroups: [{nam: x}]\n---\n- broken: [\n")
    assert [group.name for group in found.groups] == ["node"]
    assert [str(warning) for warning in found.warnings] == ["r.yml:17:1: only the first document of a rule file counts"]


def test_a_negative_limit_is_none():
    found = read("groups: [{name: a, limit: -1}]")
    assert found.groups[0].limit == 0
    assert [warning.path for warning in found.warnings] == ["groups[0].limit"]


def test_an_interval_of_zero_is_the_global_one():
    assert read("groups: [{name: a, interval: 0s}]").groups[0].interval_ms is None
    assert read("groups: [{name: a}]").groups[0].interval_ms is None


def test_unknown_keys_may_be_passed_over():
    text = "group: x\ngroups: [{name: a, tenant: x, rules: [{record: a, expr: a, debug: true}]}]"
    assert len(problems(text)) == 3
    found = read(text, lenient=True)
    assert len(found.groups[0].rules) == 1
    assert [warning.message for warning in found.warnings] == [
        'unknown key "group"; did you mean "groups"?',
        'unknown key "tenant" (group "a")',
        'unknown key "debug" (group "a", record "a")',
    ]


def test_names_may_have_to_be_of_the_old_form():
    text = "groups: [{name: a, rules: [{record: a.b, expr: up, labels: {c.d: e}}]}]"
    alert = "groups: [{name: a, rules: [{alert: a.b, expr: up, annotations: {c.d: e}}]}]"
    assert read(text).groups[0].rules[0].name == "a.b"
    assert read(alert).groups[0].rules[0].annotations == (("c.d", "e"),)
    assert "invalid annotation name: c.d" in problems(alert, legacy_names=True)[0]
    assert problems(text, legacy_names=True) == [
        'r.yml:1:37: groups[0].rules[0].record: invalid recording rule name: a.b (group "a", record "a.b")',
        'r.yml:1:66: groups[0].rules[0].labels.c.d: invalid label name: c.d (group "a", record "a.b")',
    ]


def test_text_that_is_half_a_character():
    text = 'groups: [{name: a, rules: [{record: a, expr: up, labels: {a: "\\ud800"}}]}]'
    assert problems(text)[0].startswith("r.yml:1:65: yaml: found invalid Unicode character escape code")


def test_without_a_language_expressions_are_text():
    (group,) = read("groups: [{name: a, rules: [{record: a, expr: 'sum('}]}]", language=None).groups
    assert group.rules[0].expr == "sum("
    assert problems("groups: [{name: a, rules: [{record: a}]}]", language=None)


def test_the_files_of_a_ruler():
    text = "namespace: n\ngroups: [{name: a, remote_write: [{url: x}], rules: [{record: a, expr: %s}]}]"
    expr = "'sum(count_over_time({a=\"b\"}[5m]))'"
    (group,) = read(text % expr, language=LogQLSyntax(), ruler=True).groups
    assert (group.name, group.rules[0].expr) == ("a", 'sum(count_over_time({a="b"}[5m]))')
    assert len(problems(text % expr)) > 1
    assert "expr: 1:1: parse error: a rule needs a metric query" in problems(
        text % "'{a=\"b\"}'", language=LogQLSyntax(), ruler=True
    )[0]  # fmt: skip


def test_all_problems_of_all_files_come_together(tmp_path):
    (tmp_path / "a.yml").write_text("groups: [{name: ''}]")
    (tmp_path / "b.yml").write_text("groups: [{name: a}, {name: a}]")
    (tmp_path / "c.yml").write_bytes(b"groups: \xff")
    (tmp_path / "d.yml").write_text("groups: [")
    files = [tmp_path / name for name in ("a.yml", "b.yml", "c.yml", "d.yml", "none.yml")]
    with pytest.raises(ConfigError) as caught:
        load_rule_files(files, PromQLSyntax())
    found = {Path(problem.file).name: problem.message for problem in caught.value.problems}
    assert found["a.yml"] == "Groupname must not be empty"
    assert 'groupname: "a" is repeated in the same file' in found["b.yml"]
    assert found["c.yml"] == "the text is not UTF-8"
    assert found["d.yml"].startswith("yaml: ")
    assert found["none.yml"].startswith("can't be read")


def test_a_file_that_two_patterns_name_is_read_once(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text("groups: [{name: a}]")
    warnings = []
    assert len(load_rule_files([path, str(path)], PromQLSyntax(), warnings=warnings)) == 1
    assert warnings == []


@pytest.mark.skipif(not CORPUS, reason="no corpus of rules beside this checkout")
def test_rule_files_as_people_have_them_load():
    warnings = []
    for path in CORPUS:
        groups = load_rule_files([path], PromQLSyntax(), warnings=warnings)
        assert sum(len(group.rules) for group in groups) == len(
            re.findall(r"^ *(?:- )?expr:", path.read_text(), re.MULTILINE)
        ), path.name
    assert {(Path(warning.file).name, warning.path) for warning in warnings} == {
        (name, "groups[0].concurrency") for name in VMALERT
    }
