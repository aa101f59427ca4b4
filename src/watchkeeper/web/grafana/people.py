"""The organisation, its users, and the one who asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.permissions import Level
from watchkeeper.dashboards.preferences import KEYS, ORG, of_user
from watchkeeper.dashboards.roles import Identity, Kind, Role, role_of
from watchkeeper.dashboards.users import User
from watchkeeper.web.errors import ApiError, bad_data
from watchkeeper.web.grafana.allowed import asked_entry, entry_for
from watchkeeper.web.grafana.answers import answer, message, time_text
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend

ORG_NAME: Final = "orgName"
DEFAULT_ORG: Final = "Main Org."


async def org(backend: Backend, _: Ask) -> web.Response:
    """GET /org, /orgs/:id: the one organisation there is."""
    return answer(await backend.run(lambda: org_json(backend)))


async def orgs(backend: Backend, _: Ask) -> web.Response:
    """GET /orgs: all one of them."""
    found = await backend.run(lambda: org_json(backend))
    return answer([{"id": 1, "name": found["name"]}])


async def org_by_name(backend: Backend, ask: Ask) -> web.Response:
    """GET /orgs/name/:name: the organisation of a name."""
    found = await backend.run(lambda: org_json(backend))
    return answer(found) if found["name"] == ask.part("name") else message("Organization not found", 404)


async def rename_org(backend: Backend, ask: Ask) -> web.Response:
    """PUT /org: another name."""
    name = (await ask.fields()).text("name").strip()
    if not name or len(name) > 190:
        raise bad_data("an organization needs a name of at most 190 characters")
    await backend.run(lambda: backend.state.preferences.set_setting(ORG_NAME, name))
    return message("Organization updated")


async def org_users(backend: Backend, _: Ask) -> web.Response:
    """GET /org/users: who belongs to it."""

    def work() -> Any:
        return [
            {
                "orgId": 1, "userId": user.id, "uid": user.uid, "email": user.email, "name": user.name,
                "login": user.login, "role": user.role.label, "avatarUrl": "", "isDisabled": user.is_disabled,
                "lastSeenAt": time_text(user.seen_ms), "authLabels": [],
            }
            for user in backend.state.users.all()
        ]  # fmt: skip

    return answer(await backend.run(work))


async def add_org_user(backend: Backend, ask: Ask) -> web.Response:
    """POST /org/users: gives a user that there is a role."""
    fields = await ask.fields()

    def work() -> int:
        user = backend.state.users.find(fields.text("loginOrEmail"))
        backend.state.users.change(replace(user, role=role_of(fields.text("role", "Viewer"))), backend.now_ms())
        return user.id

    return message("User added to organization", userId=await backend.run(work))


async def set_org_role(backend: Backend, ask: Ask) -> web.Response:
    """PATCH /org/users/:id: another role."""
    number = ask.number_part("id")
    role = role_of((await ask.fields()).text("role"))

    def work() -> None:
        user = backend.state.users.get(number)
        if user.is_admin and role < Role.ADMIN:
            raise Refused("an administrator of the server keeps the role Admin; take that away first")
        backend.state.users.change(replace(user, role=role), backend.now_ms())

    await backend.run(work)
    return message("Organization user updated")


async def remove_org_user(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /org/users/:id: with the only organisation the user goes."""
    number = ask.number_part("id")
    await backend.run(lambda: backend.state.users.delete(number))
    return message("User deleted")


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
    """PUT /user/password: a new one, for who knows the old one."""
    number = own_id(ask)
    fields = await ask.fields()
    old, new = fields.text("oldPassword"), fields.text("newPassword")

    def work() -> None:
        user = backend.state.users.get(number)
        if backend.state.users.login(user.login, old) is None:
            raise ApiError(401, "unauthorized", "invalid old password")
        backend.state.users.set_password(number, new, backend.now_ms())

    await backend.run(work)
    return message("User password changed")


async def my_orgs(backend: Backend, ask: Ask) -> web.Response:
    """GET /user/orgs: where one belongs."""
    found = await backend.run(lambda: org_json(backend))
    return answer([{"orgId": 1, "name": found["name"], "role": ask.identity.role.label}])


async def use_org(backend: Backend, ask: Ask) -> web.Response:
    """POST /user/using/:id: there is only one."""
    if ask.number_part("id") != 1:
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

    def work() -> Any:
        return [
            {
                "id": session.id, "isActive": session.id == ask.identity.session_id, "clientIp": session.address,
                "userAgent": session.agent, "createdAt": time_text(session.created_ms),
                "seenAt": time_text(session.seen_ms),
            }
            for session in backend.state.sessions.of_user(number)
        ]  # fmt: skip

    return answer(await backend.run(work))


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


async def get_preferences(backend: Backend, ask: Ask) -> web.Response:
    """GET /user/preferences, /org/preferences: what is liked."""
    owner = _owner(ask)
    found = await backend.run(lambda: backend.state.preferences.get(owner))
    return answer({**found, "homeDashboardId": 0, "navbar": {"bookmarkUrls": []}, "queryHistory": {"homeTab": ""}})


async def set_preferences(backend: Backend, ask: Ask) -> web.Response:
    """PUT PATCH /user/preferences, /org/preferences: all anew, or what is named."""
    owner = _owner(ask)
    fields = await ask.fields()
    named = {key: fields.text(key) for key in KEYS if fields.has(key)}
    if named.get("theme", "") not in ("", "dark", "light", "system"):
        raise bad_data("theme is dark, light, system, or empty for the default")
    number = fields.number("homeDashboardId")

    def work() -> None:
        if number > 0 and (entry := backend.state.catalog.by_number(number)) is not None:
            named.setdefault("homeDashboardUID", entry.uid)
        home = named.get("homeDashboardUID", "")
        if home:
            entry_for(backend, ask, home, Level.VIEW)
        kept = named if ask.request.method == "PATCH" else {**dict.fromkeys(KEYS, ""), **named}
        backend.state.preferences.put(owner, kept)

    await backend.run(work)
    return message("Preferences updated")


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

    def work() -> None:
        backend.state.users.get(number)
        backend.state.sessions.end_all(number)

    await backend.run(work)
    return message("User logged out")


def org_json(backend: Backend) -> dict[str, Any]:
    """The organisation."""
    name = backend.state.preferences.setting(ORG_NAME) or DEFAULT_ORG
    address = {"address1": "", "address2": "", "city": "", "zipCode": "", "state": "", "country": ""}
    return {"id": 1, "name": name, "address": address}


def own_id(ask: Ask) -> int:
    """The id of the user who asks. Raises ApiError where it is no user."""
    if ask.identity.kind is not Kind.USER:
        raise ApiError(401 if ask.identity.kind is Kind.ANONYMOUS else 403, "unauthorized", "only users have this")
    return ask.identity.id


def _owner(ask: Ask) -> str:
    return ORG if "/org/" in ask.request.path else of_user(own_id(ask))


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
        "avatarUrl": "",
    }
