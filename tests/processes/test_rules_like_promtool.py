"""Debian's promtool and watchkeeper agree on which rule files are good, and on which unit tests of rules hold."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from tests.processes.running import WATCHKEEPER
from watchkeeper.cli.check import check
from watchkeeper.cli.test import test as command_test
from watchkeeper.metrics.promql.lexer import unquote
from watchkeeper.rules.testlang.runner import RunOptions, run_unit_tests
from watchkeeper.rules.testlang.unit_file import read_unit_file

SCRIPTS = Path(__file__).parents[1] / "scripts" / "rules"
UNIT_TESTS = sorted(path.name for path in SCRIPTS.glob("*.yml"))
RULE_FILES = sorted(str(path.relative_to(SCRIPTS)) for path in SCRIPTS.glob("rules/*.yml"))

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this machine"),
]

GROUP = "groups: [{name: a, %s}]"
RULE = "groups: [{name: a, rules: [{%s}]}]"
TEXTS = {
    "empty": "",
    "comment": "# nothing\n",
    "null": "~",
    "no groups": "{}",
    "no rules": "groups: [{name: a}]",
    "list": "- a",
    "broken": "groups: [",
    "two documents": "groups: [{name: a}]\n---\ngroups: [{nam: a}]",
    "document marks": "---\ngroups: []\n...\n",
    "unknown key of the file": "group: []",
    "unknown key of a group": GROUP % "every: 1m",
    "unknown key of a rule": RULE % "record: a, expr: up, fr: 1m",
    "key twice": "groups: [{name: a, name: b}]",
    "label twice": RULE % "record: a, expr: up, labels: {a: b, a: c}",
    "no name": "groups: [{rules: []}]",
    "name twice": "groups: [{name: a}, {name: a}]",
    "interval": GROUP % "interval: 1m30s",
    "interval zero": GROUP % "interval: 0s",
    "bad interval": GROUP % "interval: 1 minute",
    "limit": GROUP % "limit: 5",
    "limit with a point": GROUP % "limit: 5.0",
    "negative limit": GROUP % "limit: -1",
    "bad limit": GROUP % "limit: many",
    "quoted limit": GROUP % 'limit: "5"',
    "both": RULE % "record: a, alert: a, expr: up",
    "neither": RULE % "expr: up",
    "empty record beside alert": RULE % 'record: "", alert: a, expr: up',
    "no expression": RULE % "record: a",
    "empty expression": RULE % 'record: a, expr: ""',
    "number as expression": RULE % "record: a, expr: 1",
    "map as expression": RULE % "record: a, expr: {a: 1}",
    "bad expression": RULE % "record: a, expr: 'sum('",
    "unknown function": RULE % "record: a, expr: rat(up)",
    "wrong type": RULE % "record: a, expr: rate(up)",
    "record with colons": RULE % "record: 'a:b:c', expr: up",
    "record with braces": RULE % "record: 'a{b=\"c\"}', expr: up",
    "record with for": RULE % "record: a, expr: up, for: 1m",
    "record with for zero": RULE % "record: a, expr: up, for: 0s",
    "record with annotations": RULE % "record: a, expr: up, annotations: {a: b}",
    "record with empty annotations": RULE % "record: a, expr: up, annotations: {}",
    "record with what would be no template": RULE % "record: a, expr: up, labels: {a: '{{ b'}",
    "labels that are no text": RULE % "record: a, expr: up, labels: {a: true, b: 1.5, c: ~}",
    "list as label": RULE % "record: a, expr: up, labels: {a: [b]}",
    "name label": RULE % "record: a, expr: up, labels: {__name__: b}",
    "label without a name": RULE % 'record: a, expr: up, labels: {"": b}',
    "annotation without a name": RULE % 'alert: a, expr: up, annotations: {"": b}',
    "alertname label": RULE % "alert: a, expr: up, labels: {alertname: b}",
    "alert with any name": RULE % "alert: 'a b {', expr: up",
    "for": RULE % "alert: a, expr: up, for: 1h30m",
    "bare zero": RULE % 'alert: a, expr: up, for: "0"',
    "bare number": RULE % "alert: a, expr: up, for: 5",
    "keep firing": RULE % "alert: a, expr: up, keep_firing_for: 5m",
    "record that keeps firing": RULE % "record: a, expr: up, keep_firing_for: 5m",
    "templates": RULE % "alert: a, expr: up, labels: {a: '{{ $labels.a }}'}, annotations: {b: '{{ humanize $value }}'}",
    "unknown variable": RULE % "alert: a, expr: up, annotations: {a: '{{ $a }}'}",
    "unknown function of a template": RULE % "alert: a, expr: up, labels: {a: '{{ nope }}'}",
    "template without an end": RULE % "alert: a, expr: up, annotations: {a: '{{ if $value }}'}",
    "template that fails only later": RULE % "alert: a, expr: up, annotations: {a: '{{ .Nope }}'}",
    "anchors": "groups:\n- name: a\n  rules:\n  - &x {record: a, expr: up}\n  - <<: *x\n    record: b\n",
    "duplicate rules": "groups: [{name: a, rules: [{record: a, expr: up}, {record: a, expr: down}]}]",
}


def promtool(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Exit status and all that was written."""
    done = subprocess.run(["promtool", *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", UNIT_TESTS)
def test_unit_tests_hold_for_both_or_for_neither(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SCRIPTS)
    theirs, text = promtool("test", "rules", name, cwd=SCRIPTS)
    ours = CliRunner().invoke(command_test, ["rules", name])
    assert (ours.exit_code, theirs) == (int(name.endswith("-fails.yml")),) * 2, f"{text}\n{ours.output}"


TEMPLATES = [
    line
    for line in (SCRIPTS / "templates.txt").read_text().splitlines()
    # What promtool 2.42 has not, has no external URL for, or tells of in other words.
    if line.startswith("{{")
    and not re.search(r"\b(now|toDuration|urlQueryEscape|tmpl|externalURL|pathPrefix|Foo|args[.]a)\b", line)
]
VALUES = """
rule_files: [rules.yml]
tests:
- interval: 1m
  external_labels: {cluster: c1}
  external_url: http://x.example/p%20q
  input_series:
  - {series: 'm{instance="h.example:9100", job="node"}', values: 3.5}
  - {series: 'up{instance="b:1"}', values: 1}
  - {series: 'up{instance="a:2"}', values: 2}
  alert_rule_test:
  - {eval_time: 0m, alertname: A}
"""


def test_templates_give_the_same_texts(tmp_path: Path) -> None:
    """Each template is an annotation of an alert that is said not to fire, so that promtool shows all of them."""
    texts = {f"a{i:03}": template for i, template in enumerate(TEMPLATES)}
    rules = {"groups": [{"name": "g", "rules": [{"alert": "A", "expr": "m", "annotations": texts}]}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    (tmp_path / "tests.yml").write_text(VALUES)
    _, shown = promtool("test", "rules", "tests.yml", cwd=tmp_path)
    theirs = {name: unquote(text) for name, text in re.findall(r'(a[0-9]{3})=("(?:[^"\\]|\\.)*")', shown)}
    tests = read_unit_file(VALUES, "tests.yml")
    (outcome,) = run_unit_tests(tests, tmp_path, RunOptions())
    (failure,) = outcome.failures
    assert failure.difference is not None
    lines = (line.removeprefix("    ").partition(": ") for line in failure.difference.got[1:])
    ours = {name: text.replace("\\\\", "\\") for name, _, text in lines}
    # Go gives the samples of an answer in any order.
    unordered = {name for name, text in texts.items() if "query" in text and "sortByLabel" not in text}
    assert len(TEMPLATES) > 50
    assert {texts[name]: ours.get(name, "") for name in theirs.keys() - unordered} == {
        texts[name]: text for name, text in theirs.items() if name not in unordered
    }


def test_there_are_enough_unit_tests() -> None:
    failing = [name for name in UNIT_TESTS if name.endswith("-fails.yml")]
    assert len(failing) >= 10
    assert len(UNIT_TESTS) - len(failing) >= 10


@pytest.mark.parametrize("name", TEXTS)
def test_rule_files_are_good_for_both_or_for_neither(name: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(TEXTS[name])
    theirs, text = promtool("check", "rules", str(file), cwd=tmp_path)
    ours = CliRunner().invoke(check, ["rules", str(file)])
    assert ours.exit_code == theirs, f"{text}\n{ours.output}"
    if "SUCCESS: " in text:
        assert f"{text.partition('SUCCESS: ')[2].split()[0]} rule" in ours.output


@pytest.mark.parametrize("name", ["duplicate rules", "for", "bad expression"])
def test_lints_end_the_same_way(name: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(TEXTS[name])
    for options in ([], ["--lint-fatal"], ["--lint=none", "--lint-fatal"], ["--lint=all", "--lint-fatal"]):
        theirs, text = promtool("check", "rules", *options, str(file), cwd=tmp_path)
        ours = CliRunner().invoke(check, ["rules", *options, str(file)])
        assert ours.exit_code == theirs, f"{options}\n{text}\n{ours.output}"


def test_the_command_itself() -> None:
    good = [name for name in UNIT_TESTS if not name.endswith("-fails.yml")]
    for arguments, status in (
        (["test", "rules", *good], 0),
        (["test", "rules", "alerts.yml", "records-value-fails.yml"], 1),
        (["check", "rules", *(name for name in RULE_FILES if name != "rules/broken.yml")], 0),
        (["check", "rules", *RULE_FILES], 1),
    ):
        done = subprocess.run([WATCHKEEPER, *arguments], cwd=SCRIPTS, capture_output=True, timeout=60, check=False)
        assert done.returncode == status, done.stdout.decode() + done.stderr.decode()
