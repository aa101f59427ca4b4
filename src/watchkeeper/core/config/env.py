"""`$VAR` and `${VAR}` in configured texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_REFERENCE: Final = re.compile(r"\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*)|([*#$@!?\-0-9]))")


def expand(text: str, environ: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with its variables replaced, and the names that were empty or not set.

    `$$` is a dollar sign; a dollar sign before anything that is no name stays. Source: Go's os.Expand.
    """
    empty: list[str] = []

    def value(match: re.Match[str]) -> str:
        name = next((group for group in match.groups() if group is not None), "")
        if name == "$":
            return "$"
        found = environ.get(name, "")
        if not found and name:
            empty.append(name)
        return found

    return _REFERENCE.sub(value, text), empty


_BRACED: Final = re.compile(r"\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-=]|:)([^}]*))?\}")


def expand_braced(text: str, environ: Mapping[str, str]) -> str:
    """The text with each `${VAR}` replaced; `${VAR:default}` and `${VAR:-default}` for one that is empty or not set.

    `$${` is a literal `${`; a dollar sign before anything else stays. Source: Loki's and Promtail's -config.expand-env.
    """

    def value(match: re.Match[str]) -> str:
        if match[0].startswith("$$"):
            return match[0][1:]
        found = environ.get(match[1], "")
        # `-` and `=` alone keep a variable that is set to nothing.
        keeps_empty = match[2] in ("-", "=") and match[1] in environ
        return found if found or keeps_empty or match[3] is None else match[3]

    return _BRACED.sub(value, text)
