"""`watchkeeper check rules`, and the rule files of `check config`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli.check import check

GOOD = "groups: [{name: a, rules: [{record: m, expr: up}, {alert: A, expr: up == 0}]}]"
TWICE = "groups: [{name: a, rules: [{record: m, expr: up}, {record: m, expr: down}]}]"
BAD = "groups: [{name: a, rules: [{record: m, expr: 'sum('}]}]"
SUMMARY = "valid: 2 rules found in 1 group (1 alert and 1 recording rule)"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("good", GOOD), ("twice", TWICE), ("bad", BAD), ("empty", "")):
        Path(f"{name}.yml").write_text(text)
    return tmp_path


def run(*arguments: str, text: str | bytes | None = None, command: str = "rules") -> Result:
    return CliRunner().invoke(check, [command, *arguments], input=text)


def test_good_files_are_counted(files: Path) -> None:
    result = run("good.yml", "empty.yml")
    assert (result.exit_code, result.output) == (
        0,
        f"good.yml: {SUMMARY}\nempty.yml: valid: 0 rules found in 0 groups (0 alerts and 0 recording rules)\n",
    )


def test_problems_of_all_files_are_listed(files: Path) -> None:
    result = run("bad.yml", "good.yml", "none.yml")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "bad.yml: not valid: 1 problem",
        f"good.yml: {SUMMARY}",
        "none.yml: not valid: 1 problem",
    ]
    assert result.stderr.splitlines() == [
        'bad.yml:1:46: groups[0].rules[0].expr: 1:5: parse error: unclosed left parenthesis (group "a", record "m")',
        "    sum(",
        "        ^",
        "none.yml:1:1: can't be read: No such file or directory",
    ]


def test_what_is_missing_at_the_end_is_pointed_at_where_the_text_ends(files: Path) -> None:
    rules = (
        "- record: m\n    expr: |\n      sum by (job) (\n        up\n      ) / (sum(up)\n  - {record: n, expr: up}\n"
    )
    Path("block.yml").write_text(f"groups:\n- name: a\n  rules:\n  {rules}")
    lines = run("block.yml").stderr.splitlines()
    assert "unclosed left parenthesis" in lines[0]
    assert lines[1:] == ["    ) / (sum(up)", "                ^"]


def test_a_pattern_names_several_files(files: Path) -> None:
    assert run("[gt]*.yml").stdout.count("valid: 2 rules") == 2
    assert run("x*.yml").exit_code == 1


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input(files: Path, arguments: tuple[str, ...]) -> None:
    assert run(*arguments, text=GOOD).output == f"standard input: {SUMMARY}\n"
    bad = run(*arguments, text=BAD)
    assert (bad.exit_code, bad.stderr.startswith("standard input:1:46: ")) == (1, True)
    assert "the text is not UTF-8" in run(*arguments, text=b"\xff").stderr


def test_lints(files: Path) -> None:
    found = "twice.yml:1: duplicate-rules: "
    for arguments, exit_code, is_found in (
        ((), 0, True),
        (("--lint", "all"), 0, True),
        (("--lint", "duplicate-rules,bool-comparison", "--lint-fatal"), 3, True),
        (("--lint", "none", "--lint-fatal"), 0, False),
        (("--lint", "bool-comparison", "--lint-fatal"), 0, False),
        (("--lint-fatal", "bad.yml"), 1, True),
    ):
        result = run(*arguments, "twice.yml")
        assert (result.exit_code, found in result.stderr) == (exit_code, is_found), arguments
    unknown = run("--lint", "nothing", "twice.yml")
    assert unknown.exit_code == 2
    assert "nothing is none of all, none, duplicate-rules, bool-comparison, template-labels" in unknown.output


def test_unknown_fields_and_experimental_functions(files: Path) -> None:
    Path("new.yml").write_text("groups: [{name: a, kind: 1, rules: [{record: m, expr: 'limitk(1, up)'}]}]")
    strict = run("new.yml").stderr
    assert 'unknown key "kind"' in strict
    assert "experimental" in strict
    result = run("--ignore-unknown-fields", "--enable-feature", "promql-experimental-functions,other", "new.yml")
    assert result.exit_code == 0
    assert 'new.yml:1:20: warning: groups[0].kind: unknown key "kind"' in result.stderr
    assert "warning: unknown feature other" in result.stderr


def test_files_of_lokis_ruler(files: Path) -> None:
    text = "namespace: n\ngroups: [{name: a, rules: [{record: m, expr: 'sum(count_over_time({a=\"b\"}[5m]))'}]}]"
    assert run(text=text).exit_code == 1
    assert run("--loki", text=text).exit_code == 0


def test_rule_files_of_a_configuration(files: Path) -> None:
    Path("p.yml").write_text("rule_files: ['[gt]*.yml']\nscrape_configs: [{job_name: a, scrape_interval: 5m}]")
    result = run("p.yml", command="config")
    assert result.exit_code == 0
    assert f"{SUMMARY}\n" in result.stdout
    assert "twice.yml:1: duplicate-rules: " in result.stderr
    fatal = run("p.yml", "--lint", "too-long-scrape-interval", "--lint-fatal", command="config")
    assert fatal.exit_code == 3
    assert 'too-long-scrape-interval: job "a" has an interval of 5m' in fatal.stderr
    Path("p.yml").write_text("rule_files: [bad.yml]\nglobal: {metric_name_validation_scheme: legacy}")
    assert run("p.yml", command="config").exit_code == 1
    assert run("--syntax-only", "p.yml", command="config").exit_code == 0
    Path("bad.yml").write_text("groups: [{name: a, rules: [{record: a.b, expr: up}]}]")
    assert "invalid recording rule name: a.b" in run("p.yml", command="config").stderr
