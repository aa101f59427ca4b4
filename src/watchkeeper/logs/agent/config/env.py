"""`${VAR}` and `${VAR:-default}` in the text of a configuration, replaced before it is read as YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_REFERENCE: Final = re.compile(
    r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-=])((?:[^{}\\]|\\.|\{[^{}]*\})*)|(\^\^?|,,?))?\}"
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def expand_env(text: str, environ: Mapping[str, str]) -> str:
    """The text with its variables replaced; one that is not set is empty, or its default.

    `:-` and `:=` also stand in for an empty value, `-` and `=` only for one that is not set; `^^` and `,,` change
    case (`^` and `,` that of the first letter). `$$` is a dollar sign, and outside of references a backslash escapes
    what follows it, so that one that is meant must be doubled. `$1` stays.
    """

    def value(match: re.Match[str]) -> str:
        name, operator, default, case = match.groups()
        if name is None:
            return "$"
        found = environ.get(name)
        if operator and (found is None or (not found and operator.startswith(":"))):
            return _ESCAPE.sub(r"\1", default)
        text = found or ""
        match case:
            case "^^":
                return text.upper()
            case ",,":
                return text.lower()
            case "^":
                return text[:1].upper() + text[1:]
            case ",":
                return text[:1].lower() + text[1:]
        return text

    out: list[str] = []
    position = 0
    for match in _REFERENCE.finditer(text):
        out += [_ESCAPE.sub(r"\1", text[position : match.start()]), value(match)]
        position = match.end()
    return "".join([*out, _ESCAPE.sub(r"\1", text[position:])])
