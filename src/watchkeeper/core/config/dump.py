"""Sections → YAML text, with defaults as they apply and secrets hidden."""

from __future__ import annotations

from typing import Any

import yaml

from watchkeeper.core.config.schema import Inline, table_of

_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class FlowList(list[Any]):
    """A list that is written on one line, `[a, b]`."""


class _Dumper(_SafeDumper):  # type: ignore[misc]
    """Knows FlowList."""


_Dumper.add_representer(
    FlowList, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
)


def plain(config: object) -> dict[str, Any]:
    """Plain data for YAML, keys in declared order; empty defaults are left out unless their setting says `show`."""
    out: dict[str, Any] = {}
    for item in table_of(type(config)).settings:
        value = getattr(config, item.field)
        if isinstance(item.kind, Inline):
            out.update(plain(value))
            continue
        if value is None:
            continue
        written = item.kind.write(value)
        # An empty value that is not the default says something: `follow: false`.
        if item.show or not _is_empty(written, value) or (not item.required and value != item.factory()):
            out[item.key] = written
    return out


def _is_empty(written: Any, value: object) -> bool:
    # `0s` is the written form of a zero, which upstream leaves out too.
    return written in ("", [], {}) or (isinstance(value, int | float) and value == 0)


def dump(config: object) -> str:
    """The YAML text of a section."""
    return dump_plain(plain(config))


def dump_plain(data: Any) -> str:
    """The YAML text of what `plain` gives."""
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=2**20
    )
    return text
