"""Templates inside of structured values: the payload of a webhook, details, fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson


def expanded(value: Any, text: Callable[[str], str]) -> Any:
    """A copy with all texts, keys too, replaced by what their templates give.

    A text that is JSON becomes what it says: `"{{ len .Alerts }}"` a number, `"{{ toJson .Alerts }}"` a list, the empty
    text null. Upstream reads it as YAML, to which `host: down` is a map, and executes what it finds once more; here a
    sentence stays one, and what came with an alert is no template.
    """
    match value:
        case str():
            return _inline(text(value))
        case dict():
            return {text(str(key)): expanded(item, text) for key, item in value.items()}
        case list() | tuple():
            return [expanded(item, text) for item in value]
        case _:
            return value


def _inline(text: str) -> Any:
    if not text.strip():
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return text if isinstance(found, str) else found
