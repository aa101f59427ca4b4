"""Dashboards changed by hand, as an administrator: each test begins with what is stored, the last one stores something.

The first one makes the dashboard that the others work on.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import Stack
from tests.browser.test_people import ADMIN

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def signed_in(lines: Stack, chromium: Chromium) -> Chromium:
    """The administrator, before the pages."""
    has_admin = lines.request("/login", b'{"user": "admin", "password": "a long password of a test"}', "POST",
                              Content_Type="application/json")[0] == 200  # fmt: skip
    chromium.do(
        "people.signIn",
        url=lines.url,
        link=None if has_admin else lines.first_link,
        user=ADMIN["user"],
        password=ADMIN["password"],
    )
    return chromium


STEPS: Final = ("undo", "drag", "transformation", "fields", "variables", "rows", "conflict", "library")


@pytest.mark.parametrize("step", STEPS)
def test_edit(lines: Stack, signed_in: Chromium, step: str) -> None:
    signed_in.do(f"edit.{step}", url=lines.url)


def test_provisioned_cannot_be_saved(lines: Stack, signed_in: Chromium) -> None:
    signed_in.do("edit.provisioned", url=lines.url, path="/d/watchkeeper-host/x")
