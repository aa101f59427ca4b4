"""Settings of an issue's summary, description and labels: the plain form, and one that says when they are sent."""

from __future__ import annotations

import dataclasses
from typing import Any

from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import Place
from watchkeeper.core.config.document import ScalarNode, SequenceNode
from watchkeeper.core.config.dump import plain
from watchkeeper.core.config.kinds import Boolean, ListOf, Nested
from watchkeeper.core.config.schema import section, setting


@section
class JiraFieldConfig:
    """A text, and whether it is written anew when an issue is updated."""

    template: str = setting(TemplateText(), default="")
    enable_update: bool | None = setting(Boolean(), default=None, help="true if not given")

    @property
    def is_updated(self) -> bool:
        """Whether an update has it."""
        return self.enable_update is not False


@section
class JiraLabelsConfig:
    """Labels, and whether they are written anew when an issue is updated."""

    values: tuple[str, ...] = setting(ListOf(TemplateText()), default=())
    enable_update: bool | None = setting(Boolean(), default=None, help="true if not given")

    @property
    def is_updated(self) -> bool:
        """Whether an update has them."""
        return self.enable_update is not False


class JiraField(Nested[JiraFieldConfig]):
    """A template, or a mapping with `template` and `enable_update`."""

    label = "template or section"

    def __init__(self, default: str) -> None:
        super().__init__(JiraFieldConfig)
        self.default = default

    def read(self, at: Place) -> JiraFieldConfig:
        if isinstance(at.node, ScalarNode):
            return JiraFieldConfig(template=TemplateText().read(at))
        found = super().read(at)
        return found if found.template else dataclasses.replace(found, template=self.default)

    def write(self, value: JiraFieldConfig) -> Any:
        return value.template if value.enable_update is None else plain(value)


class JiraLabels(Nested[JiraLabelsConfig]):
    """A list, or a mapping with `values` and `enable_update`."""

    label = "list or section"

    def __init__(self) -> None:
        super().__init__(JiraLabelsConfig)

    def read(self, at: Place) -> JiraLabelsConfig:
        if isinstance(at.node, SequenceNode):
            return JiraLabelsConfig(values=ListOf(TemplateText()).read(at))
        return super().read(at)

    def write(self, value: JiraLabelsConfig) -> Any:
        return list(value.values) if value.enable_update is None else plain(value)
