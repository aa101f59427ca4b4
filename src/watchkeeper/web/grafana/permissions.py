"""Permissions of folders and dashboards: as lists of Grafana's older paths, and one by one as of its newer ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.accounts import FIRST_ID
from watchkeeper.dashboards.entry import Entry
from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.folders import GENERAL, Folder
from watchkeeper.dashboards.names import slug_of
from watchkeeper.dashboards.permissions import DASHBOARD, FOLDER, Level, Permission, level_of
from watchkeeper.dashboards.rights import Rights
from watchkeeper.dashboards.roles import Kind, Role, role_of
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.allowed import asked_entry, entry_for, folder_for
from watchkeeper.web.grafana.answers import answer, message, time_text
from watchkeeper.web.grafana.ask import Ask, Fields
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.links import folder_url, url_of

AT_TOP: Final = "the top is no folder of its own: permissions of what stands there are set one by one"
LEVELS: Final = (Level.VIEW, Level.EDIT, Level.ADMIN)
KINDS: Final = {"folders": FOLDER, "dashboards": DASHBOARD}

Target = Entry | Folder


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET /dashboards/uid/:uid/permissions, /folders/:uid/permissions: all that holds, with what comes from above."""

    def work() -> Any:
        target = _target(backend, ask)
        rights = backend.state.rights(ask.identity)
        return [_json(backend, target, item, inherited) for item, inherited in rights.held(target)]

    return answer(await backend.run(work))


async def set_(backend: Backend, ask: Ask) -> web.Response:
    """POST /dashboards/uid/:uid/permissions, /folders/:uid/permissions: these, and no others of its own."""
    items = [_item(Fields(item)) for item in (await ask.fields()).items("items")]

    def work() -> Target:
        target = _target(backend, ask)
        _keep(backend, ask, target, [item for item in items if item is not None])
        return target

    target = await backend.run(work)
    word = "Folder" if isinstance(target, Folder) else "Dashboard"
    return message(f"{word} permissions updated", id=target.number, title=target.title)


async def describe(_: Backend, ask: Ask) -> web.Response:
    """GET /access-control/:kind/description: who may be given what."""
    found = {"users": True, "serviceAccounts": True, "teams": True, "builtInRoles": True}
    return answer({"assignments": found, "permissions": [level.label for level in LEVELS]})


async def resource(backend: Backend, ask: Ask) -> web.Response:
    """GET /access-control/:kind/:uid: as `get`, in the newer form."""

    def work() -> Any:
        target = _target(backend, ask)
        held = backend.state.rights(ask.identity).held(target)
        return [_managed_json(backend, item, inherited) for item, inherited in held]

    return answer(await backend.run(work))


async def set_resource(backend: Backend, ask: Ask) -> web.Response:
    """POST /access-control/:kind/:uid: those that are named; an empty permission takes one away."""
    changes = [_change(Fields(item)) for item in (await ask.fields()).items("permissions")]

    def work() -> None:
        target = _target(backend, ask)
        _keep(backend, ask, target, _with_changes(backend.state.rights(ask.identity), target, changes))

    await backend.run(work)
    return message("Permissions updated")


async def set_one(backend: Backend, ask: Ask) -> web.Response:
    """POST /access-control/:kind/:uid/users/:id, /teams/:id, /builtInRoles/:id: of one of them."""
    fields = await ask.fields()
    if isinstance(fields.values.get("items"), dict):
        fields = Fields(fields.values["items"])  # grafana-client wraps it.
    if not isinstance(fields.values.get("permission"), str):
        raise Refused("permission is View, Edit or Admin, or an empty text to take it away")
    level = fields.text("permission")
    key = {"users": "userId", "teams": "teamId", "builtInRoles": "builtInRole"}[ask.part("who")]
    changed = _change(Fields({key: ask.part("id"), "permission": level}))

    def work() -> None:
        target = _target(backend, ask)
        _keep(backend, ask, target, _with_changes(backend.state.rights(ask.identity), target, [changed]))

    await backend.run(work)
    return message("Permission updated" if level else "Permission removed")


def _target(backend: Backend, ask: Ask) -> Target:
    """What the path names, for those who administer it."""
    in_new = ask.request.match_info.get("kind", "")
    if in_new == "dashboards":
        return entry_for(backend, ask, ask.part("uid"), Level.ADMIN)
    if not in_new and "/dashboards/" in ask.request.path:
        return asked_entry(backend, ask, Level.ADMIN)
    if ask.part("uid") == "general":
        raise Refused(AT_TOP)
    return folder_for(backend, ask, ask.part("uid"), Level.ADMIN)


def _keep(backend: Backend, ask: Ask, target: Target, items: Sequence[Permission]) -> None:
    state, kind = backend.state, FOLDER if isinstance(target, Folder) else DASHBOARD
    with state.database.change():
        for item in items:
            if item.user_id >= FIRST_ID:
                state.accounts.get(item.user_id)
            elif item.user_id:
                state.users.get(item.user_id)
            if item.team_id:
                state.teams.get(item.team_id)
        state.permissions.replace(kind, target.uid, items, backend.now_ms())
        rights = state.rights(ask.identity)
        left = rights.folder(target.uid) if isinstance(target, Folder) else rights.dashboard(target)
        if left < Level.ADMIN:
            raise ApiError(403, "forbidden", f"Cannot remove own admin permission for a {kind}")


