"""The table of routes of Grafana's API, who may use each, and how each is wrapped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.web.errors import ApiError, bad_data, to_grafana
from watchkeeper.web.grafana import (
    accounts,
    alerting,
    dashboards,
    datasources,
    difference,
    ds_query,
    folders,
    frontend,
    health,
    imports,
    library,
    marks,
    organisation,
    people,
    permissions,
    preferences,
    provisioning,
    proxy,
    query_check,
    reload,
    search,
    sharing,
    teams,
)
from watchkeeper.web.grafana.access import Gatekeeper
from watchkeeper.web.grafana.answers import failure, message
from watchkeeper.web.grafana.apis import endpoints as apis
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.who import Who

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fail = Callable[[ApiError], web.Response]
Endpoint = Callable[[Backend, Ask], Awaitable[web.StreamResponse]]

ANY: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WRITE: Final = ("POST", "PUT", "PATCH", "DELETE")
ANYBODY, KNOWN, VIEWER, EDITOR, ADMIN, SERVER = Who

Row = tuple[str | tuple[str, ...], str, Who, Endpoint]

# Below /api. What stands in folders may be for viewers to change, and not for editors: permissions decide, in the end.
API: Final[tuple[Row, ...]] = (
    (("GET", "HEAD"), "/health", ANYBODY, health.health),
    ("GET", "/bootstrap", ANYBODY, frontend.bootstrap),
    ("GET", "/login/ping", KNOWN, frontend.login_ping),
    ("GET", "/frontend/settings", KNOWN, frontend.settings),
    ("GET", "/search", KNOWN, search.find),
    ("GET", "/search/sorting", KNOWN, search.sorting),
    ("POST", "/dashboards/db", KNOWN, dashboards.save),
    ("POST", "/dashboards/import", KNOWN, imports.import_),
    ("POST", "/dashboards/calculate-diff", KNOWN, difference.compare),
    ("GET", "/dashboards/home", KNOWN, dashboards.home),
    ("GET", "/dashboards/tags", KNOWN, dashboards.tags),
    ("GET", "/dashboards/db/{slug}", KNOWN, dashboards.get_by_slug),
    ("GET", "/dashboards/uid/{uid}", KNOWN, dashboards.get),
    ("DELETE", "/dashboards/uid/{uid}", KNOWN, dashboards.delete),
    ("GET", "/dashboards/uid/{uid}/versions", KNOWN, dashboards.versions),
    ("GET", "/dashboards/uid/{uid}/versions/{version}", KNOWN, dashboards.version),
    ("POST", "/dashboards/uid/{uid}/restore", KNOWN, dashboards.restore),
    ("GET", "/dashboards/uid/{uid}/permissions", KNOWN, permissions.get),
    ("POST", "/dashboards/uid/{uid}/permissions", KNOWN, permissions.set_),
    ("GET", "/dashboards/id/{id}/versions", KNOWN, dashboards.versions),
    ("GET", "/dashboards/id/{id}/versions/{version}", KNOWN, dashboards.version),
    ("POST", "/dashboards/id/{id}/restore", KNOWN, dashboards.restore),
    ("GET", "/dashboards/id/{id}/permissions", KNOWN, permissions.get),
    ("POST", "/dashboards/id/{id}/permissions", KNOWN, permissions.set_),
    ("GET", "/folders", KNOWN, folders.list_),
    ("POST", "/folders", KNOWN, folders.create),
    ("GET", "/folders/id/{id}", KNOWN, folders.get_by_number),
    ("GET", "/folders/{uid}", KNOWN, folders.get),
    ("PUT", "/folders/{uid}", KNOWN, folders.update),
    ("DELETE", "/folders/{uid}", KNOWN, folders.delete),
    ("POST", "/folders/{uid}/move", KNOWN, folders.move),
    ("GET", "/folders/{uid}/counts", KNOWN, folders.counts),
    ("GET", "/folders/{uid}/permissions", KNOWN, permissions.get),
    ("POST", "/folders/{uid}/permissions", KNOWN, permissions.set_),
    ("GET", "/datasources", KNOWN, datasources.list_),
    ("POST", "/datasources", ADMIN, datasources.add),
    ("GET", "/datasources/uid/{uid}", KNOWN, datasources.get),
    ("PUT", "/datasources/uid/{uid}", ADMIN, datasources.update),
    ("DELETE", "/datasources/uid/{uid}", ADMIN, datasources.delete),
    ("GET", "/datasources/uid/{uid}/health", KNOWN, datasources.health),
    ("POST", "/datasources/uid/{uid}/check", KNOWN, query_check.check),
    ("GET", "/datasources/name/{name}", KNOWN, datasources.get),
    ("DELETE", "/datasources/name/{name}", ADMIN, datasources.delete),
    ("GET", "/datasources/id/{name}", KNOWN, datasources.id_of),
    (ANY, "/datasources/uid/{uid}/resources/{rest:.*}", KNOWN, proxy.resources),
    (ANY, "/datasources/proxy/uid/{uid}/{rest:.*}", KNOWN, proxy.through),
    (ANY, "/datasources/proxy/{id}/{rest:.*}", KNOWN, proxy.through),
    ("GET", "/datasources/{id}", KNOWN, datasources.get),
    ("PUT", "/datasources/{id}", ADMIN, datasources.update),
    ("DELETE", "/datasources/{id}", ADMIN, datasources.delete),
    ("GET", "/datasources/{id}/health", KNOWN, datasources.health),
    (ANY, "/datasources/{id}/resources/{rest:.*}", KNOWN, proxy.resources),
    ("POST", "/ds/query", KNOWN, ds_query.query),
    ("POST", "/tsdb/query", KNOWN, ds_query.query),
    ("GET", "/annotations", KNOWN, marks.find),
    ("POST", "/annotations", KNOWN, marks.add),
    ("POST", "/annotations/graphite", EDITOR, marks.add_graphite),
    ("POST", "/annotations/mass-delete", KNOWN, marks.delete_many),
    ("GET", "/annotations/tags", KNOWN, marks.tags),
    ("GET", "/annotations/{id}", KNOWN, marks.get),
    ("PUT", "/annotations/{id}", KNOWN, marks.update),
    ("PATCH", "/annotations/{id}", KNOWN, marks.patch),
    ("DELETE", "/annotations/{id}", KNOWN, marks.delete),
    ("GET", "/org", KNOWN, organisation.org),
    ("PUT", "/org", ADMIN, organisation.rename_org),
    ("GET", "/org/users", ADMIN, organisation.org_users),
    ("GET", "/org/users/lookup", KNOWN, organisation.lookup_org_users),
    ("GET", "/org/users/search", ADMIN, organisation.search_org_users),
    ("POST", "/org/users", ADMIN, organisation.add_org_user),
    ("PATCH", "/org/users/{id}", ADMIN, organisation.set_org_role),
    ("DELETE", "/org/users/{id}", ADMIN, organisation.remove_org_user),
    ("GET", "/org/preferences", KNOWN, preferences.get_preferences),
    (("PUT", "PATCH"), "/org/preferences", ADMIN, preferences.set_preferences),
    ("GET", "/orgs", SERVER, organisation.orgs),
    ("POST", "/orgs", SERVER, organisation.create_org),
    ("GET", "/orgs/name/{name}", SERVER, organisation.org_by_name),
    ("GET", "/orgs/{org}", ADMIN, organisation.org),
    ("PUT", "/orgs/{org}", ADMIN, organisation.rename_org),
    ("DELETE", "/orgs/{org}", SERVER, organisation.delete_org),
    ("GET", "/orgs/{org}/users", ADMIN, organisation.org_users),
    ("POST", "/orgs/{org}/users", ADMIN, organisation.add_org_user),
    ("PATCH", "/orgs/{org}/users/{id}", ADMIN, organisation.set_org_role),
    ("DELETE", "/orgs/{org}/users/{id}", ADMIN, organisation.remove_org_user),
    ("GET", "/user", ANYBODY, people.me),
    ("PUT", "/user", ANYBODY, people.update_me),
    ("PUT", "/user/password", ANYBODY, people.set_my_password),
    ("GET", "/user/orgs", KNOWN, people.my_orgs),
    ("POST", "/user/using/{org}", KNOWN, people.use_org),
    ("GET", "/user/teams", KNOWN, people.my_teams),
    ("GET", "/user/auth-tokens", ANYBODY, people.my_sessions),
    ("POST", "/user/revoke-auth-token", ANYBODY, people.end_my_session),
    ("GET", "/user/stars", ANYBODY, people.stars),
    ("POST", "/user/stars/dashboard/uid/{uid}", KNOWN, people.star),
    ("DELETE", "/user/stars/dashboard/uid/{uid}", KNOWN, people.unstar),
    ("POST", "/user/stars/dashboard/{id}", KNOWN, people.star),
    ("DELETE", "/user/stars/dashboard/{id}", KNOWN, people.unstar),
    ("GET", "/user/preferences", ANYBODY, preferences.get_preferences),
    (("PUT", "PATCH"), "/user/preferences", ANYBODY, preferences.set_preferences),
    ("GET", "/users", SERVER, people.users),
    ("GET", "/users/search", SERVER, people.search_users),
    ("GET", "/users/lookup", SERVER, people.lookup),
    ("GET", "/users/{id}", SERVER, people.get_user),
    ("PUT", "/users/{id}", SERVER, people.update_user),
    ("GET", "/users/{id}/orgs", SERVER, people.user_orgs),
    ("POST", "/users/{id}/using/{org}", SERVER, people.use_org),
    ("GET", "/users/{id}/teams", SERVER, people.user_teams),
    ("POST", "/admin/users", SERVER, people.create_user),
    ("DELETE", "/admin/users/{id}", SERVER, people.delete_user),
    ("PUT", "/admin/users/{id}/password", SERVER, people.set_password),
    ("PUT", "/admin/users/{id}/permissions", SERVER, people.set_admin),
    ("POST", "/admin/users/{id}/logout", SERVER, people.logout_user),
    ("GET", "/admin/users/{id}/auth-tokens", SERVER, people.user_sessions),
    ("POST", "/admin/users/{id}/revoke-auth-token", SERVER, people.end_user_session),
    ("POST", "/admin/users/{id}/{word:disable|enable}", SERVER, people.disable_user),
    ("GET", "/admin/settings", SERVER, reload.settings),
    ("GET", "/admin/stats", SERVER, reload.stats),
    ("GET", "/admin/provisioning/status", SERVER, reload.status),
    ("POST", "/admin/provisioning/{kind}/reload", SERVER, reload.reload),
    ("GET", "/serviceaccounts/search", ADMIN, accounts.search),
    ("POST", "/serviceaccounts", ADMIN, accounts.create),
    ("GET", "/serviceaccounts/{id}", ADMIN, accounts.get),
    ("PATCH", "/serviceaccounts/{id}", ADMIN, accounts.update),
    ("DELETE", "/serviceaccounts/{id}", ADMIN, accounts.delete),
    ("GET", "/serviceaccounts/{id}/tokens", ADMIN, accounts.tokens),
    ("POST", "/serviceaccounts/{id}/tokens", ADMIN, accounts.add_token),
    ("DELETE", "/serviceaccounts/{id}/tokens/{token}", ADMIN, accounts.delete_token),
    ("GET", "/auth/keys", ADMIN, accounts.keys),
    ("POST", "/auth/keys", ADMIN, accounts.add_key),
    ("DELETE", "/auth/keys/{id}", ADMIN, accounts.delete_key),
    ("GET", "/teams/search", KNOWN, teams.search),
    ("POST", "/teams", ADMIN, teams.create),
    ("GET", "/teams/{id}", VIEWER, teams.get),
    ("PUT", "/teams/{id}", ADMIN, teams.update),
    ("DELETE", "/teams/{id}", ADMIN, teams.delete),
    ("GET", "/teams/{id}/members", ADMIN, teams.members),
    ("POST", "/teams/{id}/members", ADMIN, teams.add_member),
    ("PUT", "/teams/{id}/members", ADMIN, teams.set_members),
    ("PUT", "/teams/{id}/members/{user}", ADMIN, teams.change_member),
    ("DELETE", "/teams/{id}/members/{user}", ADMIN, teams.remove_member),
    ("GET", "/teams/{team}/preferences", ADMIN, preferences.get_preferences),
    (("PUT", "PATCH"), "/teams/{team}/preferences", ADMIN, preferences.set_preferences),
    ("POST", "/short-urls", KNOWN, sharing.shorten),
    ("POST", "/snapshots", EDITOR, sharing.add_snapshot),
    ("GET", "/dashboard/snapshots", KNOWN, sharing.snapshots),
    ("GET", "/snapshots/{key}", ANYBODY, sharing.snapshot),
    ("DELETE", "/snapshots/{key}", KNOWN, sharing.delete_snapshot),
    ("GET", "/snapshots-delete/{key}", ANYBODY, sharing.delete_by_key),
    ("GET", "/snapshot/shared-options", ANYBODY, sharing.snapshot_options),
    ("GET", "/playlists", VIEWER, sharing.playlists),
    ("POST", "/playlists", EDITOR, sharing.add_playlist),
    ("GET", "/playlists/{uid}", VIEWER, sharing.playlist),
    ("PUT", "/playlists/{uid}", EDITOR, sharing.update_playlist),
    ("DELETE", "/playlists/{uid}", EDITOR, sharing.delete_playlist),
    ("GET", "/playlists/{uid}/items", VIEWER, sharing.playlist_items),
    (ANY, "/alertmanager/{uid}/api/v2/{rest:.*}", VIEWER, alerting.alertmanager),
    ("GET", "/prometheus/{uid}/api/v1/{word:rules|alerts}", VIEWER, alerting.rules),
    (ANY, "/ruler/{uid}/api/v1/rules", VIEWER, alerting.ruler),
    (ANY, "/ruler/{uid}/api/v1/rules/{rest:.*}", VIEWER, alerting.ruler),
    ("GET", "/v1/provisioning/alert-rules", EDITOR, provisioning.rules),
    ("GET", "/v1/provisioning/alert-rules/export", EDITOR, provisioning.export_rules),
    ("GET", "/v1/provisioning/alert-rules/{uid}", EDITOR, provisioning.rule),
    ("GET", "/v1/provisioning/alert-rules/{uid}/export", EDITOR, provisioning.export_rule),
    ("GET", "/v1/provisioning/folder/{folder}/rule-groups/{group}", EDITOR, provisioning.rule_group),
    ("GET", "/v1/provisioning/folder/{folder}/rule-groups/{group}/export", EDITOR, provisioning.export_group),
    ("GET", "/v1/provisioning/contact-points", EDITOR, provisioning.contact_points),
    ("GET", "/v1/provisioning/contact-points/export", EDITOR, provisioning.export_contact_points),
    ("GET", "/v1/provisioning/policies", EDITOR, provisioning.policies),
    ("GET", "/v1/provisioning/policies/export", EDITOR, provisioning.export_policies),
    ("GET", "/v1/provisioning/mute-timings", EDITOR, provisioning.mute_timings),
    ("GET", "/v1/provisioning/mute-timings/export", EDITOR, provisioning.export_mute_timings),
    ("GET", "/v1/provisioning/mute-timings/{name}", EDITOR, provisioning.mute_timing),
    ("GET", "/v1/provisioning/mute-timings/{name}/export", EDITOR, provisioning.export_mute_timings),
    ("GET", "/v1/provisioning/templates", EDITOR, provisioning.templates),
    ("GET", "/v1/provisioning/templates/{name}", EDITOR, provisioning.template),
    (WRITE, "/v1/provisioning/alert-rules", EDITOR, provisioning.refused_rule),
    (WRITE, "/v1/provisioning/alert-rules/{uid}", EDITOR, provisioning.refused_rule),
    (WRITE, "/v1/provisioning/folder/{folder}/rule-groups/{group}", EDITOR, provisioning.refused_rule),
    (
        WRITE,
        "/v1/provisioning/{kind:contact-points|policies|mute-timings|templates}",
        EDITOR,
        provisioning.refused_notification,
    ),
    (
        WRITE,
        "/v1/provisioning/{kind:contact-points|policies|mute-timings|templates}/{name}",
        EDITOR,
        provisioning.refused_notification,
    ),
    ("GET", "/plugins", KNOWN, frontend.plugins),
    ("GET", "/plugins/{id}/settings", KNOWN, frontend.plugin_settings),
    ("GET", "/plugins/{id}/health", KNOWN, frontend.plugin_health),
    ("GET", "/library-elements", KNOWN, library.find),
    ("POST", "/library-elements", KNOWN, library.add),
    ("GET", "/library-elements/name/{name}", KNOWN, library.by_name),
    ("GET", "/library-elements/{uid}", KNOWN, library.get),
    ("PATCH", "/library-elements/{uid}", KNOWN, library.change),
    ("DELETE", "/library-elements/{uid}", KNOWN, library.delete),
    ("GET", "/library-elements/{uid}/connections", KNOWN, library.connections),
    ("GET", "/access-control/status", KNOWN, frontend.usage),
    ("GET", "/access-control/{kind:dashboards|folders}/description", KNOWN, permissions.describe),
    ("GET", "/access-control/{kind:dashboards|folders}/{uid}", KNOWN, permissions.resource),
    ("POST", "/access-control/{kind:dashboards|folders}/{uid}", KNOWN, permissions.set_resource),
    (
        "POST",
        "/access-control/{kind:dashboards|folders}/{uid}/{who:users|teams|builtInRoles}/{id}",
        KNOWN,
        permissions.set_one,
    ),
    ("GET", "/access-control/user/actions", KNOWN, frontend.empty_object),
    ("GET", "/alert-notifications", KNOWN, frontend.empty_list),
    ("GET", "/alerts", KNOWN, frontend.empty_list),
    ("GET", "/query-history", KNOWN, frontend.query_history),
)
# Below /apis, where errors are written otherwise.
AT: Final = "/{group}/{version}/namespaces/{namespace}/{resource}"
RESOURCES: Final[tuple[Row, ...]] = (
    ("GET", "", KNOWN, apis.groups),
    ("GET", "/{group}", KNOWN, apis.group),
    ("GET", "/{group}/{version}", KNOWN, apis.version),
    ("GET", AT, KNOWN, apis.list_),
    ("GET", "/{group}/{version}/{resource}", KNOWN, apis.list_),
    ("POST", AT, KNOWN, apis.create),
    ("DELETE", AT, EDITOR, apis.no_collection),
    ("GET", f"{AT}/{{name}}", KNOWN, apis.get),
    ("PUT", f"{AT}/{{name}}", KNOWN, apis.update),
    ("PATCH", f"{AT}/{{name}}", KNOWN, apis.patch),
    ("DELETE", f"{AT}/{{name}}", KNOWN, apis.delete),
    ("GET", f"{AT}/{{name}}/dto", KNOWN, apis.access),
    (ANY, "/{rest:.*}", KNOWN, apis.nothing),
)
# For those who read them, below no path of Grafana's.
OPENAPI: Final[tuple[Row, ...]] = (
    ("GET", "/openapi/v3", KNOWN, apis.openapi),
    ("GET", "/openapi/v3/apis/{group}/{version}", KNOWN, apis.openapi_of),
)
# Beside it.
PLAIN: Final[tuple[Row, ...]] = (
    (("GET", "HEAD"), "/healthz", ANYBODY, health.healthz),
    ("GET", "/metrics", ANYBODY, health.own_metrics),
    ("GET", "/api", KNOWN, apis.core_versions),
    ("GET", "/goto/{uid}", ANYBODY, sharing.go_to),
)
# Answered while the database is being opened, too.
EARLY: Final = (health.health, health.healthz, health.own_metrics)
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

log = get_logger("dashboards")


def add_routes(app: web.Application, backend: Backend, gatekeeper: Gatekeeper) -> set[Handler]:
    """Adds all routes, below the route prefix; what was added. What the application has already stays as it is."""
    prefix = backend.settings.route_prefix
    measure = Measure(backend.registry)
    added: set[Handler] = set()

    def add(methods: str | tuple[str, ...], path: str, handler: Handler) -> None:
        added.add(handler)
        for shown in (path, f"{path}/") if not path.endswith(("}", "*}")) or "{rest" not in path else (path,):
            resource = app.router.add_resource(prefix + shown)
            for method in (methods,) if isinstance(methods, str) else methods:
                resource.add_route(method, handler)

    for below, rows, fail in (
        ("/api", API, failure),
        ("/apis", RESOURCES, apis.failed),
        ("", OPENAPI, apis.failed),
        ("", PLAIN, failure),
    ):
        for methods, path, who, endpoint in rows:
            handler = wrapped(backend, gatekeeper, who, endpoint, fail)
            add(methods, below + path, measure(below + path, handler))
    app.router.add_route("*", f"{prefix}/api/{{rest:.*}}", not_found)
    added.add(not_found)
    return added


def wrapped(
    backend: Backend, gatekeeper: Gatekeeper, who: Who, endpoint: Endpoint, fail: Fail = failure
) -> Handler:  # fmt: skip
    """A handler for those who may use it; errors are answered by `fail`."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if not backend.lifecycle.serving and endpoint not in EARLY:
            return fail(ApiError(503, "unavailable", "the server starts or stops; try again soon"))
        try:
            identity = await gatekeeper.admit(request, who)
            return await endpoint(backend, Ask(request, identity, lambda: gatekeeper.admit(request, who)))
        except asyncio.CancelledError:
            raise
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return fail(ApiError(error.status, "", error.text or error.reason))
        except TimeoutError:
            return fail(ApiError(504, "timeout", "the request took too long"))
        except Exception as error:
            if isinstance(error, RecursionError) or str(error) == "Recursion limit reached":
                return fail(bad_data("the JSON is nested too deeply"))
            return told(request, error, fail)

    return handler


