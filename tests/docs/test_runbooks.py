"""Each of our own alerts says what it means, at which threshold, and has a section in a runbook; no section is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchkeeper.metrics.promql.parser import parse

ROOT = Path(__file__).parents[2]
BUILTIN = ROOT / "src" / "watchkeeper" / "rules" / "builtin"
RUNBOOKS = ROOT / "docs" / "runbooks"
SEVERITIES = {"critical", "warning", "info", "none"}


def rules() -> Iterator[dict[str, Any]]:
    for path in sorted(BUILTIN.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


ALERTS = [rule for rule in rules() if "alert" in rule]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_alerts_are_explained(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in SEVERITIES
    annotations = rule["annotations"]
    assert annotations.keys() == {"summary", "description", "runbook"}
    page, _, anchor = annotations["runbook"].partition("#")
    heading = re.compile(rf"^## {rule['alert']}$", re.MULTILINE)
    assert heading.search((ROOT / page).read_text()), f"no section for {rule['alert']} in {page}"
    assert anchor == rule["alert"].lower()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_descriptions_give_the_threshold(rule: dict[str, Any]) -> None:
    """The number that an alert compares with stands in its description, unless it is zero or one."""
    parse(rule["expr"])
    found = re.search(r"> (0?\.\d+|\d+)\s*(?:$|and)", rule["expr"].strip()) or re.search(
        r"< (0\.\d+)", rule["expr"].strip()
    )
    if not found or float(found[1]) in (0, 1):
        assert len(rule["annotations"]["description"]) > 80
        return
    number = float(found[1])
    ways = {
        f"{number * 100:g} %",
        f"{number:g}",
        f"{number * 1000:g} ms",
        {120: "Two minutes", 2: "Two"}.get(number, ""),
    }
    assert any(way and way in rule["annotations"]["description"] for way in ways), ways


def test_no_section_is_left_over() -> None:
    sections = [
        heading
        for page in RUNBOOKS.glob("*.md")
        for heading in re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
    ]
    assert sorted(sections) == sorted(rule["alert"] for rule in ALERTS)
