"""A group's name at services that want a short one."""

from __future__ import annotations

import hashlib

from watchkeeper.alerts.interface import Notice


def hashed_key(notice: Notice) -> str:
    """The SHA-256 of the group's key in hexadecimal digits: the same for every notice of the group."""
    return hashlib.sha256(notice.group_key.encode("utf-8", "replace")).hexdigest()
