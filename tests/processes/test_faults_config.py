"""Configuration that can't be used: every problem at its place, at the start and at a reload, and no secret shown."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes.running import Exporter, Process, scrape_config, started, wait_for, watchkeeper
from tests.processes.watch import PATIENCE_S, Watch, memory_bytes, spacing

pytestmark = pytest.mark.process

TYPOS = """\
global:
  scrape_intervall: 15s
  evaluation_interval: soon
scrape_configs:
  - job_name: a
    scrape_interval: 5s
    scrape_timeout: 10s
    basic_auth: {username: me, password: hunter1, pasword: hunter2}
  - job_name: a
    scheme: gopher
    authorization: {credentials: hunter3}
    bearer_token: hunter4
    relabel_configs:
      - {action: replac, regex: "("}
remote_write:
  - url: "http://u:hunter5@/:bad:"
    queue_config: {capacity: many}
"""
PLACES = ["2:3", "3:24", "7:21", "8:51", "9:15", "10:13", "14:18", "14:33", "16:10", "17:30"]
SECRET = re.compile(r"hunter\d")


def aliases() -> str:
    """Nine times nine times nine …"""
    lines = ['a0: &a0 ["x"]'] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return "\n".join(lines) + "\n"


def multiplied_targets() -> str:
    """Two hundred million targets in 80 kB that are otherwise right."""
    targets = "targets: &t [" + ",".join(['"h:1"'] * 2000) + "]"
    groups = "static_configs: &s [{" + targets + "}" + ",{targets: *t}" * 2000 + "]"
    jobs = [f"  - {{job_name: b{i}, static_configs: *s}}" for i in range(50)]
    return "\n".join(["scrape_configs:", f"  - {{job_name: a, {groups}}}", *jobs]) + "\n"


@dataclass(frozen=True)
class Bad:
    """A file's text, and what must be said of it."""

    text: bytes
    says: str


