"""Pages of operations with ten thousand of everything, for people of all roles."""

from __future__ import annotations

import time

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import Stack

pytestmark = pytest.mark.process

FIRST_MS, FILTER_MS = 5000, 3000


def test_ten_thousand_of_everything(stack: Stack, chromium: Chromium) -> None:
    took = chromium.do("operations.big", url=stack.url)
    assert max(one["first"] for one in took.values()) < FIRST_MS, took
    assert max(one["filter"] for one in took.values()) < FILTER_MS, took


def test_viewers_are_offered_what_they_may_do(stack: Stack, chromium: Chromium) -> None:
    stack.alert(alertname="LookedAt", severity="info")
    begins, ends = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + at_s)) for at_s in (0, 3600))
    matchers = [{"name": "alertname", "value": "LookedAt", "isRegex": False, "isEqual": True}]
    silence = {"matchers": matchers, "startsAt": begins, "endsAt": ends, "createdBy": "ann", "comment": "looked at"}
    made = stack.post(f"{stack.alerts.url}/api/v2/silences", silence)
    chromium.do("operations.viewer", url=stack.url, silence=made["silenceID"])


def test_who_keeps_an_alert_quiet(stack: Stack, chromium: Chromium) -> None:
    for severity in ("critical", "warning"):
        stack.alert(alertname="DiskFull", instance="a", severity=severity)
    chromium.do("operations.quiet", url=stack.url, name="DiskFull", by="DiskFull")
