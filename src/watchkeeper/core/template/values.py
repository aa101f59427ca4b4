"""Python values as Go sees them: types, truth, fields and methods.

str is string, int is int, float is float64, bool is bool, None is nil, lists and tuples are slices, mappings are maps.
A mapping is `map[string]interface {}`, or `map[string]string` where it is a StringMap. Objects of other classes have
only the fields and methods that were declared for their class with `expose`. Text may hold bytes that are no UTF-8, as
surrogate escapes; its length and places are counted in bytes, as Go does.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

ANY: Final = "interface {}"
NO_VALUE: Final = "<no value>"
MAX_TEXT: Final = 8_000_000  # Characters of any one text that a function makes.


class ValueProblem(Exception):
    """What is wrong with a value, in Go's words; it becomes a TemplateError as soon as its place is known."""


class StringMap(dict[str, str]):
    """A `map[string]string`: a missing key is the empty string where missing keys are zero."""


@dataclass(frozen=True, slots=True)
class Function:
    """What a template may call. `params` and `rest` are Go's names of types; `rest` is of a variadic tail."""

    call: Callable[..., Any]
    params: tuple[str, ...]
    rest: str | None = None


@dataclass(frozen=True, slots=True)
class GoType:
    """How templates see a Python class.

    name     as `%T` writes it, such as `time.Time`
    fields   by their names in templates
    methods  by their names in templates; the object is the first argument of `call`, and is not in `params`
    text     what printing gives, as of Go's String method
    kind     `struct`; of a named number, text or collection `int`, `float64`, `string`, `map`, `slice`
    """

    name: str
    fields: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    methods: Mapping[str, Function] = field(default_factory=dict)
    text: Callable[[Any], str] | None = None
    kind: str = "struct"


_EXPOSED: Final[dict[type, GoType]] = {}
_GO_NAMES: Final[dict[object, str]] = {
    str: "string",
    int: "int",
    float: "float64",
    bool: "bool",
    object: ANY,
    Any: ANY,
}


def expose(python_type: type, go_type: GoType) -> None:
    """Let templates see objects of exactly this class."""
    _EXPOSED[python_type] = go_type
    _GO_NAMES[python_type] = go_type.name


def exposed(value: object) -> GoType | None:
    """How templates see an object, if its class was declared."""
    return _EXPOSED.get(type(value))


def function(call: Callable[..., Any], *, method: bool = False) -> Function:
    """A callable for templates, its types from its annotations; of a method the first parameter is the object."""
    hints = typing.get_type_hints(call)
    params: list[str] = []
    rest: str | None = None
    for parameter in list(inspect.signature(call).parameters.values())[int(method) :]:
        name = _GO_NAMES.get(hints.get(parameter.name, Any), ANY)
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            rest = name
        else:
            params.append(name)
    return Function(call, tuple(params), rest)


def type_name(value: object) -> str:
    """Go's name of a value's type."""
    known = exposed(value)
    if known is not None:
        return known.name
    match value:
        case None:
            return "<nil>"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float64"
        case str():
            return "string"
        case bytes():
            return "[]uint8"
        case StringMap():
            return "map[string]string"
        case Mapping():
            return "map[string]interface {}"
        case Sequence():
            return "[]interface {}"
        case Function():
            return "func()"
        case _:
            return type(value).__name__


def kind_of(value: object) -> str:
    """The kind of a value: bool, int, float64, string, slice, map, struct, func or nil."""
    known = exposed(value)
    if known is not None:
        return known.kind
    match value:
        case None:
            return "nil"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float64"
        case str():
            return "string"
        case Mapping():
            return "map"
        case Sequence():
            return "slice"
        case Function():
            return "func"
        case _:
            return "struct"


def is_true(value: object) -> bool:
    """Go's truth: not the zero of its type; structs are always true."""
    match kind_of(value):
        case "nil":
            return False
        case "bool" | "int" | "float64":
            return bool(value)
        case "string" | "map" | "slice":
            assert isinstance(value, str | Mapping | Sequence)
            return len(value) > 0
        case _:
            return True


def is_assignable(value: object, name: str) -> bool:
    """Whether a value may be passed where a type is wanted."""
    if name == ANY:
        return True
    known = exposed(value)
    if known is not None:
        return known.name == name
    match name:
        case "string":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float64":
            return isinstance(value, float)
        case "bool":
            return isinstance(value, bool)
        case _:
            return False


def check_size(size: int) -> None:
    """Raises ValueProblem for a text that would be too large, before it is made."""
    if size > MAX_TEXT:
        raise ValueProblem(f"text is too large, the limit is {MAX_TEXT} characters")


def to_bytes(text: str) -> bytes:
    """A text's bytes."""
    return text.encode("utf-8", "surrogateescape")


def to_text(data: bytes) -> str:
    """Bytes as text."""
    return data.decode("utf-8", "surrogateescape")


def sorted_items(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """A map's entries in the order that Go prints and ranges over them."""
    try:
        return sorted(mapping.items(), key=lambda item: item[0])
    except TypeError:
        return sorted(mapping.items(), key=lambda item: (type(item[0]).__name__, str(item[0])))
