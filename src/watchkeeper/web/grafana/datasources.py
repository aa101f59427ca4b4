"""Datasources: listed, added, changed, asked whether they are well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import orjson
from aiohttp import web

from watchkeeper.core.config.secret import Secret
from watchkeeper.dashboards.datasource import Datasource
from watchkeeper.dashboards.errors import Provisioned
from watchkeeper.dashboards.roles import Identity, Role
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.allowed import not_allowed
from watchkeeper.web.grafana.answers import answer, message
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend

TYPE_NAMES: Final = {"prometheus": "Prometheus", "loki": "Loki", "alertmanager": "Alertmanager"}
# What a datasource of a type answers when it is well.
PROBES: Final = {
    "prometheus": ("/api/v1/query", {"query": "1+1"}),
    "loki": ("/loki/api/v1/labels", None),
    "alertmanager": ("/api/v2/status", None),
}
MAX_SECRETS: Final = 200


async def list_(backend: Backend, ask: Ask) -> web.Response:
    """GET /datasources: all of them, by name."""
    return answer(await backend.run(lambda: [_short(ask, one) for one in backend.state.sources(ask.identity)]))


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET /datasources/uid/:uid, /name/:name, /:id: one of them."""
    return answer(await backend.run(lambda: _json(ask, sought(backend, ask))))


async def id_of(backend: Backend, ask: Ask) -> web.Response:
    """GET /datasources/id/:name: the integer id of a name."""
    return answer(await backend.run(lambda: {"id": sought(backend, ask).number}))


async def add(backend: Backend, ask: Ask) -> web.Response:
    """POST /datasources: a new one."""
    made = _made(await ask.fields())
    added = await backend.run(lambda: backend.state.datasources.add(made))
    return _changed(ask, added, "Datasource added")


