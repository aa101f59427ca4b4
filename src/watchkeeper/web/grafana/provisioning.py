"""Grafana's provisioning API of alerting: rules and Alertmanager's configuration can be read, and change in files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson
import yaml
from aiohttp import web

from watchkeeper.dashboards.errors import Missing
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.alert_rules import (
    RuleGroup,
    Source,
    export_json,
    group_json,
    groups_of,
    rule_json,
    ruler_json,
    rules_json,
)
from watchkeeper.web.grafana.answers import answer
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.cross_site import SAFE_METHODS
from watchkeeper.web.grafana.notification_config import (
    contact_points_export,
    contact_points_json,
    mute_timings_export,
    mute_timings_json,
    parsed,
    policies_export,
    policies_json,
    templates_json,
)

RULES_PATHS: Final = {"prometheus": "/api/v1/rules", "loki": "/prometheus/api/v1/rules"}
FORMATS: Final = ("yaml", "json")
NO_RULE: Final = "alert rule not found"
NO_GROUP: Final = "rule group not found"
# What of the configuration a path is about.
BLOCKS: Final = {
    "contact-points": "receivers",
    "policies": "route",
    "mute-timings": "time_intervals",
    "templates": "templates",
}


async def rules(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/alert-rules: all rules of all files."""
    return answer(rules_json(await _groups(backend, ask)))


