"""Alertmanager's configuration in the forms of Grafana's contact points, policies, mute timings and templates."""

from __future__ import annotations

from collections.abc import Mapping
from glob import glob
from pathlib import Path
from typing import Any, Final

import yaml

from watchkeeper.dashboards.names import derived_uid
from watchkeeper.web.grafana.alert_rules import PROVENANCE

# Key of a receiver → Grafana's type, where that is not the key without its end.
TYPES: Final = {"wechat_configs": "wecom", "msteams_configs": "teams", "msteamsv2_configs": "teams"}
# Grafana's names for what both have; the rest keeps Alertmanager's.
SETTINGS: Final = {
    "email": {"to": "addresses"},
    "slack": {"api_url": "url", "channel": "recipient"},
    "pagerduty": {"service_key": "integrationKey", "routing_key": "integrationKey"},
    "opsgenie": {"api_key": "apiKey", "api_url": "apiUrl"},
    "telegram": {"bot_token": "bottoken", "chat_id": "chatid"},
    "pushover": {"user_key": "userKey", "token": "apiToken"},
    "teams": {"webhook_url": "url"},
    "discord": {"webhook_url": "url"},
    "victorops": {"api_url": "url"},
    "webhook": {"max_alerts": "maxAlerts"},
}
SECRET: Final = "<secret>"
REDACTED: Final = "[REDACTED]"
MAX_DEPTH: Final = 100
MAX_TEMPLATE_BYTES: Final = 1 << 20


def parsed(text: str) -> dict[str, Any]:
    """What `config.original` of Alertmanager's status holds; empty where it is no YAML."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def contact_points_json(config: Mapping[str, Any], name: str = "") -> list[dict[str, Any]]:
    """One for each integration of each receiver; of one receiver, where a name is given."""
    found = []
    for receiver in _dicts(config.get("receivers")):
        called = str(receiver.get("name", ""))
        if name and called != name:
            continue
        for key, entries in receiver.items():
            if not key.endswith("_configs"):
                continue
            kind = TYPES.get(key, key.removesuffix("_configs"))
            for at, entry in enumerate(_dicts(entries)):
                found.append(
                    {
                        "uid": derived_uid("receiver", called, key, str(at)), "name": called, "type": kind,
                        "settings": _settings(kind, entry), "provenance": PROVENANCE,
                        "disableResolveMessage": entry.get("send_resolved") is False,
                    }
                )  # fmt: skip
    return found


def contact_points_export(config: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """As Grafana's file of contact points."""
    points: dict[str, list[dict[str, Any]]] = {}
    for point in contact_points_json(config, name):
        kept = {key: point[key] for key in ("uid", "type", "settings", "disableResolveMessage")}
        points.setdefault(point["name"], []).append(kept)
    shown = [{"orgId": 1, "name": called, "receivers": receivers} for called, receivers in points.items()]
    return {"apiVersion": 1, "contactPoints": shown}


def policies_json(config: Mapping[str, Any]) -> dict[str, Any]:
    """The tree of routes."""
    route = config.get("route")
    return {**_route_json(route if isinstance(route, dict) else {}, 0), "provenance": PROVENANCE}


def policies_export(config: Mapping[str, Any]) -> dict[str, Any]:
    """As Grafana's file of policies."""
    tree = {key: value for key, value in policies_json(config).items() if key != "provenance"}
    return {"apiVersion": 1, "policies": [{"orgId": 1, **tree}]}


def mute_timings_json(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Time intervals by name, of both blocks that hold them."""
    blocks = (*_dicts(config.get("time_intervals")), *_dicts(config.get("mute_time_intervals")))
    return [
        {"name": str(one.get("name", "")), "time_intervals": _dicts(one.get("time_intervals")),
         "version": "", "provenance": PROVENANCE}
        for one in blocks
    ]  # fmt: skip


def mute_timings_export(config: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """As Grafana's file of mute timings."""
    shown = [
        {"orgId": 1, "name": one["name"], "time_intervals": one["time_intervals"]}
        for one in mute_timings_json(config)
        if name in ("", one["name"])
    ]
    return {"apiVersion": 1, "muteTimes": shown}


def templates_json(config: Mapping[str, Any], file: Path | None) -> list[dict[str, Any]]:
    """The files that `templates` names, with their text.

    file   of the configuration, whose folder its paths begin at; None where they can't be read
    """
    patterns = config.get("templates")
    found = []
    for pattern in patterns if isinstance(patterns, list) and file is not None else ():
        if not isinstance(pattern, str) or file is None:
            continue
        for path in sorted(glob(str(file.parent / pattern))):
            try:
                with open(path, "rb") as opened:
                    text = opened.read(MAX_TEMPLATE_BYTES).decode("utf-8", "replace")
            except OSError:
                continue
            found.append({"name": Path(path).stem, "template": text, "version": "", "provenance": PROVENANCE})
    return found


def _settings(kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    names = SETTINGS.get(kind, {})
    return {names.get(key, key): _shown(value) for key, value in entry.items() if key != "send_resolved"}


def _shown(value: Any, depth: int = 0) -> Any:
    match value:
        case dict() if depth < MAX_DEPTH:
            return {str(key): _shown(inner, depth + 1) for key, inner in value.items()}
        case list() if depth < MAX_DEPTH:
            return [_shown(inner, depth + 1) for inner in value]
        case str():
            return REDACTED if value == SECRET else value
        case bool() | int() | float() | None:
            return value
        case _:
            return str(value)


def _route_json(route: Mapping[str, Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in ("receiver", "group_wait", "group_interval", "repeat_interval", "continue"):
        if key in route:
            found[key] = route[key]
    for key in ("group_by", "mute_time_intervals", "active_time_intervals"):
        if isinstance(route.get(key), list):
            found[key] = [str(name) for name in route[key]]
    matchers = _matchers(route)
    if matchers:
        found["object_matchers"] = matchers
    inner = _dicts(route.get("routes"))
    if inner and depth < MAX_DEPTH:
        found["routes"] = [_route_json(one, depth + 1) for one in inner]
    return found


def _matchers(route: Mapping[str, Any]) -> list[list[str]]:
    """Each as name, operator and value."""
    found: list[list[str]] = []
    for key, operator in (("match", "="), ("match_re", "=~")):
        old = route.get(key)
        if isinstance(old, dict):
            found += [[str(name), operator, str(value)] for name, value in old.items()]
    new = route.get("matchers")
    for text in new if isinstance(new, list) else ():
        found += _split(str(text))
    return found


def _split(text: str) -> list[list[str]]:
    from watchkeeper.alerts.matchers import parse_matchers
    from watchkeeper.core.model.errors import WatchkeeperError

    try:
        return [[one.name, one.type.value, one.value] for one in parse_matchers(text)]
    except WatchkeeperError:
        return []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
