"""`watchkeeper node-exporter` as a process: it serves, it stops when told, and it says why it can't start."""

import re
import signal
import subprocess
import sys
import urllib.request

import pytest

COMMAND = [sys.executable, "-m", "watchkeeper.cli.main", "node-exporter", "--web.listen-address"]


@pytest.mark.process
def test_serve_and_stop():
    process = subprocess.Popen([*COMMAND, "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        address = re.search(r"msg=listening address=(\S+)", line)[1]
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            page = answer.read().decode()
        assert "node_cpu_seconds_total" in page
        assert "process_resident_memory_bytes" in page
        second = subprocess.run([*COMMAND, address], capture_output=True, text=True, timeout=20)
        assert second.returncode == 1
        assert "address already in use" in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert "msg=stopped" in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["here"], "not an address: 'here'"),
        ([":0", "--collector.netdev.device-exclude", "("], "missing )"),
        ([":0", "--web.telemetry-path", "metrics"], "must start with /"),
    ],
)
def test_bad_flags_are_named(arguments, message):
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert message in done.stderr
