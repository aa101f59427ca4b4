"""Dashboards that others wrote: every panel of each is drawn, and what is not has a reason that is none of ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium
from tests.browser.corpus import corpus_boards
from tests.browser.stack import Stack

pytestmark = pytest.mark.process

# What a person reads of a query that Prometheus or Loki would refuse too, and of a data source that is not here.
NOT_OURS = re.compile(
    r"parse error|queries require at least one|there is no data source of type|is not known here"
    r"|multiple matches for labels|many-to-many|found duplicate series|can't be reached"
)
OWN = (
    "alerts",
    "host",
    "k8s-cluster",
    "k8s-namespace",
    "k8s-node",
    "k8s-pod",
    "k8s-workload",
    "logs",
    "scrapes",
    "stack",
)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_every_dashboard_of_the_corpus(lines: Stack, chromium: Chromium, tmp_path: Path) -> None:
    boards = corpus_boards()
    if not boards:
        pytest.skip("the corpus of dashboards is not beside the repository")
    counts = dict.fromkeys(("dashboards", "panels", "drawn", "queries", "placeholders", "refused"), 0)
    faults: list[str] = []
    refused: list[str] = []
    for uid in boards:
        seen = chromium.do("boards.look", timeout_s=150, settleMs=60_000, url=f"{lines.url}/d/{uid}/x")
        panels = seen["panels"]
        counts["dashboards"] += 1
        counts["panels"] += len(panels)
        counts["drawn"] += sum(panel["drawn"] for panel in panels)
        counts["placeholders"] += sum(panel["placeholder"] for panel in panels)
        counts["queries"] += seen["queries"]
        refused += [f"{uid}: {one['status']} {one['reason']}: {one['query']}" for one in seen["refused"]]
        for panel in panels:
            if panel["fault"] and not NOT_OURS.search(panel["fault"]):
                faults.append(f"{uid}: {panel['title']}: {panel['fault']}")
            elif not panel["drawn"]:
                faults.append(
                    f"{uid}: {panel['title']}: nothing is drawn{', it still waits' if panel['loading'] else ''}"
                )
            elif re.search(r"\b(undefined|\[object Object\]|TypeError)\b", panel["text"]):
                faults.append(f"{uid}: {panel['title']}: {panel['text']}")
        if seen["title"].startswith("Broken dashboard") or not panels:
            faults.append(f"{uid}: no panels: {seen['notices']}")
    counts["refused"] = len(refused)
    print(json.dumps(counts))
    print("\n".join(refused))
    assert faults == []
    assert counts["dashboards"] == len(boards)


@pytest.mark.parametrize("name", OWN)
def test_own_dashboards(lines: Stack, chromium: Chromium, name: str) -> None:
    seen = chromium.do("boards.look", url=f"{lines.url}/d/watchkeeper-{name}/x", height=3000)
    assert [panel["title"] for panel in seen["panels"] if panel["fault"] or not panel["drawn"]] == []
    assert seen["refused"] == []
