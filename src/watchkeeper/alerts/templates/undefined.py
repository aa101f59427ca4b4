"""Templates that a configuration calls and nobody defines: found before an alert is lost by them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from watchkeeper.alerts.templates.functions import FUNCTIONS
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.config.dump import plain
from watchkeeper.core.template import nodes
from watchkeeper.core.template.errors import TemplateError
from watchkeeper.core.template.template import Template


def undefined_in(section: object, templates: Templates) -> list[tuple[str, str]]:
    """(key, name) of each call of a template that there is not, in the texts of a receiver's section."""
    return [
        (key, name) for key, text in _texts(plain(section), "") for name in sorted(_called(text) - templates.defined)
    ]


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield key, value
        case dict():
            for name, item in value.items():
                yield from _texts(item, f"{key}.{name}" if key else str(name))
        case list() | tuple():
            for i, item in enumerate(value):
                yield from _texts(item, f"{key}[{i}]")


def _called(text: str) -> set[str]:
    """Names of templates that a text calls and does not define. What is no template has been told of before."""
    if "{{" not in text:
        return set()
    try:
        template = Template.parse(text, FUNCTIONS)
    except TemplateError:
        return set()
    return set(_calls(template.body)) - template.defined


def _calls(body: nodes.List) -> Iterator[str]:
    for node in body.nodes:
        match node:
            case nodes.Call(name=name):
                yield name
            case nodes.Branch(body=inner, otherwise=otherwise):
                yield from _calls(inner)
                if otherwise is not None:
                    yield from _calls(otherwise)
            case _:
                pass
