"""Who may do what with one folder or dashboard, as people decided it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.roles import Role, role_of

FOLDER: Final = "folder"
DASHBOARD: Final = "dashboard"
MAX_ITEMS: Final = 1000


class Level(IntEnum):
    """Each may do what those before it may. The numbers are those of the API."""

    NONE = 0
    VIEW = 1
    EDIT = 2
    ADMIN = 4

    @property
    def label(self) -> str:
        """As the API writes it: `View`."""
        return self.name.title()


@dataclass(frozen=True, slots=True)
class Permission:
    """One of the role, the user and the team is there; the others are None and 0.

    role   also those above it may
    user_id   of a user or, from accounts.FIRST_ID on, of a service account
    id     0 where it stands for what holds as long as nobody decided anything
    """

    level: Level
    role: Role | None = None
    user_id: int = 0
    team_id: int = 0
    id: int = 0
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def subject(self) -> tuple[Role | None, int, int]:
        """Whom it is about."""
        return self.role, self.user_id, self.team_id


# At the top, until somebody decides; what stands in a folder has what the folder has.
DEFAULT: Final = (Permission(Level.EDIT, Role.EDITOR), Permission(Level.VIEW, Role.VIEWER))


@dataclass(frozen=True, slots=True)
class Decided:
    """What is kept of one folder or dashboard; `is_all` where it takes the place of what holds otherwise."""

    items: tuple[Permission, ...] = ()
    is_all: bool = False

    def held(self, *, at_top: bool) -> tuple[Permission, ...]:
        """What holds here, without what holds further up."""
        if self.is_all or not at_top:
            return self.items
        named = {item.subject for item in self.items}
        return (*(item for item in DEFAULT if item.subject not in named), *self.items)


class Permissions:
    """The permissions of the database. Targets are named by kind (FOLDER or DASHBOARD) and uid."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[tuple[str, str], Decided]:
        """Everything that was decided, by kind and uid."""
        return self._decided("")

    def of(self, kind: str, uid: str) -> Decided:
        """What was decided of one."""
        return self._decided("WHERE kind = ? AND uid = ?", kind, uid).get((kind, uid), Decided())

    def replace(self, kind: str, uid: str, items: Sequence[Permission], now_ms: int) -> None:
        """From now on these hold, and nothing else of its own. Raises Refused."""
        _check(items)
        with self._database.change():
            old = {item.subject: item for item in self.of(kind, uid).items}
            self.forget(kind, uid)
            self._database.insert("permission_sets", kind=kind, uid=uid)
            for item in items:
                known = old.get(item.subject)
                self._add(kind, uid, item, known.created_ms if known else now_ms, now_ms)

    def grant(self, kind: str, uid: str, user_id: int, level: Level, now_ms: int) -> None:
        """Gives a user a permission, besides what holds."""
        with self._database.change():
            self._database.run("DELETE FROM permissions WHERE kind = ? AND uid = ? AND user_id = ?", kind, uid, user_id)
            self._add(kind, uid, Permission(level, user_id=user_id), now_ms, now_ms)

    def forget(self, kind: str, uid: str) -> None:
        """Of what is gone, or decided anew."""
        with self._database.change():
            self._database.run("DELETE FROM permissions WHERE kind = ? AND uid = ?", kind, uid)
            self._database.run("DELETE FROM permission_sets WHERE kind = ? AND uid = ?", kind, uid)

    def _add(self, kind: str, uid: str, item: Permission, created_ms: int, now_ms: int) -> None:
        self._database.insert(
            "permissions", kind=kind, uid=uid, role=item.role.label if item.role else "", user_id=item.user_id,
            team_id=item.team_id, level=int(item.level), created_ms=created_ms, updated_ms=now_ms,
        )  # fmt: skip

    def _decided(self, where: str, *values: str) -> dict[tuple[str, str], Decided]:
        items: dict[tuple[str, str], list[Permission]] = {}
        sets = {(row["kind"], row["uid"]) for row in self._database.rows(
            f"SELECT kind, uid FROM permission_sets {where}", *values
        )}  # fmt: skip
        for row in self._database.rows(f"SELECT * FROM permissions {where} ORDER BY id", *values):
            items.setdefault((row["kind"], row["uid"]), []).append(_permission(row))
        return {key: Decided(tuple(items.get(key, ())), key in sets) for key in sets | set(items)}


def level_of(value: object) -> Level:
    """1, 2 or 4, or `View`, `Edit` or `Admin`. Raises Refused."""
    if isinstance(value, str):
        found = next((level for level in Level if level.label == value.title()), None)
    else:
        found = next((level for level in Level if value == int(level) and not isinstance(value, bool)), None)
    if found is None or found is Level.NONE:
        raise Refused("a permission is 1 (View), 2 (Edit) or 4 (Admin)")
    return found


def _check(items: Sequence[Permission]) -> None:
    if len(items) > MAX_ITEMS:
        raise Refused(f"more than {MAX_ITEMS} permissions of one folder or dashboard; use teams")
    seen = set()
    for item in items:
        if (item.role is not None) + (item.user_id > 0) + (item.team_id > 0) != 1:
            raise Refused("a permission is for one of a role, a user and a team")
        if item.subject in seen:
            raise Refused("Permission already exists: each role, user and team may be named once")
        seen.add(item.subject)


def _permission(row: Row) -> Permission:
    return Permission(
        Level(row["level"]), role_of(row["role"]) if row["role"] else None, row["user_id"], row["team_id"], row["id"],
        row["created_ms"], row["updated_ms"],
    )  # fmt: skip
