"""The rules of the benchmark load, and evaluate without an error."""

from __future__ import annotations

import argparse

from bench.rules import COUNTERS, GAUGES, N_GROUPS, N_RULES, write_rules
from tests.unit.rules.harness import Bench
from watchkeeper.rules.files.load import load_rule_files


async def test_the_rules_of_the_benchmark_are_good(tmp_path):
    bench = Bench(tmp_path / "store")
    arguments = argparse.Namespace(targets=110, first_port=23000, rule_interval="30s", wide=10)
    write_rules(tmp_path / "rules", arguments)
    files = sorted(str(path) for path in (tmp_path / "rules").iterdir())
    assert len(files) == N_GROUPS
    groups = load_rule_files([files[0], files[-1]], bench.language)
    assert [len(group.rules) for group in groups] == [N_RULES] * 2
    for port in (23000, 23001):
        for name in (*COUNTERS, *GAUGES, "up"):
            bench.put(name, 1, job="bench", instance=f"127.0.0.1:{port}", x="1")
    await bench.manager.apply(groups, bench.settings)
    await bench.manager.start()
    await bench.clock.advance(60)
    assert {rule.health for rule in bench.rules} == {"ok"}
    assert {one.state for one in bench.alerts} == {"firing"}
    assert len(bench.all("bench:process_open_fds:max")) == 3
    await bench.stop()