def told(request: web.Request, error: Exception, fail: Fail = failure) -> web.Response:
    """The answer to an exception, made where no frame of the request's refers to it."""
    response = _told(request, error, fail)
    if request.content.exception() is not None:
        response.force_close()  # What follows a body that can't be read can't be read either.
    return response


def _told(request: web.Request, error: Exception, fail: Fail) -> web.Response:
    answer = to_grafana(error)
    if answer.type == "internal":
        log.exception("request failed", path=request.path, error=repr(error))  # noqa: LOG004  # The caller handles it.
        answer = ApiError(500, "internal", "internal error; the log has the details")
    return fail(answer)


async def not_found(request: web.Request) -> web.StreamResponse:
    """ANY /api/*: what there is not."""
    return message("Not found", 404)


class Measure:
    """Counts requests and their times under Grafana's name."""

    def __init__(self, registry: Registry) -> None:
        self._durations = registry.histogram(
            "grafana_http_request_duration_seconds",
            "Histogram of latencies for HTTP requests.",
            BUCKETS_S,
            ("handler", "method", "status_code"),
        )

    def __call__(self, path: str, handler: Handler) -> Handler:
        """The handler, measured."""

        async def measured(request: web.Request) -> web.StreamResponse:
            began_s = time.perf_counter()
            status = "500"
            try:
                response = await handler(request)
                status = str(response.status)
                return response
            except asyncio.CancelledError:
                status = "499"  # The client went away.
                raise
            finally:
                took_s = time.perf_counter() - began_s
                self._durations.labels(path, request.method, status).observe(took_s)

        return measured
