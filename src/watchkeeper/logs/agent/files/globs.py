"""Paths with wildcards as Promtail has them: `*`, `?`, `[a-z]`, `{a,b}`, and `**` for any number of directories."""

from __future__ import annotations

import functools
import itertools
import os
import re
from collections.abc import Callable, Iterator
from typing import Final

MAX_ALTERNATIVES: Final = 1000

Test = Callable[[str], object]


def expand_braces(pattern: str) -> list[str]:
    """`a{b,c}d` → `abd`, `acd`; nested ones too. A brace without its partner is itself. At most MAX_ALTERNATIVES."""
    found = _alternatives(pattern)
    if found is None:
        return [pattern]
    before, parts, after = found
    made = (before + part + rest for part in parts for rest in [after])
    out = itertools.chain.from_iterable(expand_braces(one) for one in made)
    return list(itertools.islice(out, MAX_ALTERNATIVES))


def _alternatives(pattern: str) -> tuple[str, list[str], str] | None:
    depth, start, cuts = 0, -1, [0]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 2
            continue
        if char == "{":
            if depth == 0:
                start, cuts = at, [at]
            depth += 1
        elif char == "}" and depth:
            depth -= 1
            if depth == 0:
                ends = [*cuts, at]
                parts = [pattern[lo + 1 : hi] for lo, hi in itertools.pairwise(ends)]
                return pattern[:start], parts, pattern[at + 1 :]
        elif char == "," and depth == 1:
            cuts.append(at)
        at += 1
    return None


@functools.lru_cache(maxsize=1024)
def _part(pattern: str) -> Test | None:
    """The test of one path element; None where it is a plain name."""
    if not re.search(r"[*?\[\\]", pattern):
        return None
    return re.compile(_expression(pattern), re.DOTALL).fullmatch


def _expression(pattern: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "\\" and at < len(pattern):
            out.append(re.escape(pattern[at]))
            at += 1
        elif char == "[" and (end := pattern.find("]", at + 1)) > 0:
            inner = pattern[at:end].replace("\\", "\\\\")
            negated = inner[:1] in ("!", "^")
            out.append(f"[{'^' if negated else ''}{inner[negated:]}]")
            at = end + 1
        else:
            out.append(re.escape(char))
    return "".join(out)


@functools.lru_cache(maxsize=1024)
def matcher(pattern: str) -> Test:
    """Whether a path matches a pattern as a whole."""
    if not pattern:
        return lambda _: False
    alternatives = []
    for one in expand_braces(pattern):
        elements = one.split("/")
        text = ""
        for i, element in enumerate(elements):
            is_last = i == len(elements) - 1
            if element == "**":
                text += ".*" if is_last else "(?:[^/]+/)*"
            else:
                text += _expression(element) + ("" if is_last else "/")
        alternatives.append(text)
    return re.compile("|".join(f"(?:{one})" for one in alternatives), re.DOTALL).fullmatch


def find(pattern: str) -> list[str]:
    """The files that a pattern names now, sorted; links are followed, and keep their own path."""
    found: set[str] = set()
    for one in expand_braces(pattern):
        absolute = one.startswith("/")
        elements = [element for element in one.split("/") if element not in ("", ".")]
        found.update(_walk("/" if absolute else "", elements))
    return sorted(found)


def directories(pattern: str) -> set[str]:
    """The directories in which files that match may appear now; those of `**` excepted below the first level."""
    found: set[str] = set()
    for one in expand_braces(pattern):
        absolute = one.startswith("/")
        elements = [element for element in one.split("/") if element not in ("", ".")]
        parents = elements[:-1]
        if "**" in parents:
            parents = parents[: parents.index("**")]
        found.update(_directories("/" if absolute else ".", parents))
    return found


def _directories(base: str, elements: list[str]) -> Iterator[str]:
    if not elements:
        yield base
        return
    test = _part(elements[0])
    if test is None:
        path = os.path.join(base, elements[0])
        if os.path.isdir(path):
            yield from _directories(path, elements[1:])
        return
    for entry in _listed(base):
        if test(entry.name) and _is_directory(entry):
            yield from _directories(entry.path, elements[1:])


def _walk(base: str, elements: list[str]) -> Iterator[str]:
    first, rest = elements[0] if elements else "", elements[1:]
    if not elements:
        return
    if first == "**":
        if rest:
            yield from _walk(base, rest)
        for entry in _listed(base):
            if _is_directory(entry):
                # A link to a directory may lead back to where it stands.
                if not entry.is_symlink():
                    yield from _walk(entry.path, elements)
            elif not rest and _is_file(entry):
                yield entry.path
        return
    test = _part(first)
    if test is None:
        path = os.path.join(base, first)
        if rest:
            yield from _walk(path, rest)
        elif os.path.isfile(path):
            yield path
        return
    for entry in _listed(base):
        if not test(entry.name):
            continue
        if rest:
            if _is_directory(entry):
                yield from _walk(entry.path, rest)
        elif _is_file(entry):
            yield entry.path


def _listed(path: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path or ".") as entries:
            # Relative patterns give relative paths.
            return list(entries) if path else [_Relative(entry) for entry in entries]  # type: ignore[misc]
    except OSError:
        return []


class _Relative:
    """An entry of the working directory, its path without `./`."""

    __slots__ = ("_entry", "name", "path")

    def __init__(self, entry: os.DirEntry[str]) -> None:
        self._entry = entry
        self.name = self.path = entry.name

    def is_symlink(self) -> bool:
        return self._entry.is_symlink()

    def is_dir(self) -> bool:
        return self._entry.is_dir()

    def is_file(self) -> bool:
        return self._entry.is_file()


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False
