"""Every rule of people's rule files, over the same samples, in Debian's Prometheus and here: the same answers.

The samples are recorded scrapes of a host and of a Prometheus, and, for metrics that no recording has, seeded series
that fit the rules' matchers. What a rule records is given to both before the next rule is asked.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import shutil
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bench.recordings import RECORDED, recorded
from tests.processes.running import Process, free_port, started, watchkeeper
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.packed_labels import PackedLabels
from watchkeeper.core.wire.remote import encode_write_v1
from watchkeeper.core.wire.snappy import compress
from watchkeeper.core.wire.text import TextParser
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.parser import parse

RULES = sorted((Path(__file__).parents[3] / "shared" / "corpus" / "rules").glob("*.yaml"))
STEP_MS = 30_000
STEPS = 120
NEWER = ("info(", "limitk(", "first_over_time(")  # What Debian's Prometheus does not know.

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus on this machine"),
    pytest.mark.skipif(not RULES or not RECORDED.is_dir(), reason="no corpus of rules beside this checkout"),
]

Sample = tuple[Labels, int, float]


def rules() -> Iterator[tuple[str, dict[str, Any]]]:
    """File and rule, in the files' order."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield path.name, rule


def selectors(text: str) -> list[ast.VectorSelector]:
    return [node for node in ast.walk(parse(text)) if isinstance(node, ast.VectorSelector)]


def recordings(end_ms: int) -> Iterator[Sample]:
    """Recorded scrapes of two jobs, 30 s apart in place of one."""
    for job, name in (("node-exporter", "node_exporter"), ("prometheus-k8s", "prometheus")):
        parser, labels_of = TextParser(), dict[int, Labels]()
        place = {"job": job, "instance": "10.0.0.1:9100", "namespace": "monitoring", "pod": "pod-0", "container": job}
        for i, body in enumerate(recorded(name)[:STEPS]):
            parsed = parser.parse(body)
            time_ms = end_ms - (STEPS - 1 - i) * STEP_MS
            labels_of |= {number: Labels.of({**dict(pairs), **place}) for number, pairs in parsed.new}
            numbers = range(len(parsed.values)) if parsed.index is None else parsed.index.tolist()
            for number, value in zip(numbers, parsed.values.tolist(), strict=True):
                yield labels_of[number], time_ms, value


def invented(end_ms: int, known: set[str]) -> Iterator[Sample]:
    """For each metric that no recording has: some series for each selector of it, with values that go up and down."""
    rng = random.Random(7)
    seen: set[Labels] = set()
    recorded_names = {rule["record"] for _, rule in rules() if "record" in rule}
    for _, rule in rules():
        for selector in selectors(rule["expr"]):
            name = next((m.value for m in selector.matchers if m.name == "__name__" and m.type is MatchType.EQUAL), "")
            if not name or name in known or name in recorded_names:
                continue
            for which in range(3):
                labels = fitting(name, selector.matchers, which, rng)
                if labels in seen:
                    continue
                seen.add(labels)
                is_counter = name.endswith(("_total", "_count", "_sum", "_bucket"))
                value = float(rng.randrange(5))
                for i in range(STEPS):
                    value = value + rng.choice([0, 0, 1, 7]) if is_counter else float(rng.choice([0, 0, 1, 1, 2, 50]))
                    yield labels, end_ms - (STEPS - 1 - i) * STEP_MS, value


def fitting(name: str, matchers: Iterable[Matcher], which: int, rng: random.Random) -> Labels:
    """A series that the matchers let pass, as far as one can guess."""
    made = {
        "__name__": name,
        "namespace": f"ns-{which % 2}",
        "pod": f"pod-{which}",
        "node": f"node-{which % 2}",
        "instance": f"10.0.0.{which}:10250",
        "container": "app",
        "job": "kubelet",
    }
    if name.endswith("_bucket"):
        made["le"] = rng.choice(["0.1", "1", "+Inf"])
    for matcher in matchers:
        if matcher.name == "__name__":
            continue
        if matcher.type is MatchType.EQUAL:
            made[matcher.name] = matcher.value
        elif matcher.type is MatchType.REGEX:
            choices = [text for text in matcher.value.strip("()").split("|") if matcher.matches(text)] or ["x", ""]
            made[matcher.name] = next((text for text in (rng.choice(choices), "x1", "") if matcher.matches(text)), "")
        elif not matcher.matches(made.get(matcher.name, "")):
            made[matcher.name] = "other"
    return Labels.of(made)


