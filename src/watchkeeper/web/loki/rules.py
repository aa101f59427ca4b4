"""Rule groups over HTTP: YAML under /loki/api/v1/rules, and Prometheus's JSON for those who show them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import yaml
from aiohttp import web

from watchkeeper.web.envelope import json_response
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.loki.answer_json import dumps
from watchkeeper.web.loki.backend import Backend
from watchkeeper.web.loki.params import Params
from watchkeeper.web.loki.rule_files import (
    BAD_GROUP,
    NO_GROUPS,
    BadFileError,
    RuleError,
    group_data,
    group_text,
    namespace_of,
)
from watchkeeper.web.loki.tenancy import tenant_of

if TYPE_CHECKING:
    from watchkeeper.rules.files.rule_file import GroupConfig, RuleConfig, RulerGroupConfig
    from watchkeeper.rules.views import GroupView

T = TypeVar("T")

MAX_GROUP_BYTES: Final = 5 << 20
NEVER: Final = "0001-01-01T00:00:00Z"
ACCEPTED: Final = b'{"status":"success","data":null,"errorType":"","error":""}'


async def list_rules(backend: Backend, request: web.Request) -> web.Response:
    """GET /rules, /rules/{namespace}: groups by namespace as YAML; 404 where there are none."""
    tenant = tenant_of(backend, request)
    namespace = request.match_info.get("namespace", "")
    found = await _run(backend, lambda: backend.rules.groups(tenant, namespace))
    if not found:
        raise ApiError(404, "not_found", NO_GROUPS)
    data = {name: [group_data(group) for group in groups] for name, groups in found.items()}
    return _yaml(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


async def get_group(backend: Backend, request: web.Request) -> web.Response:
    """GET /rules/{namespace}/{group}: one group as YAML."""
    tenant = tenant_of(backend, request)
    namespace, name = request.match_info["namespace"], request.match_info["group"]
    group = await _run(backend, lambda: backend.rules.group(tenant, namespace, name))
    return _yaml(group_text(group))


async def put_group(backend: Backend, request: web.Request) -> web.Response:
    """POST /rules/{namespace}: stores the group of the body; 202."""
    tenant = _writer(backend, request)
    namespace = request.match_info["namespace"]
    text = await _text(backend, request)
    limits = backend.limits(tenant)
    await _run(
        backend,
        lambda: backend.rules.put(
            tenant,
            namespace,
            text,
            max_rules=limits.ruler_max_rules_per_rule_group,
            max_groups=limits.ruler_max_rule_groups_per_tenant,
        ),
    )
    backend.rules_changed()
    return json_response(ACCEPTED, 202)


async def delete_group(backend: Backend, request: web.Request) -> web.Response:
    """DELETE /rules/{namespace}/{group}: 202."""
    tenant = _writer(backend, request)
    namespace, name = request.match_info["namespace"], request.match_info["group"]
    await _run(backend, lambda: backend.rules.delete_group(tenant, namespace, name))
    backend.rules_changed()
    return json_response(ACCEPTED, 202)


async def delete_namespace(backend: Backend, request: web.Request) -> web.Response:
    """DELETE /rules/{namespace}: 202."""
    tenant = _writer(backend, request)
    namespace = request.match_info["namespace"]
    await _run(backend, lambda: backend.rules.delete_namespace(tenant, namespace))
    backend.rules_changed()
    return json_response(ACCEPTED, 202)


async def prometheus_rules(backend: Backend, request: web.Request) -> web.Response:
    """GET /prometheus/api/v1/rules: all groups in Prometheus's form, filtered by type, file, group and name."""
    tenant = tenant_of(backend, request)
    params = await Params.of(request, backend)
    wanted = params.get("type").lower()
    if wanted not in ("", "alert", "record"):
        body = {"status": "error", "data": None, "errorType": "bad_data", "error": f'invalid type parameter "{wanted}"'}
        return json_response(dumps(body), 400)
    files, groups, names = (
        params.all("file", "file[]"),
        params.all("rule_group", "rule_group[]"),
        params.all("rule_name", "rule_name[]"),
    )
    out = []
    for shown in await _groups(backend, tenant):
        if (files and shown["file"] not in files) or (groups and shown["name"] not in groups):
            continue
        rules = [
            rule
            for rule in shown["rules"]
            if (not names or rule["name"] in names) and (not wanted or rule["type"].startswith(wanted))
        ]
        if rules:
            out.append({**shown, "rules": rules})
    return _success({"groups": out})


