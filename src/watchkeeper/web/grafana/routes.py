"""The table of routes of Grafana's API, who may use each, and how each is wrapped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.dashboards.roles import Role
from watchkeeper.web.errors import ApiError, to_grafana
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

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fail = Callable[[ApiError], web.Response]
Endpoint = Callable[[Backend, Ask], Awaitable[web.StreamResponse]]

ANY: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WRITE: Final = ("POST", "PUT", "PATCH", "DELETE")
NOBODY, VIEWER, EDITOR, ADMIN = Role.NONE, Role.VIEWER, Role.EDITOR, Role.ADMIN

Row = tuple[str | tuple[str, ...], str, Role, Endpoint]

# Below /api. What stands in folders may be for viewers to change, and not for editors: permissions decide, in the end.
API: Final[tuple[Row, ...]] = (
    ("GET", "/health", NOBODY, health.health),
    ("GET", "/bootstrap", NOBODY, frontend.bootstrap),
    ("GET", "/login/ping", VIEWER, frontend.login_ping),
    ("GET", "/frontend/settings", VIEWER, frontend.settings),
    ("GET", "/search", VIEWER, search.find),
    ("GET", "/search/sorting", VIEWER, search.sorting),
    ("POST", "/dashboards/db", VIEWER, dashboards.save),
    ("POST", "/dashboards/import", VIEWER, imports.import_),
    ("POST", "/dashboards/calculate-diff", VIEWER, difference.compare),
    ("GET", "/dashboards/home", VIEWER, dashboards.home),
    ("GET", "/dashboards/tags", VIEWER, dashboards.tags),
    ("GET", "/dashboards/db/{slug}", VIEWER, dashboards.get_by_slug),
    ("GET", "/dashboards/uid/{uid}", VIEWER, dashboards.get),
    ("DELETE", "/dashboards/uid/{uid}", VIEWER, dashboards.delete),
    ("GET", "/dashboards/uid/{uid}/versions", VIEWER, dashboards.versions),
    ("GET", "/dashboards/uid/{uid}/versions/{version}", VIEWER, dashboards.version),
    ("POST", "/dashboards/uid/{uid}/restore", VIEWER, dashboards.restore),
    ("GET", "/dashboards/uid/{uid}/permissions", VIEWER, permissions.get),
    ("POST", "/dashboards/uid/{uid}/permissions", VIEWER, permissions.set_),
    ("GET", "/dashboards/id/{id}/versions", VIEWER, dashboards.versions),
    ("GET", "/dashboards/id/{id}/versions/{version}", VIEWER, dashboards.version),
    ("POST", "/dashboards/id/{id}/restore", VIEWER, dashboards.restore),
    ("GET", "/dashboards/id/{id}/permissions", VIEWER, permissions.get),
    ("POST", "/dashboards/id/{id}/permissions", VIEWER, permissions.set_),
    ("GET", "/folders", VIEWER, folders.list_),
    ("POST", "/folders", VIEWER, folders.create),
    ("GET", "/folders/id/{id}", VIEWER, folders.get_by_number),
    ("GET", "/folders/{uid}", VIEWER, folders.get),
    ("PUT", "/folders/{uid}", VIEWER, folders.update),
    ("DELETE", "/folders/{uid}", VIEWER, folders.delete),
    ("POST", "/folders/{uid}/move", VIEWER, folders.move),
    ("GET", "/folders/{uid}/counts", VIEWER, folders.counts),
    ("GET", "/folders/{uid}/permissions", VIEWER, permissions.get),
    ("POST", "/folders/{uid}/permissions", VIEWER, permissions.set_),
    ("GET", "/datasources", VIEWER, datasources.list_),
    ("POST", "/datasources", ADMIN, datasources.add),
    ("GET", "/datasources/uid/{uid}", VIEWER, datasources.get),
    ("PUT", "/datasources/uid/{uid}", ADMIN, datasources.update),
    ("DELETE", "/datasources/uid/{uid}", ADMIN, datasources.delete),
    ("GET", "/datasources/uid/{uid}/health", VIEWER, datasources.health),
    ("GET", "/datasources/name/{name}", VIEWER, datasources.get),
    ("DELETE", "/datasources/name/{name}", ADMIN, datasources.delete),
    ("GET", "/datasources/id/{name}", VIEWER, datasources.id_of),
    (ANY, "/datasources/uid/{uid}/resources/{rest:.*}", VIEWER, proxy.resources),
    (ANY, "/datasources/proxy/uid/{uid}/{rest:.*}", VIEWER, proxy.through),
    (ANY, "/datasources/proxy/{id}/{rest:.*}", VIEWER, proxy.through),
    ("GET", "/datasources/{id}", VIEWER, datasources.get),
    ("PUT", "/datasources/{id}", ADMIN, datasources.update),
    ("DELETE", "/datasources/{id}", ADMIN, datasources.delete),
    ("GET", "/datasources/{id}/health", VIEWER, datasources.health),
    (ANY, "/datasources/{id}/resources/{rest:.*}", VIEWER, proxy.resources),
    ("POST", "/ds/query", VIEWER, ds_query.query),
    ("POST", "/tsdb/query", VIEWER, ds_query.query),
    ("GET", "/annotations", VIEWER, marks.find),
    ("POST", "/annotations", VIEWER, marks.add),
    ("POST", "/annotations/graphite", EDITOR, marks.add_graphite),
    ("GET", "/annotations/tags", VIEWER, marks.tags),
    ("GET", "/annotations/{id}", VIEWER, marks.get),
    ("PUT", "/annotations/{id}", VIEWER, marks.update),
    ("PATCH", "/annotations/{id}", VIEWER, marks.patch),
    ("DELETE", "/annotations/{id}", VIEWER, marks.delete),
    ("GET", "/org", VIEWER, organisation.org),
    ("PUT", "/org", ADMIN, organisation.rename_org),
    ("GET", "/org/users", ADMIN, organisation.org_users),
    ("GET", "/org/users/lookup", ADMIN, organisation.org_users),
    ("GET", "/org/users/search", ADMIN, organisation.search_org_users),
    ("POST", "/org/users", ADMIN, organisation.add_org_user),
    ("PATCH", "/org/users/{id}", ADMIN, organisation.set_org_role),
    ("DELETE", "/org/users/{id}", ADMIN, organisation.remove_org_user),
    ("GET", "/org/preferences", VIEWER, preferences.get_preferences),
    (("PUT", "PATCH"), "/org/preferences", ADMIN, preferences.set_preferences),
    ("GET", "/orgs", ADMIN, organisation.orgs),
    ("POST", "/orgs", ADMIN, organisation.create_org),
    ("GET", "/orgs/name/{name}", ADMIN, organisation.org_by_name),
    ("GET", "/orgs/{org}", ADMIN, organisation.org),
    ("PUT", "/orgs/{org}", ADMIN, organisation.rename_org),
    ("DELETE", "/orgs/{org}", ADMIN, organisation.delete_org),
    ("GET", "/orgs/{org}/users", ADMIN, organisation.org_users),
    ("POST", "/orgs/{org}/users", ADMIN, organisation.add_org_user),
    ("PATCH", "/orgs/{org}/users/{id}", ADMIN, organisation.set_org_role),
    ("DELETE", "/orgs/{org}/users/{id}", ADMIN, organisation.remove_org_user),
    ("GET", "/user", NOBODY, people.me),
    ("PUT", "/user", NOBODY, people.update_me),
    ("PUT", "/user/password", NOBODY, people.set_my_password),
    ("GET", "/user/orgs", VIEWER, people.my_orgs),
    ("POST", "/user/using/{org}", VIEWER, people.use_org),
    ("GET", "/user/teams", VIEWER, people.my_teams),
    ("GET", "/user/auth-tokens", NOBODY, people.my_sessions),
    ("POST", "/user/revoke-auth-token", NOBODY, people.end_my_session),
    ("GET", "/user/stars", NOBODY, people.stars),
    ("POST", "/user/stars/dashboard/uid/{uid}", VIEWER, people.star),
    ("DELETE", "/user/stars/dashboard/uid/{uid}", VIEWER, people.unstar),
    ("POST", "/user/stars/dashboard/{id}", VIEWER, people.star),
    ("DELETE", "/user/stars/dashboard/{id}", VIEWER, people.unstar),
    ("GET", "/user/preferences", NOBODY, preferences.get_preferences),
    (("PUT", "PATCH"), "/user/preferences", NOBODY, preferences.set_preferences),
    ("GET", "/users", ADMIN, people.users),
    ("GET", "/users/search", ADMIN, people.search_users),
    ("GET", "/users/lookup", ADMIN, people.lookup),
    ("GET", "/users/{id}", ADMIN, people.get_user),
    ("PUT", "/users/{id}", ADMIN, people.update_user),
    ("GET", "/users/{id}/orgs", ADMIN, people.user_orgs),
    ("POST", "/users/{id}/using/{org}", ADMIN, people.use_org),
    ("GET", "/users/{id}/teams", ADMIN, people.user_teams),
    ("POST", "/admin/users", ADMIN, people.create_user),
    ("DELETE", "/admin/users/{id}", ADMIN, people.delete_user),
    ("PUT", "/admin/users/{id}/password", ADMIN, people.set_password),
    ("PUT", "/admin/users/{id}/permissions", ADMIN, people.set_admin),
    ("POST", "/admin/users/{id}/logout", ADMIN, people.logout_user),
    ("GET", "/admin/users/{id}/auth-tokens", ADMIN, people.user_sessions),
    ("POST", "/admin/users/{id}/revoke-auth-token", ADMIN, people.end_user_session),
    ("POST", "/admin/users/{id}/{word:disable|enable}", ADMIN, people.disable_user),
    ("GET", "/admin/settings", ADMIN, reload.settings),
    ("GET", "/admin/stats", ADMIN, reload.stats),
    ("GET", "/admin/provisioning/status", ADMIN, reload.status),
    ("POST", "/admin/provisioning/{kind}/reload", ADMIN, reload.reload),
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
    ("GET", "/teams/search", VIEWER, teams.search),
    ("POST", "/teams", ADMIN, teams.create),
    ("GET", "/teams/{id}", VIEWER, teams.get),
    ("PUT", "/teams/{id}", ADMIN, teams.update),
    ("DELETE", "/teams/{id}", ADMIN, teams.delete),
    ("GET", "/teams/{id}/members", ADMIN, teams.members),
    ("POST", "/teams/{id}/members", ADMIN, teams.add_member),
    ("PUT", "/teams/{id}/members", ADMIN, teams.set_members),
    ("DELETE", "/teams/{id}/members/{user}", ADMIN, teams.remove_member),
    ("GET", "/teams/{team}/preferences", ADMIN, preferences.get_preferences),
    (("PUT", "PATCH"), "/teams/{team}/preferences", ADMIN, preferences.set_preferences),
    ("POST", "/short-urls", VIEWER, sharing.shorten),
    ("POST", "/snapshots", EDITOR, sharing.add_snapshot),
    ("GET", "/dashboard/snapshots", VIEWER, sharing.snapshots),
    ("GET", "/snapshots/{key}", NOBODY, sharing.snapshot),
    ("DELETE", "/snapshots/{key}", VIEWER, sharing.delete_snapshot),
    ("GET", "/snapshots-delete/{key}", NOBODY, sharing.delete_by_key),
    ("GET", "/snapshot/shared-options", NOBODY, sharing.snapshot_options),
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
    ("GET", "/plugins", VIEWER, frontend.plugins),
    ("GET", "/plugins/{id}/settings", VIEWER, frontend.plugin_settings),
    ("GET", "/plugins/{id}/health", VIEWER, frontend.plugin_health),
    ("GET", "/library-elements", VIEWER, library.find),
    ("POST", "/library-elements", VIEWER, library.add),
    ("GET", "/library-elements/name/{name}", VIEWER, library.by_name),
    ("GET", "/library-elements/{uid}", VIEWER, library.get),
    ("PATCH", "/library-elements/{uid}", VIEWER, library.change),
    ("DELETE", "/library-elements/{uid}", VIEWER, library.delete),
    ("GET", "/library-elements/{uid}/connections", VIEWER, library.connections),
    ("GET", "/access-control/status", VIEWER, frontend.usage),
    ("GET", "/access-control/{kind:dashboards|folders}/description", VIEWER, permissions.describe),
    ("GET", "/access-control/{kind:dashboards|folders}/{uid}", VIEWER, permissions.resource),
    ("POST", "/access-control/{kind:dashboards|folders}/{uid}", VIEWER, permissions.set_resource),
    (
        "POST",
        "/access-control/{kind:dashboards|folders}/{uid}/{who:users|teams|builtInRoles}/{id}",
        VIEWER,
        permissions.set_one,
    ),
    ("GET", "/access-control/user/actions", VIEWER, frontend.empty_object),
    ("GET", "/alert-notifications", VIEWER, frontend.empty_list),
    ("GET", "/alerts", VIEWER, frontend.empty_list),
    ("GET", "/query-history", VIEWER, frontend.query_history),
)
# Below /apis, where errors are written otherwise.
AT: Final = "/{group}/{version}/namespaces/{namespace}/{resource}"
RESOURCES: Final[tuple[Row, ...]] = (
    ("GET", "", VIEWER, apis.groups),
    ("GET", "/{group}", VIEWER, apis.group),
    ("GET", "/{group}/{version}", VIEWER, apis.version),
    ("GET", AT, VIEWER, apis.list_),
    ("POST", AT, VIEWER, apis.create),
    ("GET", f"{AT}/{{name}}", VIEWER, apis.get),
    ("PUT", f"{AT}/{{name}}", VIEWER, apis.update),
    ("PATCH", f"{AT}/{{name}}", VIEWER, apis.patch),
    ("DELETE", f"{AT}/{{name}}", VIEWER, apis.delete),
    ("GET", f"{AT}/{{name}}/dto", VIEWER, apis.access),
    (ANY, "/{rest:.*}", VIEWER, apis.nothing),
)
# Beside it.
PLAIN: Final[tuple[Row, ...]] = (
    (("GET", "HEAD"), "/healthz", NOBODY, health.healthz),
    ("GET", "/metrics", NOBODY, health.own_metrics),
    ("GET", "/goto/{uid}", NOBODY, sharing.go_to),
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

    for below, rows, fail in (("/api", API, failure), ("/apis", RESOURCES, apis.failed), ("", PLAIN, failure)):
        for methods, path, role, endpoint in rows:
            handler = wrapped(backend, gatekeeper, role, endpoint, fail)
            add(methods, below + path, measure(below + path, handler))
    app.router.add_route("*", f"{prefix}/api/{{rest:.*}}", not_found)
    added.add(not_found)
    return added


def wrapped(
    backend: Backend, gatekeeper: Gatekeeper, role: Role, endpoint: Endpoint, fail: Fail = failure
) -> Handler:  # fmt: skip
    """A handler for those who have the role; errors are answered by `fail`."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if not backend.lifecycle.serving and endpoint not in EARLY:
            return fail(ApiError(503, "unavailable", "the server starts or stops; try again soon"))
        try:
            return await endpoint(backend, Ask(request, await gatekeeper.admit(request, role)))
        except asyncio.CancelledError:
            raise
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return fail(ApiError(error.status, "", error.text or error.reason))
        except TimeoutError:
            return fail(ApiError(504, "timeout", "the request took too long"))
        except Exception as error:
            return told(request, error, fail)

    return handler


def told(request: web.Request, error: Exception, fail: Fail = failure) -> web.Response:
    """The answer to an exception, made where no frame of the request's refers to it."""
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
