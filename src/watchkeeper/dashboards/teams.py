"""Groups of users, which permissions of folders and dashboards may name."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.errors import Conflict, Missing, Refused
from watchkeeper.dashboards.names import new_uid

NOT_FOUND: Final = "Team not found"
TAKEN: Final = "Team name taken"


@dataclass(frozen=True, slots=True)
class Team:
    """One team."""

    id: int
    uid: str
    name: str
    email: str
    n_members: int


class Teams:
    """The teams of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Team]:
        """By name."""
        rows = self._database.rows(
            "SELECT t.*, (SELECT COUNT(*) FROM team_members m WHERE m.team_id = t.id) AS n FROM teams t "
            "ORDER BY name COLLATE NOCASE, id"
        )
        return [_team(row) for row in rows]

    def get(self, number: int) -> Team:
        """By id. Raises Missing."""
        for team in self.all():
            if team.id == number:
                return team
        raise Missing(NOT_FOUND)

    def create(self, name: str, email: str) -> Team:
        """A new one. Raises Refused and Conflict."""
        try:
            number = self._database.insert("teams", uid=new_uid(), name=_checked(name), email=email[:190])
        except sqlite3.IntegrityError:
            raise Conflict(TAKEN) from None
        return self.get(number)

    def change(self, number: int, name: str, email: str) -> None:
        """Replaces name and email. Raises Refused, Conflict and Missing."""
        self.get(number)
        try:
            self._database.run("UPDATE teams SET name = ?, email = ? WHERE id = ?", _checked(name), email[:190], number)
        except sqlite3.IntegrityError:
            raise Conflict(TAKEN) from None

    def delete(self, number: int) -> None:
        """Takes one away. Raises Missing."""
        with self._database.change():
            if not self._database.run("DELETE FROM teams WHERE id = ?", number):
                raise Missing(NOT_FOUND)
            self._database.run("DELETE FROM permissions WHERE team_id = ?", number)
            self._database.run("DELETE FROM preferences WHERE owner = ?", f"team:{number}")

    def members(self, number: int) -> list[int]:
        """The ids of its users. Raises Missing."""
        self.get(number)
        rows = self._database.rows("SELECT user_id FROM team_members WHERE team_id = ? ORDER BY user_id", number)
        return [row["user_id"] for row in rows]

    def ids_of(self, user_id: int) -> set[int]:
        """The teams that a user is a member of."""
        rows = self._database.rows("SELECT team_id FROM team_members WHERE user_id = ?", user_id)
        return {row["team_id"] for row in rows}

    def add_member(self, number: int, user_id: int) -> None:
        """Adds a user. Raises Refused and Missing."""
        self.get(number)
        try:
            self._database.insert("team_members", team_id=number, user_id=user_id)
        except sqlite3.IntegrityError:
            raise Refused("User is already added to this team") from None

    def remove_member(self, number: int, user_id: int) -> None:
        """Takes a user out. Raises Missing."""
        if not self._database.run("DELETE FROM team_members WHERE team_id = ? AND user_id = ?", number, user_id):
            raise Missing("Team member not found")


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 190:
        raise Refused("a team needs a name of at most 190 characters")
    return name


def _team(row: Row) -> Team:
    return Team(row["id"], row["uid"], row["name"], row["email"], row["n"])
