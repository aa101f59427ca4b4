"""The reference of a configuration file, as Markdown, from the tables that declare its keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.config.kinds import Choice, ListOf, MapOf, Nested
from watchkeeper.core.config.schema import Inline, Kind, Setting, table_of
from watchkeeper.core.model.errors import ConfigError


def reference(cls: type) -> str:
    """A table for each section that the file can hold, the file's own first; each section once."""
    seen: list[type] = []
    waiting = [cls]
    while waiting:
        found = waiting.pop(0)
        if found not in seen:
            seen.append(found)
            waiting += [part for item in _settings(found) for part in _sections(item.kind)]
    return "\n\n".join(_section(found) for found in seen) + "\n"


def _section(cls: type) -> str:
    empty = _empty(cls)
    rows = [f"## {_title(cls)}", "", "| key | type | default |", "| --- | --- | --- |"]
    for item in _settings(cls):
        if isinstance(item.kind, Inline):
            continue  # Its keys follow as this section's own.
        shown = "required" if item.required else _default(item, empty)
        rows.append(f"| `{item.key}` | {_type(item.kind)} | {shown} |")
    rows += [f"| `{key}` | {why} | |" for key, why in sorted(table_of(cls).unsupported.items())]
    return "\n".join(rows)


def _settings(cls: type) -> Iterator[Setting]:
    for item in table_of(cls).settings:
        yield item
        if isinstance(item.kind, Inline):
            yield from _settings(item.kind.cls)


def _sections(kind: Kind[Any] | Inline) -> list[type]:
    if isinstance(kind, Nested):
        return [kind.cls]
    return _sections(kind.item) if isinstance(kind, ListOf | MapOf) else []


def _empty(cls: type) -> object | None:
    """The section with nothing set, as its checks complete it; None where it can't be empty."""
    try:
        return decode(cls, "{}", Load("", files_checked=False))
    except ConfigError:
        return None


def _default(item: Setting, empty: object | None) -> str:
    assert not isinstance(item.kind, Inline)
    value = getattr(empty, item.field) if hasattr(empty, item.field) else item.factory()
    if value is None or isinstance(item.kind, Nested) or value in ("", (), {}):
        return ""
    written = yaml.safe_dump(item.kind.write(value), default_flow_style=True, width=1 << 20)
    return f"`{written.removesuffix('...' + chr(10)).strip()}`"


def _type(kind: Kind[Any] | Inline) -> str:
    assert not isinstance(kind, Inline)
    if isinstance(kind, Nested):
        return f"[{_title(kind.cls)}](#{_title(kind.cls).replace(' ', '-')})"
    if isinstance(kind, ListOf):
        return f"list of {_type(kind.item)}"
    if isinstance(kind, MapOf):
        return f"map of text to {_type(kind.item)}"
    if isinstance(kind, Choice):
        return ", ".join(f"`{word}`" for word in kind.words)
    return kind.label


def _title(cls: type) -> str:
    """`ScrapeConfig` → `scrape`, `BasicAuth` → `basic auth`."""
    name = cls.__name__.strip("_").removesuffix("Config").replace("OAuth", "Oauth")
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+", name.removesuffix("SD"))
    words += ["sd"] if name.endswith("SD") else []
    return " ".join(words).lower()
