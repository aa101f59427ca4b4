"""Templates inside of structured values: the payload of a webhook, details, fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from watchkeeper.core.config.decode import Load, decode_value
from watchkeeper.core.config.kinds import Anything
from watchkeeper.core.model.errors import ConfigError

MAX_INLINE: Final = 100_000  # Characters of a text that is looked at for being a list, a map or a number.


def expanded(value: Any, text: Callable[[str], str]) -> Any:
    """A copy with all texts, keys too, replaced by what their templates give.

    A text that reads as YAML of another type becomes that: `"{{ len .Alerts }}"` a number, `"{{ toJson .Alerts }}"` a
    list, the empty text null. Upstream executes texts of such lists and maps again; here they are data, since what is
    in them came with an alert.
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
    if len(text) > MAX_INLINE and text.lstrip()[0] not in "[{":
        return text
    try:
        found = decode_value(Anything(), text, Load("value"))
    except (ConfigError, RecursionError):
        return text
    return text if isinstance(found, str) else found
