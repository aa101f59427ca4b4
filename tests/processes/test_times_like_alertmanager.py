"""Time intervals around now, one for each of many routes: Debian's Alertmanager tells of an alert where we say so."""

from __future__ import annotations

import json
import random
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from tests.processes.alert_hooks import Hooks
from tests.processes.alert_server import debian_server
from tests.processes.running import started, wait_for
from watchkeeper.alerts.config.alertmanager_yml import parse_alertmanager_yml
from watchkeeper.alerts.time_interval import MONTHS, WEEKDAYS

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("prometheus-alertmanager") is None, reason="no prometheus-alertmanager here"),
]

N = 120
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "Etc/GMT+12"]


def period(numbers: random.Random, now: datetime) -> dict[str, Any]:
    """Fields that are about now in the period's zone, or just beside it."""
    made: dict[str, Any] = {}
    if numbers.random() < 0.8:
        made["location"] = numbers.choice(ZONES)
        now = now.astimezone(ZoneInfo(made["location"]))

    def some(low: int, value: int, high: int) -> tuple[int, int]:
        first = min(max(value + numbers.randint(-2, 1), low), high)
        return first, min(first + numbers.randint(0, 2), high)

    if numbers.random() < 0.5:
        start = min(max(now.hour + numbers.randint(-2, 1), 0), 23)
        end = min(start + numbers.randint(1, 2), 24)
        made["times"] = [{"start_time": f"{start:02d}:00", "end_time": f"{end:02d}:00"}]
    if numbers.random() < 0.5:
        first, last = some(0, now.isoweekday() % 7, 6)
        made["weekdays"] = [f"{WEEKDAYS[first]}:{WEEKDAYS[last]}"]
    if numbers.random() < 0.5:
        n_days = ((now.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
        first, last = some(1, now.day, n_days)
        forms = [f"{first}:{last}", f"{first - n_days - 1}:{last - n_days - 1}", f"{max(first - 20, 1)}:-1"]
        made["days_of_month"] = [numbers.choice(forms)]
    if numbers.random() < 0.4:
        first, last = some(1, now.month, 12)
        made["months"] = [numbers.choice([f"{first}:{last}", f"{MONTHS[first - 1]}:{MONTHS[last - 1]}"])]
    if numbers.random() < 0.3:
        first, last = some(2000, now.year, 3000)
        made["years"] = [f"{first}:{last}"]
    return made


def test_alerts_are_told_of_in_the_same_intervals(tmp_path: Path) -> None:
    numbers = random.Random(20261128)
    now = datetime.now(UTC)
    hooks = Hooks()
    names = [f"t{i}" for i in range(N)]
    text = yaml.safe_dump(
        {
            "route": {
                "receiver": "none",
                "group_wait": "0s",
                "routes": [
                    {"receiver": name, "continue": True, f"{numbers.choice(['active', 'mute'])}_time_intervals": [name]}
                    for name in names
                ],
            },
            "receivers": [
                {"name": "none"},
                *({"name": name, "webhook_configs": [{"url": f"{hooks.url}/{name}"}]} for name in names),
            ],
            "time_intervals": [
                {"name": name, "time_intervals": [period(numbers, now) for _ in range(numbers.randint(1, 2))]}
                for name in names
            ],
        }
    )
    config = parse_alertmanager_yml(text)
    now_ns = time.time_ns()
    # What changes about now may be either.
    steady = {name for name in names if len(set(_around(config.intervals[name], now_ns))) == 1}
    expected = {
        route.receiver
        for route in config.route.routes
        if config.intervals[route.receiver].contains(now_ns) is bool(route.active_time_intervals)
    }
    try:
        server = debian_server(tmp_path, config=text)
        with started(server):
            body = json.dumps([{"labels": {"alertname": "X"}}]).encode()
            assert server.request("/api/v2/alerts", body, content_type="application/json")[0] == 200
            told = lambda: {path for _, path, _ in hooks.got}  # noqa: E731
            wait_for("notifications", lambda: (expected & steady) <= told())
            time.sleep(0.5)  # For those that should not come.
    finally:
        hooks.close()
    assert told() & steady == expected & steady
    assert len(steady) > N - 30
    assert N / 5 < len(expected) < N * 4 / 5


def _around(interval: Any, now_ns: int) -> list[bool]:
    return [interval.contains(now_ns + seconds * 10**9) for seconds in (-60, 0, 60)]
