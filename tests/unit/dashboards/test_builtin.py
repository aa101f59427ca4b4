"""Our own dashboards: whole, apart on the grid, and with queries that parse once variables are put in."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.logs.logql.parser import parse as parse_logql
from watchkeeper.metrics.promql.parser import parse as parse_promql

FOLDER = Path(__file__).parents[3] / "src" / "watchkeeper" / "dashboards" / "builtin"
BOARDS = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
COLUMNS = 24
RANGES = (("__rate_interval", "1m"), ("__interval", "15s"), ("__auto", "1m"), ("__range", "1h"))


def targets(board: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel, target


def interpolated(text: str, chosen: str = "x") -> str:
    """With every variable at `chosen`; $1 of label_replace is none."""
    for name, value in RANGES:
        text = text.replace(f"${name}", value)
    return re.sub(r"\$[a-z]\w*", chosen, text)


def test_there_are_the_promised_ones() -> None:
    assert {board["uid"].removeprefix("watchkeeper-") for board in BOARDS} >= {
        *("host", "stack", "logs", "scrapes", "alerts"),
        *("k8s-cluster", "k8s-namespace", "k8s-workload", "k8s-pod", "k8s-node"),
    }


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_queries_parse(board: dict[str, Any]) -> None:
    for panel, target in targets(board):
        language = parse_logql if target["datasource"]["type"] == "loki" else parse_promql
        assert language(interpolated(target["expr"])) is not None, panel["title"]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_a_store_without_lines_is_no_fault(board: dict[str, Any]) -> None:
    """A variable that found no value is empty: a selector of nothing else would be refused."""
    for panel, target in targets(board):
        if target["datasource"]["type"] == "loki":
            assert parse_logql(interpolated(target["expr"], "")) is not None, panel["title"]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_what_is_said_of_a_panel_can_be_seen(board: dict[str, Any]) -> None:
    assert [panel["title"] for panel in board["panels"] if panel["type"] == "row" and "description" in panel] == []


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_panels_stand_apart(board: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS, panel["title"]
    for one, other in itertools.combinations(board["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        apart = apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert apart, (one["title"], other["title"])


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_links_lead_to_our_own(board: dict[str, Any]) -> None:
    uids = {board["uid"] for board in BOARDS}
    assert set(re.findall(r'"url": "d/([\w-]+)', json.dumps(board))) <= uids
