"""`watchkeeper test rules`."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli.test import test as command

SCRIPTS = Path(__file__).parents[2] / "scripts" / "rules"
FILES = sorted(path.name for path in SCRIPTS.glob("*.yml"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["rules", *arguments])


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SCRIPTS)


@pytest.mark.parametrize("name", FILES)
def test_a_file_holds_unless_its_name_says_that_it_fails(name: str) -> None:
    result = run(name)
    assert result.exit_code == int(name.endswith("-fails.yml")), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_what_differs_is_shown() -> None:
    result = run("alerts-surplus-fails.yml")
    assert result.output.splitlines() == [
        'alerts-surplus-fails.yml:3: test "unnamed#0" does not hold',
        "    alerts-surplus-fails.yml:10: alert HighLoad at 1m is not as expected (- expected, + got)",
        '          {alertname="HighLoad", instance="a"}',
        "              summary: 11 on a",
        '        + {alertname="HighLoad", instance="b"}',
        "        +     summary: 1.235M on b",
        "alerts-surplus-fails.yml: 0 of 1 test with 1 case hold",
    ]


def test_a_rule_that_fails_is_named_and_not_logged_too() -> None:
    result = run("rule-fails-fails.yml")
    assert "rule x (rules/many-to-many.yml:4) at 0s failed: found duplicate series" in result.stdout
    assert result.stderr == ""


def test_several_files_are_summed_up() -> None:
    result = run("alerts.yml", "records-value-fails.yml", "none.yml")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "3 files: 1 of 3 hold"
    assert "none.yml:1:1: can't be read" in result.stderr


def test_only_some_tests() -> None:
    assert run("several-tests-one-fails.yml", "--run", "^good$").exit_code == 0
    assert run("several-tests-one-fails.yml", "--run", "good", "--run", "b.d").exit_code == 1
    none = run("several-tests-one-fails.yml", "--run", "neither")
    assert (none.exit_code, none.output) == (0, "several-tests-one-fails.yml: 0 of 0 tests with 0 cases hold\n")
    assert run("alerts.yml", "--run", "(").exit_code == 2


def test_all_samples_can_be_shown() -> None:
    output = run("records.yml", "--debug", "--diff").output
    assert 'records.yml:3: rates: copied{x="y"} 1@0s 2@1m' in output
    assert 'original{x="y"} 1@0s 2@1m stale@3m 5@4m' in output


def test_junit_holds_any_text(tmp_path: Path) -> None:
    unit = tmp_path / "a \U0001f525.yml"
    case = '{expr: "x", eval_time: 0, exp_samples: [{labels: "y{a=\\"\U0001f525\\"}", value: 1}]}'
    name = '"\\x01 \U0001f525 <&> \\ufffe"'
    unit.write_text(f"tests:\n- name: {name}\n  promql_expr_test: [{case}]\n", encoding="utf-8")
    report = tmp_path / "report.xml"
    assert run(str(unit), "--junit", str(report)).exit_code == 1
    (suite,) = ET.parse(report).getroot()
    (test,) = suite
    assert suite.get("name") == test.get("classname") == str(unit)
    assert test.get("name") == "\ufffd \U0001f525 <&> \ufffd"
    assert 'y{a="\U0001f525"} 1' in (test[0].text or "")


def test_missing_rule_files_are_a_warning() -> None:
    result = run("no-rule-file.yml")
    assert result.exit_code == 0
    assert "no-rule-file.yml:1:1: warning: rule_files: no file matches pattern rules/none-*.yml" in result.stderr


def test_unknown_fields() -> None:
    assert run("unknown-key-fails.yml").exit_code == 1
    result = run("unknown-key-fails.yml", "--ignore-unknown-fields")
    assert result.exit_code == 0
    assert 'warning: rule_file: unknown key "rule_file"' in result.stderr


def test_junit(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    names = ["alerts.yml", "several-tests-one-fails.yml", "unknown-key-fails.yml"]
    assert run(*names, "--junit", str(report)).exit_code == 1
    suites = ET.parse(report).getroot().findall("testsuite")
    assert [suite.get("name") for suite in suites] == names
    counts = [(suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in suites]
    assert counts == [("1", "0", "0"), ("2", "1", "0"), ("1", "0", "1")]
    assert [case.get("name") for case in suites[1].findall("testcase")] == ["good", "bad"]
    (failure,) = suites[1].findall("testcase/failure")
    assert failure.get("message") == "expression 1 at 0s"
    assert "+ {} 1" in (failure.text or "")
    (error,) = suites[2].findall("testcase/error")
    assert "unknown key" in (error.text or "")
    unwritable = run("alerts.yml", "--junit", str(tmp_path))
    assert unwritable.exit_code == 1
    assert f"can't write {tmp_path}: Is a directory" in unwritable.output
