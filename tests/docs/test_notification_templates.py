"""docs/config/notification-templates.md: every example gives what the page says, and every function has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.alerts.integrations.hook_double import alert, notice
from watchkeeper.alerts.interface import Reason
from watchkeeper.alerts.templates import lists, timed
from watchkeeper.alerts.templates.functions import FUNCTIONS
from watchkeeper.alerts.templates.templates import LIMITS, Templates
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.template.builtins import BUILTINS

PAGE = (Path(__file__).parents[2] / "docs" / "config" / "notification-templates.md").read_text()
EXAMPLES = re.findall(r"^\| `([a-zA-Z0-9]+(?: [^`]*)?)` \| (?:`([^`]*)`)?.* \|$", PAGE, re.M)
TOLD = notice(alert(alertname="Down", instance="a:1"), route_labels=Labels.of(team="ops"))
TEMPLATES = Templates()


@pytest.mark.parametrize(("example", "result"), EXAMPLES)
def test_examples(example, result):
    text = TEMPLATES.text("{{ " + example + " }}", TOLD)
    assert text == result if result else text


def test_every_function_has_an_example():
    assert set(FUNCTIONS) <= {name for example, _ in EXAMPLES for name in re.findall(r"[a-zA-Z0-9]+", example)}
    assert set(BUILTINS) <= set(re.findall(r"`([a-z]+)`", PAGE))


def test_every_reason_is_told():
    assert all(f"`{reason.value}`" in PAGE for reason in Reason)


def test_limits():
    limits = [f"{LIMITS.max_steps:,} steps", f"{timed.MAX_TIME_S:g} seconds", f"{LIMITS.max_output:,} characters"]
    limits += [f"{LIMITS.max_depth} templates", f"{lists.MAX_SIZE:,} values"]
    words = " ".join(PAGE.split())
    assert [limit for limit in limits if limit not in words] == []


def test_definitions_exist():
    named = set(re.findall(r"`(__[A-Za-z_]+|[a-z]+\.default\.[a-z]+)`", PAGE))
    assert len(named) >= 6
    assert named <= TEMPLATES.defined
