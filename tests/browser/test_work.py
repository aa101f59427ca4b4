"""Dashboards changed by hand, as an administrator: each test begins with what is stored.

The first one makes the dashboard that the others work on.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import Stack

pytestmark = pytest.mark.process

STEPS: Final = (
    "undo",
    "drag",
    "transformation",
    "fields",
    "queries",
    "variables",
    "rows",
    "gone",
    "conflict",
    "library",
)


@pytest.mark.parametrize("step", STEPS)
def test_edit(lines: Stack, signed_in: Chromium, step: str) -> None:
    signed_in.do(f"edit.{step}", url=lines.url)


def test_provisioned_cannot_be_saved(lines: Stack, signed_in: Chromium) -> None:
    signed_in.do("edit.provisioned", url=lines.url, path="/d/watchkeeper-host/x")
