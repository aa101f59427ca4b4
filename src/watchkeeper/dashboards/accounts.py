"""Service accounts and their tokens: how programs log in."""

from __future__ import annotations

import secrets
import sqlite3
import string
import zlib
from dataclasses import dataclass
from typing import Final

from watchkeeper.dashboards.database import Database, Row
from watchkeeper.dashboards.errors import Conflict, Missing, Refused
from watchkeeper.dashboards.names import new_uid, slug_of
from watchkeeper.dashboards.roles import Identity, Kind, Role, role_of
from watchkeeper.dashboards.sessions import hashed

PREFIX: Final = "glsa_"
FIRST_ID: Final = 1_000_001  # Below are users; an account of before has a lower one, and goes by its role alone.
MAX_NAME: Final = 190
USED_EVERY_MS: Final = 60_000
MAX_LIFETIME_S: Final = 100 * 365 * 86_400
_LETTERS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Account:
    """`is_key` for one that stands behind an old API key."""

    id: int
    uid: str
    name: str
    login: str
    role: Role
    is_disabled: bool
    is_key: bool
    n_tokens: int
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Token:
    """`expires_ms` 0 for never; `used_ms` 0 for not yet."""

    id: int
    account_id: int
    name: str
    created_ms: int
    expires_ms: int
    used_ms: int


class Accounts:
    """The service accounts of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, query: str = "", *, keys: bool = False) -> list[Account]:
        """Those whose name or login contains a text, by name.

        keys   those behind API keys, instead of the others
        """
        rows = self._database.rows(
            "SELECT a.*, (SELECT COUNT(*) FROM tokens t WHERE t.account_id = a.id) AS n_tokens FROM accounts a "
            "WHERE is_key = ? AND instr(lower(name || ' ' || login), lower(?)) > 0 ORDER BY name COLLATE NOCASE, id",
            keys, query,
        )  # fmt: skip
        return [_account(row) for row in rows]

    def get(self, number: int) -> Account:
        """By id. Raises Missing."""
        row = self._database.row(
            "SELECT a.*, (SELECT COUNT(*) FROM tokens t WHERE t.account_id = a.id) AS n_tokens FROM accounts a "
            "WHERE id = ?", number,
        )  # fmt: skip
        if row is None:
            raise Missing("service account not found")
        return _account(row)

    def create(self, name: str, role: Role, now_ms: int, *, is_disabled: bool = False, is_key: bool = False) -> Account:
        """A new one. Raises Refused and Conflict."""
        name = name.strip()
        if not name or len(name) > MAX_NAME:
            raise Refused(f"a service account needs a name of at most {MAX_NAME} characters")
        login = f"{'sa-autogen-' if is_key else 'sa-1-'}{slug_of(name)}"
        try:
            number = self._database.insert(
                "accounts", uid=new_uid(), name=name, login=login, role=role.label, is_disabled=is_disabled,
                is_key=is_key, created_ms=now_ms, updated_ms=now_ms,
            )  # fmt: skip
        except sqlite3.IntegrityError:
            raise Conflict("service account already exists") from None
        return self.get(number)

    def change(self, number: int, name: str, role: Role, is_disabled: bool, now_ms: int) -> Account:
        """Replaces name, role, and whether it may log in. Raises Refused, Conflict and Missing."""
        name = name.strip()
        if not name or len(name) > MAX_NAME:
            raise Refused(f"a service account needs a name of at most {MAX_NAME} characters")
        try:
            self._database.run(
                "UPDATE accounts SET name = ?, role = ?, is_disabled = ?, updated_ms = ? WHERE id = ?",
                name, role.label, is_disabled, now_ms, number,
            )  # fmt: skip
        except sqlite3.IntegrityError:
            raise Conflict("service account already exists") from None
        return self.get(number)

    def delete(self, number: int) -> None:
        """Takes one away with its tokens. Raises Missing."""
        with self._database.change():
            if not self._database.run("DELETE FROM accounts WHERE id = ?", number):
                raise Missing("service account not found")
            if number >= FIRST_ID:
                self._database.run("DELETE FROM permissions WHERE user_id = ?", number)

    def tokens(self, number: int) -> list[Token]:
        """Those of an account, in the order they were made. Raises Missing."""
        self.get(number)
        return [
            _token(row) for row in self._database.rows("SELECT * FROM tokens WHERE account_id = ? ORDER BY id", number)
        ]

    def add_token(self, number: int, name: str, lifetime_s: int, now_ms: int) -> tuple[Token, str]:
        """A new token, and its text, which is nowhere else; `lifetime_s` 0 for ever. Raises Refused, Conflict and
        Missing."""
        name = name.strip()
        if not name or len(name) > MAX_NAME:
            raise Refused(f"a token needs a name of at most {MAX_NAME} characters")
        if not 0 <= lifetime_s <= MAX_LIFETIME_S:
            raise Refused("the token's lifetime is no number of seconds that it could have")
        secret = "".join(secrets.choice(_LETTERS) for _ in range(32))
        text = f"{PREFIX}{secret}_{zlib.crc32(secret.encode()):08x}"
        with self._database.change():
            self.get(number)
            try:
                token = self._database.insert(
                    "tokens", account_id=number, name=name, token_hash=hashed(text), created_ms=now_ms,
                    expires_ms=now_ms + lifetime_s * 1000 if lifetime_s else 0,
                )  # fmt: skip
            except sqlite3.IntegrityError:
                raise Conflict("service account token with given name already exists in the organization") from None
            row = self._database.row("SELECT * FROM tokens WHERE id = ?", token)
        assert row is not None
        return _token(row), text

    def delete_token(self, number: int, token: int) -> None:
        """Takes a token away. Raises Missing."""
        if not self._database.run("DELETE FROM tokens WHERE id = ? AND account_id = ?", token, number):
            raise Missing("service account token not found")

    def identity(self, text: str, now_ms: int) -> Identity | None:
        """Whose token it is; None where it is none, or has ended."""
        row = self._database.row(
            "SELECT t.id AS token_id, t.used_ms, t.expires_ms, a.* "
            "FROM tokens t JOIN accounts a ON a.id = t.account_id WHERE t.token_hash = ?", hashed(text),
        )  # fmt: skip
        if row is None or row["is_disabled"] or 0 < row["expires_ms"] <= now_ms:
            return None
        if now_ms - row["used_ms"] > USED_EVERY_MS:
            self._database.run("UPDATE tokens SET used_ms = ? WHERE id = ?", now_ms, row["token_id"])
        return Identity(Kind.ACCOUNT, row["id"], row["login"], row["name"], role_of(row["role"]), uid=row["uid"])


def _account(row: Row) -> Account:
    return Account(
        row["id"], row["uid"], row["name"], row["login"], role_of(row["role"]), bool(row["is_disabled"]),
        bool(row["is_key"]), row["n_tokens"], row["created_ms"], row["updated_ms"],
    )  # fmt: skip


def _token(row: Row) -> Token:
    return Token(row["id"], row["account_id"], row["name"], row["created_ms"], row["expires_ms"], row["used_ms"])