def _with_changes(
    rights: Rights, target: Target, changes: Sequence[tuple[Permission, bool]]
) -> list[Permission]:  # fmt: skip
    """Its own permissions with some set, and some (True) taken away."""
    kept = {item.subject: item for item, inherited in rights.held(target) if not inherited}
    for item, is_gone in changes:
        if is_gone:
            kept.pop(item.subject, None)
        else:
            kept[item.subject] = item
    return list(kept.values())


def _item(fields: Fields) -> Permission | None:
    """None for what administrators may anyway."""
    level = level_of(fields.values.get("permission"))
    role = role_of(fields.text("role")) if fields.text("role") else None
    if role is Role.ADMIN:
        return None
    if role is Role.NONE:
        raise Refused("the role None may nothing; leave it out")
    return Permission(level, role, fields.number("userId"), fields.number("teamId"))


def _change(fields: Fields) -> tuple[Permission, bool]:
    word = fields.text("permission")
    role = role_of(fields.text("builtInRole")) if fields.text("builtInRole") else None
    if role in (Role.ADMIN, Role.NONE):
        raise Refused("permissions are for the roles Viewer and Editor; administrators may everything")
    user_id, team_id = fields.number("userId"), fields.number("teamId")
    if (role is not None) + (user_id > 0) + (team_id > 0) != 1:
        raise Refused("a permission is for one of builtInRole, userId and teamId")
    return Permission(level_of(word) if word else Level.NONE, role, user_id, team_id), not word


def _json(backend: Backend, target: Target, item: Permission, inherited: bool) -> dict[str, Any]:
    user, team = _names(backend, item)
    is_folder = isinstance(target, Folder)
    found: dict[str, Any] = {
        "id": item.id,
        "folderId" if is_folder else "dashboardId": target.number,
        "created": time_text(item.created_ms),
        "updated": time_text(item.updated_ms),
        **user,
        **team,
        "permission": int(item.level),
        "permissionName": item.level.label,
        "uid": target.uid,
        "title": target.title,
        "slug": slug_of(target.title),
        "isFolder": is_folder,
        "url": folder_url(backend, target.uid, target.title) if isinstance(target, Folder) else url_of(backend, target),
        "inherited": inherited,
    }
    if item.role is not None:
        found["role"] = item.role.label
    if not isinstance(target, Folder):
        found["folderUid"] = target.folder_uid
    return found


def _names(backend: Backend, item: Permission) -> tuple[dict[str, Any], dict[str, Any]]:
    user = {"userId": 0, "userUid": "", "userLogin": "", "userEmail": "", "userAvatarUrl": ""}
    team = {"teamId": 0, "teamUid": "", "team": "", "teamEmail": "", "teamAvatarUrl": ""}
    if item.user_id >= FIRST_ID:
        account = backend.state.accounts.get(item.user_id)
        user.update(userId=account.id, userUid=account.uid, userLogin=account.login)
    elif item.user_id:
        known = backend.state.users.get(item.user_id)
        user.update(userId=known.id, userUid=known.uid, userLogin=known.login, userEmail=known.email)
    if item.team_id:
        group = backend.state.teams.get(item.team_id)
        team.update(teamId=group.id, teamUid=group.uid, team=group.name, teamEmail=group.email)
    return user, team


def _managed_json(backend: Backend, item: Permission, inherited: bool) -> dict[str, Any]:
    user, team = _names(backend, item)
    found: dict[str, Any] = {
        "id": item.id, "isManaged": True, "isInherited": inherited, "isServiceAccount": item.user_id >= FIRST_ID,
        "actions": [],
        "permission": item.level.label,
    }  # fmt: skip
    if item.role is not None:
        found.update(roleName=f"managed:builtins:{item.role.label.lower()}:permissions", builtInRole=item.role.label)
    elif item.user_id:
        found.update(roleName=f"managed:users:{item.user_id}:permissions", userId=item.user_id,
                     userUid=user["userUid"], userLogin=user["userLogin"], userAvatarUrl="")  # fmt: skip
    else:
        found.update(roleName=f"managed:teams:{item.team_id}:permissions", teamId=item.team_id,
                     teamUid=team["teamUid"], team=team["team"], teamAvatarUrl="")  # fmt: skip
    return found


def own_folder(backend: Backend, ask: Ask, folder: Folder) -> None:
    """Who makes a folder administers it."""
    rights = backend.state.rights(ask.identity)
    may_own = ask.identity.kind is Kind.USER or ask.identity.id >= FIRST_ID
    if may_own and rights.folder(folder.uid) < Level.ADMIN and folder.uid != GENERAL:
        backend.state.permissions.grant(FOLDER, folder.uid, ask.identity.id, Level.ADMIN, backend.now_ms())
