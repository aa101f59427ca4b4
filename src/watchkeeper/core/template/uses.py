"""What a template looks at: the fields of its data, and the functions it calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watchkeeper.core.template import nodes


@dataclass(frozen=True, slots=True)
class Uses:
    """What a template looks at.

    fields     names of fields of the data; some may be of values inside of it
    whole      the data as a whole, so that any field may count
    functions  names of functions, without those that every template has
    """

    fields: frozenset[str]
    whole: bool
    functions: frozenset[str]


def uses_of(bodies: Mapping[str, nodes.List]) -> Uses:
    """What all of these bodies look at."""
    fields: set[str] = set()
    functions: set[str] = set()
    whole = False
    for body in bodies.values():
        for operand in _operands(body):
            match operand:
                case nodes.Field(names=names):
                    fields.add(names[0])
                case nodes.Variable(name="$", names=names):
                    if names:
                        fields.add(names[0])
                    else:
                        whole = True
                case nodes.Dot():
                    whole = True
                case nodes.Identifier(name=name):
                    functions.add(name)
    return Uses(frozenset(fields), whole, frozenset(functions))


def _operands(body: nodes.List) -> Iterator[nodes.Operand]:
    stack: list[nodes.List | nodes.Node | nodes.Operand | nodes.Command | None] = [body]
    while stack:
        match stack.pop():
            case nodes.List(nodes=inner):
                stack.extend(inner)
            case nodes.Action(pipe=pipe):
                stack.append(pipe)
            case nodes.Branch(pipe=pipe, body=inner_body, otherwise=otherwise):
                stack.extend((pipe, inner_body, otherwise))
            case nodes.Call(pipe=called):
                stack.append(called)
            case nodes.Pipe(commands=commands):
                stack.extend(commands)
            case nodes.Command(args=args):
                stack.extend(args)
            case nodes.Chain(node=node):
                stack.append(node)
            case nodes.Field() | nodes.Variable() | nodes.Dot() | nodes.Identifier() as operand:
                yield operand
            case _:
                pass