async def update(backend: Backend, ask: Ask) -> web.Response:
    """PUT /datasources/uid/:uid, /:id: replaces one; secrets that are not named stay."""
    made = _made(await ask.fields())

    def work() -> Datasource:
        with _forbidden():
            return backend.state.datasources.change(sought(backend, ask).uid, made)

    return _changed(ask, await backend.run(work), "Datasource updated")


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /datasources/uid/:uid, /name/:name, /:id: takes one away."""

    def work() -> Datasource:
        with _forbidden():
            return backend.state.datasources.delete(sought(backend, ask).uid)

    old = await backend.run(work)
    return message("Data source deleted", id=old.number)


async def health(backend: Backend, ask: Ask) -> web.Response:
    """GET /datasources/uid/:uid/health: whether it answers."""
    datasource = await backend.run(lambda: sought(backend, ask))
    probe = PROBES.get(datasource.type)
    if probe is None:
        return message(f"watchkeeper knows no way to check a data source of the type {datasource.type}", 404)
    path, parameters = probe
    try:
        found = await backend.way(datasource).get(ask.request, path, parameters)
    except ApiError as error:
        return message(error.message, 400, status="ERROR")
    if found.status != 200:
        said = found.body[:200].decode("utf-8", "replace").strip()
        return message(f"{datasource.name} answered {found.status}: {said}", 400, status="ERROR")
    return message(_well(datasource, found.body), 200, status="OK", details={})


def sought(backend: Backend, ask: Ask) -> Datasource:
    """The datasource that a path names, by `uid`, `name` or `id`, for those who may ask it. Raises Missing and
    ApiError."""
    datasources = backend.state.datasources
    finders: tuple[tuple[str, Callable[[str], Datasource]], ...] = (
        ("uid", datasources.find),
        ("name", datasources.by_name),
        ("id", lambda _: datasources.by_number(ask.number_part("id"))),
    )
    for name, find in finders:
        if name in ask.request.match_info:
            return askable(backend, ask, find(ask.part(name)))
    raise ApiError(404, "not_found", "Data source not found")


def askable(backend: Backend, ask: Ask, found: Datasource) -> Datasource:
    """The datasource itself. Raises ApiError where it is not for the one who asks."""
    if ask.identity.role < Role.VIEWER and found not in backend.state.sources(ask.identity):
        raise not_allowed(ask.identity, "datasources:query")
    return found


def settings_json(backend: Backend, identity: Identity) -> tuple[dict[str, Any], str]:
    """What pages need of the datasources that somebody may ask, by name, and the name of the default. Without secrets
    and addresses."""
    found: dict[str, Any] = {}
    default = ""
    prefix = backend.settings.route_prefix
    for one in backend.state.sources(identity):
        found[one.name] = {
            "id": one.number,
            "uid": one.uid,
            "name": one.name,
            "type": one.type,
            "isDefault": one.is_default,
            "url": f"{prefix}/api/datasources/proxy/uid/{one.uid}",
            "access": "proxy",
            "jsonData": dict(one.json_data),
            "readOnly": one.read_only,
            "builtIn": one.is_own,
        }
        if one.is_default:
            default = one.name
    return found, default


@contextmanager
def _forbidden() -> Iterator[None]:
    """What comes from a file or is our own may not be changed here, whoever asks."""
    try:
        yield
    except Provisioned as error:
        raise ApiError(403, "forbidden", str(error)) from None


def _well(datasource: Datasource, body: bytes) -> str:
    if datasource.type == "loki":
        try:
            labels = orjson.loads(body).get("data") or []
        except (orjson.JSONDecodeError, AttributeError):
            labels = []
        return "Data source successfully connected." if labels else "Data source connected, but it holds no labels yet."
    return f"Successfully queried the {TYPE_NAMES.get(datasource.type, datasource.type)} API."


def _changed(ask: Ask, made: Datasource, text: str) -> web.Response:
    return message(text, id=made.number, uid=made.uid, name=made.name, datasource=_json(ask, made))


def _short(ask: Ask, one: Datasource) -> dict[str, Any]:
    # Where others keep their data, and under which name they log in there, is not for everybody who looks.
    is_told = ask.identity.role >= Role.EDITOR or one.is_own
    return {
        "id": one.number,
        "uid": one.uid,
        "orgId": 1,
        "name": one.name,
        "type": one.type,
        "typeName": TYPE_NAMES.get(one.type, one.type),
        "typeLogoUrl": "",
        "access": one.access,
        "url": one.url if is_told else "",
        "user": one.user if is_told else "",
        "database": one.database if is_told else "",
        "basicAuth": one.basic_auth,
        "isDefault": one.is_default,
        "jsonData": dict(one.json_data),
        "readOnly": one.read_only,
    }


def _json(ask: Ask, one: Datasource) -> dict[str, Any]:
    return {
        **_short(ask, one),
        "basicAuthUser": one.basic_auth_user if ask.identity.role >= Role.EDITOR else "",
        "withCredentials": one.with_credentials,
        "secureJsonFields": {name: True for name in one.secrets},
        "version": one.version,
        "apiVersion": "",
        "accessControl": {"datasources:write": ask.identity.role >= Role.ADMIN and not one.read_only},
    }


def _made(fields: Fields) -> Datasource:
    secrets = fields.mapping("secureJsonData")
    if len(secrets) > MAX_SECRETS:
        raise ApiError(400, "bad_data", f"secureJsonData has more than {MAX_SECRETS} keys")
    if fields.text("access", "proxy") not in ("proxy", "direct", ""):
        raise ApiError(400, "bad_data", "access is proxy or direct")
    return Datasource(
        fields.text("uid"),
        0,
        fields.text("name").strip(),
        fields.text("type").strip(),
        fields.text("url").strip(),
        fields.flag("isDefault"),
        read_only=False,
        user=fields.text("user"),
        database=fields.text("database"),
        basic_auth=fields.flag("basicAuth"),
        basic_auth_user=fields.text("basicAuthUser"),
        with_credentials=fields.flag("withCredentials"),
        json_data=fields.mapping("jsonData"),
        secrets={name: Secret(Fields(secrets).text(name)) for name in secrets if secrets[name] is not None},
    )
