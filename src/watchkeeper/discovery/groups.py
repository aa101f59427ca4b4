"""Lists of target groups as files and HTTP servers give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from watchkeeper.core.config.decode import Load, decode_value
from watchkeeper.core.config.kinds import ListOf, Nested
from watchkeeper.core.relabel import is_valid_name
from watchkeeper.discovery.config import StaticConfig
from watchkeeper.discovery.interface import TargetGroup

_GROUPS = ListOf(Nested(StaticConfig))


def groups_from_yaml(text: str, file: str) -> list[StaticConfig]:
    """The groups of a YAML document; none if it is empty. Raises ConfigError with all problems and their places."""
    if not text.strip():
        return []
    groups = decode_value(_GROUPS, text, Load(file))
    return list(groups)


def groups_from_json(body: bytes) -> list[StaticConfig]:
    """The groups of a JSON document. Raises ValueError that says where it is not what it should be."""
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    if items is None:
        return []
    if not isinstance(items, list):
        raise ValueError(f"expected a list of target groups, found {_name(items)}")
    return [_group(item, f"[{i}]") for i, item in enumerate(items)]


def _group(item: Any, path: str) -> StaticConfig:
    if not isinstance(item, dict):
        raise ValueError(f"{path}: expected a target group, found {_name(item)}")
    unknown = sorted(item.keys() - {"targets", "labels"})
    if unknown:
        raise ValueError(f'{path}: unknown key "{unknown[0]}"')
    targets = item.get("targets") or []
    labels = item.get("labels") or {}
    if not isinstance(targets, list):
        raise ValueError(f"{path}.targets: expected a list, found {_name(targets)}")
    for i, target in enumerate(targets):
        if not isinstance(target, str) or not target:
            raise ValueError(f"{path}.targets[{i}]: expected text, found {_name(target)}")
    if not isinstance(labels, dict):
        raise ValueError(f"{path}.labels: expected an object, found {_name(labels)}")
    for name, value in labels.items():
        if not is_valid_name(name):
            raise ValueError(f'{path}.labels: "{name}" is not a valid label name')
        if not isinstance(value, str):
            raise ValueError(f"{path}.labels.{name}: expected text, found {_name(value)}")
    return StaticConfig(targets=tuple(targets), labels=labels)


def _name(value: Any) -> str:
    match value:
        case None:
            return "null"
        case dict():
            return "an object"
        case list():
            return "a list"
        case "":
            return "empty text"
        case str():
            return "text"
        case _:
            return "a number or a boolean"


def target_groups(configs: Sequence[StaticConfig], place: str, extra: dict[str, str]) -> list[TargetGroup]:
    """Groups with sources `place:0`, `place:1` …, and labels that all of them get."""
    return [
        TargetGroup(
            f"{place}:{i}", tuple({"__address__": target} for target in config.targets), {**config.labels, **extra}
        )
        for i, config in enumerate(configs)
    ]


def with_gone(groups: Sequence[TargetGroup], before: set[str]) -> list[TargetGroup]:
    """The groups, and an empty one for each source that was there before and is not any more."""
    now = {group.source for group in groups}
    return [*groups, *(TargetGroup(source) for source in sorted(before - now))]
