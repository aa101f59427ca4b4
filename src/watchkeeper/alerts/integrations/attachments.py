"""Fields and buttons of a message's attachment, as Slack has them and others after it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Nested
from watchkeeper.core.config.schema import section, setting

Text = Callable[[str], str]
"""A template's text."""


@section
class FieldConfig:
    """A title with a value; short ones stand side by side."""

    title: str = setting(TemplateText(), default="")
    value: str = setting(TemplateText(), default="")
    short: bool | None = setting(Boolean(), default=None)

    def checked(self, at: SectionPlace) -> FieldConfig:
        """Reports what is missing."""
        for key in ("title", "value"):
            if not getattr(self, key):
                at.report(key, f"missing {key} in field configuration")
        return self


@section
class ConfirmConfig:
    """A question before a button does what it says."""

    text: str = setting(TemplateText(), default="")
    title: str = setting(TemplateText(), default="")
    ok_text: str = setting(TemplateText(), default="")
    dismiss_text: str = setting(TemplateText(), default="")

    def checked(self, at: SectionPlace) -> ConfirmConfig:
        """Reports a missing text."""
        if not self.text:
            at.report("text", "missing text in confirmation configuration")
        return self


@section
class ActionConfig:
    """A button: a link, or a message to an application."""

    type: str = setting(TemplateText(), default="")
    text: str = setting(TemplateText(), default="")
    url: str = setting(TemplateText(), default="")
    style: str = setting(TemplateText(), default="")
    name: str = setting(TemplateText(), default="")
    value: str = setting(TemplateText(), default="")
    confirm: ConfirmConfig | None = setting(Nested(ConfirmConfig), default=None)

    def checked(self, at: SectionPlace) -> ActionConfig:
        """Reports what is missing; a link has no name, value and confirmation."""
        for key in ("type", "text"):
            if not getattr(self, key):
                at.report(key, f"missing {key} in action configuration")
        if self.url:
            return dataclasses.replace(self, name="", value="", confirm=None)
        if not self.name:
            at.report("name", "missing name or url in action configuration", involves=("url",))
        return self


def field_items(fields: Sequence[FieldConfig], short: bool, text: Text) -> list[dict[str, Any]]:
    """The fields as messages have them; `short` counts for those that don't say."""
    return [
        {
            "title": text(field.title),
            "value": text(field.value),
            "short": short if field.short is None else field.short,
        }
        for field in fields
    ]


def action_items(actions: Sequence[ActionConfig], text: Text) -> list[dict[str, Any]]:
    """The buttons as messages have them."""
    items: list[dict[str, Any]] = []
    for action in actions:
        item: dict[str, Any] = filled({key: text(getattr(action, key)) for key in _ACTION_KEYS})
        if action.confirm is not None:
            item["confirm"] = filled({key: text(getattr(action.confirm, key)) for key in _CONFIRM_KEYS})
        items.append(item)
    return items


def filled(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {key: value for key, value in values.items() if value not in ("", None, [], {})}


_ACTION_KEYS = ("type", "text", "url", "style", "name", "value")
_CONFIRM_KEYS = ("text", "title", "ok_text", "dismiss_text")
