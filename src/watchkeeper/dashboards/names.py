"""Names in URLs: uids, slugs, and numbers for what has none."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import unicodedata
from typing import Final

from watchkeeper.dashboards.errors import Refused

MAX_UID: Final = 40
_UID: Final = re.compile(r"[A-Za-z0-9_-]+")
_LETTERS: Final = string.ascii_lowercase + string.digits
_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
# Numbers of what files bring; those of the database count up from 1.
_FILE_NUMBERS: Final = 1 << 30


def new_uid() -> str:
    """Fourteen letters and digits; the first is a letter, so that no tool takes it for a number."""
    return secrets.choice(string.ascii_lowercase) + "".join(secrets.choice(_LETTERS) for _ in range(13))


def checked_uid(uid: str, what: str = "uid") -> str:
    """The uid itself. Raises Refused where it is too long or has other characters than URLs bear."""
    if len(uid) > MAX_UID:
        raise Refused(f"{what} too long, max {MAX_UID} characters")
    if not _UID.fullmatch(uid):
        raise Refused(f"{what} contains illegal characters")
    return uid


def derived_uid(*texts: str) -> str:
    """The same uid for the same texts, in every process."""
    return "f" + hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:13]


def file_number(uid: str) -> int:
    """A number for something that a file brings, the same in every process; below 2**31."""
    return _FILE_NUMBERS + int.from_bytes(hashlib.sha256(uid.encode()).digest()[:4]) % _FILE_NUMBERS


def slug_of(title: str) -> str:
    """A title as URLs carry it: `node-exporter-full`; `-` where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _NOT_SLUG.sub("-", plain).strip("-")[:100] or "-"
