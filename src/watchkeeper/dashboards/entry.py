"""One dashboard as lists show it, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import orjson

from watchkeeper.dashboards.errors import Refused

MAX_TITLE: Final = 5000
MAX_TAGS: Final = 1000
ROOM: Final = 8  # Levels of an answer around what was kept.


class Origin(Enum):
    """Where a dashboard is kept."""

    STORED = "stored"
    FILE = "file"
    BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    number      its integer id, as older tools want one
    folder_uid  empty at the top
    writable    whether a change of it is kept in the database
    file        the name of its file where it comes from one; empty otherwise
    digest      of the file's text
    load        its JSON; may read the disk, and raise OSError or Refused
    """

    uid: str
    number: int
    title: str
    slug: str
    tags: tuple[str, ...]
    folder_uid: str
    version: int
    created_ms: int
    updated_ms: int
    created_by: str
    updated_by: str
    origin: Origin
    writable: bool
    load: Callable[[], dict[str, Any]]
    file: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """What a list shows of a dashboard's JSON."""

    title: str
    tags: tuple[str, ...]
    uid: str


def face_of(body: Any) -> Face:
    """Reads it from a dashboard's JSON. Raises Refused where it is none."""
    if not isinstance(body, dict):
        raise Refused("a dashboard is a JSON object")
    title = body.get("title")
    if not isinstance(title, str) or not title.strip():
        raise Refused("Dashboard title cannot be empty", "empty-name")
    if len(title) > MAX_TITLE:
        raise Refused(f"Dashboard title is too long, max {MAX_TITLE} characters")
    uid = body.get("uid")
    return Face(title.strip(), tags_of(body.get("tags")), uid if isinstance(uid, str) else "")


def tags_of(value: Any) -> tuple[str, ...]:
    """The tags that are texts, each once, in their order."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(tag for tag in value[:MAX_TAGS] if isinstance(tag, str) and tag))


def packed(body: dict[str, Any]) -> bytes:
    """JSON as it is kept. Raises Refused where it is nested too deeply to be shown inside an answer."""
    try:
        return orjson.dumps([[[[[[[[body]]]]]]]])[ROOM:-ROOM]
    except (orjson.JSONEncodeError, RecursionError):
        raise Refused("the JSON is nested too deeply") from None
