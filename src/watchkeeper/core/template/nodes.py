"""The parts of a parsed template. `str(node)` is how Go's errors show it; `at` is its place in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from watchkeeper.core.model.labels import quote

# --- operands ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dot:
    """`.`"""

    at: int

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True, slots=True)
class Nil:
    """`nil`"""

    at: int

    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True, slots=True)
class Bool:
    """`true` or `false`."""

    at: int
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class Number:
    """A number. `integer` is set for what is a whole number, `real` for all but large integers."""

    at: int
    text: str
    integer: int | None
    real: float
    looks_real: bool  # Written with a point or an exponent, so that it is a float where any type is wanted.

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class String:
    """A quoted string."""

    at: int
    text: str  # As written.
    value: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Field:
    """`.a.b`: fields of dot, one after the other."""

    at: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x`, or `$x.a.b`."""

    at: int
    name: str  # With the dollar sign.
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Identifier:
    """A function's name."""

    at: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Chain:
    """`(pipeline).a.b`."""

    at: int
    node: Operand
    names: tuple[str, ...]

    def __str__(self) -> str:
        inner = f"({self.node})" if isinstance(self.node, Pipe) else str(self.node)
        return inner + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Command:
    """An operand with its arguments."""

    at: int
    args: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(f"({arg})" if isinstance(arg, Pipe) else str(arg) for arg in self.args)


@dataclass(frozen=True, slots=True)
class Pipe:
    """`$x := command | command`; what a command gives is the last argument of the next."""

    at: int
    commands: tuple[Command, ...]
    variables: tuple[Variable, ...] = ()
    assigns: bool = False  # `=`, not `:=`.

    def __str__(self) -> str:
        head = ", ".join(map(str, self.variables))
        if head:
            head += " = " if self.assigns else " := "
        return head + " | ".join(map(str, self.commands))


Operand: TypeAlias = Dot | Nil | Bool | Number | String | Field | Variable | Identifier | Chain | Pipe

# --- what stands in a list -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Text between actions."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """`{{pipeline}}`"""

    at: int
    pipe: Pipe

    def __str__(self) -> str:
        return "{{" + str(self.pipe) + "}}"


@dataclass(frozen=True, slots=True)
class Branch:
    """`{{if}}`, `{{with}}` or `{{range}}`, by `keyword`, with what is done otherwise."""

    at: int
    keyword: str
    pipe: Pipe
    body: List
    otherwise: List | None = None

    def __str__(self) -> str:
        return "{{" + f"{self.keyword} {self.pipe}" + "}}"


@dataclass(frozen=True, slots=True)
class Break:
    """`{{break}}`"""

    at: int

    def __str__(self) -> str:
        return "{{break}}"


@dataclass(frozen=True, slots=True)
class Continue:
    """`{{continue}}`"""

    at: int

    def __str__(self) -> str:
        return "{{continue}}"


@dataclass(frozen=True, slots=True)
class Call:
    """`{{template "name" pipeline}}`"""

    at: int
    name: str
    pipe: Pipe | None = None

    def __str__(self) -> str:
        argument = f" {self.pipe}" if self.pipe is not None else ""
        return "{{template " + quote(self.name) + argument + "}}"


@dataclass(frozen=True, slots=True)
class List:
    """Nodes, one after the other."""

    at: int
    nodes: tuple[Node, ...] = field(default=())


Node: TypeAlias = Text | Action | Branch | Break | Continue | Call
Shown: TypeAlias = Operand | Command | Action | Branch | Break | Continue | Call
"""What an error can point at."""

EMPTY: Final = List(0)


def is_empty(body: List) -> bool:
    """Whether a template's body has nothing but blanks; such a definition does not replace another."""
    return all(isinstance(node, Text) and not node.text.strip() for node in body.nodes)
