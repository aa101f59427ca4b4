"""The one organisation there is, and who belongs to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.errors import Missing, Refused
from watchkeeper.dashboards.roles import Role, role_of
from watchkeeper.dashboards.users import User
from watchkeeper.web.errors import bad_data
from watchkeeper.web.grafana.access import refusal
from watchkeeper.web.grafana.answers import age_text, answer, message, time_text
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.who import Who

ORG_NAME: Final = "orgName"
DEFAULT_ORG: Final = "Main Org."
ONE: Final = "there is one organization here, with the id 1; no others can be made, and it stays"


async def org(backend: Backend, ask: Ask) -> web.Response:
    """GET /org, /orgs/:id: the one organisation there is."""
    _the_one(ask)
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
    """PUT /org, /orgs/:id: another name."""
    _the_one(ask)
    name = (await ask.fields()).text("name").strip()
    if not name or len(name) > 190:
        raise bad_data("an organization needs a name of at most 190 characters")
    await backend.run(lambda: backend.state.preferences.set_setting(ORG_NAME, name))
    return message("Organization updated")


async def create_org(_: Backend, __: Ask) -> web.Response:
    """POST /orgs: refused."""
    raise Refused(ONE)


async def delete_org(_: Backend, ask: Ask) -> web.Response:
    """DELETE /orgs/:id: refused."""
    _the_one(ask)
    raise Refused(ONE)


async def org_users(backend: Backend, ask: Ask) -> web.Response:
    """GET /org/users, /orgs/:id/users: who belongs to it."""
    _the_one(ask)
    return answer((await _page(backend, ask))["orgUsers"])


async def search_org_users(backend: Backend, ask: Ask) -> web.Response:
    """GET /org/users/search: a page of them."""
    return answer(await _page(backend, ask))


async def lookup_org_users(backend: Backend, ask: Ask) -> web.Response:
    """GET /org/users/lookup: ids and logins, for those who give permissions: of everything, or of a folder or
    dashboard that they administer."""
    query, limit = ask.text("query").casefold(), ask.limit(1000, 5000)

    def work() -> Any:
        if not backend.state.rights(ask.identity).administers(backend.state.catalog.entries()):
            raise refusal(ask.identity, Who.ADMIN)
        found = [user for user in backend.state.users.all() if query in f"{user.login}\n{user.email}".casefold()]
        return [{"userId": user.id, "uid": user.uid, "login": user.login, "avatarUrl": ""} for user in found[:limit]]

    return answer(await backend.run(work))


async def add_org_user(backend: Backend, ask: Ask) -> web.Response:
    """POST /org/users: gives a user that there is a role."""
    _the_one(ask)
    fields = await ask.fields()
    role = role_of(fields.text("role", "Viewer"))

    def work() -> int:
        user = backend.state.users.find(fields.text("loginOrEmail"))
        _give(backend, user, role)
        return user.id

    return message("User added to organization", userId=await backend.run(work))


async def set_org_role(backend: Backend, ask: Ask) -> web.Response:
    """PATCH /org/users/:id, /orgs/:id/users/:id: another role."""
    _the_one(ask)
    number = ask.number_part("id")
    role = role_of((await ask.fields()).text("role"))
    await backend.run(lambda: _give(backend, backend.state.users.get(number), role))
    return message("Organization user updated")


async def remove_org_user(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /org/users/:id, /orgs/:id/users/:id: with the only organisation the user goes."""
    _the_one(ask)
    number = ask.number_part("id")

    def work() -> None:
        if backend.state.users.get(number).is_admin and not ask.identity.is_admin:
            raise refusal(ask.identity, Who.SERVER)
        backend.state.users.delete(number)

    await backend.run(work)
    return message("User deleted")


def org_json(backend: Backend) -> dict[str, Any]:
    """The organisation."""
    name = backend.state.preferences.setting(ORG_NAME) or DEFAULT_ORG
    address = {"address1": "", "address2": "", "city": "", "zipCode": "", "state": "", "country": ""}
    return {"id": 1, "name": name, "address": address}


def _the_one(ask: Ask) -> None:
    if "org" in ask.request.match_info and ask.number_part("org") != 1:
        raise Missing("Organization not found")


def _give(backend: Backend, user: User, role: Role) -> None:
    if user.is_admin and role < Role.ADMIN:
        raise Refused("an administrator of the server keeps the role Admin; take that away first")
    backend.state.users.change(replace(user, role=role), backend.now_ms())


async def _page(backend: Backend, ask: Ask) -> dict[str, Any]:
    per_page, page, query = ask.limit(1000, 5000, "perpage"), ask.page(), ask.text("query").casefold()

    def work() -> dict[str, Any]:
        found = [
            user for user in backend.state.users.all() if query in f"{user.login}\n{user.email}\n{user.name}".casefold()
        ]
        shown = [_user_json(user, backend.now_ms()) for user in found[(page - 1) * per_page : page * per_page]]
        return {"totalCount": len(found), "orgUsers": shown, "page": page, "perPage": per_page}

    made: dict[str, Any] = await backend.run(work)
    return made


def _user_json(user: User, now_ms: int) -> dict[str, Any]:
    return {
        "orgId": 1, "userId": user.id, "uid": user.uid, "email": user.email, "name": user.name, "login": user.login,
        "role": user.role.label, "avatarUrl": "", "isDisabled": user.is_disabled, "authLabels": [],
        "lastSeenAt": time_text(user.seen_ms), "lastSeenAtAge": age_text(user.seen_ms, now_ms),
        "isGrafanaAdmin": user.is_admin,
        "created": time_text(user.created_ms), "updated": time_text(user.updated_ms),
    }  # fmt: skip
