"""Passwords, kept as Argon2id hashes and never shown."""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import TYPE_CHECKING, Final

from watchkeeper.dashboards.errors import Refused

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_LENGTH: Final = 4
MAX_LENGTH: Final = 1024
# OWASP's choice for the least memory: 7 MiB and five passes are as hard to guess as 19 MiB and two.
MEMORY_KIB: Final = 7 * 1024
PASSES: Final = 5
MAX_REMEMBERED: Final = 64


class Passwords:
    """One hash at a time: who guesses may not take the memory and the processors from those who know."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB) -> None:
        self._memory_kib = memory_kib
        self._lock = threading.Lock()
        self._hasher: PasswordHasher | None = None
        self._nobody = ""
        self._salt = secrets.token_bytes(16)
        self._known: dict[bytes, None] = {}

    def hash(self, password: str) -> str:
        """What is kept of a password. Raises Refused where it is too short or too long."""
        check_password(password)
        with self._lock:
            return self._made().hash(password.encode("utf-8", "surrogatepass"))

    def matches(self, password: str, hashed: str) -> bool:
        """Whether it is the password. Without a hash it takes as long, and is not."""
        if len(password) > MAX_LENGTH:
            return False
        given = password.encode("utf-8", "surrogatepass")
        # Basic authentication comes with each request: what was right once is remembered, as a keyed hash.
        key = hashlib.blake2b(hashed.encode() + b"\0" + given, key=self._salt).digest()
        with self._lock:
            if hashed and key in self._known:
                return True
            from argon2.exceptions import InvalidHashError, VerificationError

            hasher = self._made()
            if not self._nobody:
                self._nobody = hasher.hash(secrets.token_bytes(16))
            try:
                is_right = hasher.verify(hashed or self._nobody, given) and bool(hashed)
            except (VerificationError, InvalidHashError):
                return False
            if is_right:
                if len(self._known) >= MAX_REMEMBERED:
                    del self._known[next(iter(self._known))]
                self._known[key] = None
            return is_right

    def _made(self) -> PasswordHasher:
        if self._hasher is None:
            from argon2 import PasswordHasher

            self._hasher = PasswordHasher(PASSES, self._memory_kib, 1)
        return self._hasher


def check_password(password: str) -> None:
    """Raises Refused where it is too short or too long."""
    if len(password) < MIN_LENGTH:
        raise Refused("New password is too short")
    if len(password) > MAX_LENGTH:
        raise Refused(f"New password is too long, max {MAX_LENGTH} characters")
