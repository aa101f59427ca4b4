"""Files through a whole agent: discovery, relabelling, encodings, compressed files, positions."""

import asyncio
import bz2
import gzip
import zlib

import pytest

from tests.unit.logs.agent.sources.running import running, until, value

FAST = {"target_config": "{sync_period: 100ms}", "global": "{file_watch_config: {min_poll_frequency: 20ms}}"}


def job(folder, extra="", labels=""):
    return f"""
- job_name: files
  {extra}
  static_configs: [{{labels: {{job: files, __path__: "{folder}/*.log", {labels}}}}}]
"""


async def test_files_that_come_and_go(tmp_path):
    (tmp_path / "a.log").write_text("one\ntwo\n")
    async with running(job(tmp_path), **FAST) as (agent, collected):
        await until(lambda: collected.lines() == ["one", "two"])
        assert collected.entries()[0][0] == {"job": "files", "filename": f"{tmp_path}/a.log"}
        assert agent.is_ready
        (tmp_path / "b.log").write_text("three\n")
        await until(lambda: collected.lines()[2:] == ["three"])
        (tmp_path / "a.log").unlink()
        await until(lambda: value(agent, "promtail_files_active_total") == 1)
        assert agent.positions.get(f"{tmp_path}/a.log") == ""
        assert value(agent, "promtail_read_lines_total") == 1


async def test_positions_are_kept_between_runs(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("one\ntwo\n")
    settings = {**FAST, "positions": f"{{filename: {tmp_path}/positions.yaml}}"}
    async with running(job(tmp_path), **settings) as (_, collected):
        await until(lambda: len(collected.lines()) == 2)
    assert (tmp_path / "positions.yaml").read_text() == f'positions:\n  {log}: "8"\n'
    with log.open("a") as file:
        file.write("three\n")
    async with running(job(tmp_path), **settings) as (_, collected):
        await until(lambda: collected.lines() == ["three"])


async def test_a_file_that_says_nothing_more_is_known(tmp_path):
    (tmp_path / "a.log").write_text("one\ntwo\n")
    settings = {**FAST, "positions": f"{{filename: {tmp_path}/positions.yaml}}"}
    async with running(job(tmp_path), **settings) as (_, collected):
        await until(lambda: len(collected.lines()) == 2)
    async with running(job(tmp_path), **settings) as (agent, collected):
        await until(lambda: agent.follower.has_synced and value(agent, "promtail_files_active_total") == 1)
        assert value(agent, "promtail_read_bytes_total") == value(agent, "promtail_file_bytes_total") == 8
        assert collected.lines() == []


async def test_targets_that_are_none(tmp_path):
    (tmp_path / "a.log").write_text("x\n")
    jobs = f"""
- job_name: none
  static_configs:
    - labels: {{__path__: "{tmp_path}/*.log"}}
    - labels: {{job: a}}
    - labels: {{job: b, __host__: other, __path__: "{tmp_path}/*.log"}}
    - labels: {{job: c, __host__: here, __path__: "{tmp_path}/*.log", __path_exclude__: "{tmp_path}/a*"}}
  relabel_configs: []
"""
    async with running(jobs, options={"hostname": "here"}, **FAST) as (agent, collected):
        await until(lambda: agent.follower.has_synced and "none" in agent.assembled)
        reasons = [one.reason for one in agent.assembled["none"]]
        assert reasons == ["empty_labels", "no_path", "wrong_host", ""]
        await asyncio.sleep(0.1)
        assert not collected.lines()
        assert not agent.is_ready


async def test_targets_of_a_file(tmp_path):
    (tmp_path / "a.log").write_text("hello\n")
    listed = tmp_path / "targets.yml"
    listed.write_text(f"- targets: [localhost]\n  labels: {{job: listed, __path__: {tmp_path}/*.log}}\n")
    jobs = f"""
- job_name: sd
  file_sd_configs: [{{files: ["{listed}"], refresh_interval: 1s}}]
"""
    async with running(jobs, **FAST) as (agent, collected):
        await until(collected.lines)
        assert collected.entries()[0][0] == {"job": "listed", "filename": f"{tmp_path}/a.log"}
        assert agent.assembled["sd"][0].discovered["__meta_filepath"] == str(listed)


async def test_relabelling_makes_paths(tmp_path):
    (tmp_path / "pods").mkdir()
    (tmp_path / "pods" / "x.log").write_text("hello\n")
    jobs = f"""
- job_name: r
  static_configs: [{{labels: {{dir: "{tmp_path}/pods", drop_me: x}}}}]
  relabel_configs:
    - {{source_labels: [dir], target_label: __path__, replacement: "$1/*.log"}}
    - {{target_label: job, replacement: made}}
    - {{regex: "drop_me|dir", action: labeldrop}}
"""
    async with running(jobs, **FAST) as (_, collected):
        await until(collected.lines)
        assert collected.entries()[0][0] == {"job": "made", "filename": f"{tmp_path}/pods/x.log"}


@pytest.mark.parametrize(
    ("format", "pack"),
    [("gz", gzip.compress), ("bz2", bz2.compress), ("z", zlib.compress)],
)
async def test_compressed_files(tmp_path, format, pack):
    text = "".join(f"line {i}\n" for i in range(1000)) + "no end"
    (tmp_path / "a.log").write_bytes(pack(text.encode()))
    extra = f"decompression: {{enabled: true, format: {format}}}"
    settings = {**FAST, "positions": f"{{filename: {tmp_path}/positions.yaml}}"}
    async with running(job(tmp_path, extra), **settings) as (_, collected):
        await until(lambda: len(collected.lines()) == 1001)
        assert collected.lines() == text.split("\n")
    assert f'{tmp_path}/a.log: "1001"' in (tmp_path / "positions.yaml").read_text()
    async with running(job(tmp_path, extra), **settings) as (agent, collected):
        await until(lambda: agent.follower.has_synced)
        await asyncio.sleep(0.1)
        assert collected.lines() == []


async def test_a_damaged_compressed_file(tmp_path, capsys):
    (tmp_path / "a.log").write_bytes(gzip.compress(b"one\ntwo\n" * 1000)[:-20])
    async with running(job(tmp_path, "decompression: {enabled: true, format: gz}"), **FAST) as (agent, _):
        await until(lambda: agent.follower.has_synced)
        await asyncio.sleep(0.1)
    assert "a compressed file is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-16le", "utf-16", "utf-32", "iso-8859-1", "shift_jis"])
