"""The people who may log in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.errors import Conflict, Missing, Refused
from watchkeeper.dashboards.names import new_uid
from watchkeeper.dashboards.passwords import Passwords, check_password
from watchkeeper.dashboards.roles import Identity, Kind, Role, role_of

NOT_FOUND: Final = "user not found"
MAX_LOGIN: Final = 190


@dataclass(frozen=True, slots=True)
class User:
    """Without a password where `has_password` is false: nobody can log in as them yet."""

    id: int
    uid: str
    login: str
    email: str
    name: str
    role: Role
    is_admin: bool
    is_disabled: bool
    has_password: bool
    created_ms: int
    updated_ms: int
    seen_ms: int

    def identity(self, *, session_id: int = 0) -> Identity:
        """Who asks, where it is this user."""
        return Identity(
            Kind.USER, self.id, self.login, self.name, self.role, self.email, self.uid, self.is_admin,
            bool(session_id), session_id,
        )  # fmt: skip


class Users:
    """The users of the database."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    def all(self) -> list[User]:
        """By login."""
        return [_user(row) for row in self._database.rows("SELECT * FROM users ORDER BY login")]

    def get(self, number: int) -> User:
        """By id. Raises Missing."""
        return self._one("id = ?", number)

    def find(self, login_or_email: str) -> User:
        """By login, else by email. Raises Missing."""
        row = self._database.row("SELECT * FROM users WHERE login = ?", login_or_email)
        if row is not None:
            return _user(row)
        return self._one("email = ? AND email <> ''", login_or_email)

    def has_admin(self) -> bool:
        """Whether somebody can log in and do everything."""
        sql = "SELECT 1 FROM users WHERE is_admin AND NOT is_disabled AND password_hash <> ''"
        return self._database.row(sql) is not None

    def create(
        self, login: str, email: str, name: str, password: str, role: Role, now_ms: int, *, is_admin: bool = False
    ) -> User:
        """A new user; either of login and email is enough. Raises Refused and Conflict."""
        login, email = (login or email).strip(), email.strip()
        if not login:
            raise Refused("Validation error, need specify either username or email")
        if len(login) > MAX_LOGIN or len(email) > MAX_LOGIN or len(name) > MAX_LOGIN:
            raise Refused(f"login, email and name are at most {MAX_LOGIN} characters each")
        check_password(password)
        hashed = self._passwords.hash(password)
        with self._database.change():
            self._check_free(login, email, 0)
            number = self._database.insert(
                "users", uid=new_uid(), login=login, email=email, name=name, password_hash=hashed, role=role.label,
                is_admin=is_admin, created_ms=now_ms, updated_ms=now_ms, seen_ms=0,
            )  # fmt: skip
            return self.get(number)

    def change(self, made: User, now_ms: int) -> User:
        """Login, email, name, role and whether an administrator or disabled, of the one of its id. Raises Refused,
        Conflict and Missing."""
        if not made.login or max(len(made.login), len(made.email), len(made.name)) > MAX_LOGIN:
            raise Refused(f"login, email and name are at most {MAX_LOGIN} characters each, and a login is needed")
        with self._database.change():
            old = self.get(made.id)
            self._check_free(made.login, made.email, made.id)
            if old.is_admin and (made.is_disabled or not made.is_admin):
                self._check_not_last(old)
            self._database.run(
                "UPDATE users SET login = ?, email = ?, name = ?, role = ?, is_admin = ?, is_disabled = ?, "
                "updated_ms = ? WHERE id = ?",
                made.login, made.email, made.name, made.role.label, made.is_admin, made.is_disabled, now_ms, made.id,
            )  # fmt: skip
            if made.is_disabled:
                self._database.run("DELETE FROM sessions WHERE user_id = ?", made.id)
            return self.get(made.id)

    def set_password(self, number: int, password: str, now_ms: int, *, keep_session: int = 0) -> None:
        """A new password; all sessions of the user end, but the one that is named. Raises Refused and Missing."""
        hashed = self._passwords.hash(password)
        with self._database.change():
            self.get(number)
            self._database.run(
                "UPDATE users SET password_hash = ?, updated_ms = ? WHERE id = ?", hashed, now_ms, number
            )
            self._database.run("DELETE FROM sessions WHERE user_id = ? AND id <> ?", number, keep_session)

    def delete(self, number: int) -> User:
        """Takes a user away. Raises Missing, and Refused for the last who may do everything."""
        with self._database.change():
            old = self.get(number)
            if old.is_admin:
                self._check_not_last(old)
            self._database.run("DELETE FROM users WHERE id = ?", number)
            self._database.run("DELETE FROM stars WHERE user_id = ?", number)
            self._database.run("DELETE FROM permissions WHERE user_id = ?", number)
            self._database.run("DELETE FROM preferences WHERE owner = ?", f"user:{number}")
        return old

    def make_admin(self, login: str, password: str, now_ms: int) -> User:
        """The administrator of this login and password, made where there is none. Raises Refused and Conflict."""
        with self._database.change():
            try:
                old = self.find(login)
            except Missing:
                return self.create(login, "", login, password, Role.ADMIN, now_ms, is_admin=True)
            self.set_password(old.id, password, now_ms)
            return self.change(replace(old, role=Role.ADMIN, is_admin=True, is_disabled=False), now_ms)

    def login(self, login_or_email: str, password: str) -> User | None:
        """The user whose password it is. Takes as long for a user that there is not."""
        try:
            user = self.find(login_or_email)
        except Missing:
            user = None
        row = None if user is None else self._database.row("SELECT password_hash FROM users WHERE id = ?", user.id)
        is_right = self._passwords.matches(password, "" if row is None else str(row["password_hash"]))
        return user if is_right and user is not None and not user.is_disabled else None

    def seen(self, number: int, now_ms: int) -> None:
        """Notes that they were here."""
        self._database.run("UPDATE users SET seen_ms = ? WHERE id = ?", now_ms, number)

    def _one(self, condition: str, *values: object) -> User:
        row = self._database.row(f"SELECT * FROM users WHERE {condition}", *values)
        if row is None:
            raise Missing(NOT_FOUND)
        return _user(row)

    def _check_free(self, login: str, email: str, number: int) -> None:
        row = self._database.row(
            "SELECT 1 FROM users WHERE id <> ? AND (login IN (?, ?) OR (email <> '' AND email IN (?, ?)))",
            number, login, email or login, login, email or login,
        )  # fmt: skip
        if row is not None:
            raise Conflict(f"user already exists: {login}", "user-exists")

    def _check_not_last(self, old: User) -> None:
        sql = "SELECT 1 FROM users WHERE is_admin AND NOT is_disabled AND id <> ?"
        if self._database.row(sql, old.id) is None:
            raise Refused("cannot remove the last Grafana admin")


def _user(row: Row) -> User:
    try:
        role = role_of(row["role"])
    except Refused:
        role = Role.VIEWER
    return User(
        row["id"], row["uid"], row["login"], row["email"], row["name"], role, bool(row["is_admin"]),
        bool(row["is_disabled"]), bool(row["password_hash"]), row["created_ms"], row["updated_ms"], row["seen_ms"],
    )  # fmt: skip
