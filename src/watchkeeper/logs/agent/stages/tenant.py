"""`tenant`: whose entries these are."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.entries import TENANT, Entries, label_text
from watchkeeper.logs.agent.stages.stage import Stage, StageContext


@section
class TenantConfig:
    """`tenant`: the tenant is a label's value, an extracted value (`source`), or a fixed one."""

    label: str = setting(Text(), default="")
    source: str = setting(Text(), default="")
    value: str = setting(Text(), default="")

    def checked(self, at: SectionPlace) -> TenantConfig:
        """Reports none of the three, or more than one."""
        given = [key for key in ("label", "source", "value") if getattr(self, key)]
        if len(given) != 1:
            problem = (
                "label, source or value config are required"
                if not given
                else "label, source and value are mutually exclusive: you should set source or value but not both"
            )
            at.report(given[1] if len(given) > 1 else "", problem)
        return self


KIND: Final = Nested(TenantConfig)


class TenantStage:
    """Sets the tenant; where it would be empty, it stays."""

    def __init__(self, config: TenantConfig) -> None:
        self._config = config

    def run(self, entries: Entries) -> Entries:
        """The entries of their tenants."""
        config = self._config
        if config.value:
            entries.relabel(lambda labels: {**labels, TENANT: config.value})
        elif config.label:
            entries.relabel(
                lambda labels: {**labels, TENANT: labels[config.label]} if labels.get(config.label) else labels
            )
        else:
            texts = [label_text(text) if text else None for text in entries.source(config.source)]
            entries.set_labels({TENANT: texts})
        return entries


def make(config: TenantConfig, context: StageContext) -> Stage:
    """The stage of a configuration."""
    return TenantStage(config)