BAD = {
    "not_utf8": Bad(b"\xff\xfe\x00", r":1:1: .*UTF-8"),
    "unclosed": Bad(b"a: [1,\n", r":2:1: yaml: "),
    "tab": Bad(b"global:\n\tscrape_interval: 5s\n", r":2:1: yaml: "),
    "twice": Bad(b"global: {}\nglobal: {}\n", r":2:1: global: key already set in line 1"),
    "list": Bad(b"- a\n", r":1:1: expected a mapping, found a list"),
    "number": Bad(b"5\n", r":1:1: expected a mapping"),
    "python": Bad(b'global: !!python/object/apply:os.system ["exit"]\n', r":1:9: "),
    "itself": Bad(b"scrape_configs: &a [*a]\n", r":1:\d+: "),
    "deep": Bad(b"scrape_configs: " + b"[" * 5000 + b"]" * 5000 + b"\n", r"yaml: nested deeper than \d+ levels"),
    "aliases": Bad(aliases().encode(), r":\d+:1: "),
    "multiplied": Bad(multiplied_targets().encode(), r"excessive aliasing"),
    "a_url_as_target": Bad(
        b"scrape_configs: [{job_name: a, static_configs: [{targets: ['http://u:hunter6@host/x']}]}]\n",
        r":1:\d+: .*is not a valid hostname",
    ),
    "two_documents": Bad(b"global: {}\n---\nglobal: {}\n", r":2:1: |:3:1: "),
    "nul": Bad(b"global: {external_labels: {a: b}}\0\n", r":1:\d+: "),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A running server, which scrapes and is asked all the time."""
    folder = tmp_path_factory.mktemp("config")
    exporter = Exporter(b"good 1\n")
    made = watchkeeper(folder, config=scrape_config(good=exporter.address))
    with started(made):
        wait_for("some scrapes", lambda: len(made.query("good[1m]")[0]["values"]) > 4)
        yield made
        text = made.log.read_text()
        assert "Traceback" not in text
        assert not SECRET.search(text)
        assert made.stop() == 0
    exporter.close()


def config_file(server: Process) -> Path:
    """The file of a server."""
    return Path(server.command[server.command.index("--prometheus-config") + 1])


def refused(server: Process, text: bytes) -> str:
    """What a reload says to this file; the old configuration stays."""
    file = config_file(server)
    before = file.read_bytes()
    shown = server.api("status/config")["yaml"]
    watch = Watch(server)
    watch.start()
    file.write_bytes(text)
    began_s = time.monotonic()
    status, answer, _ = server.request("/-/reload", b"")
    took_s = time.monotonic() - began_s
    file.write_bytes(before)
    assert status == 500, answer
    assert server.api("status/config")["yaml"] == shown
    assert server.request("/-/ready")[0] == 200
    assert not watch.stop()
    assert watch.slowest_s < PATIENCE_S
    assert took_s < 2 * PATIENCE_S
    assert spacing(server, "good", "3s") < 0.7 + watch.slowest_s
    return answer.decode()


@pytest.mark.parametrize("name", BAD)
def test_a_reload_of_a_bad_file(server: Process, name: str) -> None:
    says = refused(server, BAD[name].text)
    assert re.search(r"prometheus\.yml" + BAD[name].says if BAD[name].says[0] == ":" else BAD[name].says, says), says
    assert len(says) < 20_000
    assert not SECRET.search(says)


def test_all_typos_at_once(server: Process) -> None:
    says = refused(server, TYPOS.encode())
    missing = [place for place in PLACES if f"prometheus.yml:{place}: " not in says]
    assert not missing, says
    assert not SECRET.search(says)
    assert 'did you mean "scrape_interval"' in says


def test_a_file_that_goes_and_comes(server: Process) -> None:
    file = config_file(server)
    text = file.read_bytes()
    file.unlink()
    status, answer, _ = server.request("/-/reload", b"")
    assert (status, b"No such file" in answer) == (500, True)
    file.mkdir()
    status, answer, _ = server.request("/-/reload", b"")
    assert (status, b"Is a directory" in answer) == (500, True)
    file.rmdir()
    file.write_bytes(text)
    assert server.request("/-/reload", b"")[0] == 200
    assert server.query("up") != []


def ended(tmp_path: Path, config: str | None, *flags: str) -> tuple[int, str]:
    """Exit status and words of a server that should not come up."""
    server = watchkeeper(tmp_path, *flags, config=config)
    done = subprocess.run(server.command, capture_output=True, text=True, timeout=30, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_typos_at_the_start(tmp_path: Path) -> None:
    status, says = ended(tmp_path, TYPOS)
    assert status == 2
    assert not [place for place in PLACES if f"prometheus.yml:{place}: " not in says], says
    assert not SECRET.search(says)
    assert not (tmp_path / "data").exists(), "a server that can't start has made its directory"


def test_a_missing_file_and_a_directory(tmp_path: Path) -> None:
    status, says = ended(tmp_path, None, "--prometheus-config", str(tmp_path / "missing.yml"))
    assert (status, "missing.yml" in says, "No such file" in says) == (2, True, True)
    status, says = ended(tmp_path, None, "--prometheus-config", str(tmp_path))
    assert (status, "Is a directory" in says) == (2, True)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--storage.tsdb.retention.time", "soon"], "retention.time"),
        (["--only", "metrics,bananas"], "bananas"),
        (["--query.max-bytes", "lots"], "lots"),
        (["--listen", "256.1.1.1"], "256.1.1.1"),
        (["--metrics-port", "99999"], "99999"),
    ],
)
def test_flags_that_make_no_sense(tmp_path: Path, flags: list[str], says: str) -> None:
    status, text = ended(tmp_path, "{}", *flags)
    assert status in (1, 2)
    assert says in text


def test_a_port_that_is_taken(server: Process, tmp_path: Path) -> None:
    status, text = ended(tmp_path, "{}", "--metrics-port", str(server.port))
    assert status == 1
    assert re.search(rf"{server.port}.*[Aa]ddress already in use", text)


def test_an_empty_file(tmp_path: Path) -> None:
    """It says nothing wrong: a server with no jobs."""
    server = watchkeeper(tmp_path, config="")
    with started(server):
        assert server.api("targets")["activeTargets"] == []
        assert server.stop() == 0


def test_ten_thousand_jobs(tmp_path: Path) -> None:
    jobs = "".join(f"  - {{job_name: j{i}, static_configs: [{{targets: ['127.0.0.1:1']}}]}}\n" for i in range(10_000))
    server = watchkeeper(tmp_path, config="scrape_configs:\n" + jobs)
    with started(server):
        wait_for("all targets", lambda: len(server.api("scrape_pools")["scrapePools"]) == 10_000)
        watch = Watch(server)
        watch.start()
        assert server.request("/-/reload", b"")[0] == 200
        config_file(server).write_text("scrape_configs:\n" + jobs.replace("job_name: j1", "job_name: k1"))
        assert server.request("/-/reload", b"")[0] == 200
        wait_for("new names", lambda: "k1" in server.api("scrape_pools")["scrapePools"])
        assert not watch.stop()
        assert memory_bytes(server) < 500 * (1 << 20)
        assert server.stop() == 0
        assert watch.slowest_s < 2 * PATIENCE_S
