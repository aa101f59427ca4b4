"""A process's own figures are true, and promtool has nothing against them."""

import os
import resource
import shutil
import subprocess
import threading
import time

import pytest

from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.core.telemetry.process import register_process_metrics


def values(registry: Registry) -> dict[str, float]:
    return {family.name: family.samples[0][3] for family in registry.collect()}


def test_figures_are_true():
    registry = Registry()
    register_process_metrics(registry)
    found = values(registry)
    used = resource.getrusage(resource.RUSAGE_SELF)
    assert found["process_cpu_seconds_total"] == pytest.approx(used.ru_utime + used.ru_stime, abs=0.5)
    assert 5e6 < found["process_resident_memory_bytes"] < found["process_virtual_memory_bytes"]
    assert found["process_max_fds"] == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert abs(found["process_start_time_seconds"] - time.time()) < 3600 * 24
    assert found["process_start_time_seconds"] < time.time() + 2
    assert found["go_goroutines"] == threading.active_count()
    with open(os.devnull) as _:
        assert values(registry)["process_open_fds"] == found["process_open_fds"] + 1


def test_tasks_are_counted_where_the_root_can_count_them():
    registry = Registry()
    register_process_metrics(registry, tasks=lambda: 17)
    assert values(registry)["go_goroutines"] == 17


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing_wrong():
    registry = Registry()
    register_process_metrics(registry)
    done = subprocess.run(["promtool", "check", "metrics"], input=registry.exposition(), capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
