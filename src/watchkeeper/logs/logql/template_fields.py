"""Which labels a template reads, as far as its text tells without running it."""

from __future__ import annotations

import functools
import re
from typing import Final

_ACTION: Final = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_TOKEN: Final = re.compile(
    r"""\s+ | "(?:\\.|[^"\\])*" | `[^`]*` | '(?:\\.|[^'\\])*' | (?P<field>\.[A-Za-z_]\w*(?P<deeper>(?:\.\w+)*))
    | (?P<word>[A-Za-z_]\w*) | [0-9][\w.]* | [|(),] | [-+][0-9][\w.]* """,
    re.VERBOSE,
)
_BLOCKS: Final = frozenset(("range", "with", "define", "template", "block", "index", "call"))


@functools.lru_cache(maxsize=512)
def template_fields(template: str) -> frozenset[str] | None:
    """The labels that the template names; None where it may read others, as with `.` alone or a variable."""
    names: set[str] = set()
    for action in _ACTION.findall(template):
        text = action.strip()
        if text.startswith("/*"):
            continue
        pos = 0
        while pos < len(text):
            token = _TOKEN.match(text, pos)
            if token is None or token["word"] in _BLOCKS:
                return None
            if token["field"]:
                names.add(token["field"].split(".")[1])
            pos = token.end()
    return frozenset(names)


def reads_line(template: str) -> bool:
    """Whether the template may read the line or its time."""
    return "__line__" in template or "__timestamp__" in template