async def rule(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/alert-rules/:uid: one of them."""
    group, at = await _rule(backend, ask)
    return answer(rule_json(group, at))


async def export_rules(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/alert-rules/export: as a file of Grafana's."""
    places = set(ask.texts("folderUid"))
    name, uid = ask.text("group"), ask.text("ruleUid")
    groups = [
        group
        for group in await _groups(backend, ask)
        if (not places or group.folder_uid in places) and name in ("", group.name)
    ]
    return _file(ask, export_json(groups, uid))


async def export_rule(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/alert-rules/:uid/export: one of them as a file."""
    group, _ = await _rule(backend, ask)
    return _file(ask, export_json([group], ask.part("uid")))


async def rule_group(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/folder/:folder/rule-groups/:group: a group."""
    return answer(group_json(await _group(backend, ask)))


async def export_group(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/folder/:folder/rule-groups/:group/export: a group as a file."""
    return _file(ask, export_json([await _group(backend, ask)]))


async def built_in_rules(backend: Backend, ask: Ask) -> web.Response:
    """ANY /ruler/grafana/api/v1/rules/:folder/:group: groups by folder, by its name or uid."""
    if ask.request.method not in SAFE_METHODS:
        return await refused_rule(backend, ask)
    folder, _, name = ask.request.match_info.get("rest", "").strip("/").partition("/")
    groups = [
        group
        for group in await _groups(backend, ask)
        if folder in ("", group.folder, group.folder_uid) and name in ("", group.name)
    ]
    if name:
        if not groups:
            raise Missing(NO_GROUP)
        return answer(ruler_json(groups[0]), 202)
    found: dict[str, Any] = {}
    for group in groups:
        found.setdefault(group.folder, []).append(ruler_json(group))
    return answer(found, 202 if folder else 200)


async def contact_points(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/contact-points: whom Alertmanager tells, and how."""
    return answer(contact_points_json(await _config(backend, ask), ask.text("name")))


async def export_contact_points(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/contact-points/export: as a file of Grafana's."""
    return _file(ask, contact_points_export(await _config(backend, ask), ask.text("name")))


async def policies(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/policies: Alertmanager's routes."""
    return answer(policies_json(await _config(backend, ask)))


async def export_policies(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/policies/export: as a file of Grafana's."""
    return _file(ask, policies_export(await _config(backend, ask)))


async def mute_timings(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/mute-timings: Alertmanager's time intervals."""
    return answer(mute_timings_json(await _config(backend, ask)))


async def mute_timing(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/mute-timings/:name: one of them."""
    return answer(_named(mute_timings_json(await _config(backend, ask)), ask.part("name"), "mute timing"))


async def export_mute_timings(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/mute-timings/export, /:name/export: as a file of Grafana's."""
    name = ask.request.match_info.get("name", "")
    found = mute_timings_export(await _config(backend, ask), name)
    if name and not found["muteTimes"]:
        raise Missing("mute timing not found")
    return _file(ask, found)


async def templates(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/templates: the files of templates."""
    return answer(await _templates(backend, ask))


async def template(backend: Backend, ask: Ask) -> web.Response:
    """GET /v1/provisioning/templates/:name: one of them."""
    return answer(_named(await _templates(backend, ask), ask.part("name"), "template"))


async def refused_rule(backend: Backend, ask: Ask) -> web.Response:
    """POST PUT DELETE of rules: told which file to change."""
    where = f"a file that rule_files of {backend.settings.metrics_file or 'the configuration'} names"
    uid, folder, name = (ask.request.match_info.get(part, "") for part in ("uid", "folder", "group"))
    for group in await _groups(backend, ask):
        uids = [group.uid(at) for at in range(len(group.rules))]
        if uid in uids:
            where = f'the rule "{group.rules[uids.index(uid)].get("name")}" of the group "{group.name}" in {group.file}'
        elif folder == group.folder_uid and name in ("", group.name):
            where = f'the group "{group.name}" in {group.file}'
    raise ApiError(400, "bad_data", f"rules stand in files and are not changed here: change {where}, then reload")


async def refused_notification(backend: Backend, ask: Ask) -> web.Response:
    """POST PUT DELETE of contact points, policies, mute timings and templates: told which file to change."""
    block = BLOCKS[ask.part("kind")]
    file = backend.settings.alerts_file
    how = (
        f"change {block} in {file}" if file else f"start the server with --alertmanager-config, and write {block} there"
    )
    raise ApiError(
        400, "bad_data", f"Alertmanager's configuration is a file and is not changed here: {how}, then reload"
    )


async def _groups(backend: Backend, ask: Ask) -> list[RuleGroup]:
    """Of our own stores; one that does not answer has none."""
    sources = await backend.run(
        lambda: [
            one
            for one in backend.state.datasources.all()
            if one.type in RULES_PATHS and (one.is_own or one.uid in (backend.builtin_rules, "loki"))
        ]
    )
    found: list[RuleGroup] = []
    for source in sources:
        data = await _data(backend, ask, source, RULES_PATHS[source.type])
        found += groups_of(Source(source.uid, source.type), data.get("data") if isinstance(data, dict) else None)
    return found


async def _data(backend: Backend, ask: Ask, source: Any, path: str) -> Any:
    try:
        said = await backend.way(source).get(ask.request, path)
        return orjson.loads(said.body) if said.status == 200 else None
    except (ApiError, orjson.JSONDecodeError):
        return None


async def _rule(backend: Backend, ask: Ask) -> tuple[RuleGroup, int]:
    for group in await _groups(backend, ask):
        for at in range(len(group.rules)):
            if group.uid(at) == ask.part("uid"):
                return group, at
    raise Missing(NO_RULE)


async def _group(backend: Backend, ask: Ask) -> RuleGroup:
    for group in await _groups(backend, ask):
        if (group.folder_uid, group.name) == (ask.part("folder"), ask.part("group")):
            return group
    raise Missing(NO_GROUP)


async def _config(backend: Backend, ask: Ask) -> dict[str, Any]:
    """Alertmanager's, as its status shows it: secrets are hidden there already. Raises Missing where there is none."""
    source = await backend.run(lambda: backend.state.datasources.find(backend.builtin_alerts))
    said = await _data(backend, ask, source, "/api/v2/status")
    config = said.get("config") if isinstance(said, dict) else None
    text = config.get("original") if isinstance(config, dict) else None
    if not isinstance(text, str):
        raise ApiError(502, "datasource", f"{source.name} does not tell its configuration")
    parse: Callable[[], Any] = lambda: parsed(text)  # noqa: E731  # Of a large file it takes a while.
    found: dict[str, Any] = await backend.run(parse)
    return found


async def _templates(backend: Backend, ask: Ask) -> list[dict[str, Any]]:
    config = await _config(backend, ask)
    file = backend.settings.alerts_file
    found: list[dict[str, Any]] = await backend.run(lambda: templates_json(config, Path(file) if file else None))
    return found


def _named(found: list[dict[str, Any]], name: str, what: str) -> dict[str, Any]:
    for one in found:
        if one["name"] == name:
            return one
    raise Missing(f"{what} not found")


def _file(ask: Ask, document: dict[str, Any]) -> web.Response:
    """YAML, or JSON where `format` or the client's Accept says so; to be saved where `download` says so."""
    accepts = ask.request.headers.get("Accept", "")
    wanted = ask.text("format") or ("json" if "json" in accepts and "yaml" not in accepts else "yaml")
    if wanted not in FORMATS:
        raise ApiError(400, "bad_data", f"format is one of {', '.join(FORMATS)}")
    if wanted == "json":
        response = answer(document)
    else:
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
        response = web.Response(text=text, content_type="application/yaml")
    if ask.flag("download"):
        response.headers["Content-Disposition"] = f'attachment;filename="export.{wanted}"'
    return response
