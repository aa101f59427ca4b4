"""Templates that are only text and fields, as the parts of a concatenation: no execution for each line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from watchkeeper.core.template import nodes
from watchkeeper.core.template.template import Template


@dataclass(frozen=True, slots=True)
class FieldRef:
    """The value of a field, as it is; empty where it is missing."""

    name: str


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """What a function without arguments gives."""

    name: str


Part: TypeAlias = str | FieldRef | FunctionRef


def compile_columns(template: Template) -> tuple[Part, ...] | None:
    """The template's parts in order, where it is only text, `{{.field}}` and `{{function}}`; else None.

    It then means the concatenation of the parts, for data whose fields are all text and missing ones empty.
    """
    parts: list[Part] = []
    for node in template.body.nodes:
        match node:
            case nodes.Text(text=text):
                parts.append(text)
            case nodes.Action(pipe=nodes.Pipe(commands=(nodes.Command(args=(operand,)),), variables=())):
                part = _part(operand)
                if part is None:
                    return None
                parts.append(part)
            case _:
                return None
    return tuple(parts)


def _part(operand: nodes.Operand) -> Part | None:
    match operand:
        case nodes.Field(names=(name,)):
            return FieldRef(name)
        case nodes.Variable(name="$", names=(name,)):
            return FieldRef(name)
        case nodes.String(value=text):
            return text
        case nodes.Identifier(name=name):
            return FunctionRef(name)
    return None
