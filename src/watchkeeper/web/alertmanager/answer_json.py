"""Alerts, groups and silences as upstream's JSON has them, keys in its order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.silences.silence import state_of
from watchkeeper.alerts.status import AlertView, GroupView
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType

SECOND_NS: Final = 1_000_000_000
NO_TIME: Final = "0001-01-01T00:00:00.000Z"
LAST_NS: Final = 253_402_300_799 * SECOND_NS  # The end of the year 9999.


def answer(document: Any, status: int = 200, *, end: bytes = b"\n") -> web.Response:
    """JSON with a line end, as upstream writes it but in errors of a request's form."""
    return web.Response(body=orjson.dumps(document) + end, status=status, content_type="application/json")


def time_text(time_ns: int) -> str:
    """`2006-01-02T15:04:05.000Z`, cut to the millisecond; the zero of Go's clock where there is no time."""
    if time_ns == 0:
        return NO_TIME
    seconds, ns = divmod(min(time_ns, LAST_NS), SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns // 1_000_000:03}Z"


def alert_json(view: AlertView) -> dict[str, Any]:
    """A gettableAlert."""
    alert = view.alert
    out: dict[str, Any] = {
        "annotations": alert.annotations.as_dict(),
        "endsAt": time_text(alert.ends_ns),
        "fingerprint": view.fingerprint,
        "receivers": [{"name": name} for name in view.receivers],
        "startsAt": time_text(alert.starts_ns),
        "status": {
            "inhibitedBy": sorted(view.inhibited_by),
            "mutedBy": sorted(view.muted_by),
            "silencedBy": sorted(view.silenced_by),
            "state": view.state.value,
        },
        "updatedAt": time_text(alert.updated_ns),
    }
    if alert.generator_url:
        out["generatorURL"] = alert.generator_url
    out["labels"] = alert.labels.as_dict()
    return out


def group_json(view: GroupView) -> dict[str, Any]:
    """An alertGroup."""
    return {
        "alerts": [alert_json(alert) for alert in view.alerts],
        "labels": view.labels.as_dict(),
        "receiver": {"name": view.receiver},
    }


def receiver_json(name: str, labels: Labels) -> dict[str, Any]:
    """A receiver."""
    return {"name": name, "labels": labels.as_dict()} if labels else {"name": name}


def silence_json(silence: Silence, now_ns: int) -> dict[str, Any]:
    """A gettableSilence."""
    return {
        "id": silence.id,
        "status": {"state": state_of(silence, now_ns).value},
        "updatedAt": time_text(silence.updated_ns),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": time_text(silence.ends_ns),
        "matchers": [_matcher_json(matcher) for matcher in silence.matchers],
        "startsAt": time_text(silence.starts_ns),
    }


def _matcher_json(matcher: Matcher) -> dict[str, Any]:
    return {
        "isEqual": matcher.type in (MatchType.EQUAL, MatchType.REGEX),
        "isRegex": matcher.type in (MatchType.REGEX, MatchType.NOT_REGEX),
        "name": matcher.name,
        "value": matcher.value,
    }
