"""Keeps people from guessing passwords."""

from __future__ import annotations

from collections import deque
from typing import Final

PER_LOGIN: Final = 5
PER_ADDRESS: Final = 30
WINDOW_MS: Final = 5 * 60_000
MAX_KEYS: Final = 10_000


class LoginLimit:
    """So many wrong passwords in a window for one name from one address, and from one address altogether.

    By name alone it would let anybody keep somebody else out.
    """

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], deque[int]] = {}

    def may_try(self, login: str, address: str, now_ms: int) -> bool:
        """Whether a password is looked at now."""
        own, all_ = _keys(login, address)
        return self._count(own, now_ms) < PER_LOGIN and self._count(all_, now_ms) < PER_ADDRESS

    def failed(self, login: str, address: str, now_ms: int) -> None:
        """Notes a wrong password."""
        for key in _keys(login, address):
            if key not in self._failures and len(self._failures) >= MAX_KEYS:
                del self._failures[next(iter(self._failures))]
            self._failures.setdefault(key, deque(maxlen=PER_ADDRESS)).append(now_ms)

    def succeeded(self, login: str, address: str) -> None:
        """Forgets what was wrong before."""
        self._failures.pop(_keys(login, address)[0], None)

    def _count(self, key: tuple[str, str], now_ms: int) -> int:
        times = self._failures.get(key)
        if times is None:
            return 0
        while times and times[0] <= now_ms - WINDOW_MS:
            times.popleft()
        if not times:
            del self._failures[key]
        return len(times)


def _keys(login: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (f"user {login.lower()[:200]}", address), ("", address)
