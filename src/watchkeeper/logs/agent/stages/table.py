"""The stages by their names in YAML, and how a list of them is read.

A stage's module holds its section (`CONFIG`, or `read` where its YAML is no section) and `make`; it is imported when a
configuration names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from watchkeeper.core.config.decode import BROKEN, Place
from watchkeeper.core.config.document import MappingNode, is_null, shortened, type_name
from watchkeeper.core.config.schema import Invalid, Kind
from watchkeeper.logs.agent.stages.stage import Stage, StageContext

STAGES: Final = {
    "docker": "docker",
    "cri": "cri",
    "json": "json",
    "logfmt": "logfmt",
    "regex": "regex",
    "replace": "replace",
    "template": "template",
    "timestamp": "timestamp",
    "labels": "labels",
    "static_labels": "static_labels",
    "labeldrop": "labeldrop",
    "labelallow": "labelallow",
    "structured_metadata": "structured_metadata",
    "non_indexed_labels": "structured_metadata",
    "output": "output",
    "tenant": "tenant",
    "match": "match",
    "drop": "drop",
    "sampling": "sampling",
    "limit": "limit",
    "multiline": "multiline",
    "pack": "pack",
    "metrics": "metrics",
    "decolorize": "decolorize",
    "geoip": "geoip",
    "eventlogmessage": "eventlogmessage",
}


@dataclass(frozen=True, slots=True)
class StageSetting:
    """One stage of a pipeline as it was configured."""

    name: str
    config: Any

    def make(self, context: StageContext) -> Stage:
        """The stage itself. Raises ValueError where the process lacks what it needs."""
        stage: Stage = stage_module(self.name).make(self.config, context)
        return stage


def stage_module(name: str) -> Any:
    """The module of a stage."""
    return import_module(f"watchkeeper.logs.agent.stages.{STAGES[name]}")


class StageKind(Kind[StageSetting]):
    """A mapping with one key, the stage's name; its value is the stage's configuration."""

    label = "stage"

    def read(self, at: Place) -> StageSetting:
        """Raises Invalid for anything else."""
        if not isinstance(at.node, MappingNode):
            raise Invalid(f"expected a stage with its configuration, such as `cri: {{}}`, found {type_name(at.node)}")
        entries = at.entries()
        if len(entries) != 1:
            names = ", ".join(entries)
            raise Invalid(f"a stage has one key, its name; found {len(entries)}{': ' + names if names else ''}")
        [(name, entry)] = entries.items()
        if name not in STAGES:
            import difflib

            near = difflib.get_close_matches(name, STAGES, 1, 0.6)
            hint = f'; did you mean "{near[0]}"?' if near else f"; stages are {', '.join(STAGES)}"
            entry.key.report(f'unknown stage "{shortened(name)}"{hint}')
            return BROKEN  # type: ignore[return-value]
        kind: Kind[Any] = stage_module(name).KIND
        if is_null(entry.value.node):
            empty = MappingNode(entry.value.node.line, entry.value.node.column)
            value = Place(at.load, empty, entry.value.path).read(kind)
        else:
            value = entry.value.read(kind)
        if value is BROKEN:
            return BROKEN  # type: ignore[return-value]
        return StageSetting(name, value)

    def write(self, value: StageSetting) -> Any:
        """The mapping with one key."""
        kind: Kind[Any] = stage_module(value.name).KIND
        return {value.name: kind.write(value.config)}
