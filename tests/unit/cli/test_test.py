"""`watchkeeper test promql` and `watchkeeper test logql`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from watchkeeper.cli.test import test as command


def test_files_that_hold_and_files_that_do_not(tmp_path: Path) -> None:
    good, bad, broken = tmp_path / "good.test", tmp_path / "bad.test", tmp_path / "broken.test"
    good.write_text("eval instant at 0 1 + 1\n\t2\n")
    bad.write_text("load 1m\n\ta 1\n\neval instant at 0 a\n\ta 2\n")
    broken.write_text("nonsense\n")
    runner = CliRunner()
    passed = runner.invoke(command, ["promql", str(good), "--verbose"])
    assert passed.exit_code == 0
    assert passed.output == f"{good}:1: holds: 1 + 1\n{good}: 1 of 1 cases hold\n"
    failed = runner.invoke(command, ["promql", str(good), str(bad)])
    assert failed.exit_code == 1
    assert f"{bad}:4: does not hold: a\n    differs  a at 0s: expected 2, got 1\n" in failed.output
    assert failed.output.endswith("2 files: 1 of 2 cases hold\n")
    unread = runner.invoke(command, ["promql", str(broken), str(tmp_path / "missing.test")])
    assert unread.exit_code == 1
    assert "line 1: not a command: 'nonsense'" in unread.output
    assert "No such file" in unread.output


def test_scripts_of_logql(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.logtest", tmp_path / "bad.logtest"
    load = 'load\n  {app="a"}\n    1s "one"\n    2s "two"\n\n'
    good.write_text(load + 'eval instant at 3s sum(count_over_time({app="a"}[5s]))\n  {} 2\n')
    bad.write_text(load + 'eval instant at 3s sum(count_over_time({app="a"} |= "two" [5s]))\n  {} 2\n')
    runner = CliRunner()
    passed = runner.invoke(command, ["logql", str(good)])
    assert passed.output == f"{good}: 1 of 1 cases hold\n"
    assert passed.exit_code == 0
    failed = runner.invoke(command, ["logql", str(good), str(bad)])
    assert failed.exit_code == 1
    assert f"{bad}:6: does not hold: sum(count_over_time" in failed.output
    assert failed.output.endswith("2 files: 1 of 2 cases hold\n")