async def prometheus_alerts(backend: Backend, request: web.Request) -> web.Response:
    """GET /prometheus/api/v1/alerts: those that are pending or firing."""
    views = await _views(backend, tenant_of(backend, request))
    if not views:
        return _success({"alerts": []})
    from watchkeeper.web.prometheus.rules import alert_json

    found = [alert_json(alert) for view in views.values() for rule in view.rules for alert in rule.alerts]
    return _success({"alerts": found})


async def _views(backend: Backend, tenant: str) -> dict[tuple[str, str], GroupView]:
    """A tenant's groups as they are evaluated, by namespace and name."""
    views = await backend.run(lambda: backend.rule_views(tenant))
    return {(namespace_of(Path(view.file)), view.name): view for view in views}


async def _groups(backend: Backend, tenant: str) -> list[dict[str, Any]]:
    """All groups as they are evaluated, and those that were just written as they stand in their files."""
    views = await _views(backend, tenant)
    files = backend.rules
    found, namespaces = await backend.run(lambda: (files.groups(tenant), files.namespaces(tenant)))
    return list(_shown_groups(found, namespaces - found.keys(), views))


def _shown_groups(
    found: dict[str, tuple[RulerGroupConfig, ...]], broken: set[str], views: dict[tuple[str, str], GroupView]
) -> Iterator[dict[str, Any]]:
    """`broken` are namespaces whose files have faults: what they had before is still evaluated."""
    for namespace in sorted(found.keys() | broken):
        if namespace in broken:
            yield from (_evaluated(view) for (file, _), view in views.items() if file == namespace)
            continue
        for group in (each.group for each in found[namespace]):
            view = views.get((namespace, group.name))
            yield _evaluated(view) if view is not None and _is_of(view, group) else _written(namespace, group)


def _is_of(view: GroupView, group: GroupConfig) -> bool:
    """Whether what is evaluated is what the file has, and was not just written over."""
    evaluated = [(rule.kind, rule.name) for rule in view.rules]
    return evaluated == [("record", rule.record) if rule.record else ("alert", rule.alert) for rule in group.rules]


async def _text(backend: Backend, request: web.Request) -> str:
    """The body. Raises ApiError where it is too large, late or no text."""
    body = bytearray()
    try:
        async with asyncio.timeout(backend.settings.read_timeout_s):
            async for piece in request.content.iter_chunked(1 << 16):
                body += piece
                if len(body) > MAX_GROUP_BYTES:
                    raise ApiError(413, "too_large", "request body too large")
        return body.decode("utf-8")
    except TimeoutError:
        raise ApiError(408, "timeout", "the request body did not arrive in time") from None
    except UnicodeDecodeError:
        raise bad_data(BAD_GROUP) from None


def _writer(backend: Backend, request: web.Request) -> str:
    tenant = tenant_of(backend, request)
    if not backend.settings.rules_writable:
        raise ApiError(400, "read_only", "unable to write rules: the local rule storage is read-only")
    return tenant


def _evaluated(view: GroupView) -> dict[str, Any]:
    from watchkeeper.web.prometheus.rules import group_json, rule_json

    rules = [{"labels": {}, "lastError": "", **rule_json(rule)} for rule in view.rules]
    return {**group_json(view), "file": namespace_of(Path(view.file)), "rules": rules}


def _written(namespace: str, group: GroupConfig) -> dict[str, Any]:
    return {
        "name": group.name,
        "file": namespace,
        "rules": [_written_rule(rule, group) for rule in group.rules],
        "interval": (group.interval_ms or 60_000) / 1000,
        "limit": group.limit,
        "lastEvaluation": NEVER,
        "evaluationTime": 0,
    }


def _written_rule(rule: RuleConfig, group: GroupConfig) -> dict[str, Any]:
    common = {
        "name": rule.alert or rule.record,
        "query": rule.expr,
        "labels": {**group.labels, **rule.labels},
        "health": "unknown",
        "lastError": "",
        "type": "alerting" if rule.alert else "recording",
        "lastEvaluation": NEVER,
        "evaluationTime": 0,
    }
    if not rule.alert:
        return common
    return {
        "state": "inactive",
        "duration": rule.for_ms / 1000,
        "keepFiringFor": rule.keep_firing_for_ms / 1000,
        "annotations": rule.annotations,
        "alerts": [],
        **common,
    }


async def _run(backend: Backend, work: Callable[[], T]) -> T:
    """What `work` gives on a worker thread. Raises ApiError where a group or a file can't be used."""
    try:
        done: T = await backend.run(work)
    except BadFileError as error:
        raise ApiError(500, "bad_rule_file", str(error)) from None
    except RuleError as error:
        raise bad_data(str(error)) from None
    return done


def _success(data: Any) -> web.Response:
    return json_response(dumps({"status": "success", "data": data, "errorType": "", "error": ""}))


def _yaml(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/yaml")
