"""Random alerts over random series: promtool finds the same ones firing at every time, with the same texts."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchkeeper.rules.testlang import runner
from watchkeeper.rules.testlang.comparison import FiringAlert
from watchkeeper.rules.testlang.unit_file import read_unit_file

N_FILES = 60
EXPRESSIONS = (
    "m > 2",
    "m == 1",
    "sum by (a) (m) > 3",
    "absent(m)",
    "m and on(a) n",
    "count(m) > 1",
    "r > 3",
    "m offset 1m > 2",
    "ALERTS{alertname='A0'} == 1",
    "m unless n",
    # Not as long as any number of steps, as Prometheus 3 leaves out the sample at a window's start.
    "changes(m[149s500ms]) > 1",
    "last_over_time(m[146s500ms]) == 2",
)
TEXTS = (
    "{{ $value }} {{ $labels.a }}",
    "plain",
    '{{ with query "m" }}{{ len . }}{{ end }}.',
    "{{ $labels.b | toUpper }}!",
)

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this machine"),
]


def random_rules(rng: random.Random) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    for i in range(rng.randint(1, 3)):
        rule: dict[str, Any] = {"alert": f"A{i}", "expr": rng.choice(EXPRESSIONS)}
        if rng.random() < 0.6:
            rule["for"] = rng.choice(["1m", "90s", "2m", "5m"])
        if rng.random() < 0.5:
            rule["keep_firing_for"] = rng.choice(["1m", "2m", "4m"])
        if rng.random() < 0.5:
            rule["labels"] = {
                rng.choice("asb"): rng.choice(["x", "{{ $value }}", "{{ $labels.a }}-{{ $labels.b }}", ""])
            }
        if rng.random() < 0.7:
            rule["annotations"] = {"t": rng.choice(TEXTS)}
        rules.append(rule)
    if rng.random() < 0.6:
        recorded = {"record": "r", "expr": rng.choice(["m * 2", "sum(m)", "m + on(a, b) n"])}
        rules.insert(rng.randint(0, len(rules)), recorded | {"labels": rng.choice([{}, {"z": "1"}, {"a": ""}])})
    return rules


def random_series(rng: random.Random) -> list[dict[str, str]]:
    names = [f'm{{a="{a}",b="{b}"}}' for a in "xy" for b in "pq"] + [f'n{{a="{a}",b="p"}}' for a in "xy"]
    return [
        # The first value is none: a sample at 0s would be as old as the lookback at 5m.
        {"series": name, "values": "_ " + " ".join(rng.choice("1123334__s") for _ in range(rng.randint(3, 14)))}
        for name in names
        if rng.random() < 0.6
    ]


def written(tests: dict[str, Any], rng: random.Random, number: int, folder: Path) -> str:
    """A file of tests and its rules; the values of a series that say `s` are stale markers."""
    rules = random_rules(rng)
    cut = rng.randint(0, len(rules))
    first: dict[str, Any] = {"name": "g1", "rules": rules[:cut]}
    if rng.random() < 0.2:
        first["limit"] = 1
    (folder / f"rules{number}.yml").write_text(
        yaml.safe_dump({"groups": [first, {"name": "g2", "rules": rules[cut:]}]})
    )
    tests |= {"rule_files": [f"rules{number}.yml"], "group_eval_order": ["g1", "g2"]}
    tests["evaluation_interval"] = rng.choice(["30s", "1m", "2m", "45s"])
    series = random_series(rng)
    for one in series:
        one["values"] = one["values"].replace("s", "stale")
    step_s = rng.choice([20, 50, 60])
    cases = [{"eval_time": f"{at}s", "alertname": f"A{i}"} for at in range(0, 600, step_s) for i in range(3)]
    interval = rng.choice(["37s", "61s", "17s", "89s"])
    tests["tests"] = [{"interval": interval, "input_series": series, "alert_rule_test": cases}]
    return yaml.safe_dump(tests)


def test_alerts_fire_at_the_same_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(8)
    firing: list[list[FiringAlert]] = []
    monkeypatch.setattr(runner, "compare_alerts", lambda expected, got: firing.append(list(got)))
    names = [f"tests{i}.yml" for i in range(N_FILES)]
    n_firing = n_failed = 0
    good: list[str] = []
    for i, name in enumerate(names):
        tests: dict[str, Any] = {}
        text = written(tests, rng, i, tmp_path)
        firing.clear()
        (outcome,) = runner.run_unit_tests(read_unit_file(text, name), tmp_path, runner.RunOptions())
        if outcome.failures:  # A rule that can't be evaluated, as promtool must say too.
            n_failed += 1
        else:
            good.append(name)
            for case, alerts in zip(tests["tests"][0]["alert_rule_test"], firing, strict=True):
                case["exp_alerts"] = [
                    {"exp_labels": dict(alert.labels), "exp_annotations": dict(alert.annotations)} for alert in alerts
                ]
                n_firing += len(alerts)
        (tmp_path / name).write_text(yaml.safe_dump(tests))
    assert n_firing > 8 * N_FILES
    assert n_failed < N_FILES / 2
    done = subprocess.run(
        ["promtool", "test", "rules", *names], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
    )
    parts = done.stdout.split("Unit Testing:  ")[1:]
    held = [part.split()[0] for part in parts if "SUCCESS" in part]
    assert held == good, done.stderr[:3000]
