"""Rules of Prometheus' and Loki's API in the form of Grafana's own rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.dashboards.names import derived_uid

PROVENANCE: Final = "file"
WINDOW_S: Final = 600  # What the rule's page of Grafana would show; an instant query does not use it.
QUERY: Final = "query"
IS_THERE: Final = "prometheus_math"
FIRES: Final = "threshold"
EXPRESSIONS: Final = "__expr__"
EPOCH: Final = "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Source:
    """The datasource whose rules they are."""

    uid: str
    type: str


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """One group of a file. `folder_uid` stands for the file, as Grafana has folders of rules."""

    source: Source
    file: str
    name: str
    interval_s: int
    rules: tuple[Mapping[str, Any], ...]

    @property
    def folder_uid(self) -> str:
        """The same for the same file, in every process."""
        return derived_uid("rules", self.source.uid, self.file)

    @property
    def folder(self) -> str:
        """The file's name, without its place and its suffix."""
        return PurePath(self.file).stem or self.file

    def uid(self, at: int) -> str:
        """Of one of its rules, as long as it keeps name and place."""
        return derived_uid("rule", self.source.uid, self.file, self.name, str(at), str(self.rules[at].get("name")))


def groups_of(source: Source, data: Any) -> list[RuleGroup]:
    """From what `/api/v1/rules` says in `data`."""
    found = []
    groups = data.get("groups") if isinstance(data, dict) else None
    for group in groups if isinstance(groups, list) else ():
        if not isinstance(group, dict):
            continue
        rules = group.get("rules")
        seconds = group.get("interval")
        found.append(
            RuleGroup(
                source, str(group.get("file", "")), str(group.get("name", "")),
                round(seconds) if isinstance(seconds, int | float) else 60,
                tuple(rule for rule in rules if isinstance(rule, dict)) if isinstance(rules, list) else (),
            )
        )  # fmt: skip
    return found


def rules_json(groups: Iterable[RuleGroup]) -> list[dict[str, Any]]:
    """All rules of groups, each as Grafana's provisioning API shows one."""
    return [rule_json(group, at) for group in groups for at in range(len(group.rules))]


def rule_json(group: RuleGroup, at: int) -> dict[str, Any]:
    """The rule at a place of its group."""
    rule = group.rules[at]
    is_record = rule.get("type") == "recording"
    found: dict[str, Any] = {
        "id": 0,
        "uid": group.uid(at),
        "orgID": 1,
        "folderUID": group.folder_uid,
        "ruleGroup": group.name,
        "title": str(rule.get("name", "")),
        "condition": QUERY if is_record else FIRES,
        "data": _data(group.source, str(rule.get("query", "")), is_record=is_record),
        "updated": EPOCH,
        "noDataState": "OK",
        "execErrState": "Error",
        "for": _duration(rule.get("duration")),
        "keep_firing_for": _duration(rule.get("keepFiringFor")),
        "annotations": dict(rule.get("annotations") or {}),
        "labels": dict(rule.get("labels") or {}),
        "provenance": PROVENANCE,
        "isPaused": False,
        "notification_settings": None,
        "record": {"metric": str(rule.get("name", "")), "from": QUERY} if is_record else None,
    }
    return found


def group_json(group: RuleGroup) -> dict[str, Any]:
    """A whole group."""
    return {
        "title": group.name, "folderUid": group.folder_uid, "interval": group.interval_s, "rules": rules_json([group]),
    }  # fmt: skip


def ruler_json(group: RuleGroup) -> dict[str, Any]:
    """A whole group, in the form of Grafana's ruler."""
    rules = []
    for at, one in enumerate(rules_json([group])):
        shown = {
            "id": at + 1, "orgId": 1, "uid": one["uid"], "title": one["title"], "condition": one["condition"],
            "data": one["data"], "updated": one["updated"], "intervalSeconds": group.interval_s, "version": 1,
            "namespace_uid": group.folder_uid, "rule_group": group.name, "no_data_state": one["noDataState"],
            "exec_err_state": one["execErrState"], "is_paused": False, "provenance": PROVENANCE,
        }  # fmt: skip
        rules.append(
            {"expr": "", "for": one["for"], "labels": one["labels"], "annotations": one["annotations"],
             "grafana_alert": shown}
        )  # fmt: skip
    return {"name": group.name, "interval": format_duration_ms(group.interval_s * 1000), "rules": rules}


def export_json(groups: Iterable[RuleGroup], only_uid: str = "") -> dict[str, Any]:
    """As Grafana's file of provisioned rules; of a single rule, where a uid is named."""
    found = []
    for group in groups:
        rules = [_exported(rule) for rule in rules_json([group]) if only_uid in ("", rule["uid"])]
        if rules:
            interval = format_duration_ms(group.interval_s * 1000)
            found.append({"orgId": 1, "name": group.name, "folder": group.folder, "interval": interval, "rules": rules})
    return {"apiVersion": 1, "groups": found}


def _exported(rule: dict[str, Any]) -> dict[str, Any]:
    kept = ("uid", "title", "condition", "data", "noDataState", "execErrState", "for", "annotations", "labels",
            "isPaused", "record")  # fmt: skip
    return {key: rule[key] for key in kept if rule[key] is not None}


def _data(source: Source, expr: str, *, is_record: bool) -> list[dict[str, Any]]:
    """The query, and that each series it finds is an alert, whatever its value, as Prometheus has it."""
    window = {"from": WINDOW_S, "to": 0}
    query = {
        "refId": QUERY, "queryType": "instant" if source.type == "loki" else "", "relativeTimeRange": window,
        "datasourceUid": source.uid,
        "model": {"refId": QUERY, "expr": expr, "instant": True, "range": False, "intervalMs": 1000,
                  "maxDataPoints": 43200, "datasource": {"type": source.type, "uid": source.uid}},
    }  # fmt: skip
    if is_record:
        return [query]
    is_there = f"is_number(${QUERY}) || is_nan(${QUERY}) || is_inf(${QUERY})"
    return [
        query,
        _expression(IS_THERE, {"type": "math", "expression": is_there}),
        _expression(FIRES, {"type": "threshold", "expression": IS_THERE,
                            "conditions": [{"evaluator": {"type": "gt", "params": [0]}}]}),
    ]  # fmt: skip


def _expression(ref: str, model: dict[str, Any]) -> dict[str, Any]:
    return {
        "refId": ref, "queryType": "", "relativeTimeRange": {"from": 0, "to": 0}, "datasourceUid": EXPRESSIONS,
        "model": {"refId": ref, "datasource": {"type": EXPRESSIONS, "uid": EXPRESSIONS}, **model},
    }  # fmt: skip


def _duration(seconds: Any) -> str:
    return format_duration_ms(round(seconds * 1000)) if isinstance(seconds, int | float) and seconds > 0 else "0s"
