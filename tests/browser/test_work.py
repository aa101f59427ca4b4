"""Dashboards changed by hand, as an administrator: each test begins with what is stored.

The first one makes the dashboard that the others work on.
"""

from __future__ import annotations

import json
from typing import Final

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import Stack

pytestmark = pytest.mark.process

# The administrator of these tests, whichever of them signs in first.
USER: Final = "admin"
PASSWORD: Final = "a long password of a test"

STEPS: Final = ("undo", "drag", "transformation", "fields", "queries", "variables", "rows", "conflict", "library")


@pytest.fixture(scope="module")
def signed_in(lines: Stack, chromium: Chromium) -> Chromium:
    """The administrator, before the pages."""
    sent = json.dumps({"user": USER, "password": PASSWORD}).encode()
    has_admin = lines.request("/login", sent, "POST", Content_Type="application/json")[0] == 200
    link = None if has_admin else lines.first_link
    chromium.do("people.signIn", url=lines.url, link=link, user=USER, password=PASSWORD)
    return chromium


@pytest.mark.parametrize("step", STEPS)
def test_edit(lines: Stack, signed_in: Chromium, step: str) -> None:
    signed_in.do(f"edit.{step}", url=lines.url)


def test_provisioned_cannot_be_saved(lines: Stack, signed_in: Chromium) -> None:
    signed_in.do("edit.provisioned", url=lines.url, path="/d/watchkeeper-host/x")
