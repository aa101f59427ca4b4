"""Users, and the one who asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from watchkeeper.dashboards.permissions import Level
from watchkeeper.dashboards.preferences import of_user
from watchkeeper.dashboards.roles import Identity, Kind, Role, role_of
from watchkeeper.dashboards.users import User
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.access import TOO_MANY
from watchkeeper.web.grafana.allowed import asked_entry
from watchkeeper.web.grafana.answers import age_text, answer, message, time_text
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.organisation import org_json


async def me(backend: Backend, ask: Ask) -> web.Response:
    """GET /user: who asks."""
    identity = ask.identity
    if identity.kind is Kind.ANONYMOUS:
        raise ApiError(401, "unauthorized", "Unauthorized")
    if identity.kind is Kind.ACCOUNT:
        found = {**_me(identity), "theme": "", "isGrafanaAdmin": False, "isDisabled": False}
        return answer(found)
    return answer(await backend.run(lambda: _json(backend, backend.state.users.get(identity.id))))


async def update_me(backend: Backend, ask: Ask) -> web.Response:
    """PUT /user: name, email and login of the one who asks."""
    number = own_id(ask)
    fields = await ask.fields()
    await backend.run(lambda: _update(backend, number, fields))
    return message("User updated")


async def set_my_password(backend: Backend, ask: Ask) -> web.Response:
    """PUT /user/password: a new one, for who knows the old one; it ends all other sessions."""
    number = own_id(ask)
    fields = await ask.fields()
    old, new = fields.text("oldPassword"), fields.text("newPassword")

    address, now_ms = ask.request.remote or "", backend.now_ms()
    if not backend.limit.may_try(ask.identity.login, address, now_ms):
        raise ApiError(429, "rate_limited", TOO_MANY)

    def work() -> bool:
        user = backend.state.users.get(number)
        if backend.state.users.login(user.login, old) is None:
            return False
        backend.state.users.set_password(number, new, now_ms, keep_session=ask.identity.session_id)
        return True

    if not await backend.run(work):
        backend.limit.failed(ask.identity.login, address, now_ms)
        raise ApiError(401, "unauthorized", "invalid old password")
    return message("User password changed")


async def my_orgs(backend: Backend, ask: Ask) -> web.Response:
    """GET /user/orgs: where one belongs."""
    found = await backend.run(lambda: org_json(backend))
    return answer([{"orgId": 1, "name": found["name"], "role": ask.identity.role.label}])


async def use_org(backend: Backend, ask: Ask) -> web.Response:
    """POST /user/using/:id, /users/:id/using/:id: there is only one."""
    if ask.number_part("org") != 1:
        return message("Not a valid organization", 401)
    return message("Active organization changed")


async def my_teams(backend: Backend, ask: Ask) -> web.Response:
    """GET /user/teams: those one is a member of."""

    def work() -> Any:
        teams = backend.state.teams
        return [
            {"id": team.id, "uid": team.uid, "orgId": 1, "name": team.name, "email": team.email}
            for team in teams.all()
            if ask.identity.kind is Kind.USER and ask.identity.id in teams.members(team.id)
        ]

    return answer(await backend.run(work))


async def my_sessions(backend: Backend, ask: Ask) -> web.Response:
    """GET /user/auth-tokens: where one is logged in."""
    number = own_id(ask)
    return answer(await backend.run(lambda: _sessions_json(backend, ask, number)))


async def user_sessions(backend: Backend, ask: Ask) -> web.Response:
    """GET /admin/users/:id/auth-tokens: where a user is logged in."""
    number = ask.number_part("id")
    return answer(await backend.run(lambda: _sessions_json(backend, ask, backend.state.users.get(number).id)))


async def end_user_session(backend: Backend, ask: Ask) -> web.Response:
    """POST /admin/users/:id/revoke-auth-token: logs a user out in one place."""
    number = ask.number_part("id")
    session_id = (await ask.fields()).number("authTokenId")
    if not await backend.run(lambda: backend.state.sessions.end(session_id, number)):
        return message("User auth token not found", 404)
    return message("User auth token revoked")


async def end_my_session(backend: Backend, ask: Ask) -> web.Response:
    """POST /user/revoke-auth-token: logs one out elsewhere."""
    number = own_id(ask)
    session_id = (await ask.fields()).number("authTokenId")
    if not await backend.run(lambda: backend.state.sessions.end(session_id, number)):
        return message("User auth token not found", 404)
    return message("User auth token revoked")


async def star(backend: Backend, ask: Ask) -> web.Response:
    """POST /user/stars/dashboard/uid/:uid, /:id: a star."""
    number = own_id(ask)
    await backend.run(lambda: backend.state.preferences.star(number, _starred(backend, ask)))
    return message("Dashboard starred!")


async def unstar(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /user/stars/dashboard/uid/:uid, /:id: no star."""
    number = own_id(ask)
    await backend.run(lambda: backend.state.preferences.unstar(number, _starred(backend, ask)))
    return message("Dashboard unstarred")


