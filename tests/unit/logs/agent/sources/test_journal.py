"""The journal, with a command in the place of journalctl."""

import json
import sys
import time

from tests.unit.logs.agent.sources.running import running, until, value
from watchkeeper.logs.agent.sources import journal as module
from watchkeeper.logs.agent.sources.journal import journal_labels

NOW_US = int(time.time() * 1e6)

JOB = """
- job_name: j
  journal: {labels: {job: systemd-journal}, matches: "_TRANSPORT=kernel PRIORITY=3", path: /some/where%s}
  relabel_configs:
    - {source_labels: [__journal__systemd_unit], target_label: unit}
    - {source_labels: [__journal_priority_keyword], target_label: level}
"""


def entry(cursor, message, unit="a.service", **more):
    return {
        "__CURSOR": cursor,
        "__REALTIME_TIMESTAMP": str(NOW_US),
        "MESSAGE": message,
        "_SYSTEMD_UNIT": unit,
        "PRIORITY": "4",
        **more,
    }


def fake(tmp_path, monkeypatch, entries):
    """A journalctl that says these, notes how it was called, and stays."""
    script = tmp_path / "journalctl"
    text = "\n".join(json.dumps(one) if isinstance(one, dict) else one for one in entries)
    script.write_text(
        f"#!{sys.executable}\nimport sys, time\n"
        f"open({str(tmp_path / 'calls')!r}, 'a').write(repr(sys.argv[1:]) + '\\n')\n"
        f"sys.stdout.write({text!r} + '\\n')\nsys.stdout.flush()\ntime.sleep(60)\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


async def test_entries(tmp_path, monkeypatch):
    entries = [
        entry("c1", "hello"),
        entry("c2", [104, 105, 255], "b.service"),
        "not json",
        {key: item for key, item in entry("c3", "").items() if key != "MESSAGE"},
        entry("c4", "old", __REALTIME_TIMESTAMP="1000000"),
        entry("c5", "last"),
    ]
    fake(tmp_path, monkeypatch, entries)
    async with running(JOB % "") as (agent, collected):
        await until(lambda: agent.positions.get("journal-j") == "c5")
        labels = {"job": "systemd-journal", "unit": "a.service", "level": "warning"}
        runs = {dict(run.stream.labels)["unit"]: run for run in collected.runs}
        assert dict(runs["a.service"].stream.labels) == labels
        assert runs["a.service"].lines == [b"hello", b"last"]
        assert runs["a.service"].times_ns == [NOW_US * 1000] * 2
        assert runs["b.service"].lines == [b"hi\xff"]
        assert value(agent, "promtail_journal_target_lines_total") == 3
        assert value(agent, "promtail_journal_target_parsing_errors_total") == 2
    [call] = (tmp_path / "calls").read_text().splitlines()
    assert "'--output=json', '--follow'" in call
    assert "--since=@" in call
    assert "'--directory=/some/where', " in call
    assert call.endswith("'_TRANSPORT=kernel', 'PRIORITY=3']")


async def test_from_a_cursor_and_as_json(tmp_path, monkeypatch):
    fake(tmp_path, monkeypatch, [entry("c9", "hello")])
    (tmp_path / "positions.yaml").write_text('positions:\n  journal-j: "c8"\n')
    positions = f"{{filename: {tmp_path}/positions.yaml}}"
    async with running(JOB % ", json: true", positions=positions) as (_, collected):
        await until(collected.lines)
        assert json.loads(collected.lines()[0]) == entry("c9", "hello")
    assert "'--after-cursor=c8'" in (tmp_path / "calls").read_text()
    assert (tmp_path / "positions.yaml").read_text() == 'positions:\n  journal-j: "c9"\n'


async def test_without_journalctl(monkeypatch, capsys):
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    async with running(JOB % "") as (agent, _):
        assert value(agent, "promtail_targets_failed_total") == 1
    assert "journalctl is not installed here" in capsys.readouterr().err


def test_labels():
    assert journal_labels({"PRIORITY": "3", "_HOSTNAME": "h", "MESSAGE": "m", "N": 1, "L": ["a"]}) == {
        "__journal_priority": "3",
        "__journal__hostname": "h",
        "__journal_priority_keyword": "error",
    }