def write(servers: Iterable[Process], samples: Iterable[Sample]) -> None:
    """Sends the same to all."""
    series: dict[Labels, list[tuple[int, float]]] = {}
    for labels, time_ms, value in samples:
        series.setdefault(labels, []).append((time_ms, value))
    for part in _parts(series, 500):
        counts = [0, *itertools.accumulate(len(rows) for _, rows in part)]
        rows = [row for _, rows in part for row in rows]
        body = encode_write_v1(
            PackedLabels.of(labels for labels, _ in part),
            np.array(counts, np.int64),
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1] for row in rows], np.float64),
        )
        for server in servers:
            headers = {"Content_Encoding": "snappy", "Content_Type": "application/x-protobuf"}
            status, said, _ = server.request("/api/v1/write", compress(body), **headers)
            assert status in (200, 204), said


def _parts(series: dict[Labels, Any], size: int) -> Iterator[list[tuple[Labels, Any]]]:
    items = list(series.items())
    for lo in range(0, len(items), size):
        yield items[lo : lo + size]


def prometheus(folder: Path) -> Process:
    folder.mkdir()
    (folder / "prometheus.yml").write_text("{}")
    port = free_port()
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"]
    return Process(command, port, "/-/ready", folder / "log")


def answer(server: Process, text: str, time_ms: int) -> dict[tuple[tuple[str, str], ...], float] | str:
    """Value by label set, or the error."""
    asked = urllib.parse.urlencode({"query": text, "time": f"{time_ms / 1000:.3f}"})
    status, body, _ = server.request(f"/api/v1/query?{asked}")
    told = json.loads(body)
    if status != 200:
        return str(told["error"])
    data = told["data"]
    if data["resultType"] == "scalar":
        return {(): float(data["result"][1])}
    return {tuple(sorted(item["metric"].items())): float(item["value"][1]) for item in data["result"]}


def is_same(one: dict[Any, float] | str, other: dict[Any, float] | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str)
    return one.keys() == other.keys() and all(
        math.isclose(one[key], other[key], rel_tol=1e-9, abs_tol=1e-12)
        or (one[key] != one[key] and other[key] != other[key])
        for key in one
    )


def test_rules_evaluate_as_in_prometheus(tmp_path: Path) -> None:
    end_ms = (int(time.time()) - 60) * 1000
    # Beside the samples' times: whether a range takes the sample at its very beginning has changed since Prometheus 2.
    asked_ms = end_ms + 1000
    ours = watchkeeper(tmp_path / "ours", config="{}")
    theirs = prometheus(tmp_path / "theirs")
    both = (ours, theirs)
    n_rules = n_answers = 0
    different: list[str] = []
    with started(*both):
        host = list(recordings(end_ms))
        write(both, host)
        write(both, invented(end_ms, {labels.name for labels, _, _ in host}))
        for file, rule in rules():
            n_rules += 1
            text = rule["expr"]
            if any(word in text for word in NEWER):
                assert not isinstance(answer(ours, text, asked_ms), str), text
                continue
            mine, wanted = (answer(server, text, asked_ms) for server in both)
            if not is_same(mine, wanted):
                different.append(
                    f"{file}: {rule.get('record') or rule['alert']}: {text}\n ours {mine}\n theirs {wanted}"
                )
            if isinstance(wanted, str):
                continue
            n_answers += bool(wanted)
            if "record" in rule:
                made = {"__name__": rule["record"], **rule.get("labels", {})}
                write(both, [(Labels.of({**dict(key), **made}), asked_ms, value) for key, value in wanted.items()])
    assert not different, "\n".join(different)
    assert n_rules > 200
    assert n_answers > n_rules / 3, "too few rules have anything to say about these samples"