async def stars(backend: Backend, ask: Ask) -> web.Response:
    """GET /user/stars: uids of starred dashboards."""
    number = own_id(ask)
    return answer(await backend.run(lambda: sorted(backend.state.preferences.stars(number))))


async def users(backend: Backend, ask: Ask) -> web.Response:
    """GET /users: all of them."""
    found = await _page(backend, ask)
    return answer(found["users"])


async def search_users(backend: Backend, ask: Ask) -> web.Response:
    """GET /users/search: a page of them."""
    return answer(await _page(backend, ask))


async def lookup(backend: Backend, ask: Ask) -> web.Response:
    """GET /users/lookup: by login or email."""
    name = ask.text("loginOrEmail")
    return answer(await backend.run(lambda: _json(backend, backend.state.users.find(name))))


async def get_user(backend: Backend, ask: Ask) -> web.Response:
    """GET /users/:id: one of them."""
    number = ask.number_part("id")
    return answer(await backend.run(lambda: _json(backend, backend.state.users.get(number))))


async def update_user(backend: Backend, ask: Ask) -> web.Response:
    """PUT /users/:id: name, email and login."""
    number = ask.number_part("id")
    fields = await ask.fields()
    await backend.run(lambda: _update(backend, number, fields))
    return message("User updated")


async def user_orgs(backend: Backend, ask: Ask) -> web.Response:
    """GET /users/:id/orgs: where a user belongs."""
    number = ask.number_part("id")

    def work() -> Any:
        user = backend.state.users.get(number)
        return [{"orgId": 1, "name": org_json(backend)["name"], "role": user.role.label}]

    return answer(await backend.run(work))


async def user_teams(backend: Backend, ask: Ask) -> web.Response:
    """GET /users/:id/teams: those a user is a member of."""
    number = ask.number_part("id")

    def work() -> Any:
        teams = backend.state.teams
        return [
            {"id": team.id, "uid": team.uid, "orgId": 1, "name": team.name}
            for team in teams.all()
            if number in teams.members(team.id)
        ]

    return answer(await backend.run(work))


async def create_user(backend: Backend, ask: Ask) -> web.Response:
    """POST /admin/users: a new one, who may look."""
    fields = await ask.fields()
    login, email, name = fields.text("login"), fields.text("email"), fields.text("name")
    role = role_of(fields.text("role", "Viewer"))
    if fields.number("OrgId", 1) not in (0, 1):
        raise bad_data("Organization not found: there is one, with the id 1")
    made = await backend.run(
        lambda: backend.state.users.create(login, email, name, fields.text("password"), role, backend.now_ms())
    )
    return message("User created", id=made.id, uid=made.uid)


