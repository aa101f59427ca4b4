"""Teams, which permissions of folders and dashboards may name."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from watchkeeper.dashboards.errors import Missing
from watchkeeper.dashboards.roles import Kind, Role
from watchkeeper.dashboards.teams import Team
from watchkeeper.web.errors import bad_data
from watchkeeper.web.grafana.answers import answer, message
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend


async def search(backend: Backend, ask: Ask) -> web.Response:
    """GET /teams/search: a page of them; for the role None those that one is a member of, but where one gives
    permissions."""
    per_page, page = ask.limit(1000, 5000, "perpage"), ask.page()
    query, name = ask.text("query").casefold(), ask.text("name")

    def work() -> Any:
        sees_all = ask.identity.role >= Role.VIEWER
        sees_all = sees_all or backend.state.rights(ask.identity).administers(backend.state.catalog.entries())
        own = set() if sees_all or ask.identity.kind is not Kind.USER else backend.state.teams.ids_of(ask.identity.id)
        found = [
            team
            for team in backend.state.teams.all()
            if (sees_all or team.id in own) and query in team.name.casefold() and (not name or team.name == name)
        ]
        shown = [_json(team) for team in found[(page - 1) * per_page : page * per_page]]
        return {"totalCount": len(found), "teams": shown, "page": page, "perPage": per_page}

    return answer(await backend.run(work))


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET /teams/:id: one of them."""
    number = ask.number_part("id")
    return answer(await backend.run(lambda: _json(backend.state.teams.get(number))))


async def create(backend: Backend, ask: Ask) -> web.Response:
    """POST /teams: a new one."""
    fields = await ask.fields()
    made = await backend.run(lambda: backend.state.teams.create(fields.text("name"), fields.text("email")))
    return message("Team created", teamId=made.id, uid=made.uid)


async def update(backend: Backend, ask: Ask) -> web.Response:
    """PUT /teams/:id: name and email."""
    number = ask.number_part("id")
    fields = await ask.fields()
    await backend.run(lambda: backend.state.teams.change(number, fields.text("name"), fields.text("email")))
    return message("Team updated")


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /teams/:id: takes one away."""
    number = ask.number_part("id")
    await backend.run(lambda: backend.state.teams.delete(number))
    return message("Team deleted")


async def members(backend: Backend, ask: Ask) -> web.Response:
    """GET /teams/:id/members: its users."""
    number = ask.number_part("id")

    def work() -> Any:
        users = [backend.state.users.get(user_id) for user_id in backend.state.teams.members(number)]
        return [
            {"orgId": 1, "teamId": number, "userId": user.id, "email": user.email, "login": user.login,
             "name": user.name, "avatarUrl": "", "labels": []}
            for user in users
        ]  # fmt: skip

    return answer(await backend.run(work))


async def add_member(backend: Backend, ask: Ask) -> web.Response:
    """POST /teams/:id/members: one more."""
    number = ask.number_part("id")
    user_id = (await ask.fields()).number("userId")

    def work() -> None:
        backend.state.users.get(user_id)
        backend.state.teams.add_member(number, user_id)

    await backend.run(work)
    return message("Member added to Team")


async def change_member(backend: Backend, ask: Ask) -> web.Response:
    """PUT /teams/:id/members/:user: what a member may do with the team: all the same, so that `permission` is 0."""
    number, user_id = ask.number_part("id"), ask.number_part("user")
    if (await ask.fields()).number("permission"):
        raise bad_data("teams have no administrators of their own here: permission is 0")

    def work() -> None:
        if user_id not in backend.state.teams.members(number):
            raise Missing("Team member not found")

    await backend.run(work)
    return message("Team member updated")


async def set_members(backend: Backend, ask: Ask) -> web.Response:
    """PUT /teams/:id/members: these, by email, and no others."""
    number = ask.number_part("id")
    fields = await ask.fields()
    emails = fields.texts("members") + fields.texts("admins")

    def work() -> None:
        with backend.state.database.change():
            wanted = {backend.state.users.find(email).id for email in emails}
            there = set(backend.state.teams.members(number))
            for user_id in there - wanted:
                backend.state.teams.remove_member(number, user_id)
            for user_id in wanted - there:
                backend.state.teams.add_member(number, user_id)

    await backend.run(work)
    return message("Team memberships have been updated")


async def remove_member(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /teams/:id/members/:user: one less."""
    number, user_id = ask.number_part("id"), ask.number_part("user")
    await backend.run(lambda: backend.state.teams.remove_member(number, user_id))
    return message("Team Member removed")


def _json(team: Team) -> dict[str, Any]:
    return {
        "id": team.id, "uid": team.uid, "orgId": 1, "name": team.name, "email": team.email, "avatarUrl": "",
        "memberCount": team.n_members, "permission": 0,
    }  # fmt: skip
