"""The agent as a process: rotations, kills, and servers that are away. No line is lost."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.running import WATCHKEEPER, Process, free_port, started, wait_for
from tests.unit.logs.agent.receiver import Receiver

pytestmark = pytest.mark.process


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def agent(folder: Path, url: str, *, stages: str = "[]", client: str = "", more: str = "") -> Process:
    """An agent that follows `logs/*.log` of a folder, not started yet."""
    port = free_port()
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "promtail.yaml").write_text(
        f"""
server: {{http_listen_address: 127.0.0.1, http_listen_port: {port}, health_check_target: false,
          enable_runtime_reload: true}}
positions: {{filename: {folder}/positions.yaml, sync_period: 1h}}
clients: [{{url: "{url}", batchwait: 100ms, {client} backoff_config: {{min_period: 50ms, max_period: 200ms}}}}]
target_config: {{sync_period: 200ms}}
scrape_configs:
  - job_name: files
    pipeline_stages: {stages}
    static_configs: [{{labels: {{job: files, __path__: "{folder}/logs/*.log"}}}}]
{more}"""
    )
    command = [str(WATCHKEEPER), "agent", "-config.file", str(folder / "promtail.yaml")]
    return Process(command, port, "/ready", folder / "log")


class Writer:
    """Writes numbered lines to a file until it is told to stop."""

    def __init__(self, path: Path, *, pause_s: float = 0.002) -> None:
        self.path = path
        self.n_lines = 0
        self._pause_s = pause_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self.path.open("ab", buffering=0) as file:
            while not self._stopping.is_set():
                file.write(b"line %06d\n" % self.n_lines)
                self.n_lines += 1
                time.sleep(self._pause_s)

    def stop(self) -> list[str]:
        """All that was written."""
        self._stopping.set()
        self._thread.join()
        return [f"line {i:06d}" for i in range(self.n_lines)]


@pytest.mark.parametrize("how", ["rename", "copytruncate"])
def test_a_log_that_is_rotated_20_times_a_second(tmp_path: Path, receiver: Receiver, how: str) -> None:
    process = agent(tmp_path, receiver.url)
    log = tmp_path / "logs" / "app.log"
    expected: list[str] = []
    with started(process):
        file = log.open("ab", buffering=0)
        wait_for("the file is followed", lambda: f'path="{log}"' in files_of(process))
        for i in range(60):
            for _ in range(10):
                line = f"line {len(expected):06d}"
                expected.append(line)
                file.write(line.encode() + b"\n")
                time.sleep(0.004)
            if log.with_suffix(".log.1").exists():
                log.with_suffix(".log.1").rename(log.with_suffix(".log.2"))
            if how == "rename":
                log.rename(log.with_suffix(".log.1"))
                if i % 2:
                    file.write(b"late %06d\n" % i)  # The writer has not opened the new file yet.
                    expected.append(f"late {i:06d}")
                file.close()
                file = log.open("ab", buffering=0)
            else:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)
        file.close()
        wait_for("all lines", lambda: len(set(receiver.texts())) >= len(expected))
        assert receiver.texts() == expected
        assert process.stop() == 0


def files_of(process: Process) -> str:
    return process.request("/metrics")[1].decode() + "".join(
        f'path="{word.split("=", 1)[1]}"' for word in process.log.read_text().split() if word.startswith("path=")
    )


def test_kill_between_read_and_send_loses_nothing_and_repeats_one_batch_at_most(
    tmp_path: Path, receiver: Receiver
) -> None:
    process = agent(tmp_path, receiver.url)
    writer = Writer(tmp_path / "logs" / "app.log")
    try:
        for _ in range(3):
            with started(process):
                seen = receiver.n_requests
                wait_for("some pushes", lambda seen=seen: receiver.n_requests > seen + 3)
                process.kill()
    finally:
        expected = writer.stop()
    with started(process):
        wait_for("all lines", lambda: len(set(receiver.texts())) >= len(expected))
        assert process.stop() == 0
    got = receiver.texts()
    assert set(got) == set(expected)
    largest = max(len(batch) for batch in receiver.batches)
    assert len(got) - len(expected) <= 3 * largest
    # A batch is a fifth of a second of lines at most, so this is no empty promise.
    assert largest < len(expected) / 4


def test_an_outage_is_spooled_and_survives_a_kill(tmp_path: Path) -> None:
    port = free_port()
    process = agent(tmp_path, f"http://127.0.0.1:{port}/loki/api/v1/push")
    log = tmp_path / "logs" / "app.log"
    expected = [f"line {i:06d}" for i in range(3000)]
    with started(process):
        for part in (expected[:1000], expected[1000:2000]):
            with log.open("a") as file:
                file.write("".join(line + "\n" for line in part))
            wait_for(
                "the lines are spooled",
                lambda part=part: f'/logs/app.log: "{12 * (int(part[-1][5:]) + 1)}"' in marks(tmp_path),
            )
        process.kill()
    # The file is gone with all that was in it: what was read is in the spool alone. What is new is read from its start.
    log.unlink()
    log.write_text("".join(line + "\n" for line in expected[2000:]))
    receiver = Receiver(port)
    try:
        with started(process):
            wait_for("all lines", lambda: len(set(receiver.texts())) >= len(expected))
            gauge = f'promtail_spool_batches{{client="client-0",host="127.0.0.1:{port}"}} 0'
            wait_for("the spool is empty", lambda: gauge in process.request("/metrics")[1].decode())
            assert receiver.texts() == expected
            assert process.stop() == 0
        assert not [path for path in (tmp_path / "agent-spool").rglob("0*") if path.stat().st_size > 4096]
    finally:
        receiver.close()


def marks(folder: Path) -> str:
    """What the spool says of positions, as it would stand in the positions file."""
    found = ""
    for path in sorted((folder / "agent-spool").rglob("0*")):
        text = path.read_bytes().decode("utf-8", "replace")  # `{"marks":{"…/app.log":"12"}}`
        found += text.replace('app.log":"', 'app.log: "')
    return found


def test_a_server_that_refuses_and_one_that_fails(tmp_path: Path, receiver: Receiver) -> None:
    answers = {1: 500, 2: 429, 3: 400}
    receiver.status = lambda number: answers.get(number, 204)
    process = agent(tmp_path, receiver.url)
    log = tmp_path / "logs" / "app.log"
    with started(process):
        log.write_text("first\n")
        wait_for("the batch is refused for good", lambda: receiver.n_requests >= 3)
        with log.open("a") as file:
            file.write("second\n")
        wait_for("the next batch", lambda: receiver.texts() == ["second"])
        text = process.request("/metrics")[1].decode()
        host = f"127.0.0.1:{receiver.port}"
        assert f'promtail_dropped_entries_total{{host="{host}",reason="ingester_error",tenant=""}} 1' in text
        assert f'promtail_batch_retries_total{{host="{host}",tenant=""}} 2' in text
        assert 'promtail_request_duration_seconds_count{host="%s",status_code="429"} 1' % host in text
        assert process.stop() == 0


def test_reload_pages_and_positions(tmp_path: Path, receiver: Receiver) -> None:
    process = agent(tmp_path, receiver.url)
    log = tmp_path / "logs" / "app.log"
    log.write_text('{"level":"info"}\n')
    with started(process):
        wait_for("the first line", lambda: receiver.texts())
        config = tmp_path / "promtail.yaml"
        good = config.read_text()
        config.write_text(good.replace("job_name: files", "job_nam: files"))
        status, body, _ = process.request("/reload", b"", "POST")
        assert status == 500
        assert b'unknown key "job_nam"; did you mean "job_name"?' in body
        config.write_text(
            good.replace(
                "pipeline_stages: []",
                "pipeline_stages: [{json: {expressions: {level: }}}, {labels: {level: }}]",
            )
        )
        assert process.request("/reload", b"", "POST")[0] == 200
        with log.open("a") as file:
            file.write('{"level":"warn"}\n')
        wait_for("the second line", lambda: len(receiver.lines) == 2)
        assert receiver.lines[1][0] == f'{{filename="{log}", job="files", level="warn"}}'
        assert receiver.headers[0]["User-Agent"].startswith("promtail/")
        page = process.request("/targets")[1].decode()
        assert str(log) in page
        assert process.request("/service-discovery")[0] == 200
        assert "batchwait: 100ms" in process.request("/config")[1].decode()
        assert process.request("/nothing")[0] == 404
        assert process.request("/ready")[1] == b"Ready\n"
        log.unlink()
        wait_for(
            "the file is let go", lambda: "promtail_files_active_total 0" in process.request("/metrics")[1].decode()
        )
        assert process.stop() == 0
    assert (tmp_path / "positions.yaml").read_text() == "positions: {}\n"
