"""Passwords: hashed, checked, never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.passwords import MAX_LENGTH, MAX_REMEMBERED, Passwords
from watchkeeper.dashboards.roles import Role
from watchkeeper.dashboards.state import State


def test_hashes() -> None:
    passwords = Passwords(memory_kib=8)
    hashed = passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$")
    assert hashed != passwords.hash("correct horse")
    assert passwords.matches("correct horse", hashed)
    assert passwords.matches("correct horse", hashed)
    assert not passwords.matches("wrong", hashed)
    assert not passwords.matches("correct horse", "")
    assert not passwords.matches("correct horse", "no hash")
    assert not passwords.matches("x" * (MAX_LENGTH + 1), hashed)
    for wrong in ("abc", "x" * (MAX_LENGTH + 1)):
        with pytest.raises(Refused):
            passwords.hash(wrong)


def test_what_is_remembered_has_a_bound() -> None:
    passwords = Passwords(memory_kib=8)
    for number in range(MAX_REMEMBERED + 5):
        assert passwords.matches(f"pass{number}", passwords.hash(f"pass{number}"))
    assert len(passwords._known) == MAX_REMEMBERED


def test_no_password_or_token_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    state = State(path, [], password_memory_kib=8)
    state.open()
    user = state.users.create("a", "", "", "correct horse", Role.VIEWER, 1)
    session = state.sessions.start(user.id, "", "", 1)
    account = state.accounts.create("bot", Role.EDITOR, 1)
    _, token = state.accounts.add_token(account.id, "t", 0, 1)
    assert state.sessions.identity(session, 2) is not None
    assert state.accounts.identity(token, 2) is not None
    state.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for secret in (b"correct horse", session.encode(), token.encode()):
        assert secret not in kept