async def delete_user(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /admin/users/:id: takes a user away."""
    number = ask.number_part("id")
    await backend.run(lambda: backend.state.users.delete(number))
    return message("User deleted")


async def set_password(backend: Backend, ask: Ask) -> web.Response:
    """PUT /admin/users/:id/password: a new one."""
    number = ask.number_part("id")
    password = (await ask.fields()).text("password")
    await backend.run(lambda: backend.state.users.set_password(number, password, backend.now_ms()))
    return message("User password updated")


async def set_admin(backend: Backend, ask: Ask) -> web.Response:
    """PUT /admin/users/:id/permissions: whether a user administers the server."""
    number = ask.number_part("id")
    is_admin = (await ask.fields()).flag("isGrafanaAdmin")

    def work() -> None:
        user = backend.state.users.get(number)
        role = Role.ADMIN if is_admin else user.role
        backend.state.users.change(replace(user, is_admin=is_admin, role=role), backend.now_ms())

    await backend.run(work)
    return message("User permissions updated")


async def disable_user(backend: Backend, ask: Ask) -> web.Response:
    """POST /admin/users/:id/disable, /enable: whether a user may log in."""
    number = ask.number_part("id")
    is_disabled = ask.part("word") == "disable"

    def work() -> None:
        user = backend.state.users.get(number)
        backend.state.users.change(replace(user, is_disabled=is_disabled), backend.now_ms())

    await backend.run(work)
    return message("User disabled" if is_disabled else "User enabled")


async def logout_user(backend: Backend, ask: Ask) -> web.Response:
    """POST /admin/users/:id/logout: ends all sessions of a user."""
    number = ask.number_part("id")
    if ask.identity.kind is Kind.USER and number == ask.identity.id:
        raise bad_data("You cannot logout yourself")

    def work() -> None:
        backend.state.users.get(number)
        backend.state.sessions.end_all(number)

    await backend.run(work)
    return message("User logged out")


def own_id(ask: Ask) -> int:
    """The id of the user who asks. Raises ApiError where it is no user."""
    if ask.identity.kind is not Kind.USER:
        raise ApiError(401 if ask.identity.kind is Kind.ANONYMOUS else 403, "unauthorized", "only users have this")
    return ask.identity.id


def _starred(backend: Backend, ask: Ask) -> str:
    return asked_entry(backend, ask, Level.VIEW).uid


def _update(backend: Backend, number: int, fields: Fields) -> None:
    user = backend.state.users.get(number)
    made = replace(
        user,
        login=fields.text("login", user.login).strip() or user.login,
        email=fields.text("email", user.email).strip(),
        name=fields.text("name", user.name),
    )
    backend.state.users.change(made, backend.now_ms())


async def _page(backend: Backend, ask: Ask) -> dict[str, Any]:
    per_page, page, query = ask.limit(1000, 5000, "perpage"), ask.page(), ask.text("query").casefold()

    def work() -> dict[str, Any]:
        found = [
            user for user in backend.state.users.all() if query in f"{user.login}\n{user.email}\n{user.name}".casefold()
        ]
        shown = [_json(backend, user) for user in found[(page - 1) * per_page : page * per_page]]
        return {"totalCount": len(found), "users": shown, "page": page, "perPage": per_page}

    made: dict[str, Any] = await backend.run(work)
    return made


def _me(identity: Identity) -> dict[str, Any]:
    return {
        "id": identity.id, "uid": identity.uid, "login": identity.login, "email": identity.email,
        "name": identity.name, "orgId": 1, "authLabels": [],
    }  # fmt: skip


def _json(backend: Backend, user: User) -> dict[str, Any]:
    return {
        **_me(user.identity()),
        "theme": backend.state.preferences.get(of_user(user.id))["theme"],
        "isGrafanaAdmin": user.is_admin,
        "isAdmin": user.is_admin,
        "isDisabled": user.is_disabled,
        "isExternal": False,
        "role": user.role.label,
        "createdAt": time_text(user.created_ms),
        "updatedAt": time_text(user.updated_ms),
        "lastSeenAt": time_text(user.seen_ms),
        "lastSeenAtAge": age_text(user.seen_ms, backend.now_ms()),
        "avatarUrl": "",
    }


def _sessions_json(backend: Backend, ask: Ask, number: int) -> list[dict[str, Any]]:
    return [
        {
            "id": session.id, "isActive": session.id == ask.identity.session_id, "clientIp": session.address,
            "userAgent": session.agent, "createdAt": time_text(session.created_ms),
            "seenAt": time_text(session.seen_ms), **told_of(session.agent),
        }
        for session in backend.state.sessions.of_user(number)
    ]  # fmt: skip


def told_of(agent: str) -> dict[str, str]:
    """Which browser and system a User-Agent names, as far as a list of sessions needs it."""
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    browser, mark = next(((name, mark) for mark, name in browsers if mark in agent), ("Other", ""))
    version = agent.partition(mark)[2].split(" ")[0] if mark else ""
    systems = (("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"),
               ("Mac OS", "Mac OS X"), ("Linux", "Linux"))  # fmt: skip
    system = next((name for mark, name in systems if mark in agent), "Other")
    return {"browser": browser, "browserVersion": version[:20], "os": system, "osVersion": "", "device": "Other"}
