"""Where a key belongs that stands in the wrong block."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Final

from watchkeeper.core.config.kinds import Nested
from watchkeeper.core.config.schema import Inline, Kind, table_of
from watchkeeper.core.model.errors import ConfigProblem

_UNKNOWN: Final = re.compile(r'unknown key "([^"]+)"')
_COMMON: Final = frozenset(("enabled", "type", "timeout", "name", "mode", "http", "period", "store", "file", "ring"))


def pointer(cls: type, warning: ConfigProblem) -> str | None:
    """The block of a configuration (`limits_config`) that has the key of a warning; None where several have it, none,
    or a key with nearly the same name is meant."""
    match = _UNKNOWN.fullmatch(warning.message)
    if match is None or match[1] in _COMMON:
        return None
    return _blocks(cls).get(match[1])


@functools.cache
def _blocks(cls: type) -> Mapping[str, str | None]:
    found: dict[str, str | None] = {}
    waiting = [("", cls)]
    while waiting:
        path, section = waiting.pop()
        for item in table_of(section).settings:
            if path:
                # A key that several blocks have points nowhere.
                found[item.key] = path if found.get(item.key, path) == path else None
            waiting += [(f"{path}.{item.key}" if path else item.key, inner) for inner in _section(item.kind)]
    return found


def _section(kind: Kind[Any] | Inline) -> list[type]:
    return [kind.cls] if isinstance(kind, Nested) else []
