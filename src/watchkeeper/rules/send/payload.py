"""Alerts as the body of a POST to `/api/v2/alerts`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from watchkeeper.alerts.interface import Alert

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def encode_alerts(alerts: Sequence[Alert]) -> bytes:
    """A JSON list. Without an end an alert has no `endsAt`; characters that UTF-8 can't hold become `?`."""
    rows = [_row(alert) for alert in alerts]
    try:
        return orjson.dumps(rows)
    except TypeError:
        # Half of a surrogate pair, out of a template or of another process's bytes.
        return json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace")


def time_text(time_ns: int) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-28T12:00:00.250Z`."""
    moment = _EPOCH + timedelta(milliseconds=time_ns // 1_000_000)
    return moment.strftime(f"{moment.year:04d}-%m-%dT%H:%M:%S") + f".{moment.microsecond // 1000:03d}Z"


def _row(alert: Alert) -> dict[str, Any]:
    row: dict[str, Any] = {
        "labels": alert.labels.as_dict(),
        "annotations": alert.annotations.as_dict(),
        "startsAt": time_text(alert.starts_ns),
        "generatorURL": alert.generator_url,
    }
    if alert.ends_ns:
        row["endsAt"] = time_text(alert.ends_ns)
    return row
