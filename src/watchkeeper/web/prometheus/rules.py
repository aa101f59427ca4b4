"""Rules, alerts and the Alertmanagers that hear of them.

Source of filters, paging and shapes: Prometheus web/api/v1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from watchkeeper.core.model.go_float import format_exponent
from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.rules.views import AlertView, GroupView, RuleView
from watchkeeper.web.envelope import Reply
from watchkeeper.web.errors import bad_parameter
from watchkeeper.web.params import Params, parse_bool, parse_int

if TYPE_CHECKING:
    from watchkeeper.web.prometheus.backend import Backend

NEVER: Final = "0001-01-01T00:00:00Z"  # How upstream writes a time that has not come yet.
TYPES: Final = {"record": "recording", "alert": "alerting"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def rules(backend: Backend, params: Params, _: web.Request) -> Reply:
    """GET /rules: groups with their rules and alerts. Its switches are read from the URL alone, as upstream does."""
    wanted = _Wanted.of(params)
    return Reply(await backend.run_read(lambda: orjson.dumps(_discovery(backend.rules.groups(), wanted))))


async def alerts(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /alerts: those that are pending or firing."""
    return Reply(
        await backend.run_read(
            lambda: orjson.dumps({"alerts": [alert_json(alert) for alert in backend.rules.alerts()]})
        )
    )


async def alertmanagers(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /alertmanagers: where alerts are sent, and what relabelling dropped."""
    active, dropped = backend.rules.alertmanagers()
    return Reply(
        {
            "activeAlertmanagers": [{"url": url} for url in active],
            "droppedAlertmanagers": [{"url": url} for url in dropped],
        }
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a request asks for; empty sets ask for all."""

    kind: str
    names: frozenset[str]
    groups: frozenset[str]
    files: frozenset[str]
    matcher_sets: Sequence[Sequence[Matcher]]
    exclude_alerts: bool
    limit: int
    token: str

    @classmethod
    def of(cls, params: Params) -> _Wanted:
        """Raises upstream's errors."""
        matcher_sets = params.matcher_sets()
        kind = params.of_url("type").lower()
        if kind not in ("", *TYPES):
            raise bad_parameter("type", f"not supported value {quote(kind)}")
        exclude_alerts = False
        if text := params.of_url("exclude_alerts"):
            try:
                exclude_alerts = parse_bool(text)
            except ValueError as error:
                raise bad_parameter("exclude_alerts", f"error converting exclude_alerts: {error}") from None
        limit, token = _paging(params)
        return cls(
            kind,
            frozenset(params.all("rule_name[]")),
            frozenset(params.all("rule_group[]")),
            frozenset(params.all("file[]")),
            matcher_sets,
            exclude_alerts,
            limit,
            token,
        )

    def takes(self, rule: RuleView) -> bool:
        """Whether a rule passes all filters of rules."""
        if (self.kind and rule.kind != self.kind) or (self.names and rule.name not in self.names):
            return False
        if not self.matcher_sets:
            return True
        labels = dict(rule.labels)
        return any(
            all(matcher.matches(labels.get(matcher.name, "")) for matcher in matchers) for matchers in self.matcher_sets
        )


def _paging(params: Params) -> tuple[int, str]:
    """Groups of a page, 0 for all, and the token of its first."""
    limit, token = 0, params.of_url("group_next_token")
    if text := params.of_url("group_limit"):
        try:
            limit = parse_int(text)
        except ValueError as error:
            raise bad_parameter("group_limit", f"group_limit needs to be a valid number: {error}") from None
        if limit <= 0:
            raise bad_parameter("group_limit", "group_limit needs to be greater than 0")
    elif token:
        raise bad_parameter("group_next_token", "group_limit needs to be present in order to paginate over the groups")
    return limit, token


def _discovery(groups: Iterable[GroupView], wanted: _Wanted) -> dict[str, Any]:
    """The groups of one page, ordered by file and name; groups without a rule that passes are left out."""
    ordered = sorted(groups, key=lambda group: (group.file, group.name))
    if wanted.token:
        first = next((i for i, group in enumerate(ordered) if token_of(group) == wanted.token), None)
        if first is None:
            said = f"invalid group_next_token '{wanted.token}'. were rule groups changed?"
            raise bad_parameter("group_next_token", said)
        ordered = ordered[first:]
    page: list[dict[str, Any]] = []
    for group in ordered:
        if (wanted.groups and group.name not in wanted.groups) or (wanted.files and group.file not in wanted.files):
            continue
        taken = [rule for rule in group.rules if wanted.takes(rule)]
        if not taken:
            continue
        if wanted.limit and len(page) == wanted.limit:
            return {"groups": page, "groupNextToken": token_of(group)}
        page.append({**group_json(group), "rules": [rule_json(rule, wanted.exclude_alerts) for rule in taken]})
    return {"groups": page}


def token_of(group: GroupView) -> str:
    """What names a group in paging."""
    return hashlib.sha256(group.key.encode("utf-8", "surrogateescape")).hexdigest()


def group_json(group: GroupView) -> dict[str, Any]:
    """One group as /rules has it, but for its rules."""
    return {
        "name": group.name,
        "file": group.file,
        "interval": _seconds(group.interval_ms),
        "limit": group.limit,
        "evaluationTime": group.evaluation_s,
        "lastEvaluation": _time_of(group.last_evaluation_s),
    }


def rule_json(rule: RuleView, exclude_alerts: bool = False) -> dict[str, Any]:
    """One rule as /rules has it."""
    shown: dict[str, Any] = {
        "name": rule.name,
        "query": rule.query,
        "health": rule.health,
        "evaluationTime": rule.evaluation_s,
        "lastEvaluation": _time_of(rule.last_evaluation_s),
        "type": TYPES[rule.kind],
    }
    if rule.last_error:
        shown["lastError"] = rule.last_error
    if rule.kind == "alert":
        shown |= {
            "state": rule.state,
            "duration": _seconds(rule.for_ms),
            "keepFiringFor": _seconds(rule.keep_firing_for_ms),
            "labels": dict(rule.labels),
            "annotations": dict(rule.annotations),
            "alerts": [] if exclude_alerts else [alert_json(alert) for alert in rule.alerts],
        }
    elif rule.labels:
        shown["labels"] = dict(rule.labels)
    return shown


def alert_json(alert: AlertView) -> dict[str, Any]:
    """One alert as /alerts and /rules have it."""
    shown = {
        "labels": alert.labels.as_dict(),
        "annotations": alert.annotations.as_dict(),
        "state": alert.state,
        "activeAt": time_text(alert.active_ms * 1_000_000),
        "value": format_exponent(alert.value),
    }
    if alert.keep_firing_since_ms is not None:
        shown["keepFiringSince"] = time_text(alert.keep_firing_since_ms * 1_000_000)
    return shown


def time_text(time_ns: int) -> str:
    """RFC 3339 in UTC with as many digits as needed: `2026-11-28T12:00:00.25Z`."""
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return NEVER
    digits = f".{fraction:09d}".rstrip("0").rstrip(".")
    return f"{moment.year:04d}" + moment.strftime("-%m-%dT%H:%M:%S") + f"{digits}Z"


def _time_of(seconds: float | None) -> str:
    # A float of seconds holds microseconds; more digits would be noise.
    return NEVER if seconds is None else time_text(round(seconds * 1_000_000) * 1000)


def _seconds(ms: int) -> int | float:
    return ms // 1000 if ms % 1000 == 0 else ms / 1000