async def test_encodings(tmp_path, encoding):
    text = "grüße" if encoding == "iso-8859-1" else "日本"
    name = {"utf-16": "utf-16", "utf-32": "utf-32"}.get(encoding, encoding)
    (tmp_path / "a.log").write_bytes(f"{text} one\nsecond\n".encode(name))
    async with running(job(tmp_path, f"encoding: {encoding}"), **FAST) as (_, collected):
        await until(lambda: len(collected.lines()) == 2)
        assert collected.lines() == [f"{text} one", "second"]


async def test_a_line_that_can_not_be_converted(tmp_path):
    good = "good\n".encode("utf-16-le")
    (tmp_path / "a.log").write_bytes(good + b"\x00\xd8x\x00\n\x00" + good)
    async with running(job(tmp_path, "encoding: utf-16le"), **FAST) as (_, collected):
        await until(lambda: len(collected.lines()) == 3)
        assert collected.lines()[::2] == ["good", "good"]
        assert "encoding conversion for this line failed" in collected.lines()[1]


async def test_held_lines_are_read_again(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("S one\n more\nS two\n rest\n")
    stages = "pipeline_stages: [{multiline: {firstline: '^S', max_wait_time: 1h}}]"
    async with running(job(tmp_path, stages), **FAST) as (agent, collected):
        await until(lambda: collected.lines() == ["S one\n more"])
        assert agent.positions.get(str(log)) == "12"
        with log.open("a") as file:
            file.write("S three\n")
        await until(lambda: agent.positions.get(str(log)) == "24")
    assert collected.lines() == ["S one\n more", "S two\n rest", "S three"]


async def test_a_rate_that_drops(tmp_path):
    (tmp_path / "a.log").write_text("x\n" * 100)
    limits = "{readline_rate_enabled: true, readline_rate: 1, readline_burst: 10}"
    async with running(job(tmp_path), limits_config=limits, **FAST) as (agent, collected):
        await until(lambda: value(agent, "promtail_readline_rate_dropped_lines_total") == 90)
        assert len(collected.lines()) == 10


async def test_more_files_than_may_be_open(tmp_path, monkeypatch):
    monkeypatch.setattr("watchkeeper.logs.agent.files.follower.MAX_OPEN", 3)
    for i in range(8):
        (tmp_path / f"{i}.log").write_text(f"{i}\n")
    async with running(job(tmp_path), **FAST) as (agent, collected):
        await until(lambda: len(collected.lines()) == 8)
        for i in range(8):
            with (tmp_path / f"{i}.log").open("a") as file:
                file.write(f"again {i}\n")
            await until(lambda i=i: f"again {i}" in collected.lines())
        tails = [one.tail for target in agent.follower._targets for one in target.followed.values()]
        # The one that is about to be read is not counted yet.
        assert sum(tail.n_open for tail in tails) <= 4


async def test_reading_waits_while_nothing_is_taken(tmp_path):
    async with running(job(tmp_path), **FAST) as (agent, collected):
        collected.is_full = True
        (tmp_path / "a.log").write_text("x\n")
        await until(lambda: agent.follower.n_files == 1)
        await asyncio.sleep(0.1)
        assert collected.lines() == []
        collected.is_full = False
        await until(collected.lines)
